"""Trains and tests what the configuration describes: python train.py --help."""

from mental_health_classifier.tracking.provenance.environment import (
    ensure_deterministic_environment,
    let_idle_threads_sleep,
    number_of_processes,
)

if __name__ == "__main__":
    let_idle_threads_sleep()
    ensure_deterministic_environment()

import sys

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from mental_health_classifier.configuration.build import register_resolvers
from mental_health_classifier.configuration.errors import explaining_errors


@hydra.main(config_path="conf", config_name="config", version_base="1.3")
def main(config: DictConfig) -> float | None:
    from contextlib import chdir
    from pathlib import Path

    from mental_health_classifier.experiment.run import run_experiment

    hydra_config = HydraConfig.get()
    # Paths begin where the command was given, also where hydra.job.chdir went elsewhere.
    with chdir(hydra_config.runtime.cwd):
        return run_experiment(
            config, Path(hydra_config.runtime.output_dir), hydra_config.overrides.task
        )


if __name__ == "__main__":
    if "--help=all" in sys.argv:
        # Hydra's own option takes no value.
        sys.argv[1:] = [each for each in sys.argv[1:] if each != "--help=all"]
        sys.argv += ["hydra/help=all", "--help"]
    register_resolvers()
    with explaining_errors():
        if number_of_processes() > 1:
            from mental_health_classifier.experiment.launched import take_part

            take_part(main)
        else:
            from mental_health_classifier.experiment.ending import telling_of_sweep

            with telling_of_sweep():
                main()
