"""The processes of a run that uses several devices of this machine: the first starts the others."""

from __future__ import annotations

import socket
import subprocess
import sys
from contextlib import AbstractContextManager, ExitStack, nullcontext
from pathlib import Path
from signal import Signals
from types import TracebackType
from typing import Any

from omegaconf import DictConfig

from mental_health_classifier.configuration.learner import processes_to_start
from mental_health_classifier.contracts import InputError
from mental_health_classifier.contracts.pretraining import is_pretraining
from mental_health_classifier.training.devices import (
    OwnProcesses,
    is_in_group,
    leave_group,
    tell_all,
)

READY = "ready"
"""What a process says once it has read the posts and waits for the first to begin."""
_PATIENCE = 30.0
"""Seconds that a process is given to end, once it is known that it should."""


def other_processes(
    config: DictConfig, directory: Path
) -> StartedProcesses | LaunchedProcesses | NoOthers:
    """The context in which a run trains and predicts, by how many devices it uses and who starts a
    process for each."""
    if (num_processes := processes_to_start(config)) > 1:
        return StartedProcesses(directory, num_processes)
    if is_in_group():
        return LaunchedProcesses(directory)
    return NoOthers()


class NoOthers(nullcontext[None]):
    """Of a run that uses one device."""

    environment = None


class LaunchedProcesses(AbstractContextManager[None]):
    """The other processes have the same command, and wait for a run to take part in."""

    environment = None

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def __enter__(self) -> None:
        tell_all(str(self._directory))

    def __exit__(self, *_: object) -> None:
        """Connected until the command ends: the next job of a sweep needs them too."""


class StartedProcesses(AbstractContextManager[None]):
    """A context in which the other processes of a run train and predict with this one.

    They are given the run's folder alone, read its configuration there and write nothing into it
    but a log each. Whichever process ends early, none waits for it: the connection breaks in this
    one, and the others end as their standard input does.

    Args:
        directory: of the run.
        num_processes: this one included.
    """

    def __init__(self, directory: Path, num_processes: int) -> None:
        self._directory = directory
        self._processes: list[subprocess.Popen[str]] = []
        self._files = ExitStack()
        self.environment = OwnProcesses(rank=0, num_processes=num_processes, port=_free_port())
        """Where the processes meet."""

    def __enter__(self) -> None:
        try:
            self._start()
        except BaseException:  # Ctrl-C too: no process is left behind
            self._end(patience=0.0)
            raise

    def __exit__(
        self, kind: object, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # One that died is the reason of what went wrong here; it may take a moment to be gone.
        is_broken = isinstance(error, Exception) and not isinstance(error, InputError)
        failed = self._end(patience=_PATIENCE if error is None else 2.0 if is_broken else 0.0)
        if failed and (error is None or is_broken):
            raise InputError(" ".join(failed)) from error

    def _start(self) -> None:
        logs = self._directory / "logs"
        logs.mkdir(exist_ok=True)
        for rank in range(1, self.environment.num_processes):
            log = self._files.enter_context(_log_of(self._directory, rank).open("w"))
            arguments = (self._directory, rank, self.environment.num_processes)
            process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "mental_health_classifier.experiment.follower"),
                    *map(str, (*arguments, self.environment.port)),
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                # Ctrl-C is for the first process, which ends the others.
                start_new_session=True,
            )
            self._processes.append(process)
        for process in self._processes:
            assert process.stdout is not None
            if process.stdout.readline().strip() != READY:
                process.wait(_PATIENCE)
                raise InputError(" ".join(self._failures()))

    def _end(self, *, patience: float) -> list[str]:
        """Waits so long for the processes, ends those that are left, and says of each that failed
        by itself how."""
        for process in self._processes:
            try:
                process.wait(patience)
            except subprocess.TimeoutExpired:
                continue
        failures = self._failures()
        for process in self._processes:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                assert stream is not None
                stream.close()
        self._files.close()
        leave_group()
        return failures

    def _failures(self) -> list[str]:
        count = len(self._processes) + 1
        return [
            f"Process {rank + 1} of the {count} of this run ended with "
            f"{Signals(-code).name if code < 0 else f'exit code {code}'}; what it said is in "
            f"{_log_of(self._directory, rank)}. `mhc resume` goes on from the last checkpoint."
            for rank, process in enumerate(self._processes, 1)
            if (code := process.poll())
        ]


def answers_of(learner: Any, config: DictConfig) -> Any:
    """What all processes of a run work out together after training: the predictions of all parts,
    or of pretraining its numbers on val."""
    return learner.measure() if is_pretraining(config) else learner.predict()


def _log_of(directory: Path, rank: int) -> Path:
    return directory / "logs" / f"process-{rank + 1}.log"


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]
