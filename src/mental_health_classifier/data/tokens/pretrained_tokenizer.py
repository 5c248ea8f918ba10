"""Tokenizer that a pretrained encoder brings."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from mental_health_classifier.data.tokens.encoder_folder import TOKENIZER, find_recorded_encoder
from mental_health_classifier.data.tokens.tokenizer import PostTokenizer


def read_tokenizer(
    texts: Sequence[str] | pd.Series, authors: Sequence[str | None] | pd.Series, *,
    encoder: str, download: bool, encoder_sha256: str,
) -> PostTokenizer:  # fmt: skip
    """Reads the tokenizer of an encoder; nothing is learned from posts.

    Args:
        texts, authors: see `learn_bpe`; left alone.
        encoder, download: see `find_encoder`.
        encoder_sha256: what `hash_of_encoder` was when the run was configured.

    Raises:
        InputError: the encoder is not there, is another, or has no tokenizer that can be used.
    """
    folder = find_recorded_encoder(encoder, download=download, sha256=encoder_sha256)
    return PostTokenizer.load(folder / TOKENIZER)
