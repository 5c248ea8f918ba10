"""What each clinical variant bought, in pairs of runs that differ in nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mental_health_classifier.analysis.pages.variant_impact import (
    MEASURES,
    conclusion,
    impact_notes,
)
from mental_health_classifier.analysis.report.evidence import Evidence
from mental_health_classifier.analysis.report.parts import Measure, Said, interval_of, shortened
from mental_health_classifier.analysis.tables.variant_impacts import variant_impacts

LENGTH = 400
VARIANTS = {
    "umls_enhanced": "Clinical vocabulary",
    "curriculum": "Curriculum",
    "multitask": "Several tasks at once",
    "interpretable": "Interpretable attention",
}
"""Those that every report answers for, by what they add."""


@dataclass(frozen=True, slots=True)
class Contrast:
    """A variant minus what it is compared with, in one number of the test part."""

    against: Said
    measure: str
    difference: Measure
    """Mean over pairs of seeds, with its t interval over other seeds."""
    num_pairs: int
    verdict: str


@dataclass(frozen=True, slots=True)
class VariantImpact:
    conclusion: Said
    contrasts: Sequence[Contrast]
    notes: Sequence[Said]


def variants(evidence: Evidence) -> list[VariantImpact]:
    """One for each variant and configuration that comparable runs have."""
    anchors = {run.id: evidence.anchor(run) for run in evidence.comparable}
    return [
        VariantImpact(
            conclusion=Said(shortened(conclusion(entry), LENGTH)),
            contrasts=[
                _contrast(entry, contrast, key, impact, anchors)
                for contrast in entry["contrasts"]
                for key, impact in {
                    **contrast["measures"],
                    **(contrast["by_vocabulary_hit"] or {}),
                }.items()
            ],
            notes=[Said(shortened(note, LENGTH)) for note in impact_notes(entry)],
        )
        for entry in variant_impacts(evidence.comparable)
    ]


def variants_not_shown(evidence: Evidence) -> list[str]:
    """What no comparable run has tried, with the command that would."""
    tried = {variant for run in evidence.comparable for variant in run.variants}
    return [
        f"{title}: not shown, since no comparable run has it (clinical={name})."
        for name, title in VARIANTS.items()
        if name not in tried
    ]


def _contrast(
    entry: Mapping[str, Any],
    contrast: Mapping[str, Any],
    key: str,
    impact: Mapping[str, Any],
    anchors: Mapping[str | None, str],
) -> Contrast:
    first = contrast["runs"][0][0] if contrast["runs"] else None
    return Contrast(
        against=Said(shortened(contrast["against"] or f"no {entry['variant']}")),
        measure=MEASURES[key],
        difference=Measure(
            impact["mean"], anchors.get(first), interval_of(impact["interval"]), is_signed=True
        ),
        num_pairs=impact["num_pairs"],
        verdict=impact["verdict"],
    )
