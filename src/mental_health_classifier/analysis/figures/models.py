"""Runs that a figure shows side by side, with their test predictions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from mental_health_classifier.analysis.figures.names import plain_name
from mental_health_classifier.analysis.tables.run_facts import facts_of
from mental_health_classifier.analysis.tables.run_names import run_names
from mental_health_classifier.console.wording import count, is_number
from mental_health_classifier.contracts import InputError, Predictions
from mental_health_classifier.contracts.headline import headline_of
from mental_health_classifier.evaluation.operating_point import OperatingPoint
from mental_health_classifier.tracking.record.assessments import stored_predictions, task_of
from mental_health_classifier.tracking.record.prediction_files import read_predictions
from mental_health_classifier.tracking.run_index import RunSummary
from mental_health_classifier.tracking.selection.candidates import candidates_among

Read = TypeVar("Read")

MAX_MODELS = 6


@dataclass(frozen=True, slots=True)
class ShownModel:
    """A model as figures of its predictions draw it."""

    test: Predictions
    point: OperatingPoint
    """Where it alerts, chosen on val."""


def read_model(run: RunSummary) -> ShownModel:
    """What a run stored of its model.

    Raises:
        InputError: its predictions are missing or torn.
    """
    return ShownModel(
        test=stored_predictions(run, ["test"])["test"],
        point=OperatingPoint.recorded_in(run.metrics),
    )


def read_yardstick(run: RunSummary) -> ShownModel:
    """The yardstick that was fitted on the posts of a run, with its own operating point.

    Raises:
        InputError: the run has none, or its predictions are missing or torn.
    """
    path = run.directory / "predictions" / "yardstick" / "test.csv"
    if run.yardstick is None or not path.is_file():
        raise InputError(f"Run {run.id or run.directory} has no predictions of a yardstick.")
    return ShownModel(
        test=read_predictions(path, task_of(run)),
        point=OperatingPoint.recorded_in(run.yardstick.get("metrics", {})),
    )


def side_by_side(
    runs: Iterable[RunSummary], read: Callable[[RunSummary], Read], *, limit: int = MAX_MODELS
) -> tuple[dict[str, Read], list[str]]:
    """What is read of completed runs, by a name that tells them apart, and notes on all others.

    Where there are more runs than `limit`, configurations are shown by their best seed, the best
    ones by the headline on val, so that nothing is chosen on test.

    Raises:
        InputError: no run completed, or none can be read.
    """
    found = list(runs)
    completed = [run for run in found if run.status == "completed"]
    if not completed:
        raise nothing_completed(run.status for run in found)
    notes = []
    if len(completed) < len(found):
        notes.append(
            f"Left out: {count(len(found) - len(completed), 'run')} that did not complete."
        )
    chosen: list[tuple[RunSummary, Read]] = []
    ordered = _in_order(completed, limit=limit)
    for run in ordered:
        if len(chosen) == limit:
            break
        try:
            chosen.append((run, read(run)))
        except InputError as error:
            notes.append(f"Left out: {error}")
    if not chosen:
        raise InputError("\n".join(["None of these runs can be drawn.", *notes]))
    if len(completed) > limit:
        notes.append(
            f"Shown are {len(chosen)} of {len(completed)} runs: of the best configurations on val "
            "the best seed. Name runs to choose others."
        )
    names = run_names([facts_of(run) for run, _ in chosen], shown=plain_name)
    return {name: content for name, (_, content) in zip(names, chosen, strict=True)}, notes


def nothing_completed(statuses: Iterable[str]) -> InputError:
    """The refusal to draw where no run has completed."""
    counts = Counter(statuses)
    if not counts:
        return InputError(
            "There are no runs that judge posts to draw yet. `python train.py` makes one."
        )
    listed = ", ".join(f"{number} {status}" for status, number in counts.items())
    return InputError(
        f"Of {count(counts.total(), 'run')} none completed ({listed}), so there is nothing to "
        "draw. `mhc runs` says what became of them."
    )


def _in_order(completed: Sequence[RunSummary], *, limit: int) -> list[RunSummary]:
    if len(completed) <= limit:
        return list(completed)
    best = [max(each.runs, key=_on_val) for each in candidates_among(completed)]
    return sorted(best, key=_on_val, reverse=True)


def _on_val(run: RunSummary) -> float:
    value = run.metrics.get(f"val/{headline_of(run.data.get('priority_class'))}")
    return value if is_number(value) else -1.0
