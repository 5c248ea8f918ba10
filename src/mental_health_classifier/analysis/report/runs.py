"""Where every number leads: one section a run, with what identifies its record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mental_health_classifier.analysis.pages.run_list import model_of
from mental_health_classifier.analysis.report.evidence import Evidence
from mental_health_classifier.analysis.report.parts import (
    Measure,
    RunLink,
    Said,
    measure_of,
    shortened,
)
from mental_health_classifier.analysis.tables.run_facts import facts_of
from mental_health_classifier.console.wording import amount, duration, is_number, moment
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
    name: Said
    status: str
    title: Said
    """Model, variants, seed."""
    facts: Mapping[str, Said]
    numbers: Sequence[tuple[str, Measure]]
    checksums: Mapping[str, str]
    """SHA-256 of the files that make up the record, by their place in its directory. That of the
    end vouches for all else: it holds those of everything the run left behind."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A run that did not complete, and what is known of why."""

    run: RunLink
    status: str
    model: Said
    started: str
    reason: Said


def run_sections(evidence: Evidence) -> list[RunSection]:
    """One for each run, in the order of the page."""
    return [_section(evidence, run) for run in evidence.runs]


def failures(evidence: Evidence) -> list[Failure]:
    """Runs that failed, were interrupted or killed, are damaged, or still run."""
    return [
        Failure(
            run=evidence.link(run),
            status=run.status,
            model=Said(shortened(model_of(facts_of(run)))),
            started=moment(run.created_at),
            reason=Said(shortened(_reason(run), LONG)),
        )
        for run in evidence.runs
        if run.status != "completed"
    ]


def _section(evidence: Evidence, run: RunSummary) -> RunSection:
    anchor = evidence.anchor(run)
    seed = "" if run.seed is None else f", seed {run.seed}"
    keys = [key for key in NUMBERS if key in run.metrics]
    priority = run.data.get("priority_class")
    classes = sorted(run.data.get("classes", ()), key=lambda name: name != priority)
    keys += [key for name in classes if (key := f"test/recall/{name}") in run.metrics]
    return RunSection(
        anchor=anchor,
        name=Said(evidence.name(run)),
        status=run.status,
        title=Said(shortened(model_of(facts_of(run))) + seed),
        facts={label: Said(said) for label, said in _facts(run).items() if said},
        numbers=[(shortened(key), measure_of(run, key, None)) for key in keys],
        checksums=_checksums(run.directory),
    )


def _facts(run: RunSummary) -> dict[str, str]:
    changes = {True: ", with changes that were not committed", False: "", None: ""}[run.is_dirty]
    problem = run.problem
    written = {
        "id": run.id,
        "directory": run.directory,
        "what went wrong": problem,
        "description": run.description,
        "hypothesis": run.hypothesis,
        "tags": ", ".join(map(str, run.tags)),
        "command": " ".join(map(str, run.run.get("argv", ()))),
        "commit": run.commit and run.commit + changes,
        "configuration": run.configuration_hash,
        "posts": run.parts_fingerprint
        and f"{run.data.get('name')}, {run.data.get('fingerprint')}, divided as "
        f"{run.parts_fingerprint}",
    }
    facts = {label: shortened(said, LONG) for label, said in written.items() if said}
    if run.created_at:
        facts["started"] = f"{moment(run.created_at)} UTC"
    if run.duration_seconds is not None:
        facts["took"] = duration(run.duration_seconds)
    if is_number(parameters := run.model_facts.get("parameters")):
        facts["parameters"] = amount(parameters)
    return facts


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
        try:
            found[path.relative_to(directory).as_posix()] = sha256_of(path)
        except OSError:
            continue
    return found


def _reason(run: RunSummary) -> str:
    if problem := run.problem:
        return problem
    return {
        "killed": "Its process ended without a word: killed, out of memory, or power lost.",
        "running": "It is not over yet.",
        "interrupted": "Somebody stopped it.",
    }.get(run.status, "Not known.")
