"""Natural frequencies: what a model found, missed and alerted, counted in posts.

Source: Gigerenzer and Hoffrage, Psychological Review 102, 1995.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mental_health_classifier.console.wording import is_number
from mental_health_classifier.tracking.record.run_summary import RunSummary


@dataclass(frozen=True, slots=True)
class Frequencies:
    """Test posts at the operating point, whose threshold was frozen on validation."""

    posts: int
    priority: int
    """Posts of the priority class among them."""
    found: int
    """Those of the priority class that were alerted."""
    alerted: int
    """Right or wrong."""

    @property
    def missed(self) -> int:
        return self.priority - self.found

    @property
    def wrong(self) -> int:
        """Alerted posts of other classes."""
        return self.alerted - self.found

    @property
    def alerted_of_100(self) -> int:
        return round(100 * self.alerted / self.posts)


def frequencies_of(run: RunSummary) -> Frequencies | None:
    """Of a run on test; None: it has no operating point, or no class has priority."""
    return _counted(run.metrics, run.data.get("priority_class"))


def frequencies_of_yardstick(run: RunSummary) -> Frequencies | None:
    """The same of the yardstick that was fitted on the same parts."""
    return _counted((run.yardstick or {}).get("metrics") or {}, run.data.get("priority_class"))


def _counted(metrics: Mapping[str, Any], priority_class: object) -> Frequencies | None:
    keys = ("n", f"support/{priority_class}", "operating_point/recall")
    posts, priority, recall, rate = (
        metrics.get(f"test/{key}") for key in (*keys, "operating_point/alert_rate")
    )
    if not (is_number(posts) and is_number(priority) and is_number(recall) and is_number(rate)):
        return None
    if posts < 1 or priority < 1:
        return None
    # Shares are counts divided by counts, so rounding gives the counts back.
    return Frequencies(
        posts=round(posts),
        priority=round(priority),
        found=round(recall * priority),
        alerted=round(rate * posts),
    )
