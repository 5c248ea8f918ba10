"""Runs that `train.py` left in real processes: one that completed, the yardstick, one killed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from resuming import SMALL

from mental_health_classifier.tracking.provenance.environment import DETERMINISM

ROOT = Path(__file__).resolve().parents[2]

OF_WORDS = [
    *("model=tfidf_logistic", "data.size=700", "num_threads=1", "logger=none"),
    "evaluation.bootstrap_draws=50",
]


def start(folder: Path, *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, **DETERMINISM},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def train(folder: Path, name: str, *choices: str) -> subprocess.Popen[bytes]:
    return start(folder, str(ROOT / "train.py"), *choices, f"hydra.run.dir=outputs/{name}")


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with outputs/{run,yardstick,killed}, posts.csv and exported.tar.gz; not to be
    changed."""
    folder = tmp_path_factory.mktemp("faults")
    killed = train(folder, "killed", *SMALL, "trainer.max_epochs=50", "seed=2")
    while not (folder / "outputs/killed/checkpoints/last.safetensors").exists():
        assert killed.poll() is None
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert train(folder, "run", *SMALL).wait() == 0
    assert train(folder, "yardstick", *OF_WORDS).wait() == 0
    export = ("-m", "mental_health_classifier", "export", "outputs/yardstick", "exported.tar.gz")
    assert start(folder, *export).wait() == 0
    rows = [f"{number},i slept {number} hours and worry about work" for number in range(40)]
    (folder / "posts.csv").write_text("\n".join(["id,text", *rows]) + "\n")
    shutil.rmtree(folder / ".cache")
    return folder
