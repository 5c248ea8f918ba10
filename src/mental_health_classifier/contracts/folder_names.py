"""Names of folders for runs and other things that people name."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

_MOST_BYTES = 60
"""File systems count bytes, 255 of them, of which others put a time or a number before the name."""


def folder_name(name: object) -> str:
    """A run's name as one safe part of a path."""
    safe = re.sub(r"[^\w.-]+", "-", str(name)).strip("-.")
    return safe.encode()[:_MOST_BYTES].decode(errors="ignore").rstrip("-.") or "run"


def new_run_directory(root: Path, name: str) -> Path:
    """A directory below `root` that no other run has, named as conf/hydra names those of
    `train.py`."""
    moment = datetime.now().astimezone()
    day, time = moment.strftime("%Y-%m-%d"), moment.strftime("%H-%M-%S-%f")
    return root / day / f"{time}-{folder_name(name)}"
