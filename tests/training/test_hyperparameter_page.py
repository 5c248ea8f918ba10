from pathlib import Path

from lightning.pytorch.loggers import TensorBoardLogger
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from mental_health_classifier.training.hyperparameter_page import (
    hyperparameters,
    write_hyperparameter_page,
)


def test_the_page_shows_single_values_of_model_and_training() -> None:
    config = {
        "seed": 3,
        "data": {"name": "sample", "size": 8000},
        "clinical": {"variants": {"multitask": True, "curriculum": True}},
        "model": {"name": "baseline_small", "width": 256, "dropout": 0.1},
        "optimizer": {"_target_": "x", "_partial_": True, "learning_rate": 1e-3, "betas": [0.9]},
    }
    assert hyperparameters(config) == {
        "data": "sample",
        "model": "baseline_small",
        "variants": "curriculum+multitask",
        "seed": 3,
        "model.width": 256,
        "model.dropout": 0.1,
        "optimizer.learning_rate": 1e-3,
    }


def test_the_page_leaves_the_curves_as_they_are(tmp_path: Path) -> None:
    logger = TensorBoardLogger(tmp_path, name=None, version="tensorboard", default_hp_metric=False)
    for step, accuracy in ((10, 0.5), (20, 0.7)):
        logger.log_metrics({"val/accuracy": accuracy}, step=step)
    config = {"seed": 1, "data": {"name": "sample"}, "model": {"name": "x", "width": 8}}
    config["clinical"] = {"variants": {}}
    metrics = {"val/accuracy": 0.7, "test/accuracy": 0.6, "test/auprc": None}
    write_hyperparameter_page([logger], config, metrics)
    events = EventAccumulator(str(tmp_path / "tensorboard"), purge_orphaned_data=True).Reload()
    assert [event.step for event in events.Scalars("val/accuracy")] == [10, 20]
    assert {"val_accuracy", "final_accuracy"} <= set(events.Tags()["scalars"])
    assert "final_auprc" not in events.Tags()["scalars"]
