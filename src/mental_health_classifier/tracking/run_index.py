"""Finds recorded runs by looking for run.json, and reads what became of them.

A run's directory is the only truth about it, so there is nothing here that could go out of date.
"""

from __future__ import annotations

import difflib
import logging
import os
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from mental_health_classifier.contracts import InputError
from mental_health_classifier.tracking.run_summary import RunSummary, read_run

__all__ = ["RunSummary", "find_runs", "read_run", "resolve_run"]

log = logging.getLogger(__name__)


def find_runs(roots: Iterable[Path]) -> list[RunSummary]:
    """All runs below some folders, newest first; each once, however many ways lead to it.

    A damaged run is listed with what is wrong. Roots that do not exist hold no runs.
    """
    runs = [read_run(directory) for directory in _run_directories(roots)]
    return sorted(runs, key=lambda run: (_moment(run), run.id or ""), reverse=True)


def resolve_run(reference: str | Path, roots: Iterable[Path]) -> RunSummary:
    """Finds the run that a person means.

    Args:
        reference: path of its directory, its id, the beginning of its id, or the directory's name.
        roots: where to look for the latter three.

    Raises:
        InputError: no run fits (the message names similar ones), or several do.
    """
    if os.path.isfile(Path(reference, "run.json")):
        return read_run(Path(reference))
    roots = list(roots)
    runs = find_runs(roots)
    wanted = str(reference)
    for fits in (
        lambda run: run.id == wanted,
        lambda run: run.directory.name == wanted,
        lambda run: wanted and (run.id or "").startswith(wanted),
    ):
        found = [run for run in runs if fits(run)]
        if len(found) == 1:
            return found[0]
        if found:
            raise InputError(
                f"{len(found)} runs are called {wanted}:{_listing(found)}\nGive the id of one."
            )
    where = ", ".join(map(str, roots))
    names = {name: run for run in runs for name in (run.id, run.name, run.directory.name) if name}
    close = difflib.get_close_matches(wanted, names, n=5, cutoff=0.5)
    near = list({names[name].directory: names[name] for name in close}.values())
    hint = f"Did you mean:{_listing(near)}" if near else "`mhc runs` lists them."
    raise InputError(f"No run {wanted} among the {len(runs)} below {where}. {hint}")


def _run_directories(roots: Iterable[Path]) -> Iterator[Path]:
    visited: set[tuple[int, int]] = set()
    waiting = [os.fspath(root) for root in roots]
    while waiting:
        folder = waiting.pop()
        try:
            status = os.stat(folder)
            # Links are followed, to scratch disks for instance; a loop ends where it began.
            if (status.st_dev, status.st_ino) in visited:
                continue
            visited.add((status.st_dev, status.st_ino))
            with os.scandir(folder) as entries:
                children = list(entries)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            log.warning("Skipped %s while looking for runs: %s.", folder, error.strerror)
            continue
        if any(child.name == "run.json" for child in children):
            # Nothing in a run is another run.
            yield Path(folder)
            continue
        waiting += [child.path for child in children if _is_visible_folder(child)]


def _is_visible_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return not entry.name.startswith((".", "__")) and entry.is_dir()
    except OSError:
        # A link that leads to itself.
        return False


def _moment(run: RunSummary) -> str:
    if run.created_at is not None:
        return run.created_at
    try:
        written = (run.directory / "run.json").stat().st_mtime
    except OSError:
        return ""
    return datetime.fromtimestamp(written, UTC).isoformat(timespec="microseconds")


def _listing(runs: list[RunSummary]) -> str:
    return "".join(f"\n  {run.id}  {run.directory}" for run in runs)
