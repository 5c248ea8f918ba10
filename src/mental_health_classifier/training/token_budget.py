"""Search for the most tokens that a batch may hold, by trying what memory allows."""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable
from typing import Any

import torch

from mental_health_classifier.training.memory import Memory
from mental_health_classifier.training.seeded_module import SeededModule

log = logging.getLogger(__name__)

USABLE_SHARE = 0.5
"""Of the free memory, for a step. The rest is for validation, checkpoints, and whoever else uses
the machine."""
ENOUGH_TO_EXTRAPOLATE = 0.25
"""Of the usable memory: from a step that takes that much, larger ones are predicted, not tried."""


def try_token_budget(
    classifier: SeededModule,
    *,
    longest_post: Callable[[int], Any],
    max_posts: int,
    device: torch.device,
    memory: Memory,
) -> int:
    """Tokens of a batch at most, tried with a copy of the classifier: neither its weights nor the
    random state change.

    Args:
        longest_post: makes the batch of so many times the longest post.
        max_posts: of a batch; more tokens than those of so many longest posts are of no use.
        device: of the training.
        memory: of the device.
    """
    tried = copy.deepcopy(classifier).to(device).train()

    def take_step(num_posts: int) -> None:
        batch = longest_post(num_posts).to(device)
        tried.losses(batch)["total"].backward()
        tried.zero_grad(set_to_none=True)

    weights = sum(p.numel() * p.element_size() for p in tried.parameters())
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        return find_token_budget(
            take_step,
            tokens_of_post=len(longest_post(1).token_ids),
            max_posts=max_posts,
            usable_bytes=int(memory.free_bytes() * USABLE_SHARE)
            - 2 * weights,  # AdamW's, made at the first step
            memory=memory,
        )


def find_token_budget(
    take_step: Callable[[int], object],
    *,
    tokens_of_post: int,
    max_posts: int,
    usable_bytes: int,
    memory: Memory,
) -> int:
    """The most tokens with which a step takes no more than `usable_bytes`, and at least those of
    one post.

    Steps of twice as many posts each time are tried until one takes a good part of what is usable.
    Memory grows at most in proportion to the posts from there, so no step that is tried or allowed
    goes beyond it.

    Args:
        take_step: trains on so many posts of `tokens_of_post` tokens each.
    """
    take_step(1)  # what is made once, at the first step, is no step's
    num_posts = 1
    while True:
        taken = max(1, memory.bytes_taken_by(lambda posts=num_posts: take_step(posts)))
        if num_posts == max_posts or taken > ENOUGH_TO_EXTRAPOLATE * usable_bytes:
            break
        num_posts = min(2 * num_posts, max_posts)
    fitting = int(num_posts * tokens_of_post * usable_bytes / taken)
    budget = max(tokens_of_post, min(fitting, max_posts * tokens_of_post))
    log.info(
        "A batch holds at most %d tokens: %d took %.0f MB of the usable %.0f MB.",
        *(budget, num_posts * tokens_of_post, taken / 2**20, usable_bytes / 2**20),
    )
    return budget
