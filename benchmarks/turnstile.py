"""Lets training loops that run in processes of their own take turns."""

from __future__ import annotations

import os
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection

import torch


@dataclass(frozen=True)
class Turn:
    """What one contender did in one turn."""

    seconds: float
    processor_seconds: float
    input_seconds: float
    """Of `seconds`, spent waiting for the next batch. Only our own loops measure it."""
    steps: int
    posts: int
    tokens: int
    squared_lengths: int
    """Sum over the posts of their number of tokens squared: what attention pays for."""
    gpu_bytes: int = 0
    """Of a GPU, at the peak of the turn."""


class Turnstile:
    """Counts the steps of a training loop and holds it between turns."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._steps_left = 0

    def pass_step(self, lengths: list[int], input_seconds: float = 0.0) -> None:
        """To be called after each step, with the lengths of its posts."""
        if self._steps_left:
            self._counts = [
                a + b
                for a, b in zip(
                    self._counts,
                    (1, len(lengths), sum(lengths), sum(n * n for n in lengths)),
                    strict=True,
                )
            ]
            self._input_seconds += input_seconds
            self._steps_left -= 1
        if not self._steps_left:
            has_gpu = torch.cuda.is_available()
            if has_gpu:
                torch.cuda.synchronize()  # a step returns before it is done there
            if self._is_started:
                seconds = time.perf_counter() - self._start
                processor = time.process_time() - self._processor_start
                peak = torch.cuda.max_memory_allocated() if has_gpu else 0
                turn = Turn(seconds, processor, self._input_seconds, *self._counts, gpu_bytes=peak)
                self._connection.send(turn)
            self._steps_left = self._connection.recv()
            self._counts = [0, 0, 0, 0]
            self._input_seconds = 0.0
            self._is_started = True
            if has_gpu:
                torch.cuda.reset_peak_memory_stats()
            self._start, self._processor_start = time.perf_counter(), time.process_time()

    _is_started = False


class Contender:
    """A training loop in a process of its own, with so many threads of torch."""

    def __init__(self, run: Callable[..., None], *, threads: int, **arguments: object) -> None:
        context = get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(
            target=_enter, args=(run, theirs, threads, arguments), daemon=True
        )
        self._process.start()

    def take_turn(self, steps: int) -> Turn:
        """Lets the loop go on for so many steps, and waits for them."""
        self._connection.send(steps)
        turn = self._connection.recv()
        if isinstance(turn, str):
            raise RuntimeError(turn)
        return turn

    def close(self) -> None:
        self._process.terminate()
        self._process.join()


def _enter(
    run: Callable[..., None], connection: Connection, threads: int, arguments: dict[str, object]
) -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # progress bars
    torch.set_num_threads(threads)
    try:
        run(Turnstile(connection), **arguments)
    except Exception:
        connection.send(traceback.format_exc())
