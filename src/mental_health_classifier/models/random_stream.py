"""Random numbers of its own for a part that a network can have or not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def own_random_stream() -> Iterator[None]:
    """Within the block torch draws other numbers, a function of its random state, which is
    afterwards what it was."""
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(int(torch.randint(2**63 - 1, (), device="cpu")))
        yield
