"""The yardstick of a run beside other predictions of its posts."""

from __future__ import annotations

import json

from mental_health_classifier.assessment.own_yardstick import beside_yardstick, stored_yardstick
from mental_health_classifier.tracking.record.assessments import stored_predictions


def test_a_runs_own_predictions_are_as_far_from_its_yardstick_as_it_recorded(runs) -> None:
    run = runs["baseline_micro"]
    assert set(stored_yardstick(run)) == {"val", "calibration", "test"}
    test = stored_predictions(run, ["test"])["test"]
    found = beside_yardstick(run, test, run.configuration["evaluation"])
    assert json.loads(json.dumps(found)) == run.yardstick  # as a record has it, without tuples


def test_a_yardstick_has_none_beside_it(runs) -> None:
    run = runs["tfidf_logistic"]
    test = stored_predictions(run, ["test"])["test"]
    assert stored_yardstick(run) == {}
    assert beside_yardstick(run, test, run.configuration["evaluation"]) is None
