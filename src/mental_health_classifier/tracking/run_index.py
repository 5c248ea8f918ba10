"""Search for recorded runs, by their run.json.

A run's directory is the only truth about it. `list_runs` takes what it shows of ended runs from an
index that is derived from them, see `listing_index`.
"""

from __future__ import annotations

import difflib
import gc
import logging
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from mental_health_classifier.contracts import InputError
from mental_health_classifier.tracking.listing_index import Identity, ListingIndex
from mental_health_classifier.tracking.record.ensemble_members import MEMBERS
from mental_health_classifier.tracking.record.run_summary import RunSummary, read_run

__all__ = [
    "ROOTS",
    "RunSummary",
    "each_run",
    "find_runs",
    "is_run",
    "list_runs",
    "no_garbage_collection",
    "read_run",
    "resolve_run",
    "run_directories",
    "runs_called",
]

ROOTS = (Path("outputs"), Path("multirun"))
"""Where Hydra writes single runs and sweeps, relative to the working directory."""

Roots = str | Path | Iterable[str | Path]
"""One folder or several, each of which holds runs at any depth."""

log = logging.getLogger(__name__)

BULK = frozenset({"environment", "hardware", "artefacts"})
"""Parts of a record that are large and of use for one run at a time."""


def warn_of_unseen(folder: str, reason: str) -> None:
    """What lists of runs do about a folder that cannot be looked into."""
    log.warning("Skipped %s while looking for runs: %s.", folder, reason)


def find_runs(
    roots: Roots = ROOTS, *, unseen: Callable[[str, str], object] = warn_of_unseen
) -> list[RunSummary]:
    """All runs below some folders, newest first; each once, however many ways lead to it.

    A damaged run is listed with what is wrong. Roots that do not exist hold no runs. What only a
    look at a single run needs (packages, hardware, checksums) is left out; `read_run` has it.

    Args:
        unseen: is told of every folder that cannot be looked into, and why.
    """
    with no_garbage_collection():
        return _newest_first(list(each_run(roots, unseen=unseen)))


def each_run(
    roots: Roots, *, unseen: Callable[[str, str], object] = warn_of_unseen
) -> Iterator[RunSummary]:
    """As `find_runs`, one at a time and in no order, so that not all have to fit in memory."""
    folders = folders_of(roots)
    for directory in run_directories(folders, knows=lambda _: False, unseen=unseen):
        yield _without_bulk(read_run(Path(directory)))


def list_runs(roots: Iterable[Path]) -> list[RunSummary]:
    """As `find_runs`, with what a list of runs shows and no metrics: thousands in a moment."""
    runs: list[RunSummary] = []
    visited: set[Identity] = set()
    listed: set[Identity] = set()
    with no_garbage_collection():
        for root in map(os.fspath, roots):
            index = ListingIndex(root)
            for directory in run_directories([root], knows=index.knows, visited=visited):
                run, identity = index.read(directory)
                # A run that has not ended was told apart by its folder.
                if identity is None or identity not in listed:
                    runs.append(run)
                if identity is not None:
                    listed.add(identity)
            index.save()
        return _newest_first(runs)


def folders_of(roots: Roots) -> list[Path]:
    """Roots as a list of paths."""
    return [Path(root) for root in ([roots] if isinstance(roots, str | Path) else roots)]


