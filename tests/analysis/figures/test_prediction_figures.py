"""Figures of what models said, and of how they learned."""

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from written_predictions import complete_run, predictions_of
from written_runs import write_failed_run, write_run

from mental_health_classifier.analysis.figures.clinical import clinical_figure, read_clinical_model
from mental_health_classifier.analysis.figures.confusion import confusion_figure
from mental_health_classifier.analysis.figures.curves import curves_figure, training_curve
from mental_health_classifier.analysis.figures.decision import (
    decision_figure,
    stored_decision_curve,
)
from mental_health_classifier.analysis.figures.files import figure_bytes
from mental_health_classifier.analysis.figures.models import ShownModel, read_model, side_by_side
from mental_health_classifier.contracts import InputError, Predictions, Task
from mental_health_classifier.evaluation.operating_point import OperatingPoint
from mental_health_classifier.tracking.run_index import find_runs, read_run

TASK = Task.categorical("condition", ("control", "suicide"), "suicide")


def four_posts(scores=(0.9, 0.4, 0.6, 0.1)):
    """Two suicide posts, then two others."""
    return Predictions(
        part="test",
        task=TASK,
        post_ids=list("abcd"),
        authors=None,
        labels=np.array([1, 1, 0, 0]),
        probabilities=np.array([[1 - score, score] for score in scores]),
    )


def lines_of(axes):
    return [np.column_stack(line.get_data()).tolist() for line in axes.lines]


