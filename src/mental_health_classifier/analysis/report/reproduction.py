"""Source of the runs, and which of them were reproduced."""

from __future__ import annotations

from mental_health_classifier.analysis.report.evidence import Evidence
from mental_health_classifier.analysis.sections.pieces import Measure, shortened
from mental_health_classifier.analysis.sections.section import Section
from mental_health_classifier.console.wording import moment
from mental_health_classifier.tracking.provenance.source_rebuild import why_not_rebuilt
from mental_health_classifier.tracking.record.run_summary import RunSummary


def sources(evidence: Evidence) -> Section:
    """Commits by how many runs came from them; runs whose source cannot be put together again."""
    groups: dict[tuple[str | None, bool | None], list[RunSummary]] = {}
    for run in evidence.runs:
        if run.run:
            groups.setdefault((run.commit, run.is_dirty), []).append(run)
    obstacles = ((run, why_not_rebuilt(run)) for run in evidence.runs)
    return Section(
        title="Source",
        missing="" if groups else "No record can be read.",
        caption="Source that the runs came from; files that the commit does not have are kept in "
        "each record",
        header=["Commit", "Uncommitted changes", "Runs", "One of them"],
        rows=[
            [
                (commit or "not known")[:12],
                {True: "yes", False: "no", None: "not known"}[is_dirty],
                Measure(len(runs), decimals=0),
                evidence.link(runs[0]),
            ]
            for (commit, is_dirty), runs in sorted(groups.items(), key=lambda each: -len(each[1]))
        ],
        warnings=[(evidence.link(run), f": {shortened(said)}") for run, said in obstacles if said],
    )


def replays(evidence: Evidence) -> Section:
    """Runs that were made again from their own record, and how that went."""
    found = [(run, evidence.assessment(run, "replay")) for run in evidence.runs]
    rows = [
        [
            evidence.link(run),
            shortened(replay.get("verdict")),
            Measure(len(replay.get("differences") or ()), decimals=0),
            moment(replay.get("replayed_at")),
        ]
        for run, replay in found
        if replay is not None
    ]
    return Section(
        title="Replays",
        missing="" if rows else "No run was made again yet, which compares every bit.",
        command="mhc reproduce",
        caption="Runs that were made again from their own record",
        header=["Run", "Verdict", "Differences", "When"],
        rows=rows,
    )
