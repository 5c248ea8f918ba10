from __future__ import annotations

import numpy as np
import pytest

from mental_health_classifier.contracts import InputError, Task
from mental_health_classifier.data.reading.foreign_predictions import read_foreign_predictions

TASK = Task.categorical("condition", ("control", "anxiety", "suicide"), "suicide")
TWO = Task.categorical("condition", ("control", "suicide"), "suicide")


def read(path, content: str, task: Task = TASK, **asked):
    (path / "p.csv").write_text(content)
    return read_foreign_predictions(path / "p.csv", task, **{"columns": {}, **asked})


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


def test_scores_become_their_softmax_and_of_two_classes_one_is_enough(tmp_path) -> None:
    found = read(tmp_path, "id,score_suicide,score_control,score_anxiety\na,2,0,-1\n")
    odds = np.exp([0, -1, 2])
    np.testing.assert_allclose(found.probabilities, [odds / odds.sum()], atol=1e-6)
    assert found.kind == "scores"
    one = read(tmp_path, "id,logit_suicide\na,1\n", TWO)
    np.testing.assert_allclose(one.probabilities[0, 1], 1 / (1 + np.exp(-1)), atol=1e-6)
    assert read(tmp_path, "id,p_suicide\na,0.25\n", TWO).probabilities.tolist() == [[0.75, 0.25]]


def test_rounded_probabilities_are_divided_by_their_sum_and_others_left_alone(tmp_path) -> None:
    found = read(
        tmp_path, "id,p_control,p_anxiety,p_suicide\na,0.33,0.33,0.33\nb,0.333333,0.333333,0.333334"
    )
    rounded = read(tmp_path, "id,p_control,p_anxiety,p_suicide\na,0.33,0.33,0.33\n")
    assert rounded.probabilities.tolist() == [[0.333333] * 3]
    assert "in 1 of 1 rows" in rounded.notes[0]
    assert found.probabilities[1].tolist() == [0.333333, 0.333333, 0.333334]


def test_numbers_of_16_bits_are_probabilities_that_are_rounded(tmp_path) -> None:
    bits = np.array([0.1, 0.2, 0.7], dtype=np.float32).view(np.uint32) & 0xFFFF0000
    cells = ",".join(map(repr, bits.view(np.float32).tolist()))
    found = read(tmp_path, f"id,p_control,p_anxiety,p_suicide\na,{cells}\n")
    np.testing.assert_allclose(found.probabilities, [[0.1, 0.2, 0.7]], atol=2e-3)
    assert found.probabilities.sum() == pytest.approx(1, abs=2e-6)
    assert "divided by their sum" in found.notes[0]


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
        ("id,p_control,p_anxiety,p_suicide\na,.5,.5,.5\n", r"sum to one.*p\.csv:2.*by their sum"),
        ("id,p_control,p_anxiety,p_suicide\na,1.5,-0.5,0\n", "between 0 and 1"),
        ("id,p_control,p_anxiety,p_suicide\na,nan,0.5,0.5\n", r"No finite number .*p\.csv:2"),
        ("id,p_control,p_anxiety,p_suicide\na,,0.5,0.5\n", "No finite number"),
        ("id,p_control,p_suicide\na,0.5,0.5\n", "none of anxiety"),
        ("id,p_control,p_anxiety,p_suicid\na,0.2,0.5,0.3\n", "'p_suicid' is of none"),
        ("id,p_control,p_anxiety,p_suicide,p_ptsd\na,1,0,0,0\n", "another class.*'p_ptsd'"),
        ("id,p_suicide,suicide\na,1,0\n", "Two columns"),
        ("id,p_control,p_anxiety,p_suicide,p_suicide\na,0,0,1,0\n", "two columns 'p_suicide'"),
        ("id,score_control,score_anxiety,score_suicide\na,.1,.2,.7\n", "are probabilities"),
        ("id,pred,predicted\na,suicide,control\n", "can both be prediction"),
        (
            "id,p_control,p_anxiety,p_suicide,pred\na,0,0,1,suicide\nb,0,0,1,control\n",
            r"likeliest one in 1 of 2 rows \(p\.csv:3\).*prediction=\[\]",
        ),
        ("id,prediction\na,suicid\n", "One is near suicide.* --label"),
        ("id,score\na,1\n", "holds no predictions"),
        ("p_control,p_anxiety,p_suicide\n1,0,0\n", "a column post, id or text was"),
        ("id,prediction\n", "no row below its header"),
        ("id,part,prediction\na,dev2,suicide\n", "The part is none of"),
        ("id,prediction\na,suicide,b\n", r"p\.csv:2 holds"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_told_in_a_sentence(tmp_path, content, message) -> None:
    with pytest.raises(InputError, match=message):
        read(tmp_path, content)


def test_columns_and_classes_that_are_not_there_are_refused(tmp_path) -> None:
    content = "id,prediction\na,suicide\n"
    with pytest.raises(InputError, match="no such column"):
        read(tmp_path, content, columns={"id": "key"})
    with pytest.raises(InputError, match="did you mean suicide"):
        read(tmp_path, content, columns={"suicid": "prediction"})
    with pytest.raises(InputError, match="no such class"):
        read(tmp_path, content, labels={"SI": "self-harm"})
