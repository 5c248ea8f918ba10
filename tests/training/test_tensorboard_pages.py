from pathlib import Path

import numpy as np
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import plugin_data_pb2
from written_predictions import predictions_of

from mental_health_classifier.analysis.figures.kinds import figures_of_finished_run
from mental_health_classifier.contracts import Task
from mental_health_classifier.evaluation.operating_point import OperatingPoint
from mental_health_classifier.training.tensorboard_pages import (
    begin_hyperparameter_page,
    hyperparameters,
    readable_name,
    write_figure_page,
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


CONFIG = {
    "seed": 2,
    "data": {"name": "sample"},
    "clinical": {"variants": {"multitask": True, "curriculum": True}},
    "model": {"name": "small", "width": 128, "num_layers": 3, "learning_rate": 5e-4},
}


def test_a_run_that_did_not_end_shows_what_it_was_given(tmp_path: Path) -> None:
    logger = TensorBoardLogger(tmp_path, name=None, version="tensorboard", default_hp_metric=False)
    begin_hyperparameter_page([logger, CSVLogger(tmp_path)], CONFIG)
    logger.experiment.flush()
    events = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    content = events.PluginTagToContent("hparams")
    assert "_hparams_/session_end_info" not in content
    given = plugin_data_pb2.HParamsPluginData.FromString(content["_hparams_/session_start_info"])
    values = given.session_start_info.hparams
    assert values["Width"].number_value == 128 and values["Layers"].number_value == 3
    assert values["Learning rate"].number_value == 5e-4 and values["Seed"].number_value == 2
    assert values["Variants"].string_value == "curriculum+multitask"
    # The five that TensorBoard shows until it is asked for more.
    assert sorted(values)[:5] == ["Layers", "Learning rate", "Seed", "Variants", "Width"]
    assert events.Tags()["scalars"] == []


def test_a_run_is_called_by_what_people_vary() -> None:
    assert readable_name(CONFIG) == "width128-layers3-lr0.0005-curriculum-multitask-seed2"


def test_what_a_model_does_not_have_is_not_in_its_name() -> None:
    config = CONFIG | {"model": {"name": "tuned", "width": None}, "clinical": {"variants": {}}}
    assert (
        readable_name(config | {"optimizer": {"learning_rate": 2e-5}}) == "lr2e-05-standard-seed2"
    )


TASK = Task.categorical("condition", ("control", "suicide"), "suicide")


def images_below(folder: Path) -> list[str]:
    return EventAccumulator(str(folder)).Reload().Tags()["images"]


def test_a_finished_run_shows_its_confusion_and_its_priority_class(tmp_path: Path) -> None:
    logger = TensorBoardLogger(tmp_path, name=None, version="tensorboard", default_hp_metric=False)
    test = predictions_of(TASK)
    point = OperatingPoint(0.5)
    write_figure_page([logger], lambda: figures_of_finished_run("a $name$", test, point))
    logger.finalize("success")
    assert images_below(tmp_path / "tensorboard") == ["test/confusion", "test/clinical"]


def test_without_posts_of_a_priority_class_there_is_the_confusion_alone() -> None:
    without = predictions_of(Task.categorical("t", ("a", "b"), None))
    assert list(figures_of_finished_run("run", without, OperatingPoint(None))) == ["test/confusion"]
    none_tested = predictions_of(TASK)
    none_tested.labels[:] = np.zeros(len(none_tested), dtype=int)
    drawn = figures_of_finished_run("run", none_tested, OperatingPoint(0.5))
    assert list(drawn) == ["test/confusion"]


def test_nothing_is_drawn_where_nobody_looks(tmp_path: Path) -> None:
    def draw() -> dict[str, object]:
        raise AssertionError("drawn")

    write_figure_page([CSVLogger(tmp_path)], draw)
