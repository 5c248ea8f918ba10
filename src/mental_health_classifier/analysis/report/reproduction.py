"""Which source the runs came from, and which of them were made again."""

from __future__ import annotations

from dataclasses import dataclass

from mental_health_classifier.analysis.report.evidence import Evidence
from mental_health_classifier.analysis.report.parts import RunLink, shortened
from mental_health_classifier.console.wording import moment
from mental_health_classifier.tracking.provenance.source_rebuild import why_not_rebuilt
from mental_health_classifier.tracking.record.run_summary import RunSummary


@dataclass(frozen=True, slots=True)
class Source:
    """Runs from the same state of the source."""

    commit: str | None
    is_dirty: bool | None
    num_runs: int
    first: RunLink


@dataclass(frozen=True, slots=True)
class Replay:
    run: RunLink
    verdict: str
    at: str
    differences: int


def sources(evidence: Evidence) -> list[Source]:
    """Commits by how many runs came from them."""
    groups: dict[tuple[str | None, bool | None], list[RunSummary]] = {}
    for run in evidence.runs:
        if run.run:
            groups.setdefault((run.commit, run.is_dirty), []).append(run)
    found = [
        Source(commit, is_dirty, len(runs), evidence.link(runs[0]))
        for (commit, is_dirty), runs in groups.items()
    ]
    return sorted(found, key=lambda source: -source.num_runs)


def obstacles(evidence: Evidence) -> list[tuple[RunLink, str]]:
    """Runs whose source cannot be put together again, and why."""
    said = ((run, why_not_rebuilt(run)) for run in evidence.runs)
    return [(evidence.link(run), shortened(each)) for run, each in said if each is not None]


def replays(evidence: Evidence) -> list[Replay]:
    """Runs that were made again from their own record, and how that went."""
    found = []
    for run in evidence.runs:
        replay = evidence.assessment(run, "replay")
        if replay is not None:
            found.append(
                Replay(
                    run=evidence.link(run),
                    verdict=shortened(replay.get("verdict")),
                    at=moment(replay.get("replayed_at")),
                    differences=len(replay.get("differences") or ()),
                )
            )
    return found
