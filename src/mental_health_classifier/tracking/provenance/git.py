"""State and answers of git, which runs nothing, changes nothing and asks nobody here."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

TIMEOUT_SECONDS = 20.0

# Of git's own variables only those that say where its settings are. The others are set while git
# runs a hook, when another repository would be read, or name programs.
_KEPT_VARIABLES = re.compile(
    r"GIT_(?:CONFIG_(?:GLOBAL|SYSTEM|NOSYSTEM|COUNT|KEY_\d+|VALUE_\d+)"
    r"|CEILING_DIRECTORIES|DISCOVERY_ACROSS_FILESYSTEM|EXEC_PATH)"
)
_VARIABLES = {
    # Optional locks would let a run that only looks disturb a commit that is being made.
    "GIT_OPTIONAL_LOCKS": "0",
    # A commit is what its hash says, whatever a repository wants it replaced by.
    "GIT_NO_REPLACE_OBJECTS": "1",
    # A repository can lack objects and name the program that fetches them.
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}
# A repository can name programs of its own; looking at one must run none of them.
_SETTINGS = {
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
    "core.quotePath": "true",
}
_FILTERS = r"^filter\..*\.(clean|smudge|process|required)$"


def git_output(folder: Path, *arguments: str, given: bytes = b"") -> bytes | None:
    """What git prints in a folder; None where there is no git, no repository, or an error.

    Filters that the repository names (for large files, for instance) are passed over: files are
    taken as they are.

    Args:
        given: what git reads from its standard input.
    """
    names = _run(folder, {}, b"", "config", "--name-only", "-z", "--get-regexp", _FILTERS)
    filters = {name: "false" if name.endswith(".required") else "" for name in _split(names)}
    return _run(folder, filters, given, *arguments)


def git_entries(folder: Path, *arguments: str) -> list[str]:
    """What git prints in a folder with the option -z, as paths; empty as where `git_output` gives
    None."""
    return _split(git_output(folder, *arguments))


def _split(output: bytes | None) -> list[str]:
    return [os.fsdecode(entry) for entry in (output or b"").split(b"\0") if entry]


def _run(folder: Path, settings: dict[str, str], given: bytes, /, *arguments: str) -> bytes | None:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GIT_") or _KEPT_VARIABLES.fullmatch(name)
    }
    try:
        finished = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            env={**kept, **_VARIABLES, **_settings({**_SETTINGS, **settings}, kept)},
            input=given,
            capture_output=True,
            timeout=TIMEOUT_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return finished.stdout


def _settings(settings: dict[str, str], kept: dict[str, str]) -> dict[str, str]:
    """Settings as variables, after those that the person has given in this way.

    Unlike the option -c they can hold any name.
    """
    count = kept.get("GIT_CONFIG_COUNT", "")
    first = int(count) if count.isdecimal() else 0
    variables = {"GIT_CONFIG_COUNT": str(first + len(settings))}
    for number, (name, value) in enumerate(settings.items(), start=first):
        variables[f"GIT_CONFIG_KEY_{number}"] = name
        variables[f"GIT_CONFIG_VALUE_{number}"] = value
    return variables


@dataclass(frozen=True, slots=True)
class GitState:
    """What git says about a folder. None: not known, for instance because there is no repository or
    no git."""

    commit: str | None = None
    """Full hash. None also in a repository without a commit."""
    branch: str | None = None
    """None also where no branch is checked out."""
    is_dirty: bool | None = None
    """Whether files were changed, or added without being committed; what git ignores does not
    count."""
    remote: str | None = None
    """Where the branch is pulled from, else `origin`, else the first remote, without passwords and
    tokens."""


def read_git_state(folder: Path) -> GitState:
    """Reads commit, branch, uncommitted changes and remote of the repository that holds `folder`.

    Never fails: what cannot be read is None.
    """
    # Within submodules git would start itself, and forget which programs it must not run.
    what = ("--branch", "--untracked-files=normal", "--ignore-submodules=dirty")
    status = _git(folder, "status", "--porcelain=v2", *what)
    if status is None:
        return GitState()
    lines = status.splitlines()
    found = (line[2:].partition(" ") for line in lines if line.startswith("# "))
    headers = {key: value for key, _, value in found}
    commit, branch = headers.get("branch.oid"), headers.get("branch.head")
    return GitState(
        commit=None if commit == "(initial)" else commit,
        branch=None if branch == "(detached)" else branch,
        is_dirty=any(not line.startswith("# ") for line in lines),
        remote=_read_remote(folder, upstream=headers.get("branch.upstream", "")),
    )


def _read_remote(folder: Path, *, upstream: str) -> str | None:
    # The configured address: `git remote get-url` would show it after insteadOf rules, where people
    # keep tokens.
    configured = _git(folder, "config", "--get-regexp", r"^remote\..*\.url$")
    addresses: dict[str, str] = {}
    for line in (configured or "").splitlines():
        key, _, address = line.partition(" ")
        addresses.setdefault(key.removeprefix("remote.").removesuffix(".url"), address)
    if not addresses:
        return None
    preferred = [name for name in addresses if upstream.startswith(f"{name}/")]
    chosen = [*preferred, *(name for name in addresses if name == "origin"), *addresses][0]
    return without_credentials(addresses[chosen])


def without_credentials(address: str) -> str | None:
    """A remote's address without anything that gives access; None where it cannot be taken apart
    safely.

    The user name of ssh stays (it is `git` nearly everywhere and part of the address); that of http
    goes, because tokens are given there.
    """
    url = re.fullmatch(r"([A-Za-z][\w+.:-]*)://([^/?#]*)([^?#]*)(?:[?#].*)?", address)
    if url is None:
        # The short form of ssh, user@host:path, and paths on this machine.
        user, at, place = address.rpartition("@")
        return f"{user.partition(':')[0]}{at}{place}" if at and "/" not in user else address
    scheme, authority, path = url.groups()
    user, at, host = authority.rpartition("@")
    _, _, port = host.rpartition("]")[2].partition(":")
    if port and not port.isdigit():
        # A password with a slash in it looks like this.
        return None
    user = user.partition(":")[0]
    return (
        f"{scheme}://{user}@{host}{path}"
        if user and "ssh" in scheme
        else f"{scheme}://{host}{path}"
    )


def _git(folder: Path, *arguments: str) -> str | None:
    output = git_output(folder, *arguments)
    return None if output is None else output.decode("utf-8", errors="replace")
