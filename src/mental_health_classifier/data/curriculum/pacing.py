"""Pacing: the share of training posts, from the easy end, at each point of a training."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from annotated_types import Interval

from mental_health_classifier.contracts import InputError
from mental_health_classifier.contracts.ranges import PositiveShare
from mental_health_classifier.contracts.stages import StagesByName


def competence(t: float, *, duration: float, initial: float, power: float) -> float:
    """Share of the posts, ordered by difficulty, that may be drawn at time `t`.

    `min(1, (t (1 - c0^p) / T + c0^p)^(1/p))`: Platanios et al., NAACL 2019, equation 8.

    Args:
        t, duration: in the same unit; from `duration` on the share is one.
        initial: the share at the start, c0.
        power: p; the higher, the fewer new posts come late.
    """
    if t >= duration:
        return 1.0
    return min(1.0, (t * (1 - initial**power) / duration + initial**power) ** (1 / power))


class GrowingCompetence:
    """Competence that grows with every batch over the first share of a training.

    Args:
        epochs: of the whole training.
        share_of_training: after which everything may be drawn.
        initial, power: see `competence`.
    """

    def __init__(
        self,
        *,
        epochs: int | None,
        share_of_training: PositiveShare,
        initial: PositiveShare,
        power: Annotated[float, Interval(gt=0)],
    ) -> None:
        duration = share_of_training * _checked(epochs)
        self._competence = partial(competence, duration=duration, initial=initial, power=power)

    def __call__(self, t: float) -> float:
        """Competence after `t` epochs."""
        return self._competence(t)


class Stages:
    """Competence in steps: so many epochs with the easiest share of the posts, then with more.

    Args:
        epochs: of the whole training, which the stages have to fill.
        stages: by name, in their order.

    Raises:
        InputError: the stages do not add up to the training, or their shares do not grow to one.
    """

    def __init__(self, *, epochs: int | None, stages: StagesByName) -> None:
        self._stages = [(stage["epochs"], stage["share"]) for stage in stages.values()]
        listed = " + ".join(f"{name} {stage['epochs']}" for name, stage in stages.items())
        total = sum(length for length, _ in self._stages)
        if total != _checked(epochs):
            raise InputError(
                f"sampler.pacing.stages last {total} epochs ({listed}), but trainer.max_epochs="
                f"{epochs}. Change sampler.pacing.stages.NAME.epochs or trainer.max_epochs, so "
                "that they are the same."
            )
        shares = [share for _, share in self._stages]
        if shares != sorted(shares) or shares[-1] != 1:
            raise InputError(
                f"sampler.pacing.stages have the shares {shares}: expected shares that never fall "
                "and end with 1, since other posts would never be learned from."
            )

    def __call__(self, t: float) -> float:
        """Competence after `t` epochs."""
        end = 0
        for length, share in self._stages:
            end += length
            if t < end:
                return share
        return 1.0


def _checked(epochs: int | None) -> int:
    if not isinstance(epochs, int) or epochs < 1:
        raise InputError(
            f"trainer.max_epochs={epochs}: a curriculum is paced by the length of the training. "
            "Give the number of epochs."
        )
    return epochs
