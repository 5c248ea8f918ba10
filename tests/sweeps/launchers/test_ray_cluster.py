"""Tasks of Ray on this machine. Collected where Ray is installed, see conftest.py."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from mental_health_classifier.contracts import InputError
from mental_health_classifier.sweeps.launchers.ray_cluster import OnRay

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


def note(item: tuple[int, str], environment: Mapping[str, str]) -> None:
    """Work of the tests below: one item kills its worker, one waits, all say which process did."""
    number, folder = item
    if number == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    Path(folder, str(number)).write_text(f"{os.getpid()} {environment['OMP_NUM_THREADS']}")
    if number == 99:
        time.sleep(600)


@pytest.fixture(autouse=True)
def found_by_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    path = [str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(path))


@pytest.fixture
def cluster() -> Iterator[tuple[str, list[str]]]:
    """A cluster of one machine that runs already, and the command that ends it."""
    ray = [sys.executable, "-m", "ray.scripts.scripts"]
    start = [*ray, "start", "--head", "--port=26379", "--num-cpus=2", "--include-dashboard=false"]
    subprocess.run(start, check=True, capture_output=True)
    stop = [*ray, "stop", "--force"]
    yield "127.0.0.1:26379", stop
    subprocess.run(stop, capture_output=True)


def test_each_task_has_a_worker_of_its_own_and_one_that_dies_dies_alone(tmp_path, show) -> None:
    began = time.monotonic()
    items = [(number, str(tmp_path)) for number in range(4)]
    reasons = {item[0]: reason for item, reason in OnRay(jobs=2).each(note, items, tmp_path)}
    death = reasons.pop(1)
    assert death is not None and death.startswith("WorkerCrashedError: ")
    assert reasons == {0: None, 2: None, 3: None}
    said = [(tmp_path / str(number)).read_text().split() for number in reasons]
    assert len({process for process, _ in said}) == 3 and {each for _, each in said} == {"1"}
    show(f"Ray, start and four tasks: {time.monotonic() - began:.1f} s")


def test_more_than_there_is_and_a_cluster_that_does_not_answer_are_refused(tmp_path) -> None:
    with pytest.raises(InputError, match=r"to have 1 GPU, and all that Ray has is 0"):
        list(OnRay(gpus_per_job=1).each(note, [(0, str(tmp_path))], tmp_path))
    with pytest.raises(InputError, match=r"address=127.0.0.1:9: no cluster of Ray answers"):
        list(OnRay(address="127.0.0.1:9").each(note, [(0, str(tmp_path))], tmp_path))


def test_a_cluster_that_goes_away_is_told(tmp_path, cluster, show) -> None:
    address, stop = cluster
    ended: list[float] = []

    def end_it() -> None:
        while not (tmp_path / "99").exists():
            time.sleep(0.1)
        subprocess.run(stop, capture_output=True)
        ended.append(time.monotonic())

    threading.Thread(target=end_it).start()
    items = [(99, str(tmp_path)), (0, str(tmp_path))]
    with pytest.raises(InputError, match="The cluster of Ray went away"):
        list(OnRay(address=address, jobs=1).each(note, items, tmp_path))
    show(f"a cluster of Ray that went away was noticed after {time.monotonic() - ended[0]:.0f} s")
