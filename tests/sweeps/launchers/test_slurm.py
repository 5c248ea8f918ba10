"""Jobs of SLURM, of which submitit writes the scripts; here three small programs stand for it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from mental_health_classifier.contracts import InputError
from mental_health_classifier.sweeps.launchers import slurm
from mental_health_classifier.sweeps.launchers.slurm import OnSlurm

SBATCH = """#!/bin/sh
# Begins the tasks of the array but the second, which dies, and says what the array is called.
for script; do :; done
cp "$script" {folder}/script
for task in 0 2; do
    SLURM_JOB_ID=7_$task SLURM_ARRAY_JOB_ID=7 SLURM_ARRAY_TASK_ID=$task SLURM_NTASKS=1 \\
    SLURM_PROCID=0 SLURM_LOCALID=0 SLURM_NODEID=0 SLURM_JOB_NUM_NODES=1 SLURM_JOB_NODELIST=here \\
    sh {folder}/script > {folder}/of_$task 2>&1 &
done
echo Submitted batch job 7
"""
SRUN = """#!/bin/sh
shift 3
exec "$@"
"""


def note(item: int, environment: Mapping[str, str]) -> None:
    """Work of the tests below."""
    threads = environment.get("OMP_NUM_THREADS")
    Path(os.environ["NOTES"], str(item)).write_text(f"{threads} {os.environ.get('SLURM_NTASKS')}")


def ask_for_more_time(item: int, _: Mapping[str, str]) -> None:
    """Is told the first time that the time of its job is nearly up."""
    begun = Path(os.environ["NOTES"], f"{item}-begun")
    with begun.open("a") as file:
        file.write("once ")
    if item == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    if begun.read_text() == "once ":
        os.kill(os.getpid(), signal.SIGUSR2)
        time.sleep(60)


@pytest.fixture
def notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "notes").mkdir()
    monkeypatch.setenv("NOTES", str(tmp_path / "notes"))
    path = [str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(path))
    return tmp_path / "notes"


def program(folder: Path, name: str, text: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    (folder / name).chmod(0o755)


def test_without_sbatch_the_other_way_is_named(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match=r"there is no SLURM here.*hydra/launcher=slurm_local"):
        list(OnSlurm().each(note, [1], tmp_path))


def test_what_slurm_says_where_it_takes_no_job_is_told(tmp_path, monkeypatch) -> None:
    program(tmp_path / "bin", "sbatch", "#!/bin/sh\necho invalid partition: gpux >&2; exit 1\n")
    program(tmp_path / "bin", "srun", SRUN)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    with pytest.raises(InputError, match=r"SLURM took no job: .*invalid partition: gpux"):
        list(OnSlurm(partition="gpux").each(note, [1], tmp_path))


@pytest.mark.slow
def test_a_job_that_dies_ends_alone_and_is_noticed(tmp_path, notes, monkeypatch) -> None:
    monkeypatch.setattr(slurm, "_LOOK_SECONDS", 3)
    program(tmp_path / "bin", "sbatch", SBATCH.format(folder=tmp_path))
    program(tmp_path / "bin", "srun", SRUN)
    program(tmp_path / "bin", "squeue", "#!/bin/sh\necho 7_0\necho 7_2\n")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    launcher = OnSlurm(jobs=2, partition="gpu", gpus_per_job=1, mem_gb=4, cpus_per_task=3)
    ended = dict(launcher.each(note, [10, 11, 12], tmp_path))
    assert ended.pop(11).startswith("SLURM ended its process 7_1; what that said is in ")
    assert ended == {10: None, 12: None}
    assert (notes / "10").read_text() == "3 1" and not (notes / "11").exists()
    script = (tmp_path / "script").read_text()
    for line in ("array=0-2%2", "partition=gpu", "gpus-per-node=1", "mem=4GB", "time=240"):
        assert f"#SBATCH --{line}\n" in script
    assert "#SBATCH --signal=USR2@90\n" in script and "cpus-per-task=3" in script


@pytest.mark.slow
def test_work_whose_time_is_up_is_queued_again_and_a_dead_one_ends_alone(tmp_path, notes) -> None:
    ended = dict(OnSlurm(cluster="local", jobs=2).each(ask_for_more_time, [1, 2], tmp_path))
    assert ended.pop(2).startswith("this machine ended its process ")
    assert ended == {1: None}
    assert (notes / "1-begun").read_text() == "once once "
    assert (notes / "2-begun").read_text() == "once "
