"""Two runs beside each other: their numbers, paired differences, and who is taken for whom."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

from mental_health_classifier.analysis.report.evidence import Evidence
from mental_health_classifier.analysis.sections.performance import labels
from mental_health_classifier.analysis.sections.pieces import Measure, measure_of, shortened
from mental_health_classifier.contracts import InputError, Predictions
from mental_health_classifier.evaluation.evaluate import compare_with_yardstick
from mental_health_classifier.evaluation.metrics import confusion_matrix
from mental_health_classifier.tracking.record.assessments import stored_predictions
from mental_health_classifier.tracking.record.run_summary import RunSummary

MOST_PAIRED = 4
"""Runs of which every pair is measured: the best ones of the comparable."""
MOST_CLASSES = 12
MOST_MATRICES = 60
DRAWS = 500


def side_by_side(evidence: Evidence) -> dict[str, Any]:
    """What the page's script puts beside each other, beyond choices.

    Returns:
        `numbers`: what they are called; `runs`: of each its `numbers` as text, its `confusion` as
        counts in the order of its `classes`, and the `posts` that it was tested on; `pairs`: by
        places of two runs, `0-3`, their paired differences as text, by place in `numbers`; `first`:
        which two are shown at first.
    """
    named = _names(evidence)
    completed = [run for run in evidence.runs if run.status == "completed"]
    known = {
        run.directory: test
        for run in completed[:MOST_MATRICES]
        if (test := _test_of(run)) is not None
    }
    order = [evidence.runs.index(run) for run in (*evidence.comparable, *completed)]
    return {
        "numbers": list(named.values()),
        "runs": [_facts(run, named, known.get(run.directory)) for run in evidence.runs],
        "pairs": {
            place: told
            for corpus in (evidence, *evidence.others)
            for place, told in _pairs(corpus, list(named), known).items()
        },
        "first": list(dict.fromkeys(order))[:2],
    }


def _names(evidence: Evidence) -> dict[str, str]:
    completed = next((run for run in evidence.comparable if run.metrics), None)
    if completed is None:
        return {}
    # A name may lean on the one above it only where that stands there, too.
    return {
        key: name.replace("...", "operating point:").partition(" (chance")[0]
        for key, name in labels(completed).items()
    }


def _test_of(run: RunSummary) -> Predictions | None:
    try:
        return stored_predictions(run, ["test"])["test"]
    except (InputError, OSError):
        return None


def _facts(run: RunSummary, named: dict[str, str], test: Predictions | None) -> dict[str, Any]:
    facts = {
        "numbers": [str(measure_of(run, key)) for key in named],
        "posts": shortened(run.parts_fingerprint or ""),
    }
    if test is None or test.task.num_classes > MOST_CLASSES:
        return facts | {"classes": [], "confusion": []}
    order = [test.task.class_names.index(name) for name in test.task.display_order]
    return facts | {
        "classes": [shortened(name, 30) for name in test.task.display_order],
        "confusion": confusion_matrix(test)[order][:, order].tolist(),
    }


def _pairs(
    evidence: Evidence, keys: Sequence[str], known: dict[Any, Predictions]
) -> dict[str, dict[int, str]]:
    places = {run.directory: place for place, run in enumerate(evidence.runs)}
    chosen = [run for run in evidence.comparable if run.directory in known][:MOST_PAIRED]
    found = {}
    for one, other in combinations(chosen, 2):
        for first, second in ((one, other), (other, one)):
            try:
                told = compare_with_yardstick(
                    known[first.directory], known[second.directory], bootstrap_draws=DRAWS
                )
            except InputError:
                continue
            found[f"{places[first.directory]}-{places[second.directory]}"] = {
                place: str(Measure(told.metrics[key], told.intervals.get(key), is_signed=True))
                for place, key in enumerate(keys)
                if key in told.metrics
            }
    return found
