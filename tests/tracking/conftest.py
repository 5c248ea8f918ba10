import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mental_health_classifier.tracking.run_record import RunRecord, recorded_run

ARGUMENTS: dict[str, Any] = {
    "name": "baseline",
    "description": "the smallest network",
    "hypothesis": "it beats a bag of words",
    "tags": ["pilot"],
    "seed": 1,
    "model": "baseline_micro",
    "variants": ["curriculum"],
    "config": {"seed": 1, "model": {"width": 64}},
    "overrides": ["model=baseline_micro"],
    "argv": ["train.py", "model=baseline_micro"],
}


@pytest.fixture
def record_run(tmp_path: Path) -> Callable[..., RunRecord]:
    """Claims a directory below the test's own for a run; anything about it can be changed."""

    def record(directory: str = "run", **changes: Any) -> RunRecord:
        return recorded_run(tmp_path / directory, **{**ARGUMENTS, **changes})

    return record


@pytest.fixture
def start_child(tmp_path: Path) -> Iterator[Callable[[str], subprocess.Popen[str]]]:
    """Starts another Python that can `record(directory)`; it is gone when the test is over."""
    children: list[subprocess.Popen[str]] = []

    def start(body: str) -> subprocess.Popen[str]:
        preamble = f"""
import os, signal, sys, time
from pathlib import Path
from mental_health_classifier.tracking.run_record import recorded_run

def record(directory="run"):
    return recorded_run(Path({str(tmp_path)!r}, directory), **{ARGUMENTS!r})

"""
        script = preamble + textwrap.dedent(body)
        child = subprocess.Popen(
            [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        children.append(child)
        return child

    yield start
    for child in children:
        child.kill()
        child.communicate()
