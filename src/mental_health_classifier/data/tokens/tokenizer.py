"""Tokenizer of posts; one of our own is learned on the training part alone, from words that more
than one person used."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from tokenizers import (
    AddedToken,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    trainers,
)

from mental_health_classifier.contracts import InputError
from mental_health_classifier.contracts.ranges import VocabularySize
from mental_health_classifier.data.reading.scrubbing import PLACEHOLDERS

UNKNOWN = "[UNK]"
MASK = "[MASK]"
_NORMALIZER = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
_SPLITTER = pre_tokenizers.Whitespace()
_IS_MASK = re.compile(r"\W*mask\W*", re.IGNORECASE)
"""[MASK], <mask>, <|mask|>: what encoders call the token that stands for a masked one."""
_SPACES = ("\u0120", "\u2581")
"""How vocabularies of bytes and of SentencePiece write the space in front of a word."""
_NOWHERE = (0, 0)
_POSTS_AT_ONCE = 4096
_REPEATED_AT_ONCE = 10_000


class PostTokenizer:
    """Turns posts into token ids, without padding.

    One of our own adds nothing: a post is its own words. That of a pretrained encoder puts special
    tokens around each post; what else its file says of padding and cutting is not followed.

    Raises:
        InputError: it has no token that stands for a masked one.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        tokenizer.no_padding()
        tokenizer.no_truncation()
        self._tokenizer = tokenizer
        added = tokenizer.get_added_tokens_decoder().items()
        masks = [id_ for id_, token in added if _IS_MASK.fullmatch(token.content)]
        if not masks:
            raise InputError("This tokenizer has no [MASK], <mask> or the like among its tokens.")
        self.mask_id = masks[0]
        """The token that stands for a masked one."""
        unknown = tokenizer.token_to_id(UNKNOWN)
        self._unknown = self.mask_id if unknown is None else unknown
        self.size = 1 + max(tokenizer.get_vocab().values())
        """One more than the highest token id."""
        is_special = tokenizer.encode("a").special_tokens_mask
        ids = tokenizer.encode("a").ids
        first_word = is_special.index(0) if 0 in is_special else 0
        self._before = ids[:first_word]
        self._after = ids[first_word + is_special.count(0) :]

    @property
    def num_special(self) -> int:
        """Special tokens around each post."""
        return sum(self.num_around)

    @property
    def num_around(self) -> tuple[int, int]:
        """Special tokens before and after each post."""
        return len(self._before), len(self._after)

    def are_own(self, num_tokens: int) -> np.ndarray:
        """Which tokens of a post are its own and not special ones, bool, shape `(num_tokens,)`."""
        places = np.arange(num_tokens)
        return (places >= len(self._before)) & (places < num_tokens - len(self._after))

    def are_special(self) -> np.ndarray:
        """Which tokens stand for no word of a post, by their id, bool, shape `(size,)`."""
        added = self._tokenizer.get_added_tokens_decoder().items()
        special = [id_ for id_, token in added if token.special]
        found = np.zeros(self.size, bool)
        found[[*special, *self._before, *self._after, self.mask_id, self._unknown]] = True
        return found

    def begin_words(self) -> np.ndarray:
        """Which tokens begin a word wherever they stand, by their id, bool, shape `(size,)`; the
        others continue the one before them.

        Word pieces that continue one carry a prefix. In other vocabularies the first piece carries
        the space in front of it; where neither is marked, each token is a word.
        """
        spelled = [self._tokenizer.id_to_token(id_) or "" for id_ in range(self.size)]
        prefix = json.loads(self.to_json())["model"].get("continuing_subword_prefix")
        if prefix:
            return np.array([not token.startswith(prefix) for token in spelled])
        begin = np.array([token.startswith(_SPACES) for token in spelled])
        return begin if begin.any() else np.ones(self.size, bool)

    def texts_of_tokens(self) -> list[str]:
        """What each token stands for, by its id; one that begins a word begins with a space."""
        spelled = map(self._tokenizer.id_to_token, range(self.size))
        return [decoders.ByteLevel().decode([token or ""]) for token in spelled]

    def to_json(self) -> str:
        return self._tokenizer.to_str()

    def save(self, path: Path) -> None:
        path.write_text(self.to_json(), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> PostTokenizer:
        """Reads back what `save` wrote.

        Raises:
            OSError: the file cannot be read.
            InputError: it is no tokenizer of posts any more.
        """
        return cls.from_bytes(path.read_bytes(), path)

    @classmethod
    def from_bytes(cls, document: bytes, path: Path) -> PostTokenizer:
        """The same for a file that was read already.

        Raises:
            InputError: it is no tokenizer of posts any more.
        """
        try:
            tokenizer = Tokenizer.from_str(document.decode("utf-8"))
        except Exception:  # the library raises nothing more special than that
            raise InputError(
                f"{path} is damaged: it is no tokenizer of posts any more. Restore it from a copy, "
                "or repeat the run."
            ) from None
        try:
            return cls(tokenizer)
        except InputError as error:
            raise InputError(f"{path}: {error} Choose another encoder.") from None

    def encode(
        self, texts: Sequence[str], *, max_tokens: int, truncate: str
    ) -> tuple[np.ndarray, np.ndarray]:
        """Turns posts into tokens, at least one for each.

        Args:
            texts: the posts.
            max_tokens: of a post at most, special ones included.
            truncate: which of a longer post's are kept: the first (`head`), the last (`tail`), or
                as many first as last ones (`head_tail`; of an odd number the middle one is a
                first).

        Returns:
            The token ids of all posts one after the other, uint16 or uint32, and the number of each
            post's, int64, shape `(posts,)`.
        """
        room = max_tokens - self.num_special
        nothing = [] if self.num_special else [self._unknown]
        posts = [
            [*self._before, *(_cut(encoding.ids, room, truncate) or nothing), *self._after]
            for slice_ in _slices(texts)
            for encoding in self._tokenizer.encode_batch_fast(slice_, add_special_tokens=False)
        ]
        lengths = np.fromiter(map(len, posts), np.int64, len(posts))
        dtype = np.uint16 if self.size <= 2**16 else np.uint32
        return np.fromiter(chain.from_iterable(posts), dtype, lengths.sum()), lengths

    def locate(
        self, texts: Sequence[str], *, max_tokens: int, truncate: str
    ) -> tuple[np.ndarray, np.ndarray]:
        """Finds the characters that each token of `encode` stands for.

        Several tokens may stand for one character (an emoji is spelled in bytes), and a token for
        several. Special tokens stand for none: 0 to 0.

        Returns:
            The first character of each token in its post and the one after its last, int64, shape
            `(N, 2)`, and the number of each post's tokens, int64, shape `(posts,)`.
        """
        room = max_tokens - self.num_special
        before, after = [_NOWHERE] * len(self._before), [_NOWHERE] * len(self._after)
        nothing = [] if self.num_special else [_NOWHERE]
        posts = [
            [*before, *(_cut(encoding.offsets, room, truncate) or nothing), *after]
            for slice_ in _slices(texts)
            for encoding in self._tokenizer.encode_batch(slice_, add_special_tokens=False)
        ]
        lengths = np.fromiter(map(len, posts), np.int64, len(posts))
        ends = chain.from_iterable(chain.from_iterable(posts))
        return np.fromiter(ends, np.int64, 2 * lengths.sum()).reshape(-1, 2), lengths


def _cut(tokens: list[Any], max_tokens: int, truncate: str) -> list[Any]:
    if len(tokens) <= max_tokens:
        return tokens
    num_last = {"head": 0, "tail": max_tokens, "head_tail": max_tokens // 2}[truncate]
    return tokens[: max_tokens - num_last] + tokens[len(tokens) - num_last :]


def learn_bpe(
    texts: Sequence[str] | pd.Series, authors: Sequence[str | None] | pd.Series, *,
    vocabulary_size: VocabularySize,
) -> PostTokenizer:  # fmt: skip
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
    counts = count_shared_words(texts, authors)
    if not counts:
        raise InputError(
            f"The {len(texts)} training posts have no word that two authors used, so there is no "
            "vocabulary to learn. Give more posts; where words are written without spaces, put "
            "spaces between them first."
        )
    tokenizer.train_from_iterator(
        _repeated(counts),
        trainers.BpeTrainer(
            vocab_size=vocabulary_size,
            min_frequency=2,
            special_tokens=specials,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    return PostTokenizer(tokenizer)


def count_shared_words(
    texts: Sequence[str] | pd.Series, authors: Sequence[str | None] | pd.Series
) -> dict[str, int]:
    """How often each word occurs that two authors used, or two posts of unknown authors."""
    # The library counts and looks up words, on all processors; Python would take half a minute for
    # a million posts.
    words = Tokenizer(models.WordLevel(unk_token=UNKNOWN))
    words.normalizer = _NORMALIZER
    words.pre_tokenizer = _SPLITTER
    every_word = trainers.WordLevelTrainer(
        vocab_size=2**31, min_frequency=2, special_tokens=[UNKNOWN], show_progress=False
    )
    words.train_from_iterator(_slices(texts), every_word)
    users = _user_numbers(authors)
    counts = np.zeros(words.get_vocab_size(), np.int64)
    first_user = np.full(len(counts), len(users), np.int64)
    last_user = np.full(len(counts), -1, np.int64)
    place = 0
    for posts in _slices(texts):
        ids = [encoding.ids for encoding in words.encode_batch_fast(posts)]
        lengths = np.fromiter(map(len, ids), np.int64, len(ids))
        tokens = np.fromiter(chain.from_iterable(ids), np.int64, lengths.sum())
        users_of_tokens = np.repeat(users[place : place + len(posts)], lengths)
        counts += np.bincount(tokens, minlength=len(counts))
        np.minimum.at(first_user, tokens, users_of_tokens)
        np.maximum.at(last_user, tokens, users_of_tokens)
        place += len(posts)
    is_shared = first_user < last_user
    is_shared[words.token_to_id(UNKNOWN)] = False
    vocabulary = sorted(words.get_vocab().items())
    return {word: int(counts[token]) for word, token in vocabulary if is_shared[token]}


def _user_numbers(authors: Sequence[str | None] | pd.Series) -> np.ndarray:
    """A number for each author; who is not known counts as a user of that post alone."""
    codes, names = pd.factorize(np.asarray(authors, dtype=object))
    return np.where(codes < 0, len(names) + np.arange(len(codes)), codes)


def _repeated(counts: dict[str, int]) -> Iterator[str]:
    """Each word as often as it occurs, a bounded number at once."""
    for word, count in counts.items():
        for done in range(0, count, _REPEATED_AT_ONCE):
            yield " ".join([word] * min(_REPEATED_AT_ONCE, count - done))


def _slices(texts: Sequence[str] | pd.Series) -> Iterator[list[str]]:
    for start in range(0, len(texts), _POSTS_AT_ONCE):
        yield list(texts[start : start + _POSTS_AT_ONCE])
