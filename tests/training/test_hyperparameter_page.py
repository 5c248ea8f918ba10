from mental_health_classifier.training.hyperparameter_page import hyperparameters


def test_the_page_shows_single_values_of_model_and_training() -> None:
    config = {
        "seed": 3,
        "data": {"name": "sample", "size": 8000},
        "model": {"name": "baseline_small", "width": 256, "dropout": 0.1},
        "optimizer": {"_target_": "x", "_partial_": True, "learning_rate": 1e-3, "betas": [0.9]},
    }
    assert hyperparameters(config) == {
        "data": "sample",
        "model": "baseline_small",
        "seed": 3,
        "model.width": 256,
        "model.dropout": 0.1,
        "optimizer.learning_rate": 1e-3,
    }
