"""Impact of each clinical variant, from the records of runs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mental_health_classifier.analysis.tables.variant_pairs import Pairs, RunPairs
from mental_health_classifier.contracts import InputError
from mental_health_classifier.contracts.headline import headline_of
from mental_health_classifier.evaluation.variant_impact import (
    headline_by_hit,
    paired_impact,
    vocabulary_hits,
)
from mental_health_classifier.tracking.record.assessments import stored_predictions
from mental_health_classifier.tracking.record.run_summary import RunSummary

CONTROLS = {
    "umls_enhanced": ("umls_shuffled",),
    "curriculum": ("curriculum_random", "curriculum_anti"),
}
"""What stands in a variant's place without its idea; the first one decides whether it helps. A
variant that has none is compared with the model without it."""

VOCABULARY_VARIANT = "umls_enhanced"


def variant_impacts(runs: Sequence[RunSummary]) -> list[dict[str, Any]]:
    """One entry for each variant and configuration that completed runs have, see
    `impacts_of_variant`; runs that are controls are no entries of their own."""
    controls = {control for each in CONTROLS.values() for control in each}
    variants = {variant for run in runs for variant in run.variants} - controls
    among = RunPairs(runs)
    return [entry for variant in sorted(variants) for entry in _impacts(variant, among)]


def impacts_of_variant(variant: str, runs: Sequence[RunSummary]) -> list[dict[str, Any]]:
    """What a variant is worth, once for each configuration that it was tried with.

    Returns:
        For each: `variant`, `model`, `other_variants`, `data_name`, `headline`, `coverage` of the
        vocabulary (None: the variant marks nothing), `verdict`, `decided_by` (a control, or None:
        the model without the variant), and `contrasts`, of which each has `against` (a control or
        None), `runs` (ids in pairs), `seeds`, `unpaired` (runs and reasons),
        `num_pairs_of_different_commits`, `measures` (see `paired_impact`, the headline first) and
        `by_vocabulary_hit`: the headline among posts `with_hit` and, a placebo, `without_hit`.
    """
    return _impacts(variant, RunPairs(runs))


def _impacts(variant: str, among: RunPairs) -> list[dict[str, Any]]:
    entries = []
    for treated in among.groups_with(variant):
        controls = CONTROLS.get(variant, ())
        contrasts = [
            _contrast(control, among.pair(treated, variant=variant, control=control), treated[0])
            for control in (*controls, None)
        ]
        decisive, first = contrasts[0], treated[0]
        entries.append(
            {
                "variant": variant,
                "model": first.model,
                "other_variants": [each for each in first.variants if each != variant],
                "data_name": first.data.get("name"),
                "configuration_hash": first.configuration_hash,
                "parts_fingerprint": first.parts_fingerprint,
                "headline": _headline(first),
                "coverage": _coverage(first),
                "verdict": decisive["measures"][_headline(first)]["verdict"],
                "decided_by": decisive["against"],
                "contrasts": contrasts,
            }
        )
    return entries


def vocabulary_impacts(runs: Sequence[RunSummary]) -> dict[Path, float]:
    """What the vocabulary did for the headline of each run that has it: the difference to the run
    of the same seed whose vocabulary is shuffled. By directory, where there is such a run."""
    (control,) = CONTROLS[VOCABULARY_VARIANT]
    among, impacts = RunPairs(runs), {}
    for treated in among.groups_with(VOCABULARY_VARIANT):
        found = among.pair(treated, variant=VOCABULARY_VARIANT, control=control)
        for run, other in found.pairs:
            (difference,) = _differences([(run, other)], _headline(run)) or (None,)
            if difference is not None:
                impacts[run.directory] = difference
    return impacts


def in_vocabulary_impacts(run: RunSummary) -> bool:
    """Whether `vocabulary_impacts` has a use for a run."""
    return not {VOCABULARY_VARIANT, *CONTROLS[VOCABULARY_VARIANT]}.isdisjoint(run.variants)


def _contrast(control: str | None, found: Pairs, first: RunSummary) -> dict[str, Any]:
    measured = dict.fromkeys((_headline(first), "partial_auc", "accuracy", "f1_macro"))
    if first.data.get("priority_class") is None:
        del measured["partial_auc"]
    return {
        "against": control,
        "runs": [(run.id, other.id) for run, other in found.pairs],
        "seeds": [run.seed for run, _ in found.pairs],
        "unpaired": [
            {"run": run.id, "seed": run.seed, "reason": reason} for run, reason in found.unpaired
        ],
        "num_pairs_of_different_commits": sum(a.commit != b.commit for a, b in found.pairs),
        "measures": {key: paired_impact(_differences(found.pairs, key)) for key in measured},
        "by_vocabulary_hit": _by_vocabulary_hit(found),
    }


def _differences(pairs: Sequence[tuple[RunSummary, RunSummary]], key: str) -> list[float]:
    found = [(run.metrics.get(f"test/{key}"), o.metrics.get(f"test/{key}")) for run, o in pairs]
    return [a - b for a, b in found if a is not None and b is not None]


def _headline(run: RunSummary) -> str:
    return headline_of(run.data.get("priority_class"))


def _coverage(run: RunSummary) -> dict[str, Any] | None:
    streams = run.model_facts.get("token_streams") or {}
    found = {name: each["coverage"] for name, each in streams.items() if each.get("coverage")}
    return found or None


def _by_vocabulary_hit(found: Pairs) -> dict[str, Any] | None:
    differences: dict[str, list[float]] = {"with_hit": [], "without_hit": []}
    for run, other in found.pairs:
        try:
            ours = stored_predictions(run, ("test",))["test"]
            has_hit = vocabulary_hits(ours)
            if has_hit is None:
                return None
            theirs = stored_predictions(other, ("test",))["test"]
        except (InputError, OSError):
            continue  # its predictions were deleted or damaged; the stored numbers stay
        if list(ours.post_ids) == list(theirs.post_ids):
            sides = zip(
                differences.values(),
                headline_by_hit(ours, has_hit),
                headline_by_hit(theirs, has_hit),
                strict=True,
            )
            for values, a, b in sides:
                if not math.isnan(a - b):
                    values.append(a - b)
    if not any(differences.values()):
        return None
    return {name: paired_impact(values) for name, values in differences.items()}
