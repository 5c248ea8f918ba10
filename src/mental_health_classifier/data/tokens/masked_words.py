"""Masks over words of posts, which a network learns to fill in."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import torch
from torch import Tensor

from mental_health_classifier.contracts import PARTS, Batch, Corpus
from mental_health_classifier.contracts.batches import HIDDEN
from mental_health_classifier.contracts.task_kinds import MISSING
from mental_health_classifier.data.tokens.tokenizer import PostTokenizer
from mental_health_classifier.storage.cache import cache_key

MASKED, RANDOM = 0.8, 0.1
"""Shares of the tokens of chosen words that the mask and a random token replace; others stay."""


class MaskedWords:
    """Hides whole words of a batch: each with the same probability, and one at least.

    Special tokens are never hidden, and never replace another.

    Args:
        tokenizer: of the posts.
        share: of the words, in (0, 1); in the mean that of the tokens too.

    Source: Devlin et al., BERT, NAACL 2019 (section 3.1), and its later whole-word masking.
    """

    def __init__(self, tokenizer: PostTokenizer, *, share: float) -> None:
        self._mask_id, self._share = tokenizer.mask_id, share
        self._begins = torch.from_numpy(tokenizer.begin_words())
        self._is_special = torch.from_numpy(tokenizer.are_special())
        self._ordinary = torch.from_numpy((~tokenizer.are_special()).nonzero()[0])

    def __call__(self, batch: Batch, generator: torch.Generator | None) -> Batch:
        """The batch with words hidden, and with the stream HIDDEN.

        Args:
            generator: on the CPU, so that every device hides the same; None: that of torch.
        """
        ids = batch.token_ids.cpu()
        is_special = self._is_special[ids]
        words = self._number_words(ids, is_special, batch.positions.cpu())
        num_words = int(words[-1]) + 1
        draws = torch.rand(num_words, generator=generator)
        draws[words[is_special]] = torch.inf  # a special token is a word by itself
        is_hidden = ((draws <= draws.min().clamp_min(self._share)) & draws.isfinite())[words]
        how = torch.rand(len(ids), generator=generator)
        others = self._ordinary[
            torch.randint(len(self._ordinary), (len(ids),), generator=generator)
        ]
        shown = others.where(how >= MASKED, self._mask_id)
        shown = torch.where(is_hidden & (how < MASKED + RANDOM), shown, ids)
        streams = {**batch.token_streams, HIDDEN: ids.where(is_hidden, MISSING)}
        device = batch.token_ids.device
        return replace(
            batch,
            token_ids=shown.to(device),
            token_streams={name: each.to(device) for name, each in streams.items()},
        )

    def _number_words(self, ids: Tensor, is_special: Tensor, positions: Tensor) -> Tensor:
        """The number of the word in the batch that each token belongs to, shape `(N,)`."""
        follows_special = torch.cat([is_special[:1], is_special[:-1]])
        begins = self._begins[ids] | is_special | follows_special | (positions == 0)
        return begins.cumsum(0) - 1


def texts_to_learn_from(corpus: Corpus, parts: tuple[str, ...]) -> Corpus:
    """The corpus as masked tokens are learned from it: the posts of some parts are its train, those
    of val stay what it is validated on, all others are left out, and no label is left.

    Args:
        parts: any of PARTS.
    """
    learned = corpus.posts[corpus.posts["part"].isin(parts)].assign(part="train")
    posts = pd.concat([learned, corpus.part("val")], ignore_index=True)
    part = pd.Categorical(posts["part"], categories=list(PARTS))
    return replace(
        corpus,
        posts=posts.assign(part=part, label=0),
        key=cache_key(corpus.key, "masked tokens", *sorted(parts)),
        auxiliary_tasks=(),
        auxiliary_labels={},
    )
