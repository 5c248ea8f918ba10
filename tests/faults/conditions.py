"""Under which conditions a command has to work, or to say in one sentence why it cannot.

A condition prepares a folder with runs and the process that a command is given to. A new command
joins in one line of `COMMANDS`, a new condition in one of `CONDITIONS`.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mental_health_classifier.storage.files import read_json, write_json

SOMEBODY_ELSE = 12345
"""A user who owns files and does not run the command."""


@dataclass(frozen=True)
class Command:
    """A command line of `mhc`; RUN, YARDSTICK and KILLED stand for a name of one of the runs."""

    arguments: tuple[str, ...]
    writes: bool
    """Whether it has to write into the folder that it is given in, or into the run."""
    code: int
    """How it ends where nothing is in its way."""


def reads(*arguments: str, code: int = 0) -> Command:
    return Command(arguments, writes=False, code=code)


def writes(*arguments: str, code: int = 0) -> Command:
    return Command(arguments, writes=True, code=code)


COMMANDS = {
    "runs": reads("runs"),
    "show": reads("show", "RUN"),
    "show killed": reads("show", "KILLED"),
    "diff": reads("diff", "RUN", "YARDSTICK"),
    "compare": reads("compare"),
    "compare --test": reads("compare", "--test", "RUN", "YARDSTICK"),
    "best": reads("best"),
    "impact": reads("impact", "curriculum", code=1),  # no run has it
    "plot": writes("plot", "confusion", "RUN", "--output", "figure.png"),
    "report": writes("report", "--output", "page.html"),
    "card": writes("card", "RUN"),
    "evaluate": writes("evaluate", "RUN", "--bootstrap-draws", "50"),
    "certify": writes("certify", "RUN", code=1),  # of so few posts nothing is promised
    "behaviour": writes("behaviour", "RUN"),
    "shortcuts": writes("shortcuts", "RUN"),
    "explain": reads("explain", "RUN", "--text", "i sleep badly"),
    "predict": writes(
        *("predict", "posts.csv", "--run", "RUN"), *("--output", "d.csv"), "--uncertified"
    ),
    "ensemble": writes("ensemble", "RUN", "YARDSTICK"),
    "export": writes("export", "RUN", "run.tar.gz"),
    "import": writes("import", "exported.tar.gz"),
    "snapshot": writes("snapshot", "--name", "before"),
    "clean": writes("clean", "--status", "killed", "--delete"),
    "resume": writes("resume", "KILLED"),
    "gone": writes("gone", "KILLED", code=1),  # nobody has to say it of what is seen to be killed
}


@dataclass
class Scene:
    """A folder with runs, and how a process there names them."""

    folder: Path
    """Where the command is given."""
    root: Path
    """The folder `outputs` with the runs."""
    name_run: Callable[[Path], str]
    before: Callable[[], object] = lambda: None
    """What the process does first."""
    has_room: bool = True
    """Whether anything can be written."""

    def arguments(self, command: Command) -> list[str]:
        named = {"RUN": "run", "YARDSTICK": "yardstick", "KILLED": "killed"}
        return [
            self.name_run(self.root / named[each]) if each in named else each
            for each in command.arguments
        ]


def by_path(run: Path) -> str:
    return f"outputs/{run.name}"


@contextlib.contextmanager
def by_relative_path(folder: Path) -> Iterator[Scene]:
    yield Scene(folder, folder / "outputs", by_path)


@contextlib.contextmanager
def by_id(folder: Path) -> Iterator[Scene]:
    yield Scene(folder, folder / "outputs", lambda run: read_json(run / "run.json")["id"])


@contextlib.contextmanager
def from_another_folder(folder: Path) -> Iterator[Scene]:
    elsewhere = folder / "deep" / "elsewhere"
    elsewhere.mkdir(parents=True)
    for name in ("posts.csv", "exported.tar.gz"):
        shutil.copy(folder / name, elsewhere)
    (elsewhere / "outputs").mkdir()
    yield Scene(elsewhere, folder / "outputs", lambda run: f"../../outputs/{run.name}/")


@contextlib.contextmanager
def through_a_link(folder: Path) -> Iterator[Scene]:
    (folder / "scratch").mkdir()
    (folder / "outputs").rename(folder / "scratch" / "outputs")
    (folder / "outputs").symlink_to("scratch/outputs")
    for name in ("run", "yardstick", "killed"):
        (folder / f"to-{name}").symlink_to(f"outputs/{name}")
    yield Scene(folder, folder / "outputs", lambda run: f"to-{run.name}")


@contextlib.contextmanager
def without_flock(folder: Path) -> Iterator[Scene]:
    def flock(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    yield Scene(folder, folder / "outputs", by_path, before=lambda: setattr(fcntl, "flock", flock))


@contextlib.contextmanager
def with_locks_of_this_host_alone(folder: Path) -> Iterator[Scene]:
    """As NFS mounted with local locks: what another host holds looks free."""
    start = folder / "outputs" / "killed" / "attempts" / "001" / "start.json"
    facts = read_json(start)
    write_json(start, {**facts, "host": "another-host", "boot_id": "another-start"})

    def flock(*_: object) -> None:
        return None

    yield Scene(folder, folder / "outputs", by_path, before=lambda: setattr(fcntl, "flock", flock))


@contextlib.contextmanager
def with_a_foreign_record(folder: Path) -> Iterator[Scene]:
    """Every record names what would leave a file if it were built."""
    for run in ("run", "yardstick", "killed"):
        path = folder / "outputs" / run / "run.json"
        marker = str(folder.parent / "ran")
        attack = {
            "_target_": "mental_health_classifier.storage.cache.Path.touch",
            "_args_": [{"_target_": "pathlib.Path", "_args_": [marker]}],
        }
        content: dict[str, Any] = json.loads(json.dumps(read_json(path)))
        for group in ("sampler", "tokenizer", "data", "objective", "optimizer"):
            content["config"][group] = attack
        parts = content["config"].get("network") or {}
        content["config"]["network"] = dict.fromkeys(parts, attack)
        content["config"]["token_streams"] = {"concept": attack}
        write_json(path, content)
    yield Scene(folder, folder / "outputs", by_path)


@contextlib.contextmanager
def with_links_out_of_the_records(folder: Path) -> Iterator[Scene]:
    """What is written through one of them lands in a folder of somebody who made no run."""
    elsewhere = folder.parent / "elsewhere"
    elsewhere.mkdir()
    for run in ("run", "yardstick", "killed"):
        for name in ("assessments", "logs"):
            place = folder / "outputs" / run / name
            if place.is_dir():
                place.rename(elsewhere / f"{run}-{name}")
            else:
                (elsewhere / f"{run}-{name}").mkdir()
            place.symlink_to(elsewhere / f"{run}-{name}")

    def contents() -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in elsewhere.rglob("*") if path.is_file()}

    before = contents()
    yield Scene(folder, folder / "outputs", by_path)
    assert contents() == before


@contextlib.contextmanager
def with_a_disk_that_is_not_mounted(folder: Path) -> Iterator[Scene]:
    for name in (".cache", "model_snapshots"):
        (folder / name).symlink_to(f"/scratch/gone/{name}")
    yield Scene(folder, folder / "outputs", by_path)


@contextlib.contextmanager
def with_files_that_never_end(folder: Path) -> Iterator[Scene]:
    """Beside the runs lies a record whose files are pipes and devices."""
    odd = folder / "outputs" / "odd"
    shutil.copytree(folder / "outputs" / "yardstick", odd)
    for name in ("run.json", "data.json", "metrics.jsonl"):
        (odd / name).unlink(missing_ok=True)
    os.mkfifo(odd / "data.json")
    os.mkfifo(odd / "metrics.jsonl")
    (odd / "run.json").symlink_to("/dev/zero")
    yield Scene(folder, folder / "outputs", by_path)


@contextlib.contextmanager
def on_a_disk(folder: Path, size: str = "48m") -> Iterator[Path]:
    """The same folder on a small file system of its own."""
    disk = folder.parent / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", disk],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("mounting a small tmpfs needs privileges that are not given here")
    try:
        yield Path(shutil.copytree(folder, disk / "work", symlinks=True))
    finally:
        subprocess.run(["umount", disk], check=True)


@contextlib.contextmanager
def on_a_full_disk(folder: Path) -> Iterator[Scene]:
    with on_a_disk(folder) as there:
        with (
            contextlib.suppress(OSError),
            (there.parent / "filler").open("ab", buffering=0) as file,
        ):
            for size in (65536, 1):
                with contextlib.suppress(OSError):
                    while file.write(b"x" * size):
                        pass
        yield Scene(there, there / "outputs", by_path, has_room=False)


@contextlib.contextmanager
def on_a_read_only_disk(folder: Path) -> Iterator[Scene]:
    with on_a_disk(folder) as there:
        subprocess.run(["mount", "-o", "remount,ro", there.parent], check=True)
        yield Scene(there, there / "outputs", by_path, has_room=False)


def give_up_privileges() -> None:
    """Leaves root without its right to pass over permissions, so that they are what decides."""

    class Header(ctypes.Structure):
        _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]

    # _LINUX_CAPABILITY_VERSION_3 of linux/capability.h, which has two words for each of three sets.
    header, none = Header(0x20080522, 0), (ctypes.c_uint32 * 6)()
    if ctypes.CDLL(None, use_errno=True).capset(ctypes.byref(header), ctypes.byref(none)):
        raise OSError(ctypes.get_errno(), "capset")


def give_to_somebody_else(folder: Path, *, mode: int) -> None:
    if os.getuid() != 0:
        pytest.skip("giving files to another user needs root")
    for parent, _, files in os.walk(folder):
        os.chmod(parent, mode)
        os.chown(parent, SOMEBODY_ELSE, SOMEBODY_ELSE)
        for file in files:
            os.chown(Path(parent, file), SOMEBODY_ELSE, SOMEBODY_ELSE)


@contextlib.contextmanager
def in_the_folder_of_somebody_else(folder: Path) -> Iterator[Scene]:
    """Everything can be read and nothing written."""
    give_to_somebody_else(folder, mode=0o755)
    yield Scene(folder, folder / "outputs", by_path, before=give_up_privileges, has_room=False)


@contextlib.contextmanager
def as_a_second_user(folder: Path) -> Iterator[Scene]:
    """Files can be added anywhere, but none of another's be changed."""
    give_to_somebody_else(folder, mode=0o777)
    yield Scene(folder, folder / "outputs", by_path, before=give_up_privileges)


CONDITIONS = {
    "by relative path": by_relative_path,
    "by id": by_id,
    "from another folder": from_another_folder,
    "through a link": through_a_link,
    "without flock": without_flock,
    "with locks of this host alone": with_locks_of_this_host_alone,
    "with a foreign record": with_a_foreign_record,
    "with links out of the records": with_links_out_of_the_records,
    "with a disk that is not mounted": with_a_disk_that_is_not_mounted,
    "with files that never end": with_files_that_never_end,
    "on a full disk": on_a_full_disk,
    "on a read-only disk": on_a_read_only_disk,
    "in the folder of somebody else": in_the_folder_of_somebody_else,
    "as a second user": as_a_second_user,
}
