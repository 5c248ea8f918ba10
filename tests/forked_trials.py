"""Jobs of a sweep or search as forked processes: real runs, without the seconds that Python and its
libraries take to start."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from resuming import in_child

from mental_health_classifier.configuration.build import register_resolvers
from mental_health_classifier.experiment.run import resume_experiment, run_experiment
from mental_health_classifier.storage.process_identity import end_with_the_parent

CONF = Path(__file__).resolve().parent.parent / "conf"


def forked_job(
    begin: Callable[[], None] = lambda: None,
) -> Callable[[Sequence[str], Path, Mapping[str, str], Any], int]:
    """What takes the place of `job_process._run`.

    Args:
        begin: is called in the new process, before the run.
    """

    def run(
        command: Sequence[str], folder: Path, environment: Mapping[str, str], output: Any
    ) -> int:
        def work() -> None:
            end_with_the_parent()
            os.environ.update(environment)
            os.chdir(folder)
            begin()
            if "resume" in command:
                resume_experiment(Path(command[-1]))
                return
            place = next(place for place, word in enumerate(command) if word.endswith("train.py"))
            *overrides, target = command[place + 1 :]
            register_resolvers()
            with initialize_config_dir(str(CONF), version_base="1.3"):
                config = compose("config", overrides=overrides)
            run_experiment(config, Path(target.partition("=")[2].strip("'")), overrides)

        return in_child(work)

    return run