@contextmanager
def no_garbage_collection() -> Iterator[None]:
    """Records are many small objects that all live on; searching them for garbage again and again
    would take as long as reading them."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _without_bulk(run: RunSummary) -> RunSummary:
    return replace(
        run,
        run={key: value for key, value in run.run.items() if key not in BULK},
        end={key: value for key, value in run.end.items() if key not in BULK},
    )


def _newest_first(runs: list[RunSummary]) -> list[RunSummary]:
    return sorted(runs, key=lambda run: (_moment(run), run.id or ""), reverse=True)


def resolve_run(reference: RunSummary | str | Path, roots: Roots = ROOTS) -> RunSummary:
    """Reads the whole record of one run.

    Args:
        reference: path of its directory (`.` and `~` too), its id, the beginning of its id, or the
            directory's name; or what `find_runs` found of it.
        roots: where to look for a run by its id or name.

    Raises:
        InputError: no run fits (the message names similar ones), or several do.
    """
    if isinstance(reference, RunSummary):
        return read_run(reference.directory)
    path = os.path.expanduser(reference)
    if is_run(path):
        return read_run(Path(path).resolve())
    roots = folders_of(roots)
    runs = list_runs(roots)
    wanted = str(reference)
    for fits in (
        lambda run: run.id == wanted,
        lambda run: run.directory.name == wanted,
        lambda run: wanted and (run.id or "").startswith(wanted),
    ):
        found = [run for run in runs if fits(run)]
        if len(found) == 1:
            return read_run(found[0].directory)
        if found:
            raise InputError(
                f"{len(found)} runs are called {wanted}:{_listing(found)}\nGive the id of one."
            )
    if os.path.lexists(path):
        raise _no_run_there(Path(path))
    where = ", ".join(map(str, roots))
    names = {name: run for run in runs for name in (run.id, run.name, run.directory.name) if name}
    close = difflib.get_close_matches(wanted, names, n=5, cutoff=0.5)
    near = list({names[name].directory: names[name] for name in close}.values())
    hint = f"Did you mean:{_listing(near)}" if near else "`mhc runs` lists them."
    raise InputError(f"No run {wanted} among the {len(runs)} below {where}. {hint}")


def is_run(path: str | Path) -> bool:
    """Whether a path is the directory of a run."""
    return os.path.isfile(os.path.join(path, "run.json"))


def _no_run_there(path: Path) -> InputError:
    inside = next((each for each in path.resolve().parents if is_run(each)), None)
    if inside is not None:
        return InputError(f"{path} lies inside the run {inside}: give that folder.")
    if not path.is_dir():
        return InputError(f"Expected the folder of a run, but {path} is none.")
    runs = find_runs([path])
    if runs:
        return InputError(f"{path} holds {len(runs)} runs:{_listing(runs[:5])}\nGive one of them.")
    return InputError(f"{path} holds no run: it has no run.json.")


def runs_called(
    references: Sequence[str],
    roots: Iterable[Path],
    *,
    sift: Callable[[Iterable[RunSummary]], Iterable[RunSummary]] = iter,
) -> list[RunSummary]:
    """The runs that a person names, in that order, those of a folder newest first.

    Args:
        references: each a run, as `resolve_run` knows it, or a folder that holds runs. None: all.
        roots: where to look.
        sift: which of the runs that were not named themselves are wanted.

    Raises:
        InputError: as `resolve_run`.
    """
    if not references:
        return list(sift(find_runs(roots)))
    found: dict[Path, RunSummary] = {}
    for reference in references:
        path = os.path.expanduser(reference)
        is_folder_of_runs = os.path.isdir(path) and not is_run(path)
        if is_folder_of_runs:
            runs = sift(find_runs([Path(path)]))
        else:
            runs = [resolve_run(reference, roots)]
        found |= {run.directory.resolve(): run for run in runs}
    return list(found.values())


def run_directories(
    roots: Iterable[Path | str],
    *,
    knows: Callable[[str], bool],
    visited: set[tuple[int, int]] | None = None,
    unseen: Callable[[str, str], object] = warn_of_unseen,
) -> Iterator[str]:
    """Folders that hold a run.

    A root is searched even if it is a run itself, because a record that was put there by mistake
    must not hide all others.

    Args:
        knows: says of a folder that it surely does, without a look into it.
        visited: folders that are not visited again.
        unseen: see `find_runs`.
    """
    visited = set() if visited is None else visited
    waiting = [os.fspath(root) for root in roots]
    num_roots = len(waiting)
    while waiting:
        is_root = len(waiting) <= num_roots
        num_roots -= is_root
        folder = waiting.pop()
        if knows(folder) and not is_root:
            yield folder
            continue
        try:
            status = os.stat(folder)
            # Links are followed, to scratch disks for instance; a loop ends where it began.
            if (status.st_dev, status.st_ino) in visited:
                continue
            visited.add((status.st_dev, status.st_ino))
            with os.scandir(folder) as entries:
                children = list(entries)
        except (FileNotFoundError, NotADirectoryError):
            if os.path.islink(folder):
                unseen(folder, "it is a link to nothing")
            continue
        except OSError as error:
            unseen(folder, str(error.strerror))
            continue
        folders = [child.path for child in children if _is_visible_folder(child)]
        names = {child.name for child in children}
        if "run.json" not in names:
            waiting += folders
        elif "attempts" not in names:
            # A run whose attempts were deleted, or a file that lies in a folder of runs.
            below = list(run_directories(folders, knows=knows, visited=visited, unseen=unseen))
            if below:
                log.warning("%s/run.json belongs to no run and is passed over.", folder)
            yield from below or [folder]
        else:
            yield folder
            if is_root:
                members = os.path.join(folder, MEMBERS)
                waiting += [path for path in folders if path != members]


def _is_visible_folder(entry: os.DirEntry[str]) -> bool:
    try:
        is_hidden = entry.name.startswith((".", "__"))
        return not is_hidden and (entry.is_dir() or _is_link_to_nothing(entry))
    except OSError:
        # A link that leads to itself.
        return False


def _is_link_to_nothing(entry: os.DirEntry[str]) -> bool:
    # It may lead to a scratch disk that is not there at the moment.
    return entry.is_symlink() and not os.path.exists(entry.path)


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
