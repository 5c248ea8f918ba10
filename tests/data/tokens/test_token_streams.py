from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mental_health_classifier.contracts import Corpus, InputError, Task
from mental_health_classifier.data.batching import LengthBuckets
from mental_health_classifier.data.datamodule import PostDataModule
from mental_health_classifier.data.tokens.token_streams import (
    Annotator,
    Span,
    annotate_tokens,
    encode_posts,
)
from mental_health_classifier.data.tokens.tokenizer import PostTokenizer, learn_bpe

TEXTS = ["i feel so low today", "today i feel so fine", "so low and so fine"]


class Low(Annotator):
    """Marks the word low, as often as it occurs."""

    def key(self) -> str:
        return "low"

    def annotate(self, posts: pd.DataFrame) -> Sequence[Sequence[Span]]:
        starts = [[i for i in range(len(t)) if t.startswith("low", i)] for t in posts["text"]]
        return [[Span(start, start + 3, 7) for start in found] for found in starts]


class Given(Annotator):
    """Marks what it is told, in every post."""

    def __init__(self, *spans: tuple[int, int, int]) -> None:
        self._spans = [Span(*span) for span in spans]

    def key(self) -> str:
        return repr(self._spans)

    def annotate(self, posts: pd.DataFrame) -> Sequence[Sequence[Span]]:
        return [self._spans] * len(posts)


@pytest.fixture(scope="module")
def tokenizer() -> PostTokenizer:
    return learn_bpe(TEXTS, ["ann", "bob", "cyd"], vocabulary_size=400)


def marked(
    tokenizer: PostTokenizer,
    text: str,
    *spans: tuple[int, int, int],
    max_tokens: int = 64,
    truncate: str = "head",
) -> list[int]:
    posts = pd.DataFrame({"text": [text]})
    given = {"max_tokens": max_tokens, "truncate": truncate}
    return annotate_tokens(posts, Given(*spans), tokenizer, **given)[0].tolist()


def test_tokens_of_a_span_carry_its_value_and_no_others(tokenizer: PostTokenizer) -> None:
    assert marked(tokenizer, "i feel so low", (2, 6, 4), (10, 13, 5)) == [0, 4, 0, 5]
    assert marked(tokenizer, "i feel so low") == [0, 0, 0, 0]
    assert marked(tokenizer, "i feel so low", (2, 9, 3)) == [0, 3, 3, 0]


def test_a_token_that_two_spans_touch_carries_the_first(tokenizer: PostTokenizer) -> None:
    assert marked(tokenizer, "feel", (0, 2, 1), (2, 4, 2)) == [1]


@pytest.mark.parametrize("before", ["😀😀 ", "ﬁ½ ", "é̈ — “x’s”", "漢字", "İẞ ", "  \t"])  # noqa: RUF001
def test_characters_that_become_several_tokens_or_letters_shift_no_span(
    tokenizer: PostTokenizer, before: str
) -> None:
    text = f"{before} low {before} fine"
    place = text.index("low")
    values = marked(tokenizer, text, (place, place + 3, 9))
    ids = tokenizer.encode([text], max_tokens=64, truncate="head")[0]
    (low,) = tokenizer.encode(["low"], max_tokens=64, truncate="head")[0]
    assert [value == 9 for value in values] == [token == low for token in ids]
    assert values.count(9) == 1


def test_every_byte_of_a_marked_emoji_is_marked(tokenizer: PostTokenizer) -> None:
    values = marked(tokenizer, "low 😀 fine", (4, 5, 2))
    assert values[0] == values[-1] == 0 and len(values) > 3 and set(values[1:-1]) == {2}


@pytest.mark.parametrize(
    ("truncate", "kept"), [("head", [1, 2, 3]), ("tail", [3, 4, 5]), ("head_tail", [1, 2, 5])]
)
def test_values_are_those_of_the_tokens_that_a_long_post_keeps(
    tokenizer: PostTokenizer, truncate: str, kept: list[int]
) -> None:
    spans = [(0, 1, 1), (2, 6, 2), (7, 9, 3), (10, 13, 4), (14, 19, 5)]
    text = "i feel so low today"
    assert marked(tokenizer, text, *spans, max_tokens=3, truncate=truncate) == kept


def test_an_empty_post_has_one_unmarked_token(tokenizer: PostTokenizer) -> None:
    tokens = encode_posts(
        tokenizer,
        pd.DataFrame({"text": ["", "low"]}),
        {"low": Low()},
        max_tokens=8,
        truncate="head",
    )
    assert tokens.lengths.tolist() == [1, 1] and tokens.streams["low"].tolist() == [0, 7]


def test_batches_carry_the_stream_of_their_own_posts(tmp_path: Path) -> None:
    texts = [*TEXTS, "low low i feel low"]
    corpus = Corpus(
        name="four",
        posts=pd.DataFrame(
            {
                "id": list("abcd"),
                "text": texts,
                "label": [0, 1, 0, 1],
                "author": list("wxyz"),
                "part": ["train", "train", "val", "train"],
            }
        ),
        task=Task.categorical("condition", ("control", "suicide"), "suicide"),
        fingerprint="f",
        key="k",
        account={},
        warnings=(),
        is_synthetic=True,
        truncate="head",
    )

    def opened() -> PostDataModule:
        return PostDataModule(
            corpus,
            learn_tokenizer=lambda texts, authors: learn_bpe(texts, authors, vocabulary_size=400),
            max_tokens=16,
            annotators={"low": Low()},
            sampler=lambda lengths, **given: LengthBuckets(
                lengths, max_posts=8, token_budget=100, **given
            ),
            cache_dir=tmp_path,
            seed=1,
        )

    for datamodule in (opened(), opened()):  # made, and then found in the cache
        (batch,) = datamodule.train_dataloader()
        (low,) = datamodule.tokenizer.encode(["low"], max_tokens=8, truncate="head")[0]
        stream = batch.to("cpu").token_streams["low"]
        assert stream.dtype == batch.token_ids.dtype
        assert ((stream == 7) == (batch.token_ids == low)).all()
        marks = np.add.reduceat(stream.numpy() // 7, batch.offsets[:-1].numpy())
        assert dict(zip(batch.post_indices.tolist(), marks, strict=True)) == {0: 1, 1: 0, 3: 3}


def test_an_annotator_that_has_changed_since_the_run_is_refused(tmp_path: Path) -> None:
    assert Given((0, 3, 1)).restored(tmp_path, key=Given((0, 3, 1)).key())
    with pytest.raises(InputError, match="token_streams"):
        Given((0, 3, 1)).restored(tmp_path, key=Given((0, 3, 2)).key())
