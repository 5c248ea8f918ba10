"""Which posts the runs learned from, and what a reader has to know of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mental_health_classifier.analysis.report.evidence import Evidence
from mental_health_classifier.analysis.report.parts import (
    Measure,
    RunLink,
    Said,
    measure_of,
    shortened,
)
from mental_health_classifier.analysis.report.summary import is_above_ceiling
from mental_health_classifier.console.wording import count, is_number
from mental_health_classifier.tracking.record.run_summary import RunSummary

WARNING_LENGTH = 400


@dataclass(frozen=True, slots=True)
class PartCounts:
    part: str
    posts: int | None
    authors: int | None
    classes: Sequence[int | None]


@dataclass(frozen=True, slots=True)
class Posts:
    """Posts that some runs share, and how they were divided."""

    name: Said
    fingerprint: str
    parts_fingerprint: str
    num_runs: int
    is_synthetic: bool
    account: Sequence[Said]
    """Rows read and kept, dropped by reason, scrubbed."""
    classes: Sequence[Said]
    parts: Sequence[PartCounts]
    warnings: Sequence[Said]
    ceilings: Mapping[str, float]
    above_ceiling: Sequence[tuple[RunLink, Measure]]
    """Runs whose accuracy no reader of these posts could reach: a leak."""


def posts_of(evidence: Evidence) -> list[Posts]:
    """A description for each fingerprint, the one that the report speaks of first."""
    groups: dict[str, dict[Path, RunSummary]] = {}
    for run in (*evidence.comparable, *evidence.runs):
        if run.data and run.parts_fingerprint is not None:
            groups.setdefault(run.parts_fingerprint, {})[run.directory] = run
    return [
        _posts(evidence, fingerprint, list(runs.values())) for fingerprint, runs in groups.items()
    ]


def _posts(evidence: Evidence, parts_fingerprint: str, runs: Sequence[RunSummary]) -> Posts:
    data = runs[0].data
    priority = data.get("priority_class")
    classes = sorted(data.get("classes", ()), key=lambda name: name != priority)
    parts = data.get("parts")
    ceilings = {
        name: value for name, value in (data.get("ceilings") or {}).items() if is_number(value)
    }
    warnings = {str(warning): None for run in runs for warning in run.data.get("warnings", ())}
    above = [run for run in runs if run.status == "completed" and is_above_ceiling(run)]
    return Posts(
        name=Said(shortened(data.get("name"))),
        fingerprint=shortened(data.get("fingerprint")),
        parts_fingerprint=parts_fingerprint,
        num_runs=len(runs),
        is_synthetic=bool(data.get("is_synthetic")),
        account=_account(data.get("account") or {}),
        classes=[Said(shortened(name, 30)) for name in classes],
        parts=[_counts(part, facts, classes) for part, facts in (parts or {}).items()],
        warnings=[Said(shortened(warning, WARNING_LENGTH)) for warning in warnings],
        ceilings=ceilings,
        above_ceiling=[
            (evidence.link(run), measure_of(run, "test/accuracy", evidence.anchor(run)))
            for run in above
        ],
    )


def _account(account: Mapping[str, Any]) -> list[Said]:
    lines = [
        f"{count(account.get('rows_read'), 'row')} read, "
        f"{count(account.get('rows_kept'), 'row')} kept"
    ]
    for reason, rows in (account.get("dropped") or {}).items():
        number = rows.get("rows") if isinstance(rows, Mapping) else rows
        lines.append(f"{count(number, 'row')} left out: {shortened(reason, 120)}")
    for what, number in (account.get("scrubbed") or {}).items():
        lines.append(f"scrubbed {shortened(what)}: {count(number, 'place')}")
    return [Said(line) for line in lines]


def _counts(part: str, facts: Mapping[str, Any], classes: Sequence[str]) -> PartCounts:
    counts = facts.get("classes") or {}
    return PartCounts(
        part=part,
        posts=facts.get("posts"),
        authors=facts.get("authors"),
        classes=[counts.get(name) for name in classes],
    )
