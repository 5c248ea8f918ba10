"""A command whose processes torchrun or srun started, one for each device."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from mental_health_classifier.experiment.follower import follow
from mental_health_classifier.training.devices import join_group, tell_all


def take_part(command: Callable[[], object]) -> None:
    """Gives the command in the first process; the others take part in its runs until it ends.

    Where it fails, so does this process, and the launcher ends the others.
    """
    if join_group() == 0:
        command()
        tell_all(None)
    else:
        while (directory := tell_all(None)) is not None:
            follow(Path(directory))
