"""A sweep over models and seeds in real processes, killed and resumed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mental_health_classifier.tracking.run_index import find_runs

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

ROOT = Path(__file__).resolve().parents[2]
GRID = ["model=baseline_micro,tfidf_logistic", "seed=1,2"]
SMALL = [
    *("data.size=700", "trainer=smoke", "trainer.max_epochs=4", "num_threads=1", "logger=none"),
    *("trainer.limit_train_batches=null", "evaluation.bootstrap_draws=50"),
]


def ends_in(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("end.json") if _is_of_a_job(path)}


def _is_of_a_job(path: Path) -> bool:
    return (path.parents[2] / "run.json").exists()


def killed_after(number: int, folder: Path, *command: object) -> dict[Path, bytes]:
    """Kills a command and all that it started once so many jobs have ended and the next trains."""
    process = subprocess.Popen(
        [sys.executable, *map(str, command)],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    while len(ends_in(folder)) < number or "running" not in {
        run.status for run in find_runs([folder / "multirun"])
    }:
        assert process.poll() is None
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    deadline = time.monotonic() + 30
    while any(run.status == "running" for run in find_runs([folder / "multirun"])):
        assert time.monotonic() < deadline, "a job outlives its sweep"
        time.sleep(0.05)
    return ends_in(folder)


def test_a_sweep_over_models_is_one_folder_and_killed_twice_it_repeats_nothing(
    tmp_path: Path,
) -> None:
    ended = killed_after(1, tmp_path, ROOT / "train.py", "-m", *GRID, *SMALL)
    (sweep,) = tmp_path.glob("multirun/*/*")
    resume = ("-m", "mental_health_classifier", "resume", sweep.relative_to(tmp_path))
    again = killed_after(2, tmp_path, *resume)
    assert again.items() >= ended.items()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    done = subprocess.run(
        [sys.executable, *resume[:-1], f"../{resume[-1]}"],
        cwd=elsewhere,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Jobs wanted: 4, done: 4" in done.stdout
    finished = ends_in(tmp_path)
    assert finished.items() >= again.items()
    runs = find_runs([tmp_path])
    assert [run.status for run in runs] == ["completed"] * 4
    assert {run.directory.parent for run in runs} == {sweep}
    assert {(run.model, run.seed) for run in runs} == {
        (model, seed) for model in ("baseline_micro", "tfidf_logistic") for seed in (1, 2)
    }
    # One end a run: what was cut off went on as another attempt, and what was done was left alone.
    assert len(finished) == 4 and not any(elsewhere.iterdir())
    print(f"\n4 jobs, killed after {len(ended)} and after {len(again)}, repeated: 0")
