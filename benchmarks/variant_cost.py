"""What a clinical variant adds to a training step.

    python benchmarks/variant_cost.py [--variants interpretable] [--steps 12] [--json]

Both networks take a step on the same batch, in turn, on one processor; every other batch in reverse
order. The ratio is that of processor time, batch by batch. Posts are made of random tokens.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import torch
from machine import describe_machine, machine_line
from our_training import CONF, MAX_TOKENS, SEED, TASK, VOCABULARY, made_up_posts

from mental_health_classifier.configuration.build import build, build_network, register_resolvers
from mental_health_classifier.configuration.learner import quiet_lightning
from mental_health_classifier.contracts import Batch
from mental_health_classifier.data.batching import BatchDataset
from mental_health_classifier.training.memory import spare_memory_traffic

POSTS = 2000
NOT_COUNTED = 2
"""The first steps pay for what is made once."""


@dataclass(frozen=True)
class Learner:
    network: Any
    optimizer: Any
    objective: Any

    def step(self, batch: Batch) -> float:
        """Seconds of processor time."""
        start = time.process_time()
        self.objective(self.network(batch), batch)["total"].backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad()
        return time.process_time() - start


def composed(model: str, variant: str) -> Any:
    from hydra import compose, initialize_config_dir

    with initialize_config_dir(str(CONF), version_base="1.3"):
        return compose(
            "config",
            overrides=[f"model={model}", f"model.max_tokens={MAX_TOKENS}", f"clinical={variant}"],
        )


def learner(config: Any, labels: np.ndarray) -> Learner:
    torch.manual_seed(SEED)
    network = build_network(config, vocabulary_size=VOCABULARY, tasks=[TASK]).train()
    optimizer, _ = build(config.optimizer, network=network, total_steps=1000)
    counts = {TASK.name: np.bincount(labels)}
    return Learner(network, optimizer, build(config.objective, tasks=[TASK], class_counts=counts))


def measure(model: str, variant: str, *, mean_tokens: int, steps: int) -> dict[str, Any]:
    tokens, labels = made_up_posts(POSTS, mean_tokens, vocabulary=VOCABULARY)
    # Every fifth token is part of an expression that a vocabulary knows.
    marks = np.random.default_rng(SEED).integers(1, 100, len(tokens.token_ids))
    tokens = replace(tokens, streams={"concepts": np.where(marks < 20, marks, 0)})
    configs = [composed(model, name) for name in ("standard", variant)]
    learners = [learner(config, labels) for config in configs]
    dataset = BatchDataset(
        tokens=tokens,
        rows=np.arange(POSTS),
        labels={TASK.name: labels},
        ids=pd.Series(np.arange(POSTS)),
    )
    sampler = build(configs[0].sampler, posts=dataset, seed=SEED, is_shuffled=True)
    seconds: list[list[float]] = []
    for number, places in zip(range(steps + NOT_COUNTED), sampler, strict=False):
        batch, turns = dataset[places], [0, 1] if number % 2 else [1, 0]
        took = {turn: learners[turn].step(batch) for turn in turns}
        seconds.append([took[0], took[1]])
    counted = np.array(seconds[NOT_COUNTED:])
    ratios = counted[:, 1] / counted[:, 0]
    return {
        "model": model,
        "variant": variant,
        "mean_tokens": mean_tokens,
        "steps": steps,
        "median_ratio": statistics.median(ratios.tolist()),
        "lowest_and_highest": [float(ratios.min()), float(ratios.max())],
        "ratio_of_totals": float(counted[:, 1].sum() / counted[:, 0].sum()),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--variants", default="interpretable")
    parser.add_argument("--model", default="medium_model")
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    torch.set_num_threads(1)
    spare_memory_traffic()
    quiet_lightning()
    register_resolvers()
    machine = describe_machine()
    print(machine_line(machine))
    rows = []
    for variant in given.variants.split(","):
        for mean_tokens in (30, 128):
            row = measure(given.model, variant, mean_tokens=mean_tokens, steps=given.steps)
            low, high = row["lowest_and_highest"]
            print(
                f"{variant} with {given.model}, {mean_tokens} tokens a post on average: "
                f"{row['median_ratio']:.2f} times the step (of {given.steps} steps {low:.2f} to "
                f"{high:.2f}, in total {row['ratio_of_totals']:.2f})"
            )
            rows.append(row)
    if given.json:
        print(json.dumps({"machine": machine, "variants": rows}))


if __name__ == "__main__":
    main()
