"""Sections on test posts: the headline, every class, further tasks, all numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mental_health_classifier.analysis.sections.external import predictions_from_elsewhere
from mental_health_classifier.analysis.sections.pieces import (
    Measure,
    Piece,
    difference_to_yardstick,
    listed,
    measure_in,
    measure_of,
    number_of,
    shortened,
    side_of_zero,
    yardstick_name,
)
from mental_health_classifier.analysis.sections.section import Section
from mental_health_classifier.analysis.tables.run_facts import yardstick_reads
from mental_health_classifier.console.wording import count, is_interval, is_number, number
from mental_health_classifier.contracts.decimals import decimals, exact_decimals
from mental_health_classifier.contracts.headline import headline_of
from mental_health_classifier.evaluation.operating_point import DEPLOYED_PREVALENCES
from mental_health_classifier.tracking.record.external_runs import has_probabilities, parts_of
from mental_health_classifier.tracking.record.run_summary import RunSummary

AUXILIARY = {
    "categorical": {"f1_macro": "macro F1"},
    "binary": {"f1": "F1"},
    "ordinal": {
        "kappa": "quadratic kappa",
        "mae": "mean error in levels",
        "underestimated": "two levels or more too low",
    },
    "regression": {"r2": "R2", "mae": "mean error"},
    "multi_label": {"f1_macro": "macro F1"},
}
"""By kind of task, the numbers of `evaluate_auxiliary` that are shown."""

READERS = {
    "sequence": "the best that any reader of these posts can do",
    "bag_of_words": "the best without the order of words",
}
"""What the ceilings of synthetic posts mean."""

_WHO_DECIDES = ": where there is a certificate, mhc predict decides by the threshold of that one"
MOST_PROBABLE = "each post counted for its most probable class"
LEAK = "This means a leak: look into it."


def performance_sections(run: RunSummary) -> list[Section]:
    """The headline and what follows from it, every class, tasks beside the main one."""
    if not run.judges_posts:
        return [_of_masked_tokens(run)]
    if run.imported_from:
        return [performance(run)]
    if not any(key.startswith("test/") for key in run.metrics):
        return [Section(title="Performance", missing="Not measured.")]
    tasks = auxiliary_tasks(run)
    found = [performance(run), classes(run), *([] if tasks is None else [tasks])]
    return [*found, predictions_from_elsewhere(run)] if run.is_external else found


def _of_masked_tokens(run: RunSummary) -> Section:
    loss, found = (number(run.metrics.get(f"val/masked_{name}")) for name in ("loss", "accuracy"))
    return Section(
        title="Performance",
        sentences=[
            f"It fills in hidden tokens of the posts of val with loss {loss} and accuracy {found}. "
            "It judges no post: a run that begins with its folder encoder/ (model.encoder) does."
        ],
    )


def performance(run: RunSummary) -> Section:
    """The headline first, each number beside that of the yardstick."""
    yardstick: Mapping[str, Any] = run.yardstick or {}
    of_yardstick = yardstick.get("metrics", {}), yardstick.get("intervals", {})
    rows: list[list[Piece]] = []
    for key, label in labels(run).items():
        if key in run.metrics and not (run.is_external and run.metrics[key] is None):
            row: list[Piece] = [label, measure_of(run, key)]
            if yardstick:
                row += [measure_in(*of_yardstick, key), difference_to_yardstick(run, key) or ""]
            rows.append(row)
    beside = ["yardstick", "difference"] if yardstick else []
    verdicts = list(_verdicts(run))
    return Section(
        title="Performance",
        sentences=[" ".join(_about_numbers(run))],
        caption=_caption(run),
        header=["", run.model or "model", *beside],
        rows=rows,
        notes=[*_where_rarer(run), *(said for said in verdicts if not said.endswith(LEAK))],
        warnings=[said for said in verdicts if said.endswith(LEAK)],
    )


def _caption(run: RunSummary) -> str:
    if not run.yardstick:
        return "On test"
    return (
        f"On test, beside the yardstick {yardstick_name(run)}{_made_or_chosen(run)} on the same "
        "posts. Differences are of this trained model and their intervals over other authors; a "
        "verdict is on its configuration, and over other seeds too"
    )


def _made_or_chosen(run: RunSummary) -> str:
    """Of what the yardstick is made, or among what val chose it; empty where neither is known."""
    yardstick: Mapping[str, Any] = run.yardstick or {}
    if among := yardstick.get("chosen_among"):
        scores = listed([f"{shortened(name)} ({number(score)})" for name, score in among.items()])
        return f", chosen by {yardstick.get('chosen_by')} among {scores},"
    reads = yardstick_reads(run)
    return f", TF-IDF of {reads}," if reads else ""


def classes(run: RunSummary) -> Section:
    """Precision, recall and F1 of every class, the priority class first."""
    kinds = {"precision": "precision", "recall": "recall", "f1": "F1"}
    return Section(
        title="Every class",
        caption=f"Every class on test, {MOST_PROBABLE}, at no threshold",
        header=["class", "posts", *kinds.values()],
        rows=[
            [
                name,
                Measure(number_of(run.metrics.get(f"test/support/{name}")), decimals=0),
                *(measure_of(run, f"test/{kind}/{name}") for kind in kinds),
            ]
            for name in classes_in_order(run)
        ],
    )


def auxiliary_tasks(run: RunSummary) -> Section | None:
    """What the answers to the tasks beside the main one are worth. None: the run has none, or did
    not answer them."""
    rows: list[list[Piece]] = [
        [
            task,
            label,
            Measure(number_of(run.metrics.get(f"test/{task}/n")), decimals=0),
            measure_in(run.metrics, run.intervals, f"test/{task}/{key}"),
        ]
        for task, described in (run.data.get("auxiliary_tasks") or {}).items()
        if run.metrics.get(f"test/{task}/n")
        for key, label in AUXILIARY[described["labels"]["kind"]].items()
    ]
    return (
        Section(
            title="Also learned",
            caption="Tasks beside the main one, on test",
            header=["also learned", "", "posts", "test"],
            rows=rows,
        )
        if rows
        else None
    )


def evaluation(metrics: Mapping[str, float | None], intervals: Mapping[str, Any]) -> Section:
    """All numbers of an evaluation, in the order of the record, a column a part."""
    parts = list(dict.fromkeys(key.partition("/")[0] for key in metrics))
    names = list(dict.fromkeys(key.partition("/")[2] for key in metrics))
    chosen = "val also chose what is measured here, and flatters it."
    has_point = any(name.startswith("operating_point/") for name in names)
    return Section(
        title="All numbers",
        caption="Under the names of the record",
        header=["", *parts],
        rows=[
            [name, *(measure_in(metrics, intervals, f"{part}/{name}") for part in parts)]
            for name in names
        ],
        notes=[
            *(
                ["operating_point/...: by the threshold of the operating point."]
                if has_point
                else []
            ),
            f"alert_rate, accuracy, precision, recall and f1: {MOST_PROBABLE}.",
            *([chosen] if "val" in parts else []),
        ],
    )


def classes_in_order(run: RunSummary) -> list[str]:
    """The priority class first."""
    priority_class = run.data.get("priority_class")
    return sorted(run.data.get("classes", ()), key=lambda name: name != priority_class)


def labels(run: RunSummary) -> dict[str, str]:
    """What the numbers of `performance` are called, in order, by their key."""
    general = {"test/accuracy": "accuracy", "test/f1_macro": "macro F1"}
    if run.data.get("priority_class") is None:
        return dict(reversed(general.items()))
    prevalence = number(run.metrics.get("test/prevalence"))
    return {
        "test/recall_at_spec80": "recall at specificity .80",
        "test/recall_at_spec90": "recall at specificity .90",
        "test/operating_point/recall": "operating point: recall",
        "test/operating_point/specificity": "... specificity",
        "test/operating_point/precision": "... precision",
        "test/operating_point/alert_rate": "... share alerted",
        "test/auprc": f"AUPRC (chance {prevalence})",
        **general,
    }


def is_above_ceiling(run: RunSummary) -> bool:
    """Whether accuracy on test is shown to be above what any reader of the posts can reach."""
    ceiling = (run.data.get("ceilings") or {}).get("sequence")
    interval = run.intervals.get("test/accuracy")
    return is_number(ceiling) and bool(interval) and interval[0] > ceiling


def _about_numbers(run: RunSummary) -> Iterator[str]:
    authors = run.data.get("parts", {}).get("test", {}).get("authors")
    by = f" by {count(authors, 'author')}" if authors else ""
    if run.imported_from:
        yield (
            f"The last numbers that {run.imported_from} has of it. They have no intervals, and of "
            "which posts they are is not known: compare them with no others, and claim nothing."
        )
        return
    posts = count(run.metrics.get("test/n"), "test post")
    yield f"Numbers of {posts}{by}, with 95 % intervals."
    if "test/operating_point/threshold" not in run.metrics:
        return
    threshold = run.metrics["test/operating_point/threshold"]
    floor = run.setting("evaluation", "specificity_floor")
    specificity = f"specificity {decimals(floor, 2)}" if is_number(floor) else "its specificity"
    if run.is_external and not has_probabilities(run):
        yield (
            "Operating point: the classes as the file gives them, an alert where it says "
            f"{run.data.get('priority_class')}. No threshold was chosen."
        )
    elif run.is_external and "val" not in parts_of(run):
        yield "There is no operating point, because val, on which it is chosen, was not predicted."
    elif threshold is None:
        yield (
            f"No threshold reached {specificity} on val: the model cannot be used to alert, and "
            "has no operating point."
        )
    else:
        yield (
            "Operating point: a post is alerted when its probability of "
            f"{run.data.get('priority_class')}{_scale(run)} is at least "
            f"{exact_decimals(threshold)}, a threshold chosen on val for {specificity} and then "
            f"kept. It promises no recall{'' if run.is_external else _WHO_DECIDES}."
        )


def _scale(run: RunSummary) -> str:
    """Which probabilities decide."""
    temperature = run.metrics.get("val/operating_point/temperature")
    if temperature is None:
        return ", as the model gives it,"
    return f" at the temperature of val ({number(temperature)})"


def _where_rarer(run: RunSummary) -> Iterator[str]:
    """Precision where priority posts are rarer than in the corpus."""
    found = []
    if run.is_external and run.metrics.get("test/operating_point/threshold") is None:
        return
    for share in DEPLOYED_PREVALENCES:
        key = f"test/operating_point/precision_at_prevalence/{share:g}"
        if key in run.metrics:
            measure = measure_in(run.metrics, run.intervals, key)
            shown = "not known" if measure.value is None else measure
            found.append(f"{shown} at {share * 100:g} %")
    if found:
        yield f"Precision there, by the share of posts that are of the class: {', '.join(found)}."


def _verdicts(run: RunSummary) -> Iterator[str]:
    """Sentences about the two questions a table leaves to the eye: better, and good enough?"""
    yardstick: Mapping[str, Any] = run.yardstick or {}
    headline = f"test/{headline_of(run.data.get('priority_class'))}"
    for key in (headline, "test/accuracy"):
        if key in yardstick.get("differences", {}):
            interval = yardstick.get("difference_intervals", {}).get(key)
            label = labels(run)[key]
            yield (
                f"{label[0].upper()}{label[1:]}: this trained model is {side_of_zero(interval)} "
                "the yardstick."
            )
    interval = run.intervals.get("test/accuracy")
    if is_interval(interval):
        for kind, ceiling in (run.data.get("ceilings") or {}).items():
            yield f"Accuracy: {_against_ceiling(kind, ceiling, interval)}"


def _against_ceiling(kind: str, ceiling: float, interval: Sequence[float]) -> str:
    low, high = interval
    reader = READERS.get(kind, "a ceiling")
    name = f"the {kind.replace('_', '-')} ceiling ({number(ceiling)}, {reader})"
    if high < ceiling:
        return f"below {name}."
    if low <= ceiling:
        return f"not distinguishable from {name}."
    if kind != "sequence":
        return f"above {name} with its lower interval."
    return f"significantly above {name}. {LEAK}"
