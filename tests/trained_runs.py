"""Two runs trained for real, once for all tests that ask for them: a network and the yardstick."""

from __future__ import annotations

import csv
from pathlib import Path

from hydra import compose, initialize_config_dir
from omegaconf import DictConfig

from mental_health_classifier.configuration.build import build_corpus, register_resolvers
from mental_health_classifier.configuration.recorded import recorded_configuration
from mental_health_classifier.experiment.run import run_experiment
from mental_health_classifier.tracking.record.run_summary import RunSummary, read_run

CONF = Path(__file__).resolve().parent.parent / "conf"


def train_run(folder: Path, name: str, *changes: str) -> RunSummary:
    """Trains as small as it gets, on sample posts that are just enough for a certificate."""
    register_resolvers()
    overrides = ["trainer=smoke", "evaluation.bootstrap_draws=60", "data.size=2600", "logger=none"]
    overrides += [f"cache_dir={folder / 'cache'}", "num_threads=1", *changes]
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("config", overrides=overrides)
    run_experiment(config, folder / name, overrides)
    return read_run(folder / name)


def config_of(run: RunSummary) -> DictConfig:
    return recorded_configuration(run)


def write_posts(path: Path, run: RunSummary, *, part: str = "test", rows: int = 80) -> Path:
    """Some posts of the sample, in a file that names its columns its own way."""
    posts = build_corpus(config_of(run)).part(part).head(rows)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["body", "label", "user"])
        for text, label, author in zip(posts["text"], posts["label"], posts["author"], strict=True):
            writer.writerow([text, run.data["classes"][label], author])
    return path
