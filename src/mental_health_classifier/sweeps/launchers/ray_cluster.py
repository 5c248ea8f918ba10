"""Jobs of a sweep on Ray, on this machine or on a cluster that runs already: hydra/launcher=ray."""

from __future__ import annotations

import os
import re
import signal
import socket
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import field
from pathlib import Path
from typing import Any

from pydantic import NonNegativeFloat, PositiveInt
from pydantic.dataclasses import dataclass

from mental_health_classifier.contracts import InputError
from mental_health_classifier.sweeps.launchers.launcher import Ended, Work, library
from mental_health_classifier.sweeps.launchers.this_machine import threads_of

_MOST_AT_ONCE = 1000
"""So many wait in Ray's own queue where nothing else is said."""

_LOOK_SECONDS = 10
"""How often the head of the cluster is looked at. Without one for a minute, Ray ends the process in
which it is, without an exception."""


@dataclass
class OnRay:
    """Tasks of Ray, each in a worker that ends with it and so gives its GPU back."""

    jobs: PositiveInt | None = None
    """At once. None: as many as there are processors, or GPUs, for."""
    address: str | None = None
    """Of a cluster, HOST:PORT or auto. None: Ray starts on this machine, for this sweep alone."""
    cpus_per_job: PositiveInt = 1
    gpus_per_job: NonNegativeFloat = 0
    """A part of one lets jobs share it."""
    _is_stopped: bool = field(default=False, init=False)

    def each(self, work: Work, items: Iterable[Any], folder: Path) -> Iterator[Ended]:
        """See `Launcher`."""
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
        if self.address and Path("~/.ray/auth_token").expanduser().exists():
            # Ray itself shows the token that it keeps there to a cluster of its own alone.
            os.environ.setdefault("RAY_AUTH_MODE", "token")
        ray = library("ray", extra="ray")
        self._connect(ray)
        try:
            yield from self._each(ray, work, items)
        except (OSError, ray.exceptions.RaySystemError, ray.exceptions.RpcError) as error:
            # Without `ray.shutdown`, which would wait for the cluster.
            raise InputError(
                "The cluster of Ray went away, and with it the jobs that it had "
                f"({' '.join(str(error).split())[:200]}). `mhc resume` goes on with them."
            ) from None
        ray.shutdown()

    def stop(self, number: int) -> None:
        """See `Launcher`."""
        self._is_stopped = True

    def _connect(self, ray: Any) -> None:
        environment = {
            name: os.environ[name]
            for name in ("PYTHONPATH", "PYTHONHASHSEED")
            if name in os.environ
        }
        here = {} if self.address else {"include_dashboard": False}
        # Ray puts its own in its place, which leaves without a word.
        handler = signal.getsignal(signal.SIGTERM)
        try:
            _refuse_silence(self.address)
            ray.init(
                address=self.address or "local",
                runtime_env={"env_vars": environment},
                log_to_driver=False,
                logging_level="error",
                **here,
            )
        except (OSError, RuntimeError, ValueError) as error:
            raise InputError(
                f"hydra.launcher.address={self.address}: no cluster of Ray answers there "
                f"({' '.join(str(error).split())[:200]}). Start one with `ray start --head`, or "
                "leave the address out."
            ) from None
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, handler)
        there = ray.cluster_resources()
        wanted = {"CPU": self.cpus_per_job, "GPU": self.gpus_per_job}
        for kind, number in wanted.items():
            if number > (total := there.get(kind, 0)):
                ray.shutdown()
                raise InputError(
                    f"hydra.launcher: a job is to have {number:g} {kind}, and all that Ray has is "
                    f"{total:g}. No job could ever begin."
                )

    def _each(self, ray: Any, work: Work, items: Iterable[Any]) -> Iterator[Ended]:
        # A worker keeps its GPU for as long as it lives, idle or not: it ends with its task.
        task = ray.remote(
            num_cpus=self.cpus_per_job, num_gpus=self.gpus_per_job, max_calls=1, max_retries=0
        )(work)
        environment = threads_of(self.cpus_per_job)
        pending: dict[Any, Any] = {}
        waiting, looked = iter(items), time.monotonic()
        while not self._is_stopped:
            while len(pending) < (self.jobs or _MOST_AT_ONCE):
                if (item := next(waiting, None)) is None:
                    break
                pending[task.remote(item, environment)] = item
            if not pending:
                return
            ended, _ = ray.wait(list(pending), timeout=1)
            if time.monotonic() - looked > _LOOK_SECONDS:
                _refuse_silence(ray.get_runtime_context().gcs_address)
                looked = time.monotonic()
            for reference in ended:
                try:
                    ray.get(reference)
                    reason = None
                except ray.exceptions.RayError as error:
                    reason = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
                yield pending.pop(reference), reason
        for reference in pending:
            ray.cancel(reference, force=True)


def _refuse_silence(address: str | None) -> None:
    """Notices at once that nobody listens at HOST:PORT; Ray would try for a minute.

    Raises:
        OSError: nobody does.
    """
    if address and (found := re.fullmatch(r"(?P<host>[^:/]+):(?P<port>\d{1,5})", address)):
        socket.create_connection((found["host"], int(found["port"])), timeout=10).close()
