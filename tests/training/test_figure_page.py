from pathlib import Path

import numpy as np
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from written_predictions import predictions_of

from mental_health_classifier.analysis.figures.finished_run import figures_of_finished_run
from mental_health_classifier.contracts import Task
from mental_health_classifier.training.figure_page import write_figure_page

TASK = Task("condition", ("control", "suicide"), "suicide")


def images_below(folder: Path) -> list[str]:
    return EventAccumulator(str(folder)).Reload().Tags()["images"]


def test_a_finished_run_shows_its_confusion_and_its_priority_class(tmp_path: Path) -> None:
    logger = TensorBoardLogger(tmp_path, name=None, version="tensorboard", default_hp_metric=False)
    test = predictions_of(TASK)
    write_figure_page([logger], lambda: figures_of_finished_run("a $name$", test, threshold=0.5))
    logger.finalize("success")
    assert images_below(tmp_path / "tensorboard") == ["test/confusion", "test/clinical"]


def test_without_posts_of_a_priority_class_there_is_the_confusion_alone() -> None:
    without = predictions_of(Task("t", ("a", "b"), None))
    assert list(figures_of_finished_run("run", without, threshold=None)) == ["test/confusion"]
    none_tested = predictions_of(TASK)
    none_tested.labels[:] = np.zeros(len(none_tested), dtype=int)
    assert list(figures_of_finished_run("run", none_tested, threshold=0.5)) == ["test/confusion"]


def test_nothing_is_drawn_where_nobody_looks(tmp_path: Path) -> None:
    def draw() -> dict[str, object]:
        raise AssertionError("drawn")

    write_figure_page([CSVLogger(tmp_path)], draw)
