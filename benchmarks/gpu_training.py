"""How fast is a training step on a GPU, against transformers' Trainer and what the GPU can do?

    python benchmarks/gpu_training.py [--sizes small,medium,minilm] [--rounds 5] [--steps 40]
    python benchmarks/gpu_training.py --on-cpu     a tiny setting, to see that it works

First the fastest product of matrices and the fastest copy in memory, then all by turns, in bf16:
our module with all callbacks, the same with one call of attention for posts of all lengths and
without dropout in it, the bare loop on the same batches, the Trainer in random order,
grouped by length, and grouped and compiled. The Trainer's network begins with our weights, and has
to give the same answers before it trains.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from functools import partial

import our_training
import torch
import trainer_training
from machine import describe_machine, machine_line
from training_speed import MODELS, POSTS_PER_STEP, training_operations
from turnstile import Contender, Turn

CONTENDERS: dict[str, Callable[..., Contender]] = {
    "ours": partial(Contender, our_training.train, is_bare=False),
    "ours, attention at once": partial(
        Contender,
        our_training.train,
        is_bare=False,
        choices=["network/attention=variable_length"],
    ),
    "bare loop": partial(Contender, our_training.train, is_bare=True),
    "Trainer": partial(Contender, trainer_training.train, is_grouped=False),
    "Trainer, grouped": partial(Contender, trainer_training.train, is_grouped=True),
    "Trainer, grouped, compiled": partial(
        Contender, trainer_training.train, is_grouped=True, is_compiled=True
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--sizes", default="small,medium,minilm", help="of small, medium, minilm")
    parser.add_argument("--mean-tokens", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=40, help="of a turn")
    parser.add_argument("--on-cpu", action="store_true", help="a tiny setting")
    given = parser.parse_args()
    if given.on_cpu:
        given.sizes, given.mean_tokens, given.rounds, given.steps = "small", 8, 1, 2
    elif not torch.cuda.is_available():
        parser.error("There is no GPU here; --on-cpu shows that all of it works.")
    device = torch.device("cpu" if given.on_cpu else "cuda")
    name = "CPU" if given.on_cpu else torch.cuda.get_device_name()
    print(f"{machine_line(describe_machine())}; {name}, torch {torch.__version__}")
    peak = matrix_peak(device, side=256 if given.on_cpu else 8192)
    copied = copy_bandwidth(device, megabytes=16 if given.on_cpu else 1024)
    print(f"bf16 matrix peak {peak / 1e12:.3g} TFLOP/s, copies {copied / 1e9:.3g} GB/s")
    for size in given.sizes.split(","):
        for contender, turns in run_rounds(size, given).items():
            shares = [training_operations(turn, size) / turn.seconds / peak for turn in turns]
            speeds = [turn.posts / turn.seconds for turn in turns]
            megabytes = max(turn.gpu_bytes for turn in turns) / 1e6
            print(
                f"{size:<7} {contender:<27} {statistics.median(speeds):9.0f} posts a second, "
                f"{statistics.median(shares):.3f} of the peak, {megabytes:,.0f} MB",
                flush=True,
            )


def run_rounds(size: str, given: argparse.Namespace) -> dict[str, list[Turn]]:
    """What each contender did in each round."""
    # A processor without instructions for bf16 would take many minutes for more.
    posts_per_step = 4 if given.on_cpu else POSTS_PER_STEP[size]
    shared = {
        **{"size": MODELS[size], "mean_tokens": given.mean_tokens, "threads": 1},
        "posts_per_step": posts_per_step,
        "num_posts": posts_per_step * given.steps * (given.rounds + 2),
        **{"is_on_gpu": not given.on_cpu, "is_bf16": True},
    }
    contenders = {
        name: make(**shared)
        for name, make in CONTENDERS.items()
        # An encoder keeps the attention that it was pretrained with.
        if not (size == "minilm" and name == "ours, attention at once")
    }
    turns: dict[str, list[Turn]] = {name: [] for name in contenders}
    try:
        for number in range(-1, given.rounds):
            # Every other round backwards: what wears on through a round then hits all alike.
            for name in list(contenders)[:: 1 if number % 2 else -1]:
                turn = contenders[name].take_turn(given.steps)
                if number >= 0:  # the first steps pay for what is made once
                    turns[name].append(turn)
    finally:
        for contender in contenders.values():
            contender.close()
    return turns


def matrix_peak(device: torch.device, *, side: int) -> float:
    """Floating-point operations a second of a square product in bf16."""
    left, right = (torch.randn(side, side, device=device, dtype=torch.bfloat16) for _ in range(2))
    return 2 * side**3 / fastest(lambda: left @ right, device)


def copy_bandwidth(device: torch.device, *, megabytes: int) -> float:
    """Bytes a second that a copy reads and writes."""
    source = torch.empty(megabytes * 2**20, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    return 2 * source.numel() / fastest(lambda: target.copy_(source), device)


def fastest(work: Callable[[], object], device: torch.device, *, repeats: int = 20) -> float:
    """Seconds that some work takes, done to its end, when nothing disturbs it."""
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        if device.type == "cuda":
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


if __name__ == "__main__":
    main()
