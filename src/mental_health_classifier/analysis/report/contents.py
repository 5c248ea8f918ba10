"""What the report says about many recorded runs, as plain values that need no HTML to be read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mental_health_classifier.analysis.report.architecture import SizeStep, size_steps
from mental_health_classifier.analysis.report.charts import Chart
from mental_health_classifier.analysis.report.clinical import Clinical, clinical
from mental_health_classifier.analysis.report.configurations import configurations
from mental_health_classifier.analysis.report.cost import Cost, costs
from mental_health_classifier.analysis.report.curves import Curves, training_curves
from mental_health_classifier.analysis.report.data import Posts, posts_of
from mental_health_classifier.analysis.report.evidence import gather_evidence
from mental_health_classifier.analysis.report.figures import (
    EmbeddedFigure,
    architecture,
    confusion,
    efficiency,
)
from mental_health_classifier.analysis.report.gates import Gate, gates_of, verdict_of
from mental_health_classifier.analysis.report.hypotheses import Hypothesis, hypotheses
from mental_health_classifier.analysis.report.parts import RunLink, Sentence
from mental_health_classifier.analysis.report.recommendation import (
    Recommendation,
    recommend,
    recommendation_sentences,
)
from mental_health_classifier.analysis.report.reproduction import (
    Replay,
    Source,
    obstacles,
    replays,
    sources,
)
from mental_health_classifier.analysis.report.runs import (
    Failure,
    RunSection,
    failures,
    run_sections,
)
from mental_health_classifier.analysis.report.seeds import Stability, seeds_chart, stability
from mental_health_classifier.analysis.report.summary import summary
from mental_health_classifier.analysis.report.table import RunGroup, comparison
from mental_health_classifier.analysis.report.variants import (
    VariantImpact,
    variants,
    variants_not_shown,
)
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
    hypotheses: Sequence[Hypothesis]
    groups: Sequence[RunGroup]
    sizes: Sequence[SizeStep]
    architecture: EmbeddedFigure | None
    variants: Sequence[VariantImpact]
    variants_not_shown: Sequence[str]
    curves: Curves
    clinical: Clinical | None
    confusion: EmbeddedFigure | None
    configurations: Mapping[str, Any]
    stability: Sequence[Stability]
    posts: Sequence[Posts]
    costs: Sequence[Cost]
    efficiency: EmbeddedFigure | None
    sources: Sequence[Source]
    obstacles: Sequence[tuple[RunLink, str]]
    replays: Sequence[Replay]
    failures: Sequence[Failure]
    gates: Sequence[Gate]
    gates_of: RunLink | None
    """The run that the gates speak of."""
    problems: Sequence[tuple[RunLink, str]]
    """Assessments that cannot be read."""
    runs: Sequence[RunSection]


def gather_report(runs: Iterable[RunSummary]) -> Report:
    """Works out every section; whatever state the runs are in, what is not known is left out."""
    evidence = gather_evidence(runs)
    found = recommend(evidence)
    shown = found.shown
    gates = [] if shown is None else gates_of(evidence, shown)
    return Report(
        verdict=verdict_of(shown),
        summary=summary(evidence, found, gates),
        headline=evidence.headline,
        priority_class=evidence.priority_class,
        overview=seeds_chart(evidence),
        recommendation=found,
        recommendation_sentences=recommendation_sentences(evidence, found),
        hypotheses=hypotheses(evidence),
        groups=comparison(evidence),
        sizes=size_steps(evidence),
        architecture=architecture(evidence),
        variants=variants(evidence),
        variants_not_shown=variants_not_shown(evidence),
        curves=training_curves(evidence),
        clinical=None if shown is None else clinical(evidence, shown),
        confusion=None if shown is None else confusion(evidence, shown),
        configurations=configurations(evidence),
        stability=stability(evidence),
        posts=posts_of(evidence),
        costs=costs(evidence),
        efficiency=efficiency(evidence),
        sources=sources(evidence),
        obstacles=obstacles(evidence),
        replays=replays(evidence),
        failures=failures(evidence),
        gates=gates,
        gates_of=None if shown is None else evidence.seed_link(shown),
        problems=[(evidence.link(run), problem) for run, problem in evidence.problems],
        runs=run_sections(evidence),
    )
