"""Pooling of the vectors of a post's windows into one of the post: mean, or a learned attention."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mental_health_classifier.contracts import Batch
from mental_health_classifier.contracts.ranges import Width


class MeanOfWindows(nn.Module):
    """The mean over a post's windows."""

    def forward(self, of_windows: Tensor, batch: Batch) -> tuple[Tensor, Tensor | None]:
        """Pools vectors of shape `(W, D)` to `(B, D)`; also returns the share of each window in its
        post, shape `(W,)`. None: each post is one window."""
        posts = batch.window_posts
        if posts is None:
            return of_windows, None
        shares = 1 / torch.bincount(posts, minlength=len(batch))[posts].to(of_windows.dtype)
        return _sums(shares[:, None] * of_windows, posts, len(batch)), shares


class AttentionOverWindows(nn.Module):
    """A learned share of each window, by softmax over those of a post.

    What it learns begins at zero: before the first step it is the mean.

    Source: Yang et al., Hierarchical Attention Networks for Document Classification, NAACL 2016
        (sentence attention, without its hidden layer).
    """

    def __init__(self, *, width: Width) -> None:
        super().__init__()
        self.query = nn.Parameter(torch.zeros(width))

    def forward(self, of_windows: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        """As `MeanOfWindows`; the shares of a post sum to one."""
        posts = batch.window_posts
        if posts is None:
            posts = torch.arange(len(batch), device=of_windows.device)
        scores = of_windows @ self.query  # (W,)
        highest = scores.new_zeros(len(batch)).scatter_reduce(
            0, posts, scores.detach(), "amax", include_self=False
        )
        shares = (scores - highest[posts]).exp()
        shares = shares / _sums(shares, posts, len(batch))[posts]
        return _sums(shares[:, None] * of_windows, posts, len(batch)), shares


def _sums(values: Tensor, posts: Tensor, num_posts: int) -> Tensor:
    """Sums over the windows of each post, from `(W, ...)` to `(B, ...)`."""
    return values.new_zeros(num_posts, *values.shape[1:]).index_add(0, posts, values)
