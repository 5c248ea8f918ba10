"""One section a run, with what identifies its record; every number links here."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mental_health_classifier.analysis.pages.run_list import model_of
from mental_health_classifier.analysis.report.evidence import Evidence
from mental_health_classifier.analysis.sections.performance import classes_in_order
from mental_health_classifier.analysis.sections.pieces import (
    Measure,
    measure_of,
    shortened,
)
from mental_health_classifier.analysis.sections.provenance import making, said_later
from mental_health_classifier.analysis.sections.section import Section
from mental_health_classifier.analysis.tables.run_facts import facts_of
from mental_health_classifier.console.wording import count, moment
from mental_health_classifier.contracts.metric_words import metric_words
from mental_health_classifier.storage.files import sha256_of
from mental_health_classifier.tracking.record.attempts import latest_attempt
from mental_health_classifier.tracking.record.run_summary import RunSummary

LONG = 400
NUMBERS = (
    *("test/recall_at_spec80", "test/operating_point/recall", "test/operating_point/specificity"),
    *("test/operating_point/precision", "test/operating_point/alert_rate", "test/auprc"),
    *("test/accuracy", "test/balanced_accuracy", "test/f1_macro"),
)


@dataclass(frozen=True, slots=True)
class RunSection:
    anchor: str
    name: str
    status: str
    title: str
    """Model, variants, seed."""
    facts: Mapping[str, str]
    numbers: Sequence[tuple[str, Measure]]
    checksums: Mapping[str, str]
    """SHA-256 of the files that make up the record, by their place in its directory. That of the
    end vouches for all else: it holds those of everything the run left behind."""


def run_sections(evidence: Evidence) -> list[RunSection]:
    """One for each run, in the order of the page."""
    return [_section(evidence, run) for run in evidence.runs]


def failures(evidence: Evidence) -> Section:
    """Runs that failed, were interrupted or killed, are damaged, or still run."""
    runs = [run for run in evidence.runs if run.status != "completed"]
    return Section(
        title="Runs that did not complete",
        missing="" if runs else "Every run completed.",
        caption=f"{count(len(runs), 'run')} without a final result. What they cost is not in the "
        "tables above",
        header=["Run", "Status", "Model", "Started", "Reason"],
        rows=[
            [
                evidence.link(run),
                run.status,
                shortened(model_of(facts_of(run))),
                moment(run.created_at),
                shortened(_reason(run), LONG),
            ]
            for run in runs
        ],
    )


def _section(evidence: Evidence, run: RunSummary) -> RunSection:
    anchor = evidence.anchor(run)
    seed = "" if run.seed is None else f", seed {run.seed}"
    named = {key: metric_words(key) for key in NUMBERS}
    named |= {f"test/recall/{name}": f"recall of {name}, test" for name in classes_in_order(run)}
    return RunSection(
        anchor=anchor,
        name=evidence.name(run),
        status=run.status,
        title=shortened(model_of(facts_of(run))) + seed,
        facts=_facts(run),
        numbers=[
            (shortened(name), measure_of(run, key, None))
            for key, name in named.items()
            if key in run.metrics
        ],
        checksums=_checksums(run.directory),
    )


def _facts(run: RunSummary) -> dict[str, str]:
    posts = run.parts_fingerprint and (
        f"{run.data.get('name')}, {run.data.get('fingerprint')}, divided as {run.parts_fingerprint}"
    )
    facts = {"id": run.id, "directory": run.directory, "what went wrong": run.problem}
    facts |= {**(making(run) if run.run else {}), "posts": posts, **dict(said_later(run))}
    return {label: shortened(said, LONG) for label, said in facts.items() if said}


def _checksums(directory: Path) -> dict[str, str]:
    places = [directory / "run.json", directory / "data.json"]
    try:
        attempt = latest_attempt(directory)
    except OSError:
        attempt = None
    if attempt is not None:
        places.append(attempt / "end.json")
    found = {}
    for path in places:
        with contextlib.suppress(OSError):
            if path.is_file():
                found[path.relative_to(directory).as_posix()] = sha256_of(path)
    return found


def _reason(run: RunSummary) -> str:
    if problem := run.problem:
        return problem
    return {
        "killed": "Its process ended without a word: killed, out of memory, or power lost.",
        "running": "It is not over yet.",
        "interrupted": "Somebody stopped it.",
    }.get(run.status, "Not known.")
