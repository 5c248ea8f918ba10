"""Pacing: the share of training posts, from the easy end, at each point of a training."""

from __future__ import annotations

from mental_health_classifier.contracts import InputError
from mental_health_classifier.contracts.ranges import Share
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
        share_of_training: after which everything may be drawn, in (0, 1].
        initial, power: see `competence`.
    """

    def __init__(
        self, *, epochs: int | None, share_of_training: Share, initial: Share, power: float
    ) -> None:
        for name, share in (("share_of_training", share_of_training), ("initial", initial)):
            if not 0 < share <= 1:
                raise InputError(
                    f"sampler.pacing.{name}={share}: expected a share above 0 and at most 1."
                )
        if power <= 0:
            raise InputError(f"sampler.pacing.power={power}: expected a number above 0.")
        self._duration = share_of_training * _checked(epochs)
        self._initial = initial
        self._power = power

    def __call__(self, t: float) -> float:
        """Competence after `t` epochs."""
        return competence(t, duration=self._duration, initial=self._initial, power=self._power)


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
        if min(length for length, _ in self._stages) < 1:
            raise InputError(f"sampler.pacing.stages: a stage lasts one epoch or more; {listed}.")
        if shares != sorted(shares) or not shares[0] > 0 or shares[-1] != 1:
            raise InputError(
                f"sampler.pacing.stages have the shares {shares}: expected shares above 0 that "
                "never fall and end with 1, since other posts would never be learned from."
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
