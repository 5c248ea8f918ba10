"""Conditions under which a run may be called best."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean
from typing import Any

from mental_health_classifier.contracts.decimals import decimals
from mental_health_classifier.tracking.record.run_summary import RunSummary

LEAST_SPECIFICITY = 0.60
"""What the lower bound of the operating point's specificity must reach."""

LEAST_PRIORITY_POSTS = 22
"""Fewer cannot even show a recall of .9 with 90 % confidence when none of them is missed:
.9 ** 22 < .1 <= .9 ** 21."""

ALERT_BUDGET = 0.50
"""Of runs whose configuration does not say evaluation.alert_budget."""


def objections_to(run: RunSummary) -> list[str]:
    """Why a run cannot be held for good at finding the priority class; empty where it can.

    Everything is judged on val. A number that was not measured, or is not finite, speaks against.
    """
    priority_class = run.data.get("priority_class")
    if priority_class is None:
        return ["no class has priority in its posts"]
    found = []
    positives = _number(run.metrics.get(f"val/support/{priority_class}"))
    if positives is None or positives < LEAST_PRIORITY_POSTS:
        found.append(f"fewer than {LEAST_PRIORITY_POSTS} {priority_class} posts in val")
    if _number(run.metrics.get("val/recall_at_spec80")) is None:
        found.append("recall at specificity .80 was not measured on val")
    if not (_low(run, "val/operating_point/specificity") or 0) >= LEAST_SPECIFICITY:
        found.append(
            "specificity at its operating point is not shown to reach "
            f"{decimals(LEAST_SPECIFICITY, 2)}"
        )
    if not (_low(run, "val/auprc_above_chance") or 0) > 0:
        found.append("its ranking of posts is not shown to be better than chance")
    budget = alert_budget(run)
    alert_rate = _number(run.metrics.get("val/operating_point/alert_rate"))
    if alert_rate is None or alert_rate > budget:
        found.append(
            f"it would alert more than {100 * budget:.0f} % of posts, or nobody knows how many"
        )
    return found


def is_constant(run: RunSummary) -> bool:
    """Whether a run predicts one class for every post of val."""
    predicted = [
        value for key, value in run.metrics.items() if key.startswith("val/predicted/") and value
    ]
    return len(predicted) == 1


def is_below_yardstick(runs: Sequence[RunSummary], metric: str) -> bool | None:
    """Whether the yardstick, fitted on the same posts, is at least as good on val by a number, on
    average over the seeds of a configuration.

    None: no run has a yardstick, or it was not measured by that.
    """
    pairs = []
    for run in runs:
        own = _number(run.metrics.get(f"val/{metric}"))
        other = _number((run.yardstick or {}).get("metrics", {}).get(f"val/{metric}"))
        if own is not None and other is not None:
            pairs.append(own - other)
    return fmean(pairs) <= 0 if pairs else None


def alert_budget(run: RunSummary) -> float:
    """Largest share of posts that may be alerted."""
    budget = _number(run.setting("evaluation", "alert_budget"))
    return ALERT_BUDGET if budget is None else budget


def _low(run: RunSummary, key: str) -> float | None:
    interval = run.intervals.get(key)
    return _number(interval[0]) if interval else None


def _number(value: Any) -> float | None:
    """JSON that this package reads holds no number that is not finite."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
