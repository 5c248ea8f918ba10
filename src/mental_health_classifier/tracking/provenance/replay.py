"""Replay of a recorded run with its own source, compared bit by bit."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mental_health_classifier.contracts import InputError
from mental_health_classifier.storage.leftovers import lent_folder
from mental_health_classifier.storage.process_identity import end_with_the_parent
from mental_health_classifier.tracking.provenance.environment import (
    DETERMINISM,
    read_environment,
    read_hardware,
)
from mental_health_classifier.tracking.provenance.overrides import refuse_what_is_not_plain
from mental_health_classifier.tracking.provenance.run_comparison import (
    Difference,
    differences_between,
)
from mental_health_classifier.tracking.provenance.source_files import PROJECT
from mental_health_classifier.tracking.provenance.source_rebuild import find_source
from mental_health_classifier.tracking.record.assessments import write_assessment
from mental_health_classifier.tracking.record.attempts import now
from mental_health_classifier.tracking.record.interruption import StopSignals
from mental_health_classifier.tracking.record.record_check import changed_files
from mental_health_classifier.tracking.record.run_summary import RunSummary, read_run
from mental_health_classifier.tracking.record.settled_choices import settled_choices

CACHE = Path(".cache")
"""Below it a replay prepares posts, beside those of all runs."""

_LINES_SHOWN = 10
"""Of what a replay that failed has printed."""

HARDWARE = ("machine", "cpu_model", "cpu_flags")
"""What decides which kernels run. GPUs are compared by the replay itself: only a process that uses
them knows them."""

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
    refuse_what_is_not_plain(_overrides_of(run), of=f"Run {run.id}", is_trusted=is_trusted)
    environment = _environment_differences(run)
    if environment and is_strict:
        raise InputError("The environment is not that of the run: " + "; ".join(environment) + ".")
    source = find_source(run.directory, project=project)
    if not is_trusted and not source.is_ours:
        raise InputError(
            f"Run {run.id} brings code of its own: it is not that of this checkout, nor of a "
            f"commit below it. Read {run.directory / 'source'}, then give --trust to run it."
        )
    # Requests to stop leave the block as exceptions, so that it can clean up.
    with StopSignals() as signals:
        folder = Path(tempfile.mkdtemp(prefix="replay-"))
        try:
            source.write(folder / "source")
            replayed = _run_again(run, folder, signals)
        except BaseException:  # whatever ended it, Ctrl-C among them
            signals.is_deferred = True
            shutil.rmtree(folder, ignore_errors=True)
            raise
        finally:
            signals.is_deferred = True
            shutil.rmtree(folder / "source", ignore_errors=True)
    differences = differences_between(run, replayed)
    is_equal = not differences or (
        bool(_hardware_differences(run))
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


def refuse_external(run: RunSummary) -> None:
    """Raises InputError for predictions that another program made."""
    if run.imported_from:
        raise InputError(
            f"Run {run.id} was imported from {run.imported_from}: its source is not here, and "
            "nothing can run it again."
        )
    if run.is_external:
        raise InputError(
            f"Run {run.id} holds predictions that another program made ({run.model}), so nothing "
            f"here can make them again. mhc evaluate {run.id} works out its numbers from them."
        )


def _refuse_what_cannot_be_replayed(run: RunSummary) -> None:
    if run.status != "completed":
        raise InputError(f"Run {run.id} is {run.status}; only a completed run can be replayed.")
    refuse_external(run)
    command, *_ = run.run.get("argv") or [""]
    if Path(command).name != "train.py":
        raise InputError(
            f"Run {run.id} was not started by train.py, so it cannot be started again."
        )
    changed = changed_files(run)
    if changed:
        raise InputError(
            f"The record in {run.directory} was changed after its run: {', '.join(changed)} "
            "no longer have the SHA-256 of its end."
        )


def _overrides_of(run: RunSummary) -> list[str]:
    """What was asked for, and what the run settled on where that was left open."""
    settled = settled_choices(run.directory)
    return [*run.run.get("overrides", ()), *(f"{key}={value}" for key, value in settled.items())]


def _environment_differences(run: RunSummary) -> list[str]:
    """In sentences, what is not as the run recorded it; a replay sets the variables of
    `DETERMINISM` itself."""
    recorded, now = run.run.get("environment", {}), read_environment()
    found = [
        f"{key} was {recorded.get(key)} and is {now[key]}"
        for key in ("python", "implementation", "platform")
        if recorded.get(key) != now[key]
    ]
    found += _between("package", recorded.get("packages", {}), now["packages"])
    found += _between("variable", recorded.get("variables", {}), now["variables"] | DETERMINISM)
    return found + _hardware_differences(run)


def _hardware_differences(run: RunSummary) -> list[str]:
    recorded, now = run.run.get("hardware", {}), read_hardware()
    return [
        f"{key} was {recorded.get(key)} and is {now[key]}"
        for key in HARDWARE
        if recorded.get(key) != now[key]
    ]


def _between(kind: str, recorded: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    return [
        f"{kind} {name} was {recorded.get(name, 'absent')} and is {now.get(name, 'absent')}"
        for name in sorted(recorded.keys() | now.keys())
        if recorded.get(name) != now.get(name)
    ]


def _run_again(run: RunSummary, folder: Path, signals: StopSignals) -> RunSummary:
    source, directory = folder / "source", folder / "run"
    threads = run.run.get("hardware", {}).get("torch_threads")
    # Before everything that is installed, an editable install of another checkout among it; and
    # nothing from the folder of the script or from where this was started.
    places = {"PYTHONPATH": str(source / "src"), "PYTHONSAFEPATH": "1"}
    # A tracker that the run was logged to is not told of it a second time.
    places |= {"MLFLOW_TRACKING_URI": f"sqlite:///{folder / 'mlflow.db'}", "WANDB_MODE": "disabled"}
    places |= {"TRACKIO_DIR": str(folder), "TRACKIO_SPACE_ID": "", "TRACKIO_SERVER_URL": ""}
    with lent_folder(CACHE) as cache, (folder / "output.txt").open("w") as output:
        arguments = [
            *_overrides_of(run),
            f"cache_dir={cache}",  # nothing prepared by other code is used
            *([] if threads is None else [f"num_threads={threads}"]),
            f"hydra.run.dir={directory}",
        ]
        signals.is_deferred = True
        child = subprocess.Popen(
            [sys.executable, "-P", str(source / "train.py"), *arguments],
            env={**os.environ, **DETERMINISM, **places},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=end_with_the_parent,
        )
        try:
            signals.resume()
            exit_code = child.wait()
        finally:
            # Also those that it started; nothing of a replay that was stopped is needed.
            signals.is_deferred = True
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()
    replayed = read_run(directory)
    if exit_code or replayed.status != "completed":
        printed = (folder / "output.txt").read_text(encoding="utf-8", errors="replace")
        last = "\n".join(printed.strip().splitlines()[-_LINES_SHOWN:])
        raise InputError(
            f"The replay ended with exit code {exit_code}. It printed at last:\n{last}"
        )
    ran, recorded = (each.run.get("source", {}).get("sha256") for each in (replayed, run))
    if ran != recorded:
        raise InputError(
            f"The code that ran in the replay (source {ran}) is not that of the run ({recorded})."
        )
    return replayed


def _certify(run: RunSummary, verdict: Verdict, replayed: RunSummary) -> None:
    write_assessment(
        run.directory,
        "replay",
        {
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
