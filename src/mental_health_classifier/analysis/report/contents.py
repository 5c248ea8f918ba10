"""What the report says about many recorded runs, as plain values that need no HTML to be read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mental_health_classifier.analysis.report.architecture import size_steps
from mental_health_classifier.analysis.report.charts import Chart
from mental_health_classifier.analysis.report.clinical import Clinical, clinical
from mental_health_classifier.analysis.report.configurations import configurations
from mental_health_classifier.analysis.report.cost import costs
from mental_health_classifier.analysis.report.curves import Curves, training_curves
from mental_health_classifier.analysis.report.data import posts_of
from mental_health_classifier.analysis.report.evidence import gather_evidence
from mental_health_classifier.analysis.report.figures import (
    EmbeddedFigure,
    architecture,
    confusion,
    efficiency,
)
from mental_health_classifier.analysis.report.gates import Gate, gates_of
from mental_health_classifier.analysis.report.hypotheses import hypotheses
from mental_health_classifier.analysis.report.recommendation import (
    Recommendation,
    recommend,
    recommendation_sentences,
    rivals_section,
)
from mental_health_classifier.analysis.report.reproduction import replays, sources
from mental_health_classifier.analysis.report.runs import RunSection, failures, run_sections
from mental_health_classifier.analysis.report.seeds import seeds_chart, stability
from mental_health_classifier.analysis.report.summary import summary
from mental_health_classifier.analysis.report.table import RunGroup, comparison
from mental_health_classifier.analysis.sections.pieces import RunLink, Sentence
from mental_health_classifier.analysis.sections.provenance import verdict
from mental_health_classifier.analysis.sections.section import Section
from mental_health_classifier.analysis.sections.variant_impact import (
    variant_impact,
    variants_not_tried,
)
from mental_health_classifier.analysis.tables.variant_impacts import variant_impacts
from mental_health_classifier.tracking.record.run_summary import RunSummary


@dataclass(frozen=True, slots=True)
class Report:
    """One field a section, in the order of the page."""

    verdict: str
    """What may be said of any use with people."""
    summary: Sequence[Sentence]
    headline: str
    priority_class: str | None
    overview: Chart | None
    """Every configuration's headline, seed by seed."""
    recommendation: Recommendation
    recommendation_sentences: Sequence[Sentence]
    rivals: Section
    hypotheses: Sequence[Section]
    groups: Sequence[RunGroup]
    sizes: Section
    """What more parameters bought."""
    architecture: EmbeddedFigure | None
    variants: Sequence[Section]
    """What each clinical variant bought, in pairs of runs that differ in nothing else."""
    variants_not_tried: Sequence[str]
    curves: Curves
    clinical: Clinical | None
    confusion: EmbeddedFigure | None
    configurations: Mapping[str, Any]
    stability: Section
    posts: Sequence[Section]
    costs: Section
    efficiency: EmbeddedFigure | None
    sources: Section
    replays: Section
    failures: Section
    gates: Sequence[Gate]
    gates_of: RunLink | None
    """The run that the gates speak of."""
    problems: Sequence[Sentence]
    """Assessments that cannot be read."""
    runs: Sequence[RunSection]


def gather_report(runs: Iterable[RunSummary]) -> Report:
    """Works out every section; whatever state the runs are in, what is not known is left out."""
    evidence = gather_evidence(runs)
    found = recommend(evidence)
    shown = found.shown
    gates = [] if shown is None else gates_of(evidence, shown)
    anchors = {run.id: evidence.anchor(run) for run in evidence.comparable}
    tried = {variant for run in evidence.comparable for variant in run.variants}
    return Report(
        verdict=verdict(shown),
        summary=summary(evidence, found, gates),
        headline=evidence.headline,
        priority_class=evidence.priority_class,
        overview=seeds_chart(evidence),
        recommendation=found,
        recommendation_sentences=recommendation_sentences(evidence, found),
        rivals=rivals_section(found),
        hypotheses=hypotheses(evidence),
        groups=comparison(evidence),
        sizes=size_steps(evidence),
        architecture=architecture(evidence),
        variants=[variant_impact(each, anchors) for each in variant_impacts(evidence.comparable)],
        variants_not_tried=variants_not_tried(tried),
        curves=training_curves(evidence),
        clinical=None if shown is None else clinical(evidence, shown),
        confusion=None if shown is None else confusion(evidence, shown),
        configurations=configurations(evidence),
        stability=stability(evidence),
        posts=posts_of(evidence),
        costs=costs(evidence),
        efficiency=efficiency(evidence),
        sources=sources(evidence),
        replays=replays(evidence),
        failures=failures(evidence),
        gates=gates,
        gates_of=None if shown is None else evidence.seed_link(shown),
        problems=[(evidence.link(run), f": {problem}") for run, problem in evidence.problems],
        runs=run_sections(evidence),
    )
