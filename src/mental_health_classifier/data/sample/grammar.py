"""Numbers that shape the sample posts, and the oracle that follows from them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Annotated, get_args, get_origin, get_type_hints

import numpy as np
from annotated_types import Interval

from mental_health_classifier.contracts import InputError
from mental_health_classifier.contracts.ranges import Share
from mental_health_classifier.data.sample.ceilings import (
    SampleOracle,
    cue_probabilities,
    label_confusion,
)
from mental_health_classifier.data.sample.phrases import read_sample_phrases

Slots = Annotated[int, Interval(ge=1, le=12)]


@dataclass(frozen=True, kw_only=True)
class SampleGrammar:
    """How sample posts are made: how clearly they speak, how noisy labels are, who writes.

    Fillers, sign-offs, openings and dates never depend on the class. They change how hard the posts
    are to learn from, not how well they could be classified.
    """

    class_shares: Mapping[str, float]
    """Probability of each class, true and labelled alike; they sum to one."""
    cue_strength: Annotated[float, Interval(ge=0, le=20)]
    """Log of how many times likelier a cue that speaks for the post's class is than another."""
    label_noise: Share
    """Share of posts whose label is not their true class."""
    min_slots: Slots
    max_slots: Slots
    """A post says `min_slots` to `max_slots` cues, every number as likely as the others."""
    denied_share: Share
    """Probability that a cue is denied. Each post denies as near to this share of its cues as whole
    numbers allow, so that the mere number of negators says little."""
    author_strength: Share
    """How much authors keep to one class, from 0 (they do not) to 1. Class shares stay the same."""
    posts_per_author: Annotated[float, Interval(ge=1, le=1e9)]
    """Mean number of posts."""
    author_exponent: Annotated[float, Interval(ge=0, le=5)]
    """How unevenly authors post (Zipf): at 0 all alike, at 1 the r-th busiest of those with the
    same favourite class writes one r-th of what the busiest does."""
    near_duplicate_share: Annotated[float, Interval(ge=0, le=0.5)]
    """Share of posts that repeat an earlier one, with its label, under another name."""
    sign_off_rate: Share
    """Probability that a post ends with its author's two words."""
    opening_rate: Share
    """Probability that a post begins with a word such as "well"."""
    filler_log_mean: Annotated[float, Interval(ge=-10, le=10)]
    filler_log_spread: Annotated[float, Interval(ge=0, le=10)]
    """The number of fillers is log-normal, rounded down: mean and standard deviation of its log."""
    max_fillers: Annotated[int, Interval(ge=0, le=1000)]
    first_day: str
    """Date of the earliest possible post, YYYY-MM-DD."""
    num_days: Annotated[int, Interval(ge=1, le=36500)]
    """Posts spread evenly over so many days."""
    missing_label_share: Share
    """Probability that a post lacks its severity, urgency, emotions or the places of its cues, for
    each of them by itself."""

    def __post_init__(self) -> None:
        self._check_numbers()
        self._check_class_shares()
        try:
            date.fromisoformat(self.first_day)
        except (TypeError, ValueError):
            raise InputError(
                "data.grammar.first_day must be a quoted date such as '2024-01-01', "
                f"came {self.first_day!r}. Change it."
            ) from None

    def _check_numbers(self) -> None:
        """Raises InputError for a number out of its declared range."""
        for name, kind in get_type_hints(SampleGrammar, include_extras=True).items():
            if get_origin(kind) is not Annotated:
                continue
            number, limits = get_args(kind)
            value = getattr(self, name)
            is_number = isinstance(value, int) or (isinstance(value, float) and number is float)
            if not is_number or not limits.ge <= value <= limits.le:
                raise InputError(
                    f"data.grammar.{name} must be a {'whole ' if number is int else ''}number from "
                    f"{limits.ge} to {limits.le}, came {value!r}. Change it."
                )
        if self.max_slots < self.min_slots:
            raise InputError(
                f"data.grammar.max_slots must be at least data.grammar.min_slots={self.min_slots}, "
                f"came {self.max_slots}. Raise it."
            )

    def _check_class_shares(self) -> None:
        names = read_sample_phrases().class_names
        shares = self.class_shares
        is_usable = (
            isinstance(shares, Mapping)
            and set(shares) == set(names)
            and all(isinstance(share, int | float) and share > 0 for share in shares.values())
            and math.isclose(sum(shares.values()), 1.0, abs_tol=1e-6)
        )
        if not is_usable:
            raise InputError(
                f"data.grammar.class_shares must give each of {', '.join(names)} a share above 0, "
                f"together 1, came {shares}. Change it."
            )
        if (self.oracle.confusion < 0).any():
            raise InputError(
                f"data.grammar.label_noise={self.label_noise} mislabels more posts than a class of "
                "data.grammar.class_shares has. Lower it."
            )

    @cached_property
    def oracle(self) -> SampleOracle:
        """The best reader there can be of posts made by this grammar."""
        phrases = read_sample_phrases()
        names = phrases.class_names
        shares = np.array([self.class_shares[name] for name in names])
        shares /= shares.sum()
        confusions = [
            (names.index(one), names.index(other), weight)
            for one, other, weight in phrases.confusions
        ]
        return SampleOracle(
            class_shares=shares,
            affirmed=cue_probabilities(
                phrases.affirmed_classes, len(names), strength=self.cue_strength
            ),
            denied=cue_probabilities(
                phrases.denied_classes, len(names), strength=self.cue_strength
            ),
            confusion=label_confusion(shares, confusions, noise=self.label_noise),
        )
