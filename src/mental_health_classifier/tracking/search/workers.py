"""Workers of a search: who is at it, and whether nobody is any more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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
    attempt = _begin(directory / _FOLDER)
    try:
        yield
    finally:
        attempt.end({})


def are_gone(directory: Path) -> bool:
    """Whether all workers that a search has had are gone. One that no worker has come to yet waits
    for the first."""
    latest = latest_attempt(directory / _FOLDER)
    if latest is None:
        return False
    return all(life_of_latest(each) == "killed" for each in latest.parent.glob("[0-9]*"))


def _begin(folder: Path) -> Attempt:
    while True:
        latest = latest_attempt(folder)
        try:
            return Attempt.begin(folder, number=int(latest.name) + 1 if latest else 1)
        except FileExistsError:
            continue  # Another worker came at the same moment.
