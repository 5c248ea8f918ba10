"""Asks git, without letting it run anything, change anything or ask anybody."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

TIMEOUT_SECONDS = 20.0

# Set by git while it runs a hook; another repository would be read.
_HOOK_VARIABLES = {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"}


def git_output(
    folder: Path, *arguments: str, variables: Mapping[str, str] | None = None
) -> bytes | None:
    """What git prints in a folder; None where there is no git, no repository, or an error."""
    environment = {name: value for name, value in os.environ.items() if name not in _HOOK_VARIABLES}
    # Optional locks would let a run that only looks disturb a commit that is being made.
    environment |= {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    # A repository can name a program as its file-system monitor; looking at one must run nothing.
    options = ("-c", "core.fsmonitor=false", "-c", "core.quotePath=true")
    try:
        finished = subprocess.run(
            ["git", "-C", str(folder), *options, *arguments],
            env={**environment, **(variables or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=TIMEOUT_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return finished.stdout
