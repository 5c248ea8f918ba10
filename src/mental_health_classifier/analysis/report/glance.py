"""Answers in a line each to what a reader asks after the result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from mental_health_classifier.analysis.report.evidence import Evidence
from mental_health_classifier.analysis.report.gates import Gate
from mental_health_classifier.analysis.sections.pieces import Sentence, listed, shortened
from mental_health_classifier.console.wording import amount, count, duration, is_number, posts_by
from mental_health_classifier.tracking.provenance.source_rebuild import why_not_rebuilt
from mental_health_classifier.tracking.record.run_summary import RunSummary
from mental_health_classifier.tracking.selection.best_models import SEEDS_NEEDED

NOTHING_WRONG = ("completed", "pruned", "running")
EVERY_RUN_COMPLETED = "Nothing: every run completed."


def glance(
    evidence: Evidence, shown: RunSummary | None, gates: Sequence[Gate]
) -> list[tuple[str, Sentence]]:
    """Questions with their answers; of a page without a completed run only what failed."""
    return [*_about_run(evidence, shown, gates), ("What failed", _failed(evidence))]


def _about_run(
    evidence: Evidence, run: RunSummary | None, gates: Sequence[Gate]
) -> Iterator[tuple[str, Sentence]]:
    if run is None:
        return
    met = sum(gate.state == "met" for gate in gates)
    if met < len(gates):
        open_ones = f"{len(gates) - met} of {count(len(gates), 'condition')} are not met"
        yield "May it be used on people", f"No: {open_ones}. Each is listed below."
    else:
        yield "May it be used on people", "In a prospective study, no more: all conditions are met."
    candidate = evidence.candidate_of(run)
    seeds = 1 if candidate is None else len(candidate.models)
    enough = "enough to rely on" if seeds >= SEEDS_NEEDED else f"{SEEDS_NEEDED} are needed"
    yield "How many seeds", f"{seeds}; {enough}."
    yield "Which data", _data(run)
    yield "What it cost", " ".join(_cost(evidence, run))
    yield "Can it be repeated", _repeated(evidence, run)
    steps = [gate.next_step for gate in gates if gate.state != "met" and gate.next_step]
    if steps:
        first, *later = steps
        then = f" Then: {later[0][0].lower()}{later[0][1:]}" if later else ""
        yield "What next", f"{first}{then}"


def _data(run: RunSummary) -> str:
    kind = "synthetic post" if run.data.get("is_synthetic") else "post"
    kept = run.data.get("account", {}).get("rows_kept")
    authors = run.data.get("parts", {}).get("test", {}).get("authors")
    test = posts_by(run.metrics.get("test/n"), authors)
    return f"{shortened(run.posts_called)}: {count(kept, kind)}, of which {test} were the test."


def _cost(evidence: Evidence, run: RunSummary) -> Iterator[str]:
    parts = []
    if is_number(run.duration_seconds):
        parts.append(duration(run.duration_seconds))
    if is_number(run.peak_memory_bytes):
        parts.append(f"{amount(run.peak_memory_bytes / 2**20)} MB at most")
    parameters = run.model_facts.get("parameters")
    if is_number(parameters):
        parts.append(f"{parameters / 1e6:.2f} million parameters")
    yield f"{', '.join(parts)}." if parts else "Not known."
    known = [each.duration_seconds for each in evidence.runs if is_number(each.duration_seconds)]
    if len(known) > 1:
        yield f"{count(len(known), 'run')} of this page together: {duration(sum(known))}."


def _repeated(evidence: Evidence, run: RunSummary) -> Sentence:
    if run.is_external:
        return "Not here: another program made its predictions."
    if obstacle := why_not_rebuilt(run):
        return f"Not for certain: {obstacle}"
    replay = evidence.assessment(run, "replay")
    if replay is not None:
        return f"It was made again: {replay.get('verdict')}."
    return f"Its source and settings are kept: mhc reproduce {run.id} makes it again."


def _failed(evidence: Evidence) -> str:
    statuses = Counter(run.status for run in evidence.runs)
    running = statuses["running"]
    at_work = f" {count(running, 'run')} still at work." if running else ""
    gone_wrong = [f"{n} {each}" for each, n in statuses.items() if each not in NOTHING_WRONG]
    if not gone_wrong:
        return f"Nothing.{at_work}" if statuses.keys() - {"completed"} else EVERY_RUN_COMPLETED
    number = sum(n for each, n in statuses.items() if each not in NOTHING_WRONG)
    of_all = f"{number} of {count(statuses.total(), 'run')}"
    return f"{of_all}: {listed(gone_wrong)}. Reasons are below.{at_work}"
