"""Another process of a run that uses several devices: python -m ...experiment.follower."""

from __future__ import annotations

import functools
import os
import sys
import threading
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
    join_group,
    launcher,
    tell_all,
)
from mental_health_classifier.training.memory import spare_memory_traffic
from mental_health_classifier.training.resume_point import find_resume_point


def follow(directory: Path, environment: ClusterEnvironment | None) -> None:
    """Takes part in a run that another process records: trains its shares of each step and predicts
    its shares of the posts.

    Args:
        directory: of the run, whose first process has read the posts already.
        environment: see `build_learner`.
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
        if environment is not None:
            print(READY, flush=True)
        learner.fit(find_resume_point(directory))
        answers_of(learner, config)


def follow_runs() -> None:
    """Takes part in the runs of a command whose first process conducts them, until that ends."""
    environment = launcher()
    assert environment is not None
    join_group(environment)
    while (directory := tell_all(None)) is not None:
        follow(Path(directory), None)


def _end_with_the_first() -> None:
    """Ends this process when the first of the run is gone, whatever it waits for."""
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=_end_with_the_first, daemon=True).start()
    rank, num_processes, port = map(int, sys.argv[2:])
    follow(Path(sys.argv[1]), OwnProcesses(rank, num_processes, port))
