"""Posts of equal length within a batch, taken apart."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from mental_health_classifier.contracts import EqualLengthRun


def split_runs(hidden: Tensor, runs: Sequence[EqualLengthRun]) -> tuple[Tensor, ...]:
    """Cuts `hidden` of shape `(N, D)` into one view a run.

    One split instead of a slice for each: the gradient of a slice is a whole `(N, D)` of zeros.
    """
    return hidden.split([posts * length for _, posts, length in runs])
