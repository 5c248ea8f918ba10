"""Runs of the folds of one configuration, pooled."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from mental_health_classifier.analysis.sections.pieces import (
    DASH,
    Measure,
    decimal,
    interval_of,
    listed,
    shortened,
)
from mental_health_classifier.analysis.sections.section import Section
from mental_health_classifier.analysis.tables.run_facts import facts_of
from mental_health_classifier.analysis.tables.run_names import configuration_names
from mental_health_classifier.console.wording import count, printable
from mental_health_classifier.evaluation.folds import (
    FoldMetrics,
    FoldPredictions,
    num_authors,
    numbers_over_folds,
)
from mental_health_classifier.evaluation.operating_point import OperatingPoint
from mental_health_classifier.tracking.provenance.configuration_hash import configuration_hash
from mental_health_classifier.tracking.record.assessments import stored_predictions, task_of
from mental_health_classifier.tracking.record.prediction_files import read_predictions
from mental_health_classifier.tracking.record.run_summary import RunSummary

BOOTSTRAP_DRAWS = 2000
TITLES = {
    "recall_at_spec80": "recall at specificity .80",
    "partial_auc": "partial AUC",
    "balanced_accuracy": "balanced accuracy",
    "f1_macro": "macro F1",
    "operating_point/recall": "operating point: recall",
    "operating_point/specificity": "... specificity",
    "operating_point/alert_rate": "... share alerted",
}
FIRST = (
    "recall_at_spec80",
    *(f"operating_point/{each}" for each in ("recall", "specificity", "alert_rate")),
)
"""Above all others in the table."""


def fold_pools(runs: Iterable[RunSummary]) -> list[dict[str, Any]]:
    """One entry for each configuration of which folds were trained, see `_entry`.

    A configuration is what runs share that differ in their fold and their seed alone, on the same
    folds of the same posts. A seed counts once all of its folds are completed; of a fold that ran
    twice the latest run does.

    Raises:
        InputError: predictions of a run are missing, or were changed.
    """
    found: dict[tuple[Any, ...], dict[Any, dict[int, RunSummary]]] = {}
    for run in sorted(runs, key=lambda run: (str(run.created_at), run.id or "")):
        if run.fold is None or run.status != "completed":
            continue
        fold, num_folds = run.fold
        data = {**run.configuration["data"], "fold": None}
        key = (
            configuration_hash({**run.configuration, "data": data}),
            run.data.get("fingerprint"),
            run.setting("data", "split_seed"),
            num_folds,
        )
        found.setdefault(key, {}).setdefault(run.seed, {})[fold] = run
    latest = [next(iter(next(iter(by_seed.values())).values())) for by_seed in found.values()]
    # Each fold is a configuration of its own; what they share is one here.
    rows = [
        {**facts_of(run), "configuration_hash": key[0]}
        for run, key in zip(latest, found, strict=True)
    ]
    names = configuration_names(rows, shown=shortened)
    return [
        _entry(by_seed, run, name=name, num_folds=key[-1])
        for (key, by_seed), run, name in zip(found.items(), latest, names, strict=True)
    ]


def _entry(
    by_seed: Mapping[Any, Mapping[int, RunSummary]],
    run: RunSummary,
    *,
    name: str,
    num_folds: int,
) -> dict[str, Any]:
    """`name`, `model`, `data`, `split_seed`, `num_folds`, `seeds` that are complete, `missing`
    folds of the others and the `commands` that train them, and of the complete ones `n`, `authors`,
    `numbers` and `run_ids`.

    Args:
        run: any of them.
    """
    wanted = range(1, num_folds + 1)
    complete = {
        seed: [folds[number] for number in wanted]
        for seed, folds in sorted(by_seed.items(), key=lambda item: str(item[0]))
        if set(wanted) <= set(folds)
    }
    missing = {
        str(seed): [number for number in wanted if number not in folds]
        for seed, folds in by_seed.items()
        if seed not in complete
    }
    entry: dict[str, Any] = {
        "name": name,
        "model": run.model,
        "data": run.data.get("name"),
        "split_seed": run.setting("data", "split_seed"),
        "num_folds": num_folds,
        "seeds": list(complete),
        "missing": missing,
        "commands": {
            str(seed): _command(next(iter(folds.values())), missing[str(seed)])
            for seed, folds in by_seed.items()
            if seed not in complete
        },
        "run_ids": [run.id for runs in complete.values() for run in runs],
        "n": None,
        "authors": None,
        "numbers": {},
    }
    if complete:
        models = [[_test_of(run) for run in runs] for runs in complete.values()]
        beside = [[_yardstick_of(run) for run in runs] for runs in complete.values()]
        yardsticks = [
            [each for each in folds if each is not None] for folds in beside if None not in folds
        ]
        posts = FoldMetrics(models[0]).posts
        numbers = numbers_over_folds(models, yardsticks, draws=BOOTSTRAP_DRAWS)
        entry |= {
            "n": len(posts),
            "authors": None if posts.authors is None else num_authors(posts),
            "numbers": {key: asdict(each) for key, each in numbers.items()},
        }
    return entry


def _command(run: RunSummary, folds: Sequence[int]) -> str:
    """What trains these folds as a run was trained on another one."""
    given = [str(each) for each in run.run.get("overrides") or ()]
    kept = [each for each in given if each.partition("=")[0] not in ("data.fold", "sweep")]
    many = ["-m"] if len(folds) > 1 else []
    chosen = f"data.fold={','.join(map(str, folds))}"
    return printable(shlex.join(["python", "train.py", *many, *kept, chosen]))


def _test_of(run: RunSummary) -> FoldPredictions:
    test = stored_predictions(run, ("test",))["test"]
    return FoldPredictions(test, OperatingPoint.recorded_in(run.metrics))


def _yardstick_of(run: RunSummary) -> FoldPredictions | None:
    """None: none was fitted beside it."""
    path = run.directory / "predictions" / "yardstick" / "test.csv"
    if run.yardstick is None or not path.is_file():
        return None
    point = OperatingPoint.recorded_in(run.yardstick["metrics"])
    return FoldPredictions(read_predictions(path, task_of(run)), point)


def fold_section(entry: Mapping[str, Any]) -> Section:
    """A row a number: over all folds with its interval, of single folds, and how far above the
    yardstick."""
    numbers = entry["numbers"]
    ordered = sorted(numbers, key=lambda key: FIRST.index(key) if key in FIRST else len(FIRST))
    has_yardstick = any(numbers[key]["difference"] is not None for key in numbers)
    rows = []
    for key in ordered:
        each = numbers[key]
        row = [
            TITLES.get(key, key.replace("/", " of ")),
            Measure(each["value"], interval_of(each["interval"])),
            f"{decimal(each['lowest'])} to {decimal(each['highest'])}",
        ]
        if has_yardstick:
            interval = interval_of(each["difference_interval"])
            row.append(Measure(each["difference"], interval, is_signed=True))
        rows.append(row)
    return Section(
        title=entry["name"] or DASH,
        sentences=list(_about(entry)),
        caption="Each post once, by a model that learned from other folds; 95 % intervals over "
        "other authors",
        header=["", "all folds", "single folds", *(["minus yardstick"] if has_yardstick else [])],
        rows=rows,
        warnings=list(_missing(entry)),
    )


def _about(entry: Mapping[str, Any]) -> Iterator[str]:
    of = (
        f"{entry['name']} on {entry['data']}, {entry['num_folds']} folds of split seed "
        f"{entry['split_seed']}"
    )
    if not entry["seeds"]:
        yield f"{of}: no seed has all of them yet."
        return
    authors = entry["authors"]
    by = "authors are not known" if authors is None else count(authors, "author")
    seeds = ", ".join(map(str, entry["seeds"]))
    yield f"{of}: {count(entry['n'], 'post')} ({by}), seed {seeds}."


def _missing(entry: Mapping[str, Any]) -> Iterator[str]:
    for seed, folds in entry["missing"].items():
        which = f"fold{'s' * (len(folds) > 1)} {listed([str(each) for each in folds])}"
        yield (
            f"Seed {seed} has no completed run on {which}, of {entry['num_folds']} folds, and is "
            f"left out. What trains it: {entry['commands'][seed]}"
        )
