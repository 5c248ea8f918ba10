"""Where runs lie that Hydra does not start."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

_MAX_FOLDER_NAME = 60


def folder_name(name: object) -> str:
    """A run's name as one safe part of a path."""
    return re.sub(r"[^\w.-]+", "-", str(name)).strip("-.")[:_MAX_FOLDER_NAME] or "run"


def new_run_directory(root: Path, name: str) -> Path:
    """A directory below `root` that no other run has, named as conf/hydra names those of
    `train.py`."""
    moment = datetime.now().astimezone()
    day, time = moment.strftime("%Y-%m-%d"), moment.strftime("%H-%M-%S-%f")
    return root / day / f"{time}-{folder_name(name)}"
