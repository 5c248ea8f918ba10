"""What MLflow, Weights & Biases (offline) and Trackio, all at once, add to a training step.

    python benchmarks/tracker_cost.py [--steps 40] [--rounds 9] [--threads 2] [--json]

Two trainings of baseline_small with Lightning and all callbacks of a run, on the same batches: one
logs to TensorBoard alone, one to the three trackers too. They take turns, each round in the other
order; what is printed are medians over the rounds. Needs the extra `trackers`.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
from typing import Any

import our_training
from machine import describe_machine, machine_line
from turnstile import Contender, Turn, Turnstile

TRACKERS = ("mlflow", "wandb", "trackio")
MEAN_TOKENS, POSTS_PER_STEP = 30, 32
NOT_COUNTED = 2
"""The first rounds pay for what is made once."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=40, help="of a turn; every tenth is logged")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", action="store_true", help="one JSON object on the last line")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = measure(folder, given.steps, given.rounds, given.threads)
    machine = describe_machine()
    print(machine_line(machine))
    print(
        f"a step takes {found['milliseconds']:.1f} ms, and with {', '.join(TRACKERS)} "
        f"{found['added'] * 100:+.2f} % (rounds {found['least'] * 100:+.2f} to "
        f"{found['most'] * 100:+.2f} %); processor time of the process "
        f"{found['processor_added'] * 100:+.2f} %"
    )
    if given.json:
        print(json.dumps({**found, "threads": given.threads, "machine": machine}))


def measure(folder: str, steps: int, rounds: int, threads: int) -> dict[str, Any]:
    """By how much a step takes longer, as a share, over rounds of turns."""
    shared = {
        **{"threads": threads, "size": "baseline_small", "mean_tokens": MEAN_TOKENS},
        **{"posts_per_step": POSTS_PER_STEP, "is_bare": False, "folder": folder},
        "num_posts": POSTS_PER_STEP * steps * (rounds + NOT_COUNTED + 1),
    }
    alone = Contender(train_in, **shared)
    choice = f"logger=[tensorboard,{','.join(TRACKERS)}]"
    tracked = Contender(train_in, **shared, choices=[choice])
    pairs: list[tuple[Turn, Turn]] = []
    try:
        for number in range(rounds + NOT_COUNTED):
            ordered = (alone, tracked) if number % 2 else (tracked, alone)
            taken = {contender: contender.take_turn(steps) for contender in ordered}
            pairs.append((taken[alone], taken[tracked]))
    finally:
        alone.close()
        tracked.close()
    counted = pairs[NOT_COUNTED:]
    added = [with_.seconds / without.seconds - 1 for without, with_ in counted]
    processor = [w.processor_seconds / o.processor_seconds - 1 for o, w in counted]
    return {
        "milliseconds": 1000 * statistics.median(o.seconds for o, _ in counted) / steps,
        "added": statistics.median(added),
        "least": min(added),
        "most": max(added),
        "processor_added": statistics.median(processor),
        "steps": steps,
        "rounds": rounds,
    }


def train_in(turnstile: Turnstile, *, folder: str, **arguments: Any) -> None:
    """Trains where the trackers leave nothing outside `folder`, and send nothing."""
    os.chdir(folder)
    os.environ |= {
        "MLFLOW_TRACKING_URI": f"sqlite:///{folder}/mlflow.db",
        "TRACKIO_DIR": f"{folder}/trackio",
        "WANDB_MODE": "offline",
    }
    our_training.train(turnstile, **arguments)


if __name__ == "__main__":
    main()
