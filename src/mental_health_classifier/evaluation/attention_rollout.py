"""Attention rollout and entropy of attention: they describe a network, and explain no answer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def rollout(layers: Sequence[np.ndarray]) -> np.ndarray:
    """How much of each token (last dimension) is in each token after the last layer.

    It knows nothing of classes: it describes where information can have come from.

    Args:
        layers: attention weights of each layer, first to last, shape `(..., H, L, L)`.

    Returns:
        Shape `(..., L, L)`; rows sum to one.

    Source: Abnar and Zuidema, Quantifying Attention Flow in Transformers, ACL 2020.
    """
    rolled = None
    for weights in layers:
        # The residual connection around attention passes each token on as it is.
        mixing = weights.mean(-3) + np.eye(weights.shape[-1])
        mixing /= mixing.sum(-1, keepdims=True)
        rolled = mixing if rolled is None else mixing @ rolled
    assert rolled is not None, "There is no layer to roll out."
    return rolled


def attention_entropy(weights: np.ndarray) -> np.ndarray:
    """How evenly each head looks around: 0 at one token, 1 at all alike.

    Args:
        weights: shape `(..., H, L, L)`.

    Returns:
        Mean over the tokens that look, shape `(..., H)`; NaN for a post of one token.
    """
    num_tokens = weights.shape[-1]
    if num_tokens == 1:
        return np.full(weights.shape[:-2], np.nan)
    logarithms = np.log(weights, out=np.zeros_like(weights), where=weights > 0)
    return -(weights * logarithms).sum(-1).mean(-1) / np.log(num_tokens)
