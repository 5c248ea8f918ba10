"""Workers of a search: who is at it, and whether nobody is any more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from mental_health_classifier.tracking.record.attempts import (
    Attempt,
    latest_attempt,
    life_of_latest,
)

_FOLDER = "workers"


@contextmanager
def at_work(directory: Path) -> Iterator[None]:
    """Tells whoever watches a search that this process works on it, until the block ends or the
    process is gone.

    Args:
        directory: of the search.
    """
    # A folder for each: of two attempts in one, the first takes itself for replaced and stops.
    attempt = Attempt.begin(directory / _FOLDER / uuid4().hex, number=1)
    try:
        yield
    finally:
        attempt.end({})


def are_gone(directory: Path) -> bool:
    """Whether all workers that a search has had are gone. One that no worker has come to yet waits
    for the first."""
    found = [latest_attempt(each) for each in (directory / _FOLDER).glob("*")]
    return bool(found) and all(life_of_latest(each) == "killed" for each in found)
