"""Pairs of models, each of one run or of several seeds, and which of two is really better."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

from mental_health_classifier.console.tables import Column, TextTable
from mental_health_classifier.console.wording import number
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
    predictions = {name: [_val_and_test(run) for run in runs] for name, runs in models.items()}
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


def _val_and_test(run: RunSummary) -> tuple[Predictions, Predictions]:
    found = stored_predictions(run, ("val", "test"))
    return found["val"], found["test"]


def _adjust(places: list[tuple[dict[str, Any], str]]) -> None:
    known = [(holder, key) for holder, key in places if holder.get(key) is not None]
    adjusted = holm_adjusted([holder[key] for holder, key in known])
    for (holder, key), value in zip(known, adjusted, strict=True):
        holder[f"{key}_adjusted"] = value


def comparison_table(rows: Sequence[dict[str, Any]]) -> TextTable:
    """A row a pair: the difference, and what each test says of it."""
    mcnemar = [row["mcnemar"] or {} for row in rows]
    return TextTable(
        [
            Column("first", [row["first"] for row in rows], max_width=30),
            Column("second", [row["second"] for row in rows], max_width=30),
            Column(
                "second - first",
                [number(row["difference"], row["interval"], signed=True) for row in rows],
                is_number=True,
            ),
            Column(
                "over seeds",
                [_ends(row["seed_interval"]) for row in rows],
                is_number=True,
            ),
            Column(
                "only first\nonly second",
                [f"{m['only_first']} / {m['only_second']}" if m else "-" for m in mcnemar],
                is_number=True,
            ),
            Column("McNemar\np", [number(m.get("p_adjusted")) for m in mcnemar], is_number=True),
            Column(
                "permutation\np",
                [number(row.get("permutation_p_adjusted")) for row in rows],
                is_number=True,
            ),
            Column("better", [row["better"] or "tie" for row in rows], max_width=30),
        ]
    )


def _ends(interval: Sequence[float] | None) -> str:
    return "-" if interval is None else f"[{interval[0]:+.3f}, {interval[1]:+.3f}]"
