"""Posts with some tokens replaced by [MASK], and what the model says of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mental_health_classifier.data.tokens.token_cache import TokenTable
from mental_health_classifier.data.tokens.token_streams import OUTSIDE
from mental_health_classifier.evaluation.faithfulness import Score
from mental_health_classifier.prediction.loaded_network import LoadedNetwork

TOKENS_AT_ONCE = 1024


def masked(
    tokens: TokenTable, rows: Sequence[int], masks: Sequence[np.ndarray], *, mask_id: int
) -> TokenTable:
    """Variants of posts, one post after the other.

    Args:
        tokens: of posts.
        rows: which of them.
        masks: of each of these, which tokens are masked in its variants: bool, `(variants, L)`.
        mask_id: the token that stands for those.
    """
    spans = [slice(*tokens.offsets[row : row + 2]) for row in rows]

    def with_masks(values: np.ndarray, instead: int) -> np.ndarray:
        parts = [
            np.where(mask, instead, values[span]).ravel()
            for span, mask in zip(spans, masks, strict=True)
        ]
        return np.concatenate(parts).astype(values.dtype)

    lengths = np.concatenate([np.full(len(mask), mask.shape[1]) for mask in masks])
    return replace(
        tokens,
        token_ids=with_masks(tokens.token_ids, mask_id),
        offsets=np.concatenate([[0], np.cumsum(lengths)]),
        streams={name: with_masks(values, OUTSIDE) for name, values in tokens.streams.items()},
    )


def masked_score(loaded: LoadedNetwork, tokens: TokenTable, classes: np.ndarray) -> Score:
    """The model as `faithfulness` asks it.

    Args:
        tokens: of all posts.
        classes: the class that is explained of each, shape `(n,)`.
    """
    # Variants of a post are equally long: many at once are one call of attention.
    quick = replace(loaded, max_posts=TOKENS_AT_ONCE, token_budget=TOKENS_AT_ONCE)

    def score(rows: Sequence[int], masks: Sequence[np.ndarray]) -> list[np.ndarray]:
        variants = masked(tokens, rows, masks, mask_id=loaded.tokenizer.mask_id)
        parts = np.split(
            quick.predict_tokens(variants), np.cumsum([len(mask) for mask in masks])[:-1]
        )
        return [part[:, classes[row]] for row, part in zip(rows, parts, strict=True)]

    return score
