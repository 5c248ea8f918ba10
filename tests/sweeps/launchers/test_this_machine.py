"""Work that is done at once, by processes that write down what they saw."""

from __future__ import annotations

import signal
import time
from collections.abc import Mapping

import pytest
import torch

from mental_health_classifier.configuration.build import set_num_threads
from mental_health_classifier.contracts import InputError
from mental_health_classifier.sweeps.launchers import this_machine
from mental_health_classifier.sweeps.launchers.this_machine import (
    OnThisMachine,
    shares_of_machine,
)


def of_three(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,3,GPU-5")


def test_at_most_so_many_work_at_once_and_each_has_a_share_of_its_own(tmp_path, monkeypatch):
    of_three(monkeypatch)
    busy: set[str] = set()
    most, seen = [0], []

    def work(item: int, environment: Mapping[str, str]) -> None:
        gpu = environment["CUDA_VISIBLE_DEVICES"]
        assert gpu not in busy
        busy.add(gpu)
        most[0] = max(most[0], len(busy))
        time.sleep(0.02)
        busy.remove(gpu)
        seen.append(item)

    launcher = OnThisMachine(jobs=2, gpus_per_job=1)
    ended = list(launcher.each(work, iter(range(9)), tmp_path))
    assert sorted(seen) == list(range(9)) == sorted(item for item, _ in ended)
    assert most == [2] and all(reason is None for _, reason in ended)


def test_an_error_ends_its_item_alone_and_is_told_in_a_sentence(tmp_path):
    def work(item: int, _: Mapping[str, str]) -> None:
        if item == 1:
            raise OSError(28, "No space left on device", "/shared/sweep")
        if item == 2:
            raise ZeroDivisionError("no message for users")

    reasons = dict(OnThisMachine(jobs=2).each(work, iter(range(4)), tmp_path))
    assert reasons.pop(1).startswith("OSError: /shared/sweep: the disk is full. Make room")
    assert reasons == {0: None, 2: "ZeroDivisionError: no message for users", 3: None}


def test_after_a_stop_nothing_more_is_done(tmp_path):
    launcher, done = OnThisMachine(jobs=2), []

    def work(item: int, _: Mapping[str, str]) -> None:
        done.append(item)
        if item == 3:
            launcher.stop(signal.SIGTERM)

    list(launcher.each(work, iter(range(50)), tmp_path))
    assert 4 <= len(done) <= 6


def test_processors_and_gpus_are_divided(monkeypatch, caplog):
    monkeypatch.setattr(this_machine.os, "sched_getaffinity", lambda _: set(range(8)))
    threads = {"OMP_NUM_THREADS": "2", "RAYON_NUM_THREADS": "2"}
    assert shares_of_machine(4, 0) == [threads] * 4
    assert shares_of_machine(1, 0) == [{}], "alone, a job takes what there is"
    assert {share["OMP_NUM_THREADS"] for share in shares_of_machine(None, 0)} == {"1"}
    assert {share["OMP_NUM_THREADS"] for share in shares_of_machine(20, 0)} == {"1"}
    of_three(monkeypatch)
    gpus = [share["CUDA_VISIBLE_DEVICES"] for share in shares_of_machine(None, 1)]
    assert gpus == ["0", "3", "GPU-5"]
    assert [s["CUDA_VISIBLE_DEVICES"] for s in shares_of_machine(None, 2)] == ["0,3"]
    assert caplog.messages == []
    assert len(shares_of_machine(8, 1)) == 3
    assert caplog.messages == [
        "8 jobs at once were asked for, and there are GPUs for 3: the others wait."
    ]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    with pytest.raises(InputError, match=r"gpus_per_job=1: this machine has 0 GPUs"):
        shares_of_machine(2, 1)


def test_torch_computes_with_as_many_threads_as_the_share_says(monkeypatch):
    before = torch.get_num_threads()
    monkeypatch.setenv("OMP_NUM_THREADS", "3,1")
    try:
        for given, expected in (((None, 1), 3), ((None, 2), 1), ((2, 1), 2)):
            set_num_threads(given[0], num_processes=given[1])
            assert torch.get_num_threads() == expected
    finally:
        torch.set_num_threads(before)
