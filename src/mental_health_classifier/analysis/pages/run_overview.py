"""One run in full, as it is shown at its end and by `mhc show`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from mental_health_classifier.analysis.pages.auxiliary_table import table_of_auxiliary_tasks
from mental_health_classifier.analysis.pages.certificate import certificate_summary
from mental_health_classifier.analysis.pages.shortcuts import warnings_of
from mental_health_classifier.console.tables import Column, TextTable, text
from mental_health_classifier.console.wording import (
    amount,
    count,
    duration,
    is_interval,
    is_number,
    number,
)
from mental_health_classifier.contracts import InputError
from mental_health_classifier.contracts.headline import headline_of
from mental_health_classifier.tracking.provenance.source_rebuild import why_not_rebuilt
from mental_health_classifier.tracking.record.assessments import read_assessment
from mental_health_classifier.tracking.run_index import RunSummary

NAME_WIDTH = 18
MODEL_WIDTH = 15


def run_overview(run: RunSummary) -> RenderableType:
    """What a run learned, what that is worth beside the yardstick, and on which posts.

    Everything comes from the record, so it is the same page on every day and machine.
    """
    sections = (
        _heading(run),
        _about_numbers(run),
        _tables(run),
        _verdicts(run),
        _about_trust(run),
        _about_data(run),
        _next_steps(run),
    )
    filled = [lines for section in sections if (lines := list(section))]
    return Group(*chain.from_iterable((*lines, "") for lines in filled[:-1]), *filled[-1])


def _heading(run: RunSummary) -> Iterator[Text]:
    took = "" if run.duration_seconds is None else f" after {duration(run.duration_seconds)}"
    style = "bold green" if run.status == "completed" else "bold red"
    yield Text("  ").join(
        [
            text(run.name or run.directory.name, "bold"),
            text(run.id or "-"),
            text(run.status + took, style),
        ]
    )
    problem = run.problem
    if problem is not None:
        yield text(problem, "red")
        yield text(f"Log: {_shown(run.directory / 'logs' / 'train.log')}")
    if not run.run:
        return
    parameters = run.model_facts.get("parameters")
    size = f", {parameters / 1e6:.2f} M parameters" if is_number(parameters) else ""
    yield text(f"Model {' + '.join(map(str, (run.model, *run.variants)))}, seed {run.seed}{size}")
    changes = {True: ", with changes that were not committed", False: "", None: ""}[run.is_dirty]
    yield text(f"Commit {(run.commit or 'not known')[:12]}{changes}")
    if (obstacle := why_not_rebuilt(run)) is not None:
        yield text(obstacle, "yellow")
    yield text(f"Started {str(run.created_at)[:19].replace('T', ' ')} UTC{_phases(run)}")
    if chosen := run.selection:
        yield text(
            f"Checkpoint of step {chosen.get('step')}, chosen by {chosen.get('monitor')} "
            f"({number(chosen.get('value'))})"
        )
    for label, said in (
        ("Description", run.description),
        ("Hypothesis", run.hypothesis),
        ("Tags", ", ".join(map(str, run.tags))),
    ):
        if said:
            yield text(f"{label}: {said}")


def _phases(run: RunSummary) -> str:
    phases = ", ".join(
        f"{phase} {duration(seconds)}"
        for phase, seconds in run.end.get("phases", {}).items()
        if is_number(seconds) and seconds >= 1
    )
    return f"; {phases}" if phases else ""


def _about_numbers(run: RunSummary) -> Iterator[Text]:
    if not _is_measured(run):
        return
    authors = run.data.get("parts", {}).get("test", {}).get("authors")
    by = f" by {count(authors, 'author')}" if authors else ""
    posts = count(run.metrics.get("test/n"), "test post")
    yield text(f"Numbers of {posts}{by}, with 95 % intervals.{_about_operating_point(run)}")


def _is_measured(run: RunSummary) -> bool:
    return any(key.startswith("test/") for key in run.metrics)


def _about_operating_point(run: RunSummary) -> str:
    priority_class = run.data.get("priority_class")
    if "test/operating_point/threshold" not in run.metrics:
        return ""
    floor = run.setting("evaluation", "specificity_floor")
    specificity = f"specificity {floor:.2f}" if is_number(floor) else "its specificity"
    threshold = run.metrics["test/operating_point/threshold"]
    if threshold is None:
        return (
            f" No threshold reached {specificity} on val: the model cannot be used to alert, and "
            "has no operating point."
        )
    return (
        f" Operating point: a post is alerted when its probability of {priority_class} is at least "
        f"{threshold:g}, a threshold chosen on val for {specificity} and then kept."
    )


def _tables(run: RunSummary) -> Iterator[RenderableType]:
    if _is_measured(run):
        yield _table_of_classes(run)
        yield ""
        yield _table_of_numbers(run)
        others = table_of_auxiliary_tasks(run)
        if others is not None:
            yield ""
            yield others


def _table_of_classes(run: RunSummary) -> TextTable:
    priority_class = run.data.get("priority_class")
    names = sorted(run.data.get("classes", []), key=lambda name: name != priority_class)
    bold = {priority_class: "bold"}
    supports = [amount(run.metrics.get(f"test/support/{name}")) for name in names]
    columns = [
        Column("class", [text(name, bold.get(name, "")) for name in names], max_width=NAME_WIDTH),
        Column("posts", supports, is_number=True),
    ]
    for kind, header in (("precision", "precision"), ("recall", "recall"), ("f1", "F1")):
        keys = [f"test/{kind}/{name}" for name in names]
        columns.append(_column(header, keys, run.metrics, run.intervals))
    return TextTable(columns)


def _table_of_numbers(run: RunSummary) -> TextTable:
    labels = _labels(run)
    columns = [
        Column("", list(labels.values())),
        _column(run.model or "model", list(labels), run.metrics, run.intervals),
    ]
    if run.yardstick:
        of_yardstick = (run.yardstick.get("metrics", {}), run.yardstick.get("intervals", {}))
        columns.append(_column(str(run.yardstick.get("name")), list(labels), *of_yardstick))
        differences = run.yardstick.get("differences", {})
        intervals = run.yardstick.get("difference_intervals", {})
        cells = [
            number(differences[key], intervals.get(key), signed=True) if key in differences else ""
            for key in labels
        ]
        columns.append(Column("difference", cells, is_number=True))
    return TextTable(columns)


def _column(
    header: str, keys: list[str], metrics: Mapping[str, Any], intervals: Mapping[str, Any]
) -> Column:
    cells = [number(metrics.get(key), intervals.get(key)) for key in keys]
    return Column(header, cells, is_number=True, max_width=MODEL_WIDTH)


def _labels(run: RunSummary) -> dict[str, str]:
    """The numbers that are shown, in order, by their key."""
    labels = {"test/accuracy": "accuracy", "test/f1_macro": "macro F1"}
    if run.data.get("priority_class") is None:
        return dict(reversed(labels.items()))
    prevalence = number(run.metrics.get("test/prevalence"))
    return {
        "test/recall_at_spec80": "recall at specificity .80",
        "test/operating_point/recall": "operating point: recall",
        "test/operating_point/specificity": "    specificity",
        "test/operating_point/precision": "    precision",
        "test/operating_point/alert_rate": "    share alerted",
        "test/auprc": f"AUPRC (chance {prevalence})",
        **labels,
    }


def _verdicts(run: RunSummary) -> Iterator[Text]:
    """Sentences about the two questions a table leaves to the eye: better, and good enough?"""
    yardstick: Mapping[str, Any] = run.yardstick or {}
    headline = f"test/{headline_of(run.data.get('priority_class'))}"
    for key in (headline, "test/accuracy"):
        if key in yardstick.get("differences", {}):
            interval = yardstick.get("difference_intervals", {}).get(key)
            label = _labels(run)[key]
            yield text(f"{label[0].upper()}{label[1:]}: {_side_of_zero(interval)} the yardstick.")
    interval = run.intervals.get("test/accuracy")
    if is_interval(interval):
        for kind, ceiling in (run.data.get("ceilings") or {}).items():
            yield _against_ceiling(kind, ceiling, interval)


def _side_of_zero(interval: object) -> str:
    if not is_interval(interval) or interval[0] <= 0 <= interval[1]:
        return "not distinguishable from"
    return "above" if interval[0] > 0 else "below"


def _against_ceiling(kind: str, ceiling: float, interval: Sequence[float]) -> Text:
    low, high = interval
    reader = {
        "sequence": "the best that any reader of these posts can do",
        "bag_of_words": "the best without the order of words",
    }.get(kind, "a ceiling")
    name = f"the {kind.replace('_', '-')} ceiling ({number(ceiling)}, {reader})"
    if high < ceiling:
        return text(f"Accuracy: below {name}.")
    if low <= ceiling:
        return text(f"Accuracy: not distinguishable from {name}.")
    if kind != "sequence":
        return text(f"Accuracy: above {name} with its lower interval.")
    return text(
        f"Accuracy: significantly above {name}. This means a leak: look into it.", "bold red"
    )


def _about_trust(run: RunSummary) -> Iterator[Text]:
    """What may be promised of the model, and whether its probabilities mean what they say."""
    found: dict[str, dict[str, Any] | None] = {}
    for name in ("certificate", "calibration", "shortcuts", "behaviour", "explain"):
        try:
            found[name] = read_assessment(run.directory, name)
        except InputError as error:
            yield text(error, "red")
    shortcuts, behaviour = found.get("shortcuts"), found.get("behaviour")
    explained, calibration = found.get("explain"), found.get("calibration")
    certificate = found.get("certificate")
    for warning in [] if shortcuts is None else warnings_of(shortcuts):
        yield text(f"Warning: {warning}", "yellow")
    if behaviour is not None:
        total = behaviour["total"]
        yield text(
            f"Behaviour suite: {total['misses']} misses and {total['false_alarms']} false alarms "
            f"in {total['n']} cases."
        )
    if explained is not None:
        score = explained["interpretability_score"]
        ends = explained["intervals"].get("interpretability_score")
        yield text(f"Interpretability score: {number(score, ends)} on {explained['n']} test posts.")
    if certificate is not None:
        style = "" if certificate["is_certified"] else "yellow"
        yield text(certificate_summary(certificate), style)
        yield text(f"What it does not promise: mhc certify {run.id}")
    if calibration is not None:
        before, after = (number(calibration[when]["ece"]) for when in ("before", "after"))
        yield text(
            f"Calibration error {before} on test, {after} at the temperature chosen on val "
            f"({calibration['temperature']:.2f})."
        )


def _about_data(run: RunSummary) -> Iterator[Text]:
    if not run.data:
        return
    account = run.data.get("account", {})
    yield text(
        f"Posts: {run.data.get('name')}, {amount(account.get('rows_read'))} rows read, "
        f"{amount(account.get('rows_kept'))} kept (fingerprint {run.data.get('fingerprint')})"
    )
    for reason, rows in account.get("dropped", {}).items():
        first = rows.get("first", [])
        more = ", ..." if rows["rows"] > len(first) else ""
        yield text(f"Dropped: {count(rows['rows'], 'row')}, {reason} ({', '.join(first)}{more})")
    if scrubbed := account.get("scrubbed"):
        yield text("Scrubbed: " + ", ".join(f"{what} {amount(n)}" for what, n in scrubbed.items()))
    parts = run.data.get("parts", {})
    yield text("Parts: " + ", ".join(f"{part} {amount(parts[part]['posts'])}" for part in parts))
    for warning in run.data.get("warnings", []):
        yield text(f"Warning: {warning}", "yellow")
    if run.data.get("is_synthetic"):
        yield text(
            "These posts are synthetic: whatever learned from them is not for clinical use.",
            "yellow",
        )


def _next_steps(run: RunSummary) -> Iterator[Text]:
    yield text(f"Everything of this run lies in {_shown(run.directory)}")
    reference = run.id or _shown(run.directory)
    commands = {
        "mhc compare": "all runs in one table",
        f"mhc show {reference}": "this page",
        f"mhc diff {reference} OTHER": "what another run did differently",
        f"tensorboard --logdir {_root(run.directory)}": "curves",
    }
    width = max(map(len, commands))
    for command, purpose in commands.items():
        yield text(f"  {command:<{width}}  {purpose}")


def _shown(path: Path) -> str:
    """Relative to where the person is, where that is shorter."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") or relative == "." else relative


def _root(directory: Path) -> str:
    shown = Path(_shown(directory))
    return str(shown.parent) if shown.is_absolute() else shown.parts[0]
