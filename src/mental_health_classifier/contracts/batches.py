"""Batch and ModelOutput: what goes into a network and what comes out of it.

Legend of shapes: B posts, W windows of these posts (of most posts one), N tokens of all windows of
a batch, D width, H heads, C classes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from mental_health_classifier.contracts.shapes import require_shape

if TYPE_CHECKING:
    import torch
    from torch import Tensor


HIDDEN = "hidden_tokens"
"""The stream of a batch with the token at each place that is to be filled in, and MISSING of
task_kinds.py at all others."""


class LengthGroup(NamedTuple):
    """Consecutive windows of a batch that have the same number of tokens. Each is a whole post,
    unless long ones are read in several windows."""

    first_token: int
    num_posts: int
    num_tokens: int
    """Tokens of each; the group covers `num_posts * num_tokens` tokens."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Posts as one stream of tokens without padding, shortest post first.

    A post that is read in several windows is several stretches of the stream, which is ordered by
    the lengths of windows.
    """

    token_ids: Tensor
    """All tokens of all windows, int64, shape `(N,)`."""
    offsets: Tensor
    """Window w holds tokens `offsets[w]:offsets[w + 1]`, int64, shape `(W + 1,)`."""
    positions: Tensor
    """Place of each token within its own window, int64, shape `(N,)`."""
    labels: Mapping[str, Tensor]
    """For each task the label of every post: of the main task the class index, int64, shape
    `(B,)`; of others as their kind says in task_kinds.py."""
    post_indices: Tensor
    """Row of each post in its corpus, int64, shape `(B,)`."""
    length_groups: Sequence[LengthGroup]
    """The partition of `offsets`, grouped by length and kept on the host: attention is one call
    for each group."""
    token_streams: Mapping[str, Tensor] = field(default_factory=dict)
    """What else is known of each token, by the names in the configuration's `token_streams`, int64,
    each of shape `(N,)`."""
    window_posts: Tensor | None = None
    """Place of each window's post in `post_indices`, int64, shape `(W,)`. None: each post is one
    window, and both have the same order."""
    whole: Batch | None = None
    """What the devices that share a step have together; this is the share of one of them, see
    `share_of`. None: this is all."""

    def __post_init__(self) -> None:
        """Raises ValueError where lengths do not fit each other."""
        windows = sum(group.num_posts for group in self.length_groups)
        posts = windows if self.window_posts is None else len(self.post_indices)
        tokens = sum(group.num_posts * group.num_tokens for group in self.length_groups)
        require_shape("Batch.offsets", self.offsets, (windows + 1,))
        if self.window_posts is not None:
            require_shape("Batch.window_posts", self.window_posts, (windows,))
        require_shape("Batch.post_indices", self.post_indices, (posts,))
        streams = {f"token_streams.{name}": each for name, each in self.token_streams.items()}
        for name, values in {
            "token_ids": self.token_ids,
            "positions": self.positions,
            **streams,
        }.items():
            require_shape(f"Batch.{name}", values, (tokens,))
        for task, labels in self.labels.items():
            require_shape(f"Batch.labels.{task}", labels, (posts, *labels.shape[1:]))

    def to(self, device: torch.device | str, non_blocking: bool = False) -> Batch:
        return self._with(lambda values: values.to(device, non_blocking=non_blocking))

    def pin_memory(self) -> Batch:
        """In memory of the host that a GPU copies from while both go on."""
        return self._with(lambda values: values.pin_memory())

    def _with(self, made: Callable[[Tensor], Tensor]) -> Batch:
        return replace(
            self,
            token_ids=made(self.token_ids),
            offsets=made(self.offsets),
            positions=made(self.positions),
            labels={task: made(labels) for task, labels in self.labels.items()},
            post_indices=made(self.post_indices),
            token_streams={name: made(values) for name, values in self.token_streams.items()},
            window_posts=None if self.window_posts is None else made(self.window_posts),
            whole=None if self.whole is None else self.whole._with(made),
        )

    def __len__(self) -> int:
        return len(self.post_indices)


@dataclass(frozen=True, slots=True)
class ModelOutput:
    logits: Mapping[str, Tensor]
    """For each task, shape `(B, C)`, of others than the main one with as many columns as its
    `num_logits`."""
    token_weights: Tensor | None = None
    """Share of each token in its post's vector, all its windows counted, where pooling is weighted,
    shape `(N,)`."""
