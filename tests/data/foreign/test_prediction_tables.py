"""Whole tables of predictions: posts, classes, parts, and what is refused."""

from __future__ import annotations

import pytest

from mental_health_classifier.contracts import InputError, Task
from mental_health_classifier.data.foreign.prediction_tables import read_foreign_predictions

TASK = Task.categorical("condition", ("control", "anxiety", "suicide"), "suicide")


def read(path, content: str, **asked):
    (path / "p.csv").write_text(content)
    return read_foreign_predictions(path / "p.csv", TASK, **{"columns": {}, **asked})


def test_columns_are_known_in_many_spellings_and_orders(tmp_path) -> None:
    found = read(tmp_path, "ID,prob_Suicide,P.CONTROL,anxiety,note\na,0.7,0.2,0.1,x\n")
    assert found.keys == {"id": ["a"]} and found.kind == "probabilities"
    assert found.probabilities.tolist() == [[0.2, 0.1, 0.7]]
    assert found.notes == ["Columns not used: note."]
    named = read(
        tmp_path,
        "who,a,b,c\nx,0.7,0.2,0.1\n",
        columns={"id": "who", "p_suicide": "a", "control": "b", "p_anxiety": "c"},
    )
    assert named.probabilities.tolist() == [[0.2, 0.1, 0.7]]


def test_columns_of_scores_are_no_probabilities(tmp_path) -> None:
    found = read(tmp_path, "id,part,score_suicide,score_control,score_anxiety\na,dev,2,0,0\n")
    assert found.kind == "scores" and found.parts == ["val"]
    assert found.probabilities.tolist() == [[0.106507, 0.106507, 0.786986]]  # 1, 1, e^2
    with pytest.raises(InputError, match=r"sum to one.*p\.csv:2"):
        read(tmp_path, "id,p_suicide,p_control,p_anxiety\na,2,0,0\n")


def test_a_column_of_predictions_can_be_left_out(tmp_path) -> None:
    content = "id,p_control,p_anxiety,p_suicide,pred\na,0,0,1,control\n"
    found = read(tmp_path, content, columns={"prediction": "[]"})
    assert found.notes == ["Columns not used: pred."]
    assert "not compared" in read(tmp_path, content.replace(",control", ",7")).notes[0]


def test_bare_classes_are_read_in_other_spellings(tmp_path) -> None:
    found = read(tmp_path, "id,prediction\na,SI\nb, Control \n", labels={"SI": "suicide"})
    assert found.probabilities.tolist() == [[0, 0, 1], [1, 0, 0]] and found.kind == "labels"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("id,p_control,p_anxiety,p_suicide,p_suicide\na,0,0,1,0\n", "two columns 'p_suicide'"),
        (
            "id,p_control,p_anxiety,p_suicide,pred\na,0,0,1,suicide\nb,0,0,1,control\n",
            r"likeliest one in 1 of 2 rows \(p\.csv:3\).*prediction=\[\]",
        ),
        ("id,score\na,1\n", "holds no predictions"),
        ("p_control,p_anxiety,p_suicide\n1,0,0\n", "a column post, id or text was"),
        ("id,prediction\n", "no row below its header"),
        ("id,part,prediction\na,dev2,suicide\n", "The part is none of"),
        ("id,prediction\na,suicide,b\n", r"p\.csv:2 cannot be used \(wrong number of cells\)"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_told_in_a_sentence(tmp_path, content, message) -> None:
    with pytest.raises(InputError, match=message):
        read(tmp_path, content)


def test_a_class_that_is_not_there_is_refused(tmp_path) -> None:
    with pytest.raises(InputError, match="no such class"):
        read(tmp_path, "id,prediction\na,suicide\n", labels={"SI": "self-harm"})
