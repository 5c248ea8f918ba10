"""Best models, chosen on val and reported on test.

Derived from the records whenever it is asked for, so that it cannot be out of date.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from statistics import fmean
from typing import Any

from mental_health_classifier.contracts.headline import headline_of
from mental_health_classifier.tracking.record.run_summary import RunSummary
from mental_health_classifier.tracking.selection.admissibility import (
    is_below_yardstick,
    is_constant,
    objections_to,
)
from mental_health_classifier.tracking.selection.candidates import (
    Candidate,
    alert_churn,
    candidates_among,
    comparable_runs,
)

SEEDS_NEEDED = 5
"""To call a model stable; three seeds prove nothing."""


def best_models(runs: Iterable[RunSummary]) -> dict[str, dict[str, Any]]:
    """The best of some runs under each of four headings.

    Runs that differ only in their seed are one configuration and are judged together: by the mean
    over their seeds, the most stable one by its worst seed.

    Returns:
        Under `highest_accuracy`, `best_f1_macro`, `best_suicide_recall` (of whichever class has
        priority, by the recall at specificity .80) and `most_stable` a mapping each: `run` (id,
        None where nobody wins), `directory`, `name`, `model`, `variants`, `configuration` (hash),
        `metric`, `value`, `interval` and `n` of that run on test, `val` (what it won by), `seeds`
        (test value by seed), `reason`, `warnings`, and `looked_at`, the runs on these posts among
        which it was chosen: the more, the less a certificate of one of them promises.
    """
    comparable, num_others = comparable_runs(runs)
    candidates = candidates_among(comparable)
    priority_class = comparable[0].data.get("priority_class") if comparable else None
    headline = headline_of(priority_class)
    best = {
        "highest_accuracy": _best_by_mean(candidates, "accuracy"),
        "best_f1_macro": _best_by_mean(candidates, "f1_macro"),
        "best_suicide_recall": _best_recall(candidates, priority_class),
        "most_stable": _most_stable(candidates, headline, priority_class),
    }
    for entry in best.values():
        entry["looked_at"] = len(comparable)
    if num_others:
        note = (
            f"{num_others} completed runs on other posts or parts, or with another priority class, "
            "were left out"
        )
        for entry in best.values():
            entry["warnings"].append(note)
    return best


def _best_by_mean(candidates: Sequence[Candidate], metric: str) -> dict[str, Any]:
    key = f"val/{metric}"
    objections = [_general_objections(each, key) for each in candidates]
    winner, among = _winner(candidates, objections, by=lambda each: each.mean(key))
    if winner is None:
        return _nobody(metric, objections)
    return _won(winner, metric, f"highest mean {key} of {among}")


def _best_recall(candidates: Sequence[Candidate], priority_class: str | None) -> dict[str, Any]:
    metric = "recall_at_spec80"
    objections = [_objections(each) for each in candidates]
    winner, among = _winner(
        candidates,
        objections,
        by=lambda each: (each.mean(f"val/{metric}"), each.mean("val/auprc")),
    )
    if winner is None:
        return _nobody(metric, objections)
    return _won(
        winner,
        metric,
        f"finds the most {priority_class} posts of val at specificity .80, on average over its "
        f"seeds, of {among} that are admissible",
        support=f"test/support/{priority_class}",
    )


def _most_stable(
    candidates: Sequence[Candidate], metric: str, priority_class: str | None
) -> dict[str, Any]:
    key = f"val/{metric}"
    objections = [
        [f"not measured: fewer than {SEEDS_NEEDED} different seeds"]
        if len(each.runs) < SEEDS_NEEDED
        else _general_objections(each, key)
        if priority_class is None
        else _objections(each)
        for each in candidates
    ]
    winner, among = _winner(
        candidates,
        objections,
        by=lambda each: (each.worst(key), each.mean(key) - each.spread(key)),
    )
    if winner is None:
        return _nobody(metric, objections)
    worst, mean, spread = winner.worst(key), winner.mean(key), winner.spread(key)
    reason = f"its worst seed has the highest {key} ({worst:.3f}) of {among}"
    return {
        **_won(winner, metric, f"{reason} with at least {SEEDS_NEEDED} seeds"),
        "stability": {
            "worst": worst,
            "mean": mean,
            "standard_deviation": spread,
            "coefficient_of_variation": spread / mean if mean else None,
            "churn": alert_churn(winner.runs),
        },
    }


def _winner(
    candidates: Sequence[Candidate],
    objections: Sequence[Sequence[str]],
    *,
    by: Callable[[Candidate], Any],
) -> tuple[Candidate | None, str]:
    """The best of those that nothing speaks against, and how many they are, in words."""
    admitted = [each for each, reasons in zip(candidates, objections, strict=True) if not reasons]
    number = len(admitted)
    among = "the only configuration" if number == 1 else f"{number} configurations"
    return max(admitted, key=by, default=None), among


def _general_objections(candidate: Candidate, key: str) -> list[str]:
    if not candidate.has(key):
        return [f"{key} was not measured for every seed"]
    if any(is_constant(run) for run in candidate.runs):
        return ["it gives every post of val the same class"]
    return []


def _objections(candidate: Candidate) -> list[str]:
    # A configuration with one useless seed is not a good one: it stands or falls with all.
    return list(dict.fromkeys(reason for run in candidate.runs for reason in objections_to(run)))


def _won(winner: Candidate, metric: str, reason: str, *, support: str = "test/n") -> dict[str, Any]:
    key = f"test/{metric}"
    run = winner.best_run(f"val/{metric}")
    warnings = []
    if is_below_yardstick(run):
        warnings.append("below baseline: the yardstick is at least as good on the same posts")
    if run.data.get("priority_class") is not None and objections_to(run):
        warnings.append("not admissible for finding the priority class")
    return {
        "run": run.id,
        "directory": str(run.directory),
        "name": run.name,
        "model": run.model,
        "variants": "+".join(map(str, run.variants)),
        "configuration": winner.configuration_hash,
        "metric": key,
        "value": run.metrics.get(key),
        "interval": run.intervals.get(key),
        "n": run.metrics.get(support),
        "val": fmean(winner.values(f"val/{metric}")),
        "seeds": {str(each.seed): each.metrics.get(key) for each in winner.runs},
        "reason": reason,
        "warnings": warnings,
    }


def _nobody(metric: str, objections: Sequence[Sequence[str]]) -> dict[str, Any]:
    nothing = (
        *("run", "directory", "name", "model", "variants", "configuration"),
        *("value", "interval", "n", "val"),
    )
    counts = Counter(reason for reasons in objections for reason in reasons)
    against = "; ".join(
        f"{reason} ({number} of {len(objections)})" for reason, number in counts.most_common()
    )
    return {
        **dict.fromkeys(nothing),
        "metric": f"test/{metric}",
        "seeds": {},
        "reason": f"no configuration qualifies: {against}" if against else "no completed runs",
        "warnings": [],
    }
