"""How fast is a training step? Against transformers' Trainer, a bare loop, and the machine.

    python benchmarks/training_speed.py [--json] [--sizes small,medium,minilm] [--quick]
                                        [--against bare,grouped,default]

The same network, weights, posts, optimizer, dropout, precision and threads for all. They take
turns; what is printed are medians over the rounds. All of them hold their weights in memory at
once: `--against` takes fewer where a large network does not fit so often.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import our_training
import torch
import trainer_training
from machine import describe_machine, machine_line
from matrix_product import matrix_peak
from rich.console import Console
from rich.table import Table
from turnstile import Contender, Turn

MODELS = {"small": "baseline_small", "medium": "medium_model", "minilm": "minilm"}
POSTS_PER_STEP = {"small": 32, "medium": 16, "minilm": 32}
STEPS = {
    **{("small", 30): 24, ("small", 128): 8, ("medium", 30): 8, ("medium", 128): 4},
    **{("minilm", 30): 8, ("minilm", 128): 4},
}
"""Of a turn, by size and mean tokens of a post."""
OTHERS = {
    "bare": partial(Contender, our_training.train, is_bare=True),
    "grouped": partial(Contender, trainer_training.train, is_grouped=True),
    "default": partial(Contender, trainer_training.train, is_grouped=False),
}
MIN_POSTS = 4000


@dataclass(frozen=True)
class Round:
    ours: Turn
    others: Mapping[str, Turn]
    matrix_peak: tuple[float, float]
    load: float


def run_rounds(
    size: str, mean_tokens: int, *, against: Sequence[str], rounds: int, steps: int, threads: int
) -> list[Round]:
    shared = {
        "size": MODELS[size],
        "mean_tokens": mean_tokens,
        "num_posts": max(MIN_POSTS, POSTS_PER_STEP[size] * steps * (rounds + 2)),
        "posts_per_step": POSTS_PER_STEP[size],
        "threads": threads,
    }
    contenders = {
        "ours": Contender(our_training.train, **shared, is_bare=False),
        **{name: OTHERS[name](**shared) for name in against},
    }
    try:
        for contender in contenders.values():
            contender.take_turn(2)  # the first steps pay for what is made once
        done = []
        for number in range(rounds):
            # Every other round backwards: what wears on through a round then hits all alike.
            order = list(contenders) if number % 2 == 0 else list(reversed(contenders))
            turns = {
                # Random order is the slowest and the most even: half the steps tell as much.
                name: contenders[name].take_turn(max(1, steps // 2) if name == "default" else steps)
                for name in order
            }
            ours = turns.pop("ours")
            done.append(Round(ours, turns, matrix_peak=matrix_peak(), load=os.getloadavg()[0]))
        return done
    finally:
        for contender in contenders.values():
            contender.close()


def training_operations(turn: Turn, size: str) -> float:
    """Floating-point operations of a turn's matrix products, forward and twice that back; padding
    is no use and does not count."""
    model = our_training.compose_config(MODELS[size], POSTS_PER_STEP[size]).model
    weights = 4 * model.width**2 + 2 * model.width * model.feedforward_width
    forward = turn.tokens * 2 * weights + turn.squared_lengths * 4 * model.width
    return 3.0 * model.num_layers * forward


def figures(rounds: Sequence[Round], size: str) -> dict[str, float]:
    """Medians over the rounds.

    Speeds are compared by the useful operations a second, since the Trainer shuffles posts in its
    own way; our two loops take the same batches. `..._processor` is by seconds of processor time,
    which tell more than those of the clock on a machine that others use too.
    """

    def median(value: Callable[[Round], float]) -> float:
        return statistics.median(value(each) for each in rounds)

    def speed(turn: Turn) -> float:
        return training_operations(turn, size) / turn.seconds

    def thrift(turn: Turn) -> float:
        return training_operations(turn, size) / turn.processor_seconds

    values: dict[str, float] = {}
    for name in rounds[0].others:
        pairs = [(each.ours, each.others[name]) for each in rounds]
        if name == "bare":
            values |= {
                "lightning_overhead": statistics.median(a.seconds / b.seconds for a, b in pairs),
                "lightning_overhead_processor": statistics.median(
                    a.processor_seconds / b.processor_seconds for a, b in pairs
                ),
                "lightning_milliseconds": statistics.median(
                    1000 * (a.seconds - b.seconds) / a.steps for a, b in pairs
                ),
            }
        else:
            values |= {
                f"vs_{name}": statistics.median(speed(a) / speed(b) for a, b in pairs),
                f"vs_{name}_processor": statistics.median(thrift(a) / thrift(b) for a, b in pairs),
            }
    return values | {
        "matrix_peak_share": median(lambda r: speed(r.ours) / r.matrix_peak[0]),
        "matrix_peak_share_processor": median(lambda r: thrift(r.ours) / r.matrix_peak[1]),
        "input_wait_share": median(lambda r: r.ours.input_seconds / r.ours.seconds),
        "posts_per_second": median(lambda r: r.ours.posts / r.ours.seconds),
        "milliseconds_per_step": median(lambda r: 1000 * r.ours.seconds / r.ours.steps),
        "matrix_peak_gflops": median(lambda r: r.matrix_peak[0] / 1e9),
        "load": median(lambda r: r.load),
    }


def print_table(results: Mapping[tuple[str, int], Mapping[str, float]], console: Console) -> None:
    table = Table(title="A training step")
    table.add_column("")
    for size, mean_tokens in results:
        table.add_column(f"{size}, {mean_tokens} tokens", justify="right")
    for key in next(iter(results.values())):
        table.add_row(key, *(f"{values[key]:.4g}" for values in results.values()))
    console.print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument(
        "--json",
        action="store_true",
        help="one JSON object on the last line; the longest posts are the keys of a size",
    )
    parser.add_argument("--sizes", default="small,medium", help="of small, medium and minilm")
    parser.add_argument("--lengths", default="30,128", help="mean tokens of a post")
    parser.add_argument("--against", default=",".join(OTHERS), help="of bare, grouped and default")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--quick", action="store_true", help="three rounds of half as many steps")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    console = Console(width=110)
    machine = describe_machine() | {
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "threads": options.threads,
        "torch": torch.__version__,
    }
    console.print(f"{machine_line(machine)}; {options.threads} threads", soft_wrap=True)
    results = {}
    for size in options.sizes.split(","):
        for mean_tokens in map(int, options.lengths.split(",")):
            steps = STEPS.get((size, mean_tokens), 8)
            rounds = run_rounds(
                size,
                mean_tokens,
                against=options.against.split(","),
                rounds=3 if options.quick else options.rounds,
                steps=max(2, steps // 2) if options.quick else steps,
                threads=options.threads,
            )
            results[size, mean_tokens] = figures(rounds, size)
    print_table(results, console)
    if options.json:
        report: dict[str, object] = {"benchmark": Path(__file__).stem, "machine": machine}
        for size in options.sizes.split(","):
            lengths = [length for name, length in results if name == size]
            report[size] = results[size, max(lengths)] | {
                f"{length}_tokens": results[size, length] for length in lengths
            }
        print(json.dumps(report))


if __name__ == "__main__":
    main()
