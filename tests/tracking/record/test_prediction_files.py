import os
from dataclasses import replace

import numpy as np
import pytest

from mental_health_classifier.contracts import InputError, Predictions, Task
from mental_health_classifier.tracking.record.prediction_files import (
    read_predictions,
    write_predictions,
)

TASK = Task.categorical("risk", ("control", "suicide"), "suicide")
PREDICTIONS = Predictions(
    part="val",
    task=TASK,
    post_ids=["p1", "p2", "p3"],
    authors=["a1", "a2", "a1"],
    labels=np.array([0, 1, 0]),
    probabilities=np.array([[0.75, 0.25], [1 / 3, 2 / 3], [1e-9, 1.0]]),
)
TABLE = """post,author,label,p_control,p_suicide
p1,a1,control,0.750000,0.250000
p2,a2,suicide,0.333333,0.666667
p3,a1,control,0.000000,1.000000
"""


def test_the_table_is_one_row_a_post_with_the_class_by_name(tmp_path):
    path = tmp_path / "val.csv"
    write_predictions(PREDICTIONS, path)
    assert path.read_text() == TABLE
    assert os.listdir(tmp_path) == ["val.csv"]


def test_predictions_come_back_as_they_were_written(tmp_path):
    path = tmp_path / "val.csv"
    write_predictions(PREDICTIONS, path)
    read = read_predictions(path, TASK)
    assert (read.part, read.task, len(read)) == ("val", TASK, 3)
    assert list(read.post_ids) == ["p1", "p2", "p3"]
    assert read.authors is not None and list(read.authors) == ["a1", "a2", "a1"]
    assert read.labels.tolist() == [0, 1, 0] and read.labels.dtype == np.int64
    expected = [[0.75, 0.25], [0.333333, 0.666667], [0.0, 1.0]]
    assert read.probabilities.tolist() == expected and read.probabilities.dtype == np.float64
    second = tmp_path / "second" / "val.csv"
    write_predictions(read, second)
    assert second.read_bytes() == path.read_bytes()


def test_unknown_authors_stay_unknown(tmp_path):
    path = tmp_path / "test.csv"
    write_predictions(replace(PREDICTIONS, authors=None), path)
    assert path.read_text().splitlines()[1] == "p1,,control,0.750000,0.250000"
    assert read_predictions(path, TASK).authors is None


def test_names_with_commas_quotes_and_line_breaks_survive(tmp_path):
    task = Task.categorical("risk", ('say "no", then', "two\nlines \U0001f642"), None)
    path = tmp_path / "val.csv"
    write_predictions(replace(PREDICTIONS, task=task, post_ids=["a,b", '"', "\r\n"]), path)
    read = read_predictions(path, task)
    assert list(read.post_ids) == ["a,b", '"', "\r\n"]
    assert read.labels.tolist() == [0, 1, 0]


def test_a_part_without_posts_is_a_table_without_rows(tmp_path):
    path = tmp_path / "val.csv"
    nothing = Predictions("val", TASK, [], None, np.zeros(0, dtype=np.int64), np.zeros((0, 2)))
    write_predictions(nothing, path)
    read = read_predictions(path, TASK)
    assert len(read) == 0 and read.probabilities.shape == (0, 2)


@pytest.mark.parametrize("row", [[np.nan, np.nan], [0.5, 0.6], [np.inf, -np.inf]])
def test_probabilities_of_a_diverged_network_are_not_written(tmp_path, row):
    probabilities = np.array([[0.5, 0.5], row, [1.0, 0.0]])
    with pytest.raises(InputError, match=r"1 of 3 rows.*for val.*Lower model\.learning_rate"):
        write_predictions(replace(PREDICTIONS, probabilities=probabilities), tmp_path / "val.csv")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("p_suicide", "p_ptsd", r"has the columns .*p_ptsd; expected .*p_suicide.*data\.json"),
        ("post,author", "author,post", "has the columns author,post"),
        (TABLE, "", r"has the columns \(none\)"),
        ("p2,a2,suicide", "p2,a2,CANARY", "row 3: the label is none of control, suicide"),
        ("0.750000,0.250000", "0.750000", "row 2: 4 cells, expected 5"),
        ("0.000000,1.000000\n", "0.000000,1.0", None),
        ("0.000000,1.000000\n", "0.000000,1.000000,\n", "row 4: 6 cells, expected 5"),
        ("0.250000", "0.35", r"row 2: .*do not sum to one"),
        ("0.750000,0.250000", "1.5,-0.5", r"row 2: .*not between 0 and 1"),
        ("0.333333", "nan", r"row 3: .*do not sum to one"),
        ("0.333333", "CANARY", "a probability that is not a number"),
        ("p3", "p1", "names 1 posts more than once"),
        ("a2", "", "names the author in some rows only"),
    ],
)
def test_a_changed_table_is_refused_with_the_row(tmp_path, old, new, message):
    path = tmp_path / "val.csv"
    path.write_text(TABLE.replace(old, new))
    if message is None:
        assert len(read_predictions(path, TASK)) == 3
        return
    with pytest.raises(InputError, match=message) as caught:
        read_predictions(path, TASK)
    assert "CANARY" not in str(caught.value)


def test_a_missing_table_is_said_to_be_missing(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_predictions(tmp_path / "val.csv", TASK)


def test_groups_come_back_as_they_were_written(tmp_path):
    path = tmp_path / "val.csv"
    groups = {"gender": ["f", "", "m"], "severity": ["0", "3", ""]}
    write_predictions(replace(PREDICTIONS, groups=groups), path)
    header, first, *_ = path.read_text().splitlines()
    assert header == "post,author,label,p_control,p_suicide,group_gender,group_severity"
    assert first == "p1,a1,control,0.750000,0.250000,f,0"
    read = read_predictions(path, TASK)
    assert {name: list(values) for name, values in read.groups.items()} == groups
    assert read.probabilities.shape == (3, 2)
