"""Contents of the report, as plain values that need no HTML to be read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from mental_health_classifier.analysis.figures.inline import InlineFigure
from mental_health_classifier.analysis.report.configurations import costs, size_steps, stability
from mental_health_classifier.analysis.report.data import posts_of
from mental_health_classifier.analysis.report.differences import differences
from mental_health_classifier.analysis.report.evidence import Evidence, gather_evidence
from mental_health_classifier.analysis.report.figures import (
    Curves,
    figures_of_run,
    figures_of_runs,
    training_curves,
)
from mental_health_classifier.analysis.report.gates import Gate, gates_of, promise_of
from mental_health_classifier.analysis.report.glance import glance
from mental_health_classifier.analysis.report.hypotheses import hypotheses
from mental_health_classifier.analysis.report.missed import missed_posts
from mental_health_classifier.analysis.report.recommendation import (
    Recommendation,
    recommend,
    recommendation_sentences,
    rivals_section,
)
from mental_health_classifier.analysis.report.reproduction import replays, sources
from mental_health_classifier.analysis.report.runs import RunSection, failures, run_sections
from mental_health_classifier.analysis.report.searches import SearchReport, searches
from mental_health_classifier.analysis.report.summary import answer_sentences, summary
from mental_health_classifier.analysis.report.table import RunGroup, comparison, corpus_title
from mental_health_classifier.analysis.sections.answer import a_day
from mental_health_classifier.analysis.sections.assessments import SECTIONS, section_for
from mental_health_classifier.analysis.sections.performance import performance_sections
from mental_health_classifier.analysis.sections.pieces import RunLink, Sentence
from mental_health_classifier.analysis.sections.provenance import verdict
from mental_health_classifier.analysis.sections.section import Section
from mental_health_classifier.analysis.sections.variant_impact import (
    variant_impact,
    variants_not_tried,
)
from mental_health_classifier.analysis.tables.fold_pools import fold_pools, fold_section
from mental_health_classifier.analysis.tables.variant_impacts import variant_impacts
from mental_health_classifier.contracts import InputError
from mental_health_classifier.tracking.record.run_summary import RunSummary


@dataclass(frozen=True, slots=True)
class OtherCorpus:
    """What the runs on other posts than the latest ones come to."""

    title: str
    sentences: Sequence[Sentence]
    sections: Sequence[Section]
    """Its recommended configuration beside others, its headings, stability, sizes and variants."""


@dataclass(frozen=True, slots=True)
class Report:
    """One field a section, in the order of the page."""

    verdict: str
    """What may be said of any use with people."""
    answer: Sequence[Sentence]
    """Which model, and what it did, in counts of posts."""
    summary: Sequence[Sentence]
    glance: Sequence[tuple[str, Sentence]]
    """What is asked after the result, with answers of a line."""
    headline: str
    priority_class: str | None
    recommendation: Recommendation
    recommendation_sentences: Sequence[Sentence]
    rivals: Section
    others: Sequence[OtherCorpus]
    hypotheses: Sequence[Section]
    groups: Sequence[RunGroup]
    folds: Sequence[Section]
    """Of each configuration that was trained on folds, all of them pooled."""
    sizes: Section
    """What more parameters bought."""
    variants: Sequence[Section]
    """What each clinical variant bought, in pairs of runs that differ in nothing else."""
    variants_not_tried: Sequence[str]
    searches: Sequence[SearchReport]
    figures: Mapping[str, InlineFigure]
    """By kind, those that can be drawn."""
    curves: Curves
    clinical: Sequence[Section]
    """All that is recorded of the run that is `shown`, the priority class first."""
    differences: Mapping[str, Any]
    stability: Section
    posts: Sequence[Section]
    costs: Section
    sources: Section
    replays: Section
    failures: Section
    gates: Sequence[Gate]
    shown: RunLink | None
    """The run that the clinical part and the gates speak of."""
    problems: Sequence[Sentence]
    """Assessments that cannot be read."""
    runs: Sequence[RunSection]


def gather_report(runs: Iterable[RunSummary], *, archived: Sequence[RunSummary] = ()) -> Report:
    """Works out every section; whatever state the runs are in, what is not known is left out.

    Args:
        archived: runs that the page leaves out, though they were looked at.
    """
    evidence = gather_evidence(runs, archived=archived)
    found = recommend(evidence)
    shown = found.shown
    gates = [] if shown is None else list(gates_of(evidence, shown))
    tried = {variant for run in evidence.comparable for variant in run.variants}
    return Report(
        verdict=verdict(shown),
        answer=answer_sentences(evidence, found),
        summary=summary(evidence, found, gates),
        glance=glance(evidence, shown, gates),
        headline=evidence.headline,
        priority_class=evidence.priority_class,
        recommendation=found,
        recommendation_sentences=recommendation_sentences(evidence, found),
        rivals=rivals_section(found),
        others=[_other_corpus(each) for each in evidence.others],
        hypotheses=hypotheses(evidence),
        groups=comparison(evidence),
        folds=_folds(evidence),
        sizes=size_steps(evidence),
        variants=_variants(evidence),
        variants_not_tried=variants_not_tried(tried),
        searches=searches(evidence),
        figures=figures_of_runs(evidence)
        | ({} if shown is None else figures_of_run(evidence, shown)),
        curves=training_curves(evidence),
        clinical=[] if shown is None else _clinical(evidence, shown),
        differences=differences(evidence),
        stability=stability(evidence),
        posts=posts_of(evidence),
        costs=costs(evidence),
        sources=sources(evidence),
        replays=replays(evidence),
        failures=failures(evidence),
        gates=gates,
        shown=None if shown is None else evidence.seed_link(shown),
        problems=[(evidence.link(run), f": {problem}") for run, problem in evidence.problems],
        runs=run_sections(evidence),
    )


def _other_corpus(evidence: Evidence) -> OtherCorpus:
    found = recommend(evidence)
    sections = [rivals_section(found), found.headings, stability(evidence), size_steps(evidence)]
    return OtherCorpus(
        title=corpus_title(evidence.comparable),
        sentences=recommendation_sentences(evidence, found),
        sections=[each for each in (*sections, *_variants(evidence)) if each.rows],
    )


def _variants(evidence: Evidence) -> list[Section]:
    anchors = {run.id: evidence.anchor(run) for run in evidence.comparable}
    found = variant_impacts(evidence.comparable, evidence.measured)
    return [variant_impact(each, anchors) for each in found]


def _folds(evidence: Evidence) -> list[Section]:
    try:
        return [fold_section(each) for each in fold_pools(evidence.runs)]
    except (InputError, OSError) as error:
        return [Section(title="All folds together", missing=f"Not pooled: {error}")]


def _clinical(evidence: Evidence, run: RunSummary) -> list[Section]:
    assessed = {name: section_for(run, name, evidence.assessment(run, name)) for name in SECTIONS}
    promise, doubt = promise_of(evidence, run)
    certificate = section_for(run, "certificate", promise)
    assessed["certificate"] = replace(certificate, warnings=[doubt] if doubt else [])
    performance, *others = performance_sections(run)
    day = a_day(run)
    days = [] if day is None else [day]
    return [performance, missed_posts(run), *others, *days, *assessed.values()]
