"""Several jobs at once on this machine: hydra/launcher=joblib."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from joblib import Parallel, delayed
from pydantic import NonNegativeInt, PositiveInt
from pydantic.dataclasses import dataclass

from mental_health_classifier.configuration.errors import explain
from mental_health_classifier.contracts import InputError
from mental_health_classifier.sweeps.job_process import stop_jobs
from mental_health_classifier.sweeps.launchers.launcher import Ended, Work

log = logging.getLogger(__name__)


@dataclass
class OnThisMachine:
    """Threads that wait for a process each. The processes divide the processors, and the GPUs if
    they are to have some."""

    jobs: PositiveInt | None = None
    """At once. None: one for each processor, or for each share of the GPUs."""
    gpus_per_job: NonNegativeInt = 0
    _is_stopped: bool = field(default=False, init=False)

    def each(self, work: Work, items: Iterable[Any], folder: Path) -> Iterator[Ended]:
        """See `Launcher`."""
        shares = shares_of_machine(self.jobs, self.gpus_per_job)
        free: SimpleQueue[Mapping[str, str]] = SimpleQueue()
        for share in shares:
            free.put(share)

        def do(item: Any) -> Ended:
            share = free.get()
            try:
                if not self._is_stopped:
                    work(item, share)
            except Exception as error:  # of this item alone; the others go on
                return item, f"{type(error).__name__}: {explain(error)}"
            finally:
                free.put(share)
            return item, None

        at_once: Any = Parallel(
            n_jobs=len(shares),
            backend="threading",
            return_as="generator_unordered",
            pre_dispatch="n_jobs",
        )
        yield from at_once(delayed(do)(item) for item in items)

    def stop(self, number: int) -> None:
        """See `Launcher`."""
        self._is_stopped = True
        stop_jobs(number)


def shares_of_machine(jobs: int | None, gpus_per_job: int) -> list[dict[str, str]]:
    """The variables of the environment for each of the jobs that run at once on this machine: it
    computes with its share of the processors, on GPUs of its own if it is to have some.

    Args:
        jobs: None: one for each processor, or as many as there are GPUs for.

    Raises:
        InputError: there are not even GPUs for one.
    """
    processors = len(os.sched_getaffinity(0))
    if not gpus_per_job:
        at_once = jobs or processors
        return [{} if at_once == 1 else threads_of(max(1, processors // at_once))] * at_once
    gpus = _gpus()
    places = len(gpus) // gpus_per_job
    if not places:
        raise InputError(
            f"hydra.launcher.gpus_per_job={gpus_per_job}: this machine has {len(gpus)} GPUs. "
            "With gpus_per_job=0 jobs take what there is."
        )
    if jobs and jobs > places:
        log.warning(
            "%d jobs at once were asked for, and there are GPUs for %d: the others wait.",
            jobs,
            places,
        )
    at_once = min(jobs or places, places)
    threads = threads_of(max(1, processors // at_once))
    return [
        {**threads, "CUDA_VISIBLE_DEVICES": ",".join(gpus[begin : begin + gpus_per_job])}
        for begin in range(0, at_once * gpus_per_job, gpus_per_job)
    ]


def threads_of(number: int) -> dict[str, str]:
    """The variables by which libraries compute with so many threads where nothing else is said."""
    return dict.fromkeys(("OMP_NUM_THREADS", "RAYON_NUM_THREADS"), str(number))


def _gpus() -> list[str]:
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return [gpu for gpu in visible.split(",") if gpu]
    import torch

    return [str(number) for number in range(torch.cuda.device_count())]
