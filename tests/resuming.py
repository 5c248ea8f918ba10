"""Whole runs in forked processes, killed where a test says; importing once keeps them cheap."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

from omegaconf import DictConfig

from mental_health_classifier.experiment import run as experiment
from mental_health_classifier.tracking.provenance.git import GitState
from mental_health_classifier.tracking.record import resumption, run_record
from mental_health_classifier.training.text_classifier import TextClassifier

SMALL = [
    *("model=baseline_micro", "data.size=700", "trainer=smoke", "num_threads=1", "logger=none"),
    *("trainer.max_epochs=3", "trainer.limit_train_batches=null", "trainer.log_every_n_steps=3"),
    *("callbacks.progress=null", "callbacks.resources=null"),
    *("callbacks.checkpoints.last_every_n_steps=4", "evaluation.bootstrap_draws=50"),
    "evaluation.yardstick=null",
]
"""A run of three epochs in about two seconds."""

OUTCOMES = (
    *("checkpoints/best.safetensors", "checkpoints/last.safetensors", "checkpoints/tokenizer.json"),
    *("metrics.jsonl", "predictions/val.csv", "predictions/calibration.csv"),
    *("predictions/test.csv", "data.json"),
)
"""What is the same, byte by byte, whenever the same configuration is run."""


def in_child(work: Callable[[], object]) -> int:
    """Does the work in a forked process; returns its exit code, minus the signal if killed."""
    pid = start_child(work)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def start_child(work: Callable[[], object]) -> int:
    """Forks a process that does the work; returns its id."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 (it lives as long as the process)
        # What the test's own process would do with them is nothing to a run.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        work()
        code = 0
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        # Even where the quota of a test leaves no room for the traceback: this process must not go
        # on as a second test session.
        os._exit(code)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def killed_before_step(step: int, work: Callable[[], object]) -> int:
    """Does the work in a process that is killed as the training has done so many steps."""
    train = TextClassifier.training_step

    def training_step(self: TextClassifier, *arguments: object) -> object:
        if self.global_step == step:
            die()
        return train(self, *arguments)  # pyright: ignore[reportArgumentType]

    with patch.object(TextClassifier, "training_step", training_step):
        return in_child(work)


def outcome_of(directory: Path) -> dict[str, bytes]:
    return {name: (directory / name).read_bytes() for name in OUTCOMES}


def run(config: DictConfig, directory: Path) -> None:
    with a_repository_that_stays_as_it_is():
        experiment.run_experiment(config, directory, [])


def resume(directory: Path) -> None:
    with a_repository_that_stays_as_it_is():
        experiment.resume_experiment(directory)


@contextmanager
def a_repository_that_stays_as_it_is() -> Iterator[None]:
    """Checkpoints hold the commit, and somebody may commit while the tests run."""
    state = GitState(commit="0" * 40, branch="main", is_dirty=False)
    with (
        patch.object(run_record, "read_git_state", lambda _: state),
        patch.object(resumption, "read_git_state", lambda _: state),
    ):
        yield
