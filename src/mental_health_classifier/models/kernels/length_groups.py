"""A batch cut into its groups of posts of equal length."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from mental_health_classifier.contracts import LengthGroup


def split_groups(hidden: Tensor, groups: Sequence[LengthGroup]) -> list[Tensor]:
    """Cuts `hidden` of shape `(N, D)` into one view a group, each of shape `(posts, length, D)`."""
    # One split, not a slice for each: the gradient of a slice is a whole `(N, D)` of zeros.
    parts = hidden.split([posts * length for _, posts, length in groups])
    return [
        part.view(posts, length, -1) for part, (_, posts, length) in zip(parts, groups, strict=True)
    ]
