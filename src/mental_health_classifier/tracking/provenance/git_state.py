"""Commit, branch and uncommitted changes of the code that runs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from mental_health_classifier.tracking.provenance.git_command import git_output


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
    headers: dict[str, str] = {}
    is_dirty = False
    for line in status.splitlines():
        if line.startswith("# "):
            key, _, value = line[2:].partition(" ")
            headers[key] = value
        else:
            is_dirty = True
    commit = headers.get("branch.oid")
    branch = headers.get("branch.head")
    return GitState(
        commit=None if commit == "(initial)" else commit,
        branch=None if branch == "(detached)" else branch,
        is_dirty=is_dirty,
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
