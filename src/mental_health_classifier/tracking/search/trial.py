"""The trial that a process runs: which search it belongs to, and how it ends early."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

VARIABLE = "MENTAL_HEALTH_TRIAL"
"""By which whoever starts a process says which trial it runs. The configuration of a trial says
nothing of the search: the same configuration gives the same run, wherever it came from."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A try of a search."""

    number: int
    search: Path
    """Its folder."""

    @property
    def environment(self) -> dict[str, str]:
        """The variables of its process."""
        return {VARIABLE: f"{self.number}:{self.search}"}


def trial_of_this_process() -> Trial | None:
    """None: it runs for no search."""
    number, _, folder = os.environ.get(VARIABLE, "").partition(":")
    return Trial(int(number), Path(folder)) if number.isdecimal() and folder else None
