"""Impact of each clinical variant, from the records of runs."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean, stdev
from typing import Any, NamedTuple

import numpy as np

from mental_health_classifier.analysis.sections.verdicts import verdict_facts
from mental_health_classifier.analysis.tables.measured_runs import MeasuredRuns
from mental_health_classifier.analysis.tables.variant_pairs import Pairs, RunPairs
from mental_health_classifier.contracts import InputError
from mental_health_classifier.contracts.headline import EQUIVALENCE_MARGIN, headline_of
from mental_health_classifier.evaluation.verdict import (
    MeasuredModel,
    Verdict,
    measured_model,
    verdict_on,
)
from mental_health_classifier.evaluation.vocabulary_hits import only, vocabulary_hits
from mental_health_classifier.tracking.record.run_summary import RunSummary

CONTROLS = {
    "umls_enhanced": ("umls_shuffled",),
    "curriculum": ("curriculum_random", "curriculum_anti"),
}
"""What stands in a variant's place without its idea; the first one decides whether it helps. A
variant that has none is compared with the model without it."""

VOCABULARY_VARIANT = "umls_enhanced"
GONE = "Their predictions are gone, or of different posts, so that doubt cannot be measured"


def variant_impacts(
    runs: Sequence[RunSummary], measured: MeasuredRuns | None = None
) -> list[dict[str, Any]]:
    """One entry for each variant and configuration that completed runs have, see
    `impacts_of_variant`; runs that are controls are no entries of their own.

    Args:
        measured: what was measured of the runs already.
    """
    controls = {control for each in CONTROLS.values() for control in each}
    variants = {variant for run in runs for variant in run.variants} - controls
    among = _Among(RunPairs(runs), measured or MeasuredRuns(), EQUIVALENCE_MARGIN)
    return [entry for variant in sorted(variants) for entry in _impacts(variant, among)]


def impacts_of_variant(
    variant: str, runs: Sequence[RunSummary], *, margin: float = EQUIVALENCE_MARGIN
) -> list[dict[str, Any]]:
    """What a variant is worth, once for each configuration that it was tried with.

    Args:
        margin: differences up to here make a tie, see `verdict_on`.

    Returns:
        For each: `variant`, `model`, `other_variants`, `data_name`, `headline`, `coverage` of the
        vocabulary (None: the variant marks nothing), `verdict`, `decided_by` (a control, or None:
        the model without the variant), `margin`, and `contrasts`, of which each has `against` (a
        control or None), `runs` (ids in pairs), `seeds`, `unpaired` (runs and reasons),
        `num_pairs_of_different_commits`, `measures` (the headline first) and `by_vocabulary_hit`:
        the headline among posts `with_hit` and, a placebo, `without_hit`.

        A measure has `num_pairs` and, pair by pair of equal seeds, `differences` with their
        `spread`; the `mean` difference over all seeds of both sides with an `interval` over authors
        and seeds; `pairs_needed`, `verdict` and `explanation` (see `Verdict`). The one question
        that is asked of each contrast is the headline: other measures have no verdict.
    """
    among = _Among(RunPairs(runs), MeasuredRuns(), margin)
    return _impacts(variant, among)


class _Among(NamedTuple):
    """What contrasts are looked for in, and how they are judged."""

    pairs: RunPairs
    measured: MeasuredRuns
    margin: float


def _impacts(variant: str, among: _Among) -> list[dict[str, Any]]:
    entries = []
    for treated in among.pairs.groups_with(variant):
        sides = {
            control: among.pairs.pair(treated, variant=variant, control=control)
            for control in (*CONTROLS.get(variant, ()), None)
        }
        questions = sum(bool(found.pairs) for found in sides.values())
        contrasts = [
            _contrast(control, found, treated, among, questions) for control, found in sides.items()
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
                "margin": among.margin,
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


def _contrast(
    control: str | None,
    found: Pairs,
    treated: Sequence[RunSummary],
    among: _Among,
    questions: int,
) -> dict[str, Any]:
    headline = _headline(treated[0])
    keys = dict.fromkeys((headline, "partial_auc", "accuracy", "f1_macro"))
    if treated[0].data.get("priority_class") is None:
        del keys["partial_auc"]
    others = among.pairs.all_seeds_of([other for _, other in found.pairs])
    sides = None
    if found.pairs:
        with contextlib.suppress(InputError, OSError):
            sides = among.measured.of(treated), among.measured.of(others)
    measures = {}
    for key in keys:
        verdict = None
        if sides is not None:
            with contextlib.suppress(InputError):  # other posts, or a number that is not defined
                verdict = verdict_on(*sides, key, questions=questions, margin=among.margin)
        differences = _differences(found.pairs, key)
        measures[key] = _measure(differences, verdict, is_asked=key == headline)
    return {
        "against": control,
        "runs": [(run.id, other.id) for run, other in found.pairs],
        "seeds": [run.seed for run, _ in found.pairs],
        "unpaired": [
            {"run": run.id, "seed": run.seed, "reason": reason} for run, reason in found.unpaired
        ],
        "num_pairs_of_different_commits": sum(a.commit != b.commit for a, b in found.pairs),
        "measures": measures,
        "by_vocabulary_hit": _by_vocabulary_hit(sides, headline, questions),
    }


def _measure(
    differences: Sequence[float], verdict: Verdict | None, *, is_asked: bool
) -> dict[str, Any]:
    word = "not measured"
    if differences:
        word = "not shown" if verdict is None else verdict.word
    mean = fmean(differences) if differences else None
    return {
        "num_pairs": len(differences),
        "differences": list(differences),
        "mean": mean if verdict is None else verdict.difference,
        "spread": stdev(differences) if len(differences) > 1 else None,
        "interval": None if verdict is None else verdict.interval,
        "pairs_needed": None if verdict is None else verdict.seeds_needed,
        "num_models": None if verdict is None else verdict.num_models,
        "verdict": word if is_asked else None,
        "explanation": GONE if verdict is None else verdict.explanation,
        "facts": None if verdict is None else verdict_facts(verdict),
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


def _by_vocabulary_hit(
    sides: tuple[list[MeasuredModel], list[MeasuredModel]] | None, headline: str, questions: int
) -> dict[str, Any] | None:
    """The headline among some of the posts, each side by its own threshold there."""
    if sides is None or (has_hit := vocabulary_hits(sides[0][0].test)) is None:
        return None
    parts = {"with_hit": has_hit, "without_hit": ~has_hit}
    return {
        name: measured
        for name, is_kept in parts.items()
        if (measured := _among_posts(sides, is_kept, headline, questions)) is not None
    } or None


def _among_posts(
    sides: tuple[list[MeasuredModel], list[MeasuredModel]],
    is_kept: np.ndarray,
    headline: str,
    questions: int,
) -> dict[str, Any] | None:
    try:
        ours, theirs = (
            [measured_model(only(each.test, is_kept), seed=each.seed) for each in side]
            for side in sides
        )
        verdict = verdict_on(ours, theirs, headline, questions=questions)
    except InputError:
        return None  # no priority post among them, or no other one
    by_seed = {each.seed: each.numbers[headline] for each in theirs}
    differences = [
        each.numbers[headline] - by_seed[each.seed] for each in ours if each.seed in by_seed
    ]
    return _measure(differences, verdict, is_asked=False)
