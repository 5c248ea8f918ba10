"""Many processes want the jobs of one sweep."""

from __future__ import annotations

import errno
import fcntl
import os
import random
import time
from collections import Counter
from pathlib import Path

import pytest
from resuming import start_child

from mental_health_classifier.tracking.sweep.ledger import SweepJob, claim_job

WORKERS, JOBS = 16, 200


def take_all(sweep: Path, worker: int) -> None:
    """Does what is not done yet, in an order of its own; whoever does something says so."""
    jobs = [SweepJob(number, f"{number:016x}", ()) for number in range(JOBS)]
    random.Random(worker).shuffle(jobs)
    # As long as others are at something: one of them may die.
    while left := [job for job in jobs if not (sweep / "done" / str(job.number)).exists()]:
        for job in left:
            claim = claim_job(sweep, job)
            if claim is None:
                continue
            done = sweep / "done" / str(job.number)
            if not done.exists():
                with (sweep / "log").open("a") as log:
                    log.write(f"{job.number}\n")
                if worker == 0 and job.number % 50 == 0:
                    os._exit(9)
                done.touch()
            claim.end({})


@pytest.mark.slow
@pytest.mark.parametrize("has_locks", [True, False], ids=["flock", "no flock"])
def test_no_job_is_taken_twice_and_none_is_lost(tmp_path, monkeypatch, show, has_locks) -> None:
    def refuse(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    if not has_locks:
        monkeypatch.setattr(fcntl, "flock", refuse)
    (tmp_path / "done").mkdir()
    began = time.monotonic()
    children = [
        start_child(lambda worker=worker: take_all(tmp_path, worker)) for worker in range(WORKERS)
    ]
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    taken = Counter(map(int, (tmp_path / "log").read_text().split()))
    died = codes.count(9)
    assert codes[1:] == [0] * (WORKERS - 1)
    assert taken.keys() == set(range(JOBS))
    assert taken.total() == JOBS + died, "a job whose worker died is done again, no other"
    show(f"{WORKERS} workers, {JOBS} jobs: twice 0, lost 0, {time.monotonic() - began:.1f} s")
