"""The launcher of conf/hydra/launcher. Hydra builds none from another package than this."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hydra.core.utils import JobReturn
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig


class JobLauncher(Launcher):
    """Gives each job of a sweep a process of its own.

    Hydra imports this file whenever it starts, so what runs them is imported later.
    """

    def __init__(self, **settings: Any) -> None:
        self._settings = settings
        self._config: DictConfig | None = None

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        self._config = config

    def launch(
        self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
    ) -> Sequence[JobReturn]:
        from mental_health_classifier.sweeps.launched_jobs import launch_jobs

        assert self._config is not None
        return launch_jobs(self._config, self._settings, job_overrides, first=initial_job_idx)
