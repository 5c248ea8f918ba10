"""Another process of a run that uses several devices: python -m ...experiment.follower."""

from __future__ import annotations

import functools
import os
import sys
import threading
from collections.abc import Callable
from contextlib import chdir
from pathlib import Path

from lightning.fabric.plugins.environments.cluster_environment import ClusterEnvironment

from mental_health_classifier.configuration.build import build_corpus, set_num_threads
from mental_health_classifier.configuration.check import checked
from mental_health_classifier.configuration.learner import build_learner
from mental_health_classifier.configuration.recorded import recorded_configuration
from mental_health_classifier.experiment.processes import READY, answers_of
from mental_health_classifier.prediction.soft_targets import soft_targets
from mental_health_classifier.tracking.record.attempts import started_in
from mental_health_classifier.tracking.record.followed_record import FollowedRecord
from mental_health_classifier.tracking.record.run_summary import read_run
from mental_health_classifier.training.devices import (
    OwnProcesses,
)
from mental_health_classifier.training.memory import spare_memory_traffic
from mental_health_classifier.training.resume_point import find_resume_point


def follow(
    directory: Path,
    environment: ClusterEnvironment | None = None,
    *,
    say_ready: Callable[[], object] | None = None,
) -> None:
    """Takes part in a run that another process records: trains its shares of each step and predicts
    its shares of the posts.

    Args:
        directory: of the run, whose first process has read the posts already.
        environment: see `build_learner`.
        say_ready: is called as training could begin.
    """
    run = read_run(directory)
    begun_in = started_in(directory) or Path()
    config = recorded_configuration(run, begun_in=begun_in)
    spare_memory_traffic()
    set_num_threads(run.run["hardware"]["torch_threads"])
    with chdir(begun_in):
        config = checked(config)
        corpus = build_corpus(config)
        teach = functools.partial(soft_targets, corpus=corpus)
        record = FollowedRecord(run)
        learner = build_learner(config, corpus, record, [], teach=teach, environment=environment)
        if say_ready is not None:
            say_ready()
        learner.fit(find_resume_point(directory))
        answers_of(learner, config)


def _end_with_the_first() -> None:
    """Ends this process when the first of the run is gone, whatever it waits for."""
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=_end_with_the_first, daemon=True).start()
    # The first process reads one line. Whatever else is printed here goes into the log.
    to_first = os.dup(1)
    os.dup2(2, 1)
    rank, num_processes, port = map(int, sys.argv[2:])
    follow(
        Path(sys.argv[1]),
        OwnProcesses(rank, num_processes, port),
        say_ready=lambda: os.write(to_first, f"{READY}\n".encode()),
    )
