"""Calls of git that run no other program, change nothing and ask nobody."""

from __future__ import annotations

import os
import re
import subprocess
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
    names = _run(folder, {}, b"", "config", "--name-only", "-z", "--get-regexp", _FILTERS) or b""
    filters = {
        name: "false" if name.endswith(".required") else ""
        for name in os.fsdecode(names).split("\0")
        if name
    }
    return _run(folder, filters, given, *arguments)


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
