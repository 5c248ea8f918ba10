"""Declarations that the process of a run on another machine is gone."""

from __future__ import annotations

from pathlib import Path

from mental_health_classifier.contracts import InputError
from mental_health_classifier.tracking.record.attempts import declare_gone, latest_attempt, life_of
from mental_health_classifier.tracking.run_index import find_runs


def declare_all_gone(directory: Path) -> list[Path]:
    """Says that the processes of a run, or of a sweep and its runs, are gone.

    Returns:
        The folders that were unknown, and count as killed from now on.

    Raises:
        InputError: nothing there is unknown.
    """
    runs = find_runs([directory])
    unknown = [run.directory for run in runs if run.status == "unknown"]
    if _is_unknown(directory) and directory not in unknown:
        unknown.append(directory)
    if not unknown:
        states = ", ".join(sorted({run.status for run in runs})) or "no run"
        raise InputError(
            f"{directory} is {states}: only of what is unknown has anybody to say that it is gone."
        )
    for each in unknown:
        attempt = latest_attempt(each)
        assert attempt is not None
        declare_gone(attempt)
    return unknown


def _is_unknown(directory: Path) -> bool:
    attempt = latest_attempt(directory)
    if attempt is None or (attempt / "end.json").exists():
        return False
    try:
        return life_of(attempt) == "unknown"
    except FileNotFoundError:  # damaged, so that nothing can be said of it
        return False
