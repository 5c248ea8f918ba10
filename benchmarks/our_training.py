"""Our training step: with Lightning and every callback of a run, and as a bare loop."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from lightning.pytorch import Callback
from omegaconf import DictConfig
from torch.utils.data import DataLoader
from turnstile import Turnstile

from mental_health_classifier.configuration.build import (
    build,
    build_loggers,
    build_network,
    build_regularizer,
    register_resolvers,
)
from mental_health_classifier.configuration.learner import (
    build_callbacks,
    quiet_lightning,
    take_over,
)
from mental_health_classifier.configuration.pretrained import with_encoder
from mental_health_classifier.contracts import Batch, Task
from mental_health_classifier.data.batching import BatchDataset, LengthBuckets
from mental_health_classifier.data.tokens.token_cache import TokenTable
from mental_health_classifier.experiment.run import describe_run
from mental_health_classifier.tracking.record.run_record import recorded_run
from mental_health_classifier.training.memory import spare_memory_traffic
from mental_health_classifier.training.text_classifier import TextClassifier

CONF = Path(__file__).resolve().parents[1] / "conf"
TASK = Task.categorical(
    "condition", ("control", "suicide", "anxiety", "depression", "stress"), "suicide"
)
VOCABULARY = 8000
FIRST_WORD = 1
"""Token 0 is what encoders pad with."""
MAX_TOKENS = 512
SEED = 1
SPREAD = 0.88
"""Of the logarithm of post lengths: mean 128, median 87, as in the public corpora."""


def compose_config(size: str, posts_per_step: int, choices: Sequence[str] = ()) -> DictConfig:
    from hydra import compose, initialize_config_dir

    register_resolvers()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose(
            "config",
            overrides=[
                f"model={size}",
                f"model.max_tokens={MAX_TOKENS}",
                f"sampler.max_posts={posts_per_step}",
                # The Trainer takes as many posts in every step, so we do too.
                f"sampler.token_budget={posts_per_step * MAX_TOKENS}",
                "callbacks.early_stopping=null",  # nothing is validated here
                f"seed={SEED}",
                *choices,
            ],
        )
    return with_encoder(config)


def vocabulary_of(config: DictConfig) -> int:
    """Tokens that there are: those of the encoder, where there is one."""
    encoder = config.network.encoder
    return encoder.architecture.vocab_size if "architecture" in encoder else VOCABULARY


def make_network(config: DictConfig) -> torch.nn.Module:
    """With the weights that training begins with."""
    torch.manual_seed(SEED)
    network = build_network(config, vocabulary_size=vocabulary_of(config), tasks=[TASK])
    if config.model.get("encoder") is not None:
        take_over(config, network)
    return network


def made_up_posts(
    num_posts: int, mean_tokens: int, *, vocabulary: int
) -> tuple[TokenTable, np.ndarray]:
    """Random tokens in posts of log-normal lengths, and random labels."""
    generator = np.random.default_rng(SEED)
    center = np.log(mean_tokens) - SPREAD**2 / 2
    lengths = np.exp(generator.normal(center, SPREAD, num_posts)).round()
    offsets = np.concatenate([[0], np.cumsum(lengths.clip(2, MAX_TOKENS).astype(np.int64))])
    token_ids = generator.integers(FIRST_WORD, vocabulary, offsets[-1]).astype(np.uint16)
    return TokenTable(token_ids, offsets), generator.integers(0, TASK.num_classes, num_posts)


class TimedLoader(DataLoader[Batch]):
    """Notes how long the loop waited for its latest batch."""

    seconds = 0.0

    def __iter__(self) -> Iterator[Batch]:  # pyright: ignore[reportIncompatibleMethodOverride]
        batches = super().__iter__()
        while True:
            start = time.perf_counter()
            batch = next(batches, None)
            self.seconds = time.perf_counter() - start
            if batch is None:
                return
            yield batch


class TurnAfterEachStep(Callback):
    def __init__(self, turnstile: Turnstile, loader: TimedLoader) -> None:
        self._turnstile = turnstile
        self._loader = loader

    def on_train_batch_end(
        self, trainer: Any, pl_module: Any, outputs: Any, batch: Batch, batch_idx: int
    ) -> None:
        self._turnstile.pass_step(batch.offsets.diff().tolist(), self._loader.seconds)


def train(
    turnstile: Turnstile,
    *,
    size: str,
    mean_tokens: int,
    num_posts: int,
    posts_per_step: int,
    is_bare: bool,
    is_on_gpu: bool = False,
    is_bf16: bool = False,
    choices: Sequence[str] = (),
) -> None:
    """Both loops take the same steps: the same batches, weights and dropout."""
    spare_memory_traffic()
    quiet_lightning()
    config = compose_config(size, posts_per_step, choices)
    tokens, labels = made_up_posts(num_posts, mean_tokens, vocabulary=vocabulary_of(config))
    classifier = TextClassifier(
        network=make_network(config),
        objective=build(
            config.objective, tasks=[TASK], class_counts={TASK.name: np.bincount(labels)}
        ),
        regularizer=build_regularizer(config),
        make_optimizer=build(config.optimizer),
        tasks=[TASK],
        seed=SEED,
    )
    dataset = BatchDataset(
        tokens=tokens,
        rows=np.arange(num_posts),
        labels={TASK.name: labels},
        ids=pd.Series(np.arange(num_posts)),
    )
    sampler: LengthBuckets = build(config.sampler, posts=dataset, seed=SEED, is_shuffled=True)
    loader = TimedLoader(dataset, sampler=sampler, batch_size=None)
    if is_bare:
        device = torch.device("cuda" if is_on_gpu else "cpu")
        clip = config.trainer.gradient_clip_val
        _bare_loop(turnstile, classifier.to(device), loader, clip, is_bf16=is_bf16)
        return
    with tempfile.TemporaryDirectory() as folder:
        record = recorded_run(Path(folder) / "run", **describe_run(config, []))
        trainer = build(
            config.trainer,
            callbacks=[*build_callbacks(config, record), TurnAfterEachStep(turnstile, loader)],
            logger=build_loggers(config, record),
            default_root_dir=folder,
            limit_val_batches=0,
            accelerator="gpu" if is_on_gpu else "cpu",
            precision="bf16-mixed" if is_bf16 else None,
        )
        trainer.fit(classifier, train_dataloaders=loader, val_dataloaders=loader)


def _bare_loop(
    turnstile: Turnstile,
    classifier: TextClassifier,
    loader: TimedLoader,
    clip: float,
    *,
    is_bf16: bool,
) -> None:
    network, objective = classifier.network.train(), classifier.objective
    optimizer, schedule = classifier._make_optimizer(network, total_steps=len(loader))
    for step, loaded in enumerate(loader):
        torch.manual_seed((SEED << 32) + step)
        batch = loaded.to(classifier.device)
        with torch.autocast(classifier.device.type, torch.bfloat16, enabled=is_bf16):
            loss = objective(network(batch), batch)["total"]
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), clip)
        optimizer.step()
        schedule.step()
        turnstile.pass_step(batch.offsets.diff().tolist(), loader.seconds)