def test_a_confusion_matrix_has_the_priority_class_first_and_its_recall_above():
    (axes,) = confusion_figure({"model": four_posts(scores=(0.9, 0.4, 0.3, 0.1))}).axes
    cells = [text.get_text() for text in axes.texts]
    # Of two suicide posts one is held for control; both others are seen for what they are.
    assert cells == ["1", "1", "0", "2"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["suicide", "control"]
    # Wilson, one of two: (.0945, .9055).
    assert axes.get_title() == "model\nrecall of suicide .500 [.09, .91]"


def test_confusion_matrices_stand_side_by_side():
    models = {str(number): four_posts() for number in range(4)}
    figure = confusion_figure(models)
    assert [axes.get_title()[0] for axes in figure.axes] == list("0123")
    assert "n = 4 posts" in " ".join(figure.get_supxlabel().split())


def test_letters_that_the_font_has_not_are_drawn_without_a_warning():
    given = replace(four_posts(), task=Task.categorical("condition", ("対照", "自殺"), "自殺"))
    assert figure_bytes(confusion_figure({"一": given, "二": given}), "png")
    assert not plt.get_fignums()  # nor does a figure open that nobody closes


def test_a_corpus_without_a_priority_class_shows_accuracy():
    task = Task.categorical("t", ("a", "b"), None)
    (axes,) = confusion_figure({"model": predictions_of(task)}).axes
    assert "accuracy" in axes.get_title()


def test_clinical_curves_go_through_every_threshold():
    figure = clinical_figure({"model": ShownModel(four_posts(), OperatingPoint(0.5))})
    precision, trade_off, point, alerts, triage, _ = figure.axes
    # By score: suicide, other, suicide, other.
    assert lines_of(precision)[0] == [[0.5, 1], [0.5, 0.5], [1, 2 / 3], [1, 0.5]]
    assert lines_of(trade_off)[0] == [[1, 0], [1, 0.5], [0.5, 0.5], [0.5, 1], [0, 1]]
    # At .5 one of two is found and one of two others alerted.
    assert [0.5, 0.5] in lines_of(precision)[1] and [0.5, 0.5] in lines_of(trade_off)[1]
    assert [label.get_text() for label in point.get_yticklabels()] == [
        *("recall", "specificity", "precision", "posts alerted")
    ]
    assert [label.get_text() for label in alerts.get_yticklabels()] == ["suicide", "control"]
    assert lines_of(triage)[0][0] == [0, 0] and lines_of(triage)[0][-1] == [1, 1]


def test_priority_posts_are_also_told_apart_by_their_severity():
    four = four_posts()
    test = replace(
        four,
        post_ids=[f"{each}-{time}" for time in range(10) for each in four.post_ids],
        authors=None,
        labels=np.tile(four.labels, 10),
        probabilities=np.tile(four.probabilities, (10, 1)),
        # Of severity 3 are too few to say anything of them.
        groups={"severity": ["2", "", "1", "0"] * 9 + ["2", "3", "1", "0"]},
    )
    alerts = clinical_figure({"model": ShownModel(test, OperatingPoint(0.5))}).axes[3]
    labels = [label.get_text() for label in alerts.get_yticklabels()]
    assert labels == ["suicide", "severity 2", "control"]
    # The suicide posts whose severity is known are alerted.
    dots = [line for line in lines_of(alerts) if len(line) == 1]
    assert [[share, round(place)] for ((share, place),) in dots] == [[0.5, 0], [1, 1], [0.5, 2]]


def test_without_a_usable_threshold_there_is_no_operating_point():
    figure = clinical_figure({"model": ShownModel(four_posts(), OperatingPoint(None))})
    assert all(len(line) != 1 for line in lines_of(figure.axes[0]))
    assert figure_bytes(figure, "png")


def test_models_with_other_priority_classes_are_not_drawn_together():
    other = Task.categorical("condition", ("control", "suicide"), "control")
    models = {
        "a": ShownModel(four_posts(), OperatingPoint(0.5)),
        "b": ShownModel(predictions_of(other), OperatingPoint(0.5)),
    }
    with pytest.raises(InputError, match=r"different priority classes \(control, suicide\)"):
        clinical_figure(models)


def test_long_series_are_smoothed_over_the_raw_line_and_short_ones_joined():
    long = pd.DataFrame({"train/loss": np.arange(100) % 2, "val/loss": np.nan})
    long.loc[[49, 99], "val/loss"] = [1.0, 0.5]
    loss, val = curves_figure({"run": long}).axes
    raw, smoothed, _ = lines_of(loss)
    assert [value for _, value in raw] == (np.arange(100) % 2).tolist()
    # A half-life of five steps: the mean of alternating 0 and 1 stays near one half.
    assert max(abs(value - 0.5) for _, value in smoothed[50:]) < 0.1
    assert lines_of(val)[0] == [[49, 1.0], [99, 0.5]]


def test_an_unknown_metric_of_curves_is_refused_with_those_there_are():
    curve = pd.DataFrame({"train/loss": [1.0, 0.9], "val/accuracy": [0.5, 0.6]})
    with pytest.raises(InputError, match=r"Similar: val/accuracy\.\nThere are: train/loss, val/a"):
        curves_figure({"run": curve}, metric="val/acuracy")
    (axes,) = curves_figure({"run": curve}, metric="val/accuracy").axes
    assert axes.get_title() == "accuracy, validation"


def test_torn_lines_of_a_curve_are_left_out(tmp_path):
    run = complete_run(write_run(tmp_path / "a"))
    path = run / "metrics.jsonl"
    path.write_bytes(path.read_bytes()[:-20])
    curve = training_curve(read_run(run))
    assert len(curve) == 40 and "val/accuracy" not in curve
    path.write_bytes(b"")
    with pytest.raises(InputError, match="logged no metrics"):
        training_curve(read_run(run))
    path.unlink()
    with pytest.raises(InputError, match="a model without steps has no curve"):
        training_curve(read_run(run))
    path.mkdir()
    with pytest.raises(InputError, match=r"metrics\.jsonl cannot be read"):
        training_curve(read_run(run))


def test_decision_curves_stand_beside_alerting_all_and_none(tmp_path):
    run = read_run(complete_run(write_run(tmp_path / "a")))
    figure = decision_figure({"model": stored_decision_curve(run)})
    (axes,) = figure.axes
    model, everybody, nobody = lines_of(axes)
    assert model == [[0.1, pytest.approx(0.09)], [0.2, pytest.approx(0.08)], [0.5, 0.05]]
    assert [value for _, value in everybody] == [0.05] * 3
    assert [value for _, value in nobody] == [0, 0]


def test_a_run_without_a_decision_curve_or_with_a_damaged_one_is_refused(tmp_path):
    run = read_run(write_run(tmp_path / "a"))
    with pytest.raises(InputError, match="has no decision curve"):
        stored_decision_curve(run)
    damaged = complete_run(write_run(tmp_path / "b"))
    path = damaged / "assessments" / "calibration.json"
    path.write_text('{"decision_curve": [{"threshold": "x"}]}', encoding="utf-8")
    with pytest.raises(InputError, match="damaged"):
        stored_decision_curve(read_run(damaged))


def test_torn_and_unfinished_runs_are_left_out_and_told_about(tmp_path):
    complete_run(write_run(tmp_path / "good", run={"name": "good"}))
    torn = complete_run(write_run(tmp_path / "torn"))
    path = torn / "predictions" / "test.csv"
    path.write_bytes(path.read_bytes()[:-7])
    write_failed_run(tmp_path / "failed")
    models, notes = side_by_side(find_runs([tmp_path]), read_model)
    assert list(models) == ["good"]
    assert notes[0] == "Left out: 1 run that did not complete."
    assert "test.csv" in notes[1]
    path.unlink()
    with pytest.raises(InputError, match=r"(?s)None of these runs can be drawn.*no predictions"):
        side_by_side([read_run(torn)], read_model)


def test_of_many_runs_the_best_seed_of_each_configuration_on_val_is_shown(tmp_path):
    for number in range(8):
        run = {"name": f"c{number // 2}", "seed": number, "configuration_hash": str(number // 2)}
        complete_run(write_run(tmp_path / str(number), recall=0.5 + number / 20, run=run))
    models, notes = side_by_side(find_runs([tmp_path]), read_model, limit=3)
    assert list(models) == ["c3", "c2", "c1"]
    assert "Shown are 3 of 8 runs" in notes[0]


def test_clinical_figures_leave_out_runs_without_a_priority_class(tmp_path):
    complete_run(write_run(tmp_path / "a", run={"name": "a"}))
    complete_run(write_run(tmp_path / "b", priority_class=None))
    models, notes = side_by_side(find_runs([tmp_path]), read_clinical_model)
    assert list(models) == ["a"]
    assert any("has no priority class" in note for note in notes)
