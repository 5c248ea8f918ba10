"""Runs on two devices, each a process of the processor, against the same run on one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from unittest.mock import patch

import numpy as np
import psutil
import pytest
import torch
from resuming import SMALL, in_child, outcome_of, resume, run
from safetensors.torch import load_file

from mental_health_classifier.configuration.build import build_corpus
from mental_health_classifier.configuration.check import checked
from mental_health_classifier.configuration.learner import processes_to_start
from mental_health_classifier.contracts import InputError
from mental_health_classifier.storage.json_lines import read_records
from mental_health_classifier.tracking.record.assessments import stored_predictions
from mental_health_classifier.tracking.record.run_summary import read_run
from mental_health_classifier.training.text_classifier import TextClassifier

ROOT = Path(__file__).resolve().parent.parent
PLAIN = [*SMALL, "model.dropout=0"]
TWO = [*PLAIN, "trainer.devices=2"]


def losses_of(directory: Path) -> list[float]:
    metrics = read_records(directory / "metrics.jsonl").records
    return [each["train/loss"] for each in metrics if "train/loss" in each]


@pytest.fixture(scope="module")
def two_devices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from hydra import compose, initialize_config_dir

    from mental_health_classifier.configuration.build import register_resolvers

    folder = tmp_path_factory.mktemp("devices")
    register_resolvers()
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        config = compose("config", overrides=[f"cache_dir={folder / 'cache'}", *TWO])
    assert in_child(lambda: run(config, folder / "two")) == 0
    return folder / "two"


@pytest.mark.slow
def test_two_devices_end_with_the_numbers_of_one(two_devices, compose_config, tmp_path) -> None:
    config = compose_config(PLAIN)
    assert in_child(lambda: run(config, tmp_path / "one")) == 0
    np.testing.assert_allclose(losses_of(two_devices), losses_of(tmp_path / "one"), atol=2e-6)
    corpus = build_corpus(config)
    parts = ("val", "calibration", "test")
    of_one = stored_predictions(read_run(tmp_path / "one"), parts)
    of_two = stored_predictions(read_run(two_devices), parts)
    for part in parts:
        ids = corpus.part(part)["id"].tolist()
        assert list(of_one[part].post_ids) == list(of_two[part].post_ids) == ids
        np.testing.assert_allclose(
            of_two[part].probabilities, of_one[part].probabilities, atol=1e-5
        )
    assert (two_devices / "logs" / "process-2.log").read_text() == ""


@pytest.mark.slow
def test_a_run_whose_process_was_killed_says_so_and_goes_on_as_if_it_had_not(
    two_devices, compose_config, tmp_path, capfd
) -> None:
    config, directory = compose_config(TWO), tmp_path / "killed"
    train = TextClassifier.training_step

    def training_step(self: TextClassifier, *arguments: object) -> object:
        if self.global_step == 9:
            for child in psutil.Process().children():
                child.kill()
        return train(self, *arguments)  # pyright: ignore[reportArgumentType]

    with patch.object(TextClassifier, "training_step", training_step):
        assert in_child(lambda: run(config, directory)) == 1
    error = read_run(directory).end["error"]["message"]
    assert "Process 2 of the 2 of this run ended with SIGKILL" in error
    assert "mhc resume" in error
    assert in_child(lambda: resume(directory)) == 0
    assert outcome_of(directory) == outcome_of(two_devices)


@pytest.mark.slow
def test_torchrun_gives_the_same_bits(two_devices, tmp_path) -> None:
    subprocess.run(
        [
            *(sys.executable, "-m", "torch.distributed.run", "--nproc_per_node=2", "train.py"),
            *(*TWO, f"cache_dir={tmp_path / 'cache'}", f"hydra.run.dir={tmp_path / 'launched'}"),
        ],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        check=True,
        capture_output=True,
        timeout=300,
    )
    launched, started = outcome_of(tmp_path / "launched"), outcome_of(two_devices)
    for name in ("metrics.jsonl", "predictions/val.csv", "predictions/test.csv"):
        assert launched[name] == started[name]
    name = "checkpoints/best.safetensors"  # its header holds the commit, which may have changed
    of_launched, of_started = load_file(tmp_path / "launched" / name), load_file(two_devices / name)
    assert all(torch.equal(of_launched[key], tensor) for key, tensor in of_started.items())


def test_devices_that_are_not_there_and_computers_that_nobody_starts_are_refused(
    compose_config, monkeypatch
) -> None:
    assert processes_to_start(checked(compose_config(PLAIN))) == 1
    assert processes_to_start(checked(compose_config(TWO))) == 2
    of_words = checked(compose_config(["model=tfidf_logistic", "trainer.devices=2"]))
    assert processes_to_start(of_words) == 1
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(InputError, match=r"model=tfidf_logistic .+ 2 were started"):
        processes_to_start(of_words)
    monkeypatch.delenv("WORLD_SIZE")
    with pytest.raises(InputError, match=r"trainer.num_nodes=2: .+ torchrun or srun"):
        processes_to_start(checked(compose_config([*TWO, "+trainer.num_nodes=2"])))
    with pytest.raises(InputError, match=r"The trainer cannot be set up as asked: .*GPU"):
        processes_to_start(checked(compose_config([*PLAIN, "trainer=fsdp", "trainer.devices=2"])))
