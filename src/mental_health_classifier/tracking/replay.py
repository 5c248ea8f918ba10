"""Runs a recorded run again, with its own source, and proves that the same comes out."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from mental_health_classifier.contracts import InputError
from mental_health_classifier.tracking.attempts import now
from mental_health_classifier.tracking.environment import DETERMINISM
from mental_health_classifier.tracking.environment_comparison import (
    environment_differences,
    hardware_differences,
)
from mental_health_classifier.tracking.files import SCHEMA_VERSION, write_json
from mental_health_classifier.tracking.overrides import is_of_a_run
from mental_health_classifier.tracking.record_check import changed_files
from mental_health_classifier.tracking.run_comparison import Difference, differences_between
from mental_health_classifier.tracking.run_summary import RunSummary, read_run
from mental_health_classifier.tracking.settled_choices import settled_choices
from mental_health_classifier.tracking.source_files import PROJECT
from mental_health_classifier.tracking.source_rebuild import comes_from_here, rebuild_source

TOLERANCE = 1e-4
"""Largest difference of any number that other hardware excuses."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a replay has shown."""

    is_identical: bool
    """Bit for bit: configuration, data, every line of metrics.jsonl, predictions and weights."""
    is_equal: bool
    """As that, or on other hardware equal within `TOLERANCE`."""
    differences: list[Difference]
    environment: list[str]
    """What differs between the environment of the run and this one."""
    directory: Path | None
    """The replayed run; None where it was removed, since it is the same as the first."""


def replay(
    run: RunSummary, *, is_trusted: bool, is_strict: bool, project: Path = PROJECT
) -> Verdict:
    """Rebuilds the source of a run, runs it with the same overrides, and compares.

    The verdict is also written into the run, as assessments/replay.json.

    Args:
        is_trusted: whether code that came with the record may run.
        is_strict: whether another environment is refused.
        project: the checkout whose repository has the run's commit.

    Raises:
        InputError: the run cannot be replayed, its record was changed, or its code is not trusted.
    """
    _refuse_what_cannot_be_replayed(run)
    environment = environment_differences(run)
    if environment and is_strict:
        raise InputError("The environment is not that of the run: " + "; ".join(environment) + ".")
    if not is_trusted and not comes_from_here(run.directory, project=project):
        raise InputError(
            f"Run {run.id} brings code of its own: it is not that of this checkout, nor of a "
            f"commit below it. Read {run.directory / 'source'}, then give --trust to run it."
        )
    folder = Path(tempfile.mkdtemp(prefix=f"replay-{run.id}-"))
    try:
        rebuild_source(run.directory, folder / "source", project=project)
        replayed = _run_again(run, folder)
    except BaseException:
        shutil.rmtree(folder / "source", ignore_errors=True)
        raise
    differences = differences_between(run, replayed)
    is_equal = not differences or (
        bool(hardware_differences(run))
        and all(each.amount is not None and each.amount <= TOLERANCE for each in differences)
    )
    verdict = Verdict(
        is_identical=not differences,
        is_equal=is_equal,
        differences=differences,
        environment=environment,
        directory=replayed.directory if differences else None,
    )
    _certify(run, verdict, replayed)
    if not differences:
        shutil.rmtree(folder)
    return verdict


def _refuse_what_cannot_be_replayed(run: RunSummary) -> None:
    if run.status != "completed":
        raise InputError(f"Run {run.id} is {run.status}; only a completed run can be replayed.")
    if Path((run.run.get("argv") or [""])[0]).name != "train.py":
        raise InputError(
            f"Run {run.id} was not started by train.py, so it cannot be started again."
        )
    changed = changed_files(run)
    if changed:
        raise InputError(
            f"The record in {run.directory} was changed after its run: {', '.join(changed)} "
            "no longer have the SHA-256 of its end."
        )
    for override in _overrides_of(run):
        if not is_of_a_run(override):
            raise InputError(f"Run {run.id} has the override {override}, which is not replayed.")


def _overrides_of(run: RunSummary) -> list[str]:
    """What was asked for, and what the run settled on where that was left open."""
    settled = settled_choices(run.directory)
    return [*run.run.get("overrides", []), *(f"{key}={value}" for key, value in settled.items())]


def _run_again(run: RunSummary, folder: Path) -> RunSummary:
    source, directory = folder / "source", folder / "run"
    threads = run.run.get("hardware", {}).get("torch_threads")
    arguments = [
        *_overrides_of(run),
        f"cache_dir={folder / 'cache'}",  # nothing prepared by other code is used
        *([] if threads is None else [f"num_threads={threads}"]),
        f"hydra.run.dir={directory}",
    ]
    # Before everything that is installed, an editable install of another checkout among it.
    environment = {**os.environ, **DETERMINISM, "PYTHONPATH": str(source / "src")}
    with (folder / "output.txt").open("w") as output:
        finished = subprocess.run(
            [sys.executable, str(source / "train.py"), *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    replayed = read_run(directory)
    if finished.returncode or replayed.status != "completed":
        raise InputError(
            f"The replay ended with exit code {finished.returncode}; what it printed is in "
            f"{folder / 'output.txt'}."
        )
    ran, recorded = (each.run.get("source", {}).get("sha256") for each in (replayed, run))
    if ran != recorded:
        raise InputError(
            f"The code that ran in the replay (source {ran}) is not that of the run ({recorded})."
        )
    return replayed


def _certify(run: RunSummary, verdict: Verdict, replayed: RunSummary) -> None:
    write_json(
        run.directory / "assessments" / "replay.json",
        {
            "schema_version": SCHEMA_VERSION,
            "replayed_at": now(),
            "verdict": "identical"
            if verdict.is_identical
            else f"equal within {TOLERANCE}"
            if verdict.is_equal
            else "different",
            "differences": [str(each) for each in verdict.differences],
            "environment_differences": verdict.environment,
            "source_sha256": replayed.run["source"]["sha256"],
            "hardware": replayed.run["hardware"],
        },
    )
