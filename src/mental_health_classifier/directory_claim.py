"""A Hydra callback: a run's directory belongs to one run."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hydra.experimental.callback import Callback
from omegaconf import DictConfig


class DirectoryClaim(Callback):
    """Refuses to start in a directory that exists, since Hydra would write into it.

    Creating the directory is the claim: of two processes that want the same one, one succeeds.
    """

    def on_run_start(self, config: DictConfig, **_: Any) -> None:
        _claim(Path(config.hydra.run.dir), "hydra.run.dir")

    def on_multirun_start(self, config: DictConfig, **_: Any) -> None:
        _claim(Path(config.hydra.sweep.dir), "hydra.sweep.dir")

    def on_job_start(self, config: DictConfig, **_: Any) -> None:
        # Hydra opens the log file lazily, and does not make its folder.
        (Path(config.hydra.runtime.output_dir) / "logs").mkdir(exist_ok=True)


def _claim(directory: Path, key: str) -> None:
    try:
        directory.mkdir(parents=True)
    except FileExistsError:
        # Hydra turns exceptions of callbacks into warnings; leaving the process is not one.
        print(
            f"{directory} exists already, and a run is never overwritten. Choose another {key}, "
            "or delete that folder if what it holds is not needed.",
            file=sys.stderr,
        )
        raise SystemExit(1) from None
