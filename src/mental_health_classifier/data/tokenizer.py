"""A vocabulary learned on the training part alone, from words that more than one person used."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers, trainers

from mental_health_classifier.contracts import InputError
from mental_health_classifier.data.scrubbing import PLACEHOLDERS

UNKNOWN = "[UNK]"
MASK = "[MASK]"
_NORMALIZER = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
_SPLITTER = pre_tokenizers.Whitespace()
_ENCODED_AT_ONCE = 4096


class PostTokenizer:
    """Turns posts into token ids. No padding, no added tokens: a post is its own words."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer

    @property
    def size(self) -> int:
        return self._tokenizer.get_vocab_size()

    def to_json(self) -> str:
        return self._tokenizer.to_str()

    def save(self, path: Path) -> None:
        path.write_text(self.to_json(), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> PostTokenizer:
        return cls(Tokenizer.from_str(path.read_text(encoding="utf-8")))

    def encode(self, texts: Sequence[str], *, max_tokens: int) -> Iterator[np.ndarray]:
        """Yields the token ids of each post, at least one and at most the first `max_tokens`."""
        self._tokenizer.enable_truncation(max_tokens)
        unknown = self._tokenizer.token_to_id(UNKNOWN)
        dtype = np.uint16 if self.size <= 2**16 else np.uint32
        for start in range(0, len(texts), _ENCODED_AT_ONCE):
            chunk = list(texts[start : start + _ENCODED_AT_ONCE])
            for encoding in self._tokenizer.encode_batch_fast(chunk, add_special_tokens=False):
                yield np.array(encoding.ids or [unknown], dtype=dtype)
        self._tokenizer.no_truncation()


def learn_bpe(
    texts: Sequence[str], authors: Sequence[str | None], *, vocabulary_size: int
) -> PostTokenizer:
    """Learns byte-pair encoding within words.

    A word enters only when two authors used it (two posts, where the author is not known): a saved
    vocabulary is text too, and a word of one person alone may name that person.

    Args:
        texts: the posts of the training part.
        authors: the author of each.
        vocabulary_size: tokens at most, special ones included.

    Raises:
        InputError: no word is used by two authors.
    """
    tokenizer = Tokenizer(models.BPE(unk_token=UNKNOWN))
    tokenizer.normalizer = _NORMALIZER
    # Bytes as the alphabet: no word is unknown, and ids do not depend on the order of a hash table.
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [_SPLITTER, pre_tokenizers.ByteLevel(add_prefix_space=True, use_regex=False)]
    )
    placeholders = [AddedToken(token, normalized=False) for token in PLACEHOLDERS.values()]
    specials = [UNKNOWN, MASK, *placeholders]
    words = [_words(text) for text in texts]
    shared = _used_by_two(words, authors)
    if not shared:
        raise InputError(
            f"The {len(texts)} training posts have no word that two authors used, so there is no "
            "vocabulary to learn. Give more posts."
        )
    tokenizer.train_from_iterator(
        [" ".join(word for word in post if word in shared) for post in words],
        trainers.BpeTrainer(
            vocab_size=vocabulary_size,
            min_frequency=2,
            special_tokens=specials,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    return PostTokenizer(tokenizer)


def _words(text: str) -> list[str]:
    normalized = _NORMALIZER.normalize_str(text)
    return [word for word, _ in _SPLITTER.pre_tokenize_str(normalized)]


def _used_by_two(posts: Sequence[Sequence[str]], authors: Sequence[str | None]) -> set[str]:
    first_user: dict[str, str | int] = {}
    shared: set[str] = set()
    for index, (words, author) in enumerate(zip(posts, authors, strict=True)):
        user = author or index  # who is not known counts as a user of this post alone
        shared.update(word for word in words if first_user.setdefault(word, user) != user)
    return shared
