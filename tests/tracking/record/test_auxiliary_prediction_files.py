"""Answers to auxiliary tasks as files."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mental_health_classifier.contracts import AuxiliaryPredictions, InputError, Task
from mental_health_classifier.contracts.task_kinds import MISSING, MultiLabel, Ordinal, Regression
from mental_health_classifier.tracking.record.prediction_files import (
    path_of_auxiliary_predictions,
    read_auxiliary_predictions,
    stored_auxiliary_predictions,
    write_predictions,
)

SEVERITY = AuxiliaryPredictions(
    part="test",
    task=Task("severity", Ordinal(("0", "1", "2")), weight=0.5),
    post_ids=["p1", "p2", "p3"],
    authors=["a1", "a2", "a1"],
    labels=np.array([2, MISSING, 0]),
    outputs=np.array([[0.2, 0.3, 0.5], [1.0, 0.0, 0.0], [0.25, 0.5, 0.25]]),
)
TABLE = """post,author,label,p_0,p_1,p_2
p1,a1,2,0.200000,0.300000,0.500000
p2,a2,,1.000000,0.000000,0.000000
p3,a1,0,0.250000,0.500000,0.250000
"""
URGENCY = replace(
    SEVERITY,
    task=Task("urgency", Regression(10.0, 2.0), weight=1.0),
    labels=np.array([0.1, math.nan, 12345.678], np.float32),
    outputs=np.array([[0.25], [-3.5], [1e4]]),
)
EMOTIONS = replace(
    SEVERITY,
    task=Task("emotions", MultiLabel(("fear", "joy")), weight=1.0),
    labels=np.array([[1, 1], [math.nan, math.nan], [0, 0]], np.float32),
    outputs=np.array([[0.25, 0.5], [0.0, 1.0], [0.125, 0.75]]),
)


def test_the_table_is_one_row_a_post_with_an_empty_label_where_none_is_known(tmp_path) -> None:
    write_predictions(SEVERITY, tmp_path / "test.csv")
    assert (tmp_path / "test.csv").read_text() == TABLE


@pytest.mark.parametrize("given", [SEVERITY, URGENCY, EMOTIONS], ids=lambda g: g.task.name)
@pytest.mark.parametrize("authors", [["a1", "a2", "a1"], None])
def test_answers_come_back_as_they_were_written(tmp_path: Path, given, authors) -> None:
    given = replace(given, authors=authors)
    path = path_of_auxiliary_predictions(tmp_path, given.task, "test")
    write_predictions(given, path)
    (read,) = stored_auxiliary_predictions(tmp_path, [given.task], ["val", "test"])
    assert (read.part, read.task, read.post_ids, read.authors) == (
        *("test", given.task, given.post_ids),
        authors,
    )
    assert read.labels.dtype == given.labels.dtype and read.outputs.dtype == np.float64
    assert np.array_equal(read.labels, given.labels, equal_nan=given.labels.dtype.kind == "f")
    assert np.array_equal(read.outputs, given.outputs)


def test_answers_of_a_diverged_network_are_not_written(tmp_path: Path) -> None:
    outputs = np.array([[math.nan] * 3, [1.0, 0, 0], [1.0, 0, 0]])
    with pytest.raises(InputError, match=r"1 of 3 answers to task severity for test"):
        write_predictions(replace(SEVERITY, outputs=outputs), tmp_path / "test.csv")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("p_2", "p_9", r"does not have the columns post,author,label,p_0,p_1,p_2"),
        (TABLE, "", "does not have the columns"),
        ("0.250000\n", "0.25,1\n", "in every row"),
        ("a1,2,", "a1,CANARY,", "a label or a number that task severity does not have"),
        ("0.200000", "CANARY", "a label or a number"),
    ],
)
def test_a_changed_table_is_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = tmp_path / "test.csv"
    path.write_text(TABLE.replace(old, new))
    with pytest.raises(InputError, match=message) as error:
        read_auxiliary_predictions(path, SEVERITY.task)
    assert "CANARY" not in str(error.value)
