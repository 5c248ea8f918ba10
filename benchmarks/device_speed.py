"""How fast do two processes train that share every batch, against one with two threads?

    python benchmarks/device_speed.py [--rounds 7] [--steps 12] [--mean-tokens 30]

The same network, posts and batches, a bare loop each; they take turns, and what is printed are
medians over the rounds. With `views` gradients lie where they are exchanged, and are not copied.
Beside other work only the processor time of a step, of one process, can be trusted; of two threads
it counts the time in which they wait for each other.
"""

from __future__ import annotations

import argparse
import os
import socket
import statistics
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import torch
from machine import describe_machine, machine_line
from our_training import SEED, TASK, compose_config, made_up_posts, make_network, vocabulary_of
from torch import distributed
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader
from turnstile import Contender, Turn, Turnstile

from mental_health_classifier.configuration.build import build
from mental_health_classifier.data.batching import BatchDataset
from mental_health_classifier.training.devices import whole_step

DEVICES = 2


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--mean-tokens", type=int, default=30)
    parser.add_argument("--model", default="baseline_small")
    given = parser.parse_args()
    print(machine_line(describe_machine()))
    posts = {"model": given.model, "mean_tokens": given.mean_tokens}
    teams = {
        "one process, two threads": [Contender(train, threads=DEVICES, **posts)],
        "one process, one thread": [Contender(train, threads=1, **posts)],
        "two processes": _team(posts, has_views=False),
        "two processes, views": _team(posts, has_views=True),
    }
    speeds: dict[str, list[float]] = {name: [] for name in teams}
    costs: dict[str, list[float]] = {name: [] for name in teams}
    for number in range(-1, given.rounds):
        # Every other round backwards: what wears on through a round then hits all alike.
        for name in list(teams)[:: 1 if number % 2 else -1]:
            turns = take_turns(teams[name], given.steps)
            if number >= 0:  # the first steps pay for what is made once
                posts_done = sum(turn.posts for turn in turns)
                speeds[name].append(posts_done / max(turn.seconds for turn in turns))
                costs[name] += [turn.processor_seconds / turn.steps for turn in turns]
    alone = speeds["one process, two threads"]
    for name, found in speeds.items():
        ratio = statistics.median(a / b for a, b in zip(found, alone, strict=True))
        cost = statistics.median(costs[name]) * 1000
        print(
            f"{name:<26} {statistics.median(found):7.0f} posts a second, {ratio:.3f} of one, "
            f"{cost:6.1f} ms of processor a step"
        )
    print(f"load at the end: {os.getloadavg()[0]:.1f}")
    for team in teams.values():
        for contender in team:
            contender.close()


def _team(posts: dict[str, object], *, has_views: bool) -> list[Contender]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    shared = {**posts, "port": port, "has_views": has_views, "threads": 1}
    return [Contender(train, device=device, **shared) for device in range(DEVICES)]


def take_turns(team: Sequence[Contender], steps: int) -> list[Turn]:
    """All of a team at once, as none can take a step alone."""
    with ThreadPoolExecutor(len(team)) as pool:
        return list(pool.map(lambda contender: contender.take_turn(steps), team))


def train(
    turnstile: Turnstile,
    *,
    model: str,
    mean_tokens: int,
    device: int = 0,
    port: int | None = None,
    has_views: bool = False,
) -> None:
    config = compose_config(model, posts_per_step=32)
    tokens, labels = made_up_posts(20_000, mean_tokens, vocabulary=vocabulary_of(config))
    network = make_network(config).train()
    dataset = BatchDataset(
        tokens=tokens,
        rows=np.arange(len(labels)),
        labels={TASK.name: labels},
        ids=pd.Series(np.arange(len(labels))),
        device=device,
        num_devices=1 if port is None else DEVICES,
    )
    sampler = build(config.sampler, posts=dataset, seed=SEED, is_shuffled=True)
    objective = build(config.objective, tasks=[TASK], class_counts={TASK.name: np.bincount(labels)})
    optimizer, schedule = build(config.optimizer)(network, total_steps=len(sampler))
    shared = network
    if port is not None:
        distributed.init_process_group(
            "gloo", init_method=f"tcp://127.0.0.1:{port}", rank=device, world_size=DEVICES
        )
        shared = DistributedDataParallel(network, gradient_as_bucket_view=has_views)
    for step, batch in enumerate(DataLoader(dataset, sampler=sampler, batch_size=None)):
        torch.manual_seed((SEED << 32) + step)
        loss = objective(*whole_step(shared(batch), batch))["total"]
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), config.trainer.gradient_clip_val)
        optimizer.step()
        schedule.step()
        turnstile.pass_step(batch.offsets.diff().tolist())


if __name__ == "__main__":
    main()
