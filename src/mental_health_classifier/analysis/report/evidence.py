"""All that the sections of the report draw on, read once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mental_health_classifier.analysis.sections.assessments import SECTIONS
from mental_health_classifier.analysis.sections.pieces import (
    Measure,
    RunLink,
    measure_of,
    shortened,
)
from mental_health_classifier.analysis.tables.measured_runs import MeasuredRuns
from mental_health_classifier.analysis.tables.run_facts import facts_of
from mental_health_classifier.analysis.tables.run_names import configuration_names
from mental_health_classifier.console.wording import is_number
from mental_health_classifier.contracts import InputError
from mental_health_classifier.contracts.headline import headline_of
from mental_health_classifier.tracking.record.assessments import read_assessment
from mental_health_classifier.tracking.record.run_summary import RunSummary
from mental_health_classifier.tracking.selection.candidates import (
    Candidate,
    comparable_runs,
    competing,
    num_looked_at,
    terms_of,
)
from mental_health_classifier.tracking.selection.rivals import ranked_candidates

ASSESSMENTS = (*SECTIONS, "replay")


@dataclass(frozen=True, slots=True)
class Evidence:
    """Runs in the order of the page, and what was worked out of their predictions."""

    runs: Sequence[RunSummary]
    """Completed ones first, those with the best headline on test before others."""
    anchors: Mapping[Path, str]
    """Where on the page the section of each run is, by its directory."""
    names: Mapping[Path, str]
    """What each run is called: configurations of the same name are told apart."""
    comparable: Sequence[RunSummary]
    """Completed runs on the same terms as the latest completed one, in the order of the page."""
    candidates: Sequence[Candidate]
    """Configurations among them; highest mean of the headline on val first."""
    assessments: Mapping[Path, Mapping[str, Mapping[str, Any]]]
    """Of each completed run what is in its `assessments/`, by name."""
    problems: Sequence[tuple[RunSummary, str]]
    """Assessments that cannot be read."""
    measured: MeasuredRuns
    archived: Sequence[RunSummary] = ()
    """Runs that the page leaves out."""
    others: Sequence[Evidence] = ()
    """The same of every other corpus: with its comparable runs and candidates in their place."""

    @property
    def priority_class(self) -> str | None:
        """Of the comparable runs."""
        return self.comparable[0].data.get("priority_class") if self.comparable else None

    @property
    def looked_at(self) -> int:
        """Models on these posts that a reader, a search, or who archived some, could choose
        from."""
        return num_looked_at([*self.runs, *self.archived], self.comparable)

    @property
    def trials(self) -> list[RunSummary]:
        """Completed trials of a search that do not compete."""
        competitors = {run.directory for run in competing(self.runs)}
        return [
            run
            for run in self.runs
            if run.status == "completed"
            and run.trial is not None
            and run.directory not in competitors
        ]

    @property
    def headline(self) -> str:
        return headline_of(self.priority_class)

    def anchor(self, run: RunSummary) -> str:
        return self.anchors[run.directory]

    def name(self, run: RunSummary) -> str:
        return self.names[run.directory]

    def link(self, run: RunSummary) -> RunLink:
        return RunLink(self.name(run), self.anchor(run))

    def seed_link(self, run: RunSummary) -> RunLink:
        """With the seed, where a sentence is about one run of a configuration."""
        name = self.name(run) if run.seed is None else f"{self.name(run)} (seed {run.seed})"
        return RunLink(name, self.anchor(run))

    def assessment(self, run: RunSummary, name: str) -> Mapping[str, Any] | None:
        """None: it was not made, or cannot be read."""
        return self.assessments.get(run.directory, {}).get(name)

    def candidate_of(self, run: RunSummary) -> Candidate | None:
        """The configuration that a completed run belongs to, on its own corpus."""
        for each in self.on_corpus_of(run).candidates:
            if each.configuration_hash == run.configuration_hash:
                return each
        return None

    def on_corpus_of(self, run: RunSummary) -> Evidence:
        """The evidence with the runs that can be compared with a completed one."""
        for evidence in self.others:
            if terms_of(evidence.comparable[0]) == terms_of(run):
                return evidence
        return self

    def estimate(self, candidate: Candidate, key: str) -> Measure:
        """A number of a configuration: its mean over seeds, with an interval over authors and
        seeds."""
        run = candidate.best_run(f"val/{self.headline}")
        of_run = measure_of(run, key, self.anchor(run))
        if not candidate.values(key):
            return of_run
        return replace(of_run, value=candidate.mean(key), interval=candidate.interval(key))


def gather_evidence(runs: Iterable[RunSummary], *, archived: Sequence[RunSummary] = ()) -> Evidence:
    """Reads what the report needs of the runs that judge posts; nothing that is damaged ends it."""
    ordered = sorted((run for run in runs if run.judges_posts), key=_rank)
    assessments, problems = {}, []
    for run in ordered:
        if run.status == "completed":
            assessments[run.directory] = _assessments_of(run, problems)
    facts = [{**facts_of(run), "directory": run.directory.name} for run in ordered]
    names = configuration_names(facts, shown=shortened)
    corpora = comparable_runs(ordered) or [[]]
    evidence = Evidence(
        runs=ordered,
        anchors={run.directory: f"run-{place}" for place, run in enumerate(ordered, start=1)},
        names=dict(zip((run.directory for run in ordered), names, strict=True)),
        comparable=corpora[0],
        candidates=ranked_candidates(corpora[0]),
        assessments=assessments,
        problems=problems,
        measured=MeasuredRuns(),
        archived=archived,
    )
    others = [
        replace(evidence, comparable=each, candidates=ranked_candidates(each))
        for each in corpora[1:]
    ]
    return replace(evidence, others=others)


def test_headline(run: RunSummary) -> float | None:
    """What ranks a run: its headline on test; None: not measured."""
    value = run.metrics.get(f"test/{headline_of(run.data.get('priority_class'))}")
    return value if is_number(value) else None


def _rank(run: RunSummary) -> tuple[bool, bool, float, str]:
    value = test_headline(run)
    return run.status != "completed", value is None, -(value or 0), run.created_at or ""


def _assessments_of(
    run: RunSummary, problems: list[tuple[RunSummary, str]]
) -> dict[str, Mapping[str, Any]]:
    found = {}
    for name in ASSESSMENTS:
        try:
            content = read_assessment(run.directory, name)
        except InputError as error:
            problems.append((run, str(error)))
            continue
        if content is not None:
            found[name] = content
    return found
