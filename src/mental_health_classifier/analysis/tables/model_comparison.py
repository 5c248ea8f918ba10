"""Pairs of models, each of one run or of several seeds, and which of two is really better."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

from mental_health_classifier.analysis.sections.pieces import Measure, interval_of
from mental_health_classifier.analysis.sections.section import Section
from mental_health_classifier.contracts import InputError, Predictions
from mental_health_classifier.evaluation.paired_comparison import compare_runs, holm_adjusted
from mental_health_classifier.tracking.record.assessments import stored_predictions
from mental_health_classifier.tracking.run_index import RunSummary, find_runs, resolve_run

BOOTSTRAP_DRAWS = 2000
SPECIFICITY_FLOOR = 0.80
"""At which McNemar's test alerts, as the headline does."""


def models_called(references: Sequence[str], roots: Sequence[Path]) -> dict[str, list[RunSummary]]:
    """The runs of each model by what it was called, ordered by seed.

    Args:
        references: a run, several separated by commas, or a folder that holds runs.

    Raises:
        InputError: nothing is called that, or a run did not complete.
    """
    if len(set(references)) < max(2, len(references)):
        raise InputError(
            "--test compares different models, two or more: give two runs, or groups of runs."
        )
    models = {}
    for reference in references:
        folder = Path(reference)
        if folder.is_dir() and not (folder / "run.json").is_file():
            runs = find_runs([folder])
        else:
            runs = [resolve_run(each, roots) for each in reference.split(",") if each]
        unfinished = [run for run in runs if run.status != "completed"]
        if unfinished or not runs:
            what = f"{len(unfinished)} runs that did not complete" if runs else "no runs"
            raise InputError(f"{reference} holds {what}. Give completed runs.")
        models[reference] = sorted(runs, key=lambda run: (run.seed is None, run.seed, run.id))
    return models


def compare_models(models: dict[str, list[RunSummary]]) -> list[dict[str, Any]]:
    """Every pair of models compared on the same test posts, see `compare_runs`.

    Chances are raised by Holm's method over all pairs, and intervals widened.
    """
    predictions = {name: [val_and_test(run) for run in runs] for name, runs in models.items()}
    pairs = list(combinations(models, 2))
    rows = []
    for first, second in pairs:
        found = compare_runs(
            predictions[first],
            predictions[second],
            specificity_floor=SPECIFICITY_FLOOR,
            bootstrap_draws=BOOTSTRAP_DRAWS,
            num_comparisons=len(pairs),
        )
        winner = {"first": first, "second": second, "tie": None}[found.pop("verdict")]
        rows.append({"first": first, "second": second, "better": winner, **found})
    _adjust([(row, "permutation_p") for row in rows])
    _adjust([(row["mcnemar"] or {}, "p") for row in rows])
    return rows


def val_and_test(run: RunSummary) -> tuple[Predictions, Predictions]:
    """What a run's model said of both parts."""
    found = stored_predictions(run, ("val", "test"))
    return found["val"], found["test"]


def _adjust(places: list[tuple[dict[str, Any], str]]) -> None:
    known = [(holder, key) for holder, key in places if holder.get(key) is not None]
    adjusted = holm_adjusted([holder[key] for holder, key in known])
    for (holder, key), value in zip(known, adjusted, strict=True):
        holder[f"{key}_adjusted"] = value


def comparison_section(rows: Sequence[dict[str, Any]]) -> Section:
    """A row a pair: the difference, and what each test says of it."""
    shown = []
    for row in rows:
        of_mcnemar, ends = row["mcnemar"], row["seed_interval"]
        shown.append(
            [
                row["first"],
                row["second"],
                Measure(row["difference"], interval_of(row["interval"]), is_signed=True),
                "-" if ends is None else f"[{ends[0]:+.3f}, {ends[1]:+.3f}]",
                "{only_first} / {only_second}".format(**of_mcnemar) if of_mcnemar else "-",
                Measure((of_mcnemar or {}).get("p_adjusted")),
                Measure(row.get("permutation_p_adjusted")),
                row["better"] or "tie",
            ]
        )
    return Section(
        title="Comparison",
        caption=f"Difference in {rows[0]['metric']} on {rows[0]['n']} test posts, with intervals "
        f"for {len(rows)} comparisons. A tie: no difference that other authors, or other seeds, "
        "could not have made",
        header=[
            *("first", "second", "second - first", "over seeds", "only first\nonly second"),
            *("McNemar\np", "permutation\np", "better"),
        ],
        rows=shown,
    )
