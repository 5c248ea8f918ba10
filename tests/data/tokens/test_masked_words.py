"""Masks over words: how many, of whole words, and never a special token."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from mental_health_classifier.contracts import Batch
from mental_health_classifier.contracts.batches import HIDDEN
from mental_health_classifier.contracts.task_kinds import MISSING
from mental_health_classifier.data.batching import make_batch
from mental_health_classifier.data.tokens.masked_words import MaskedWords
from mental_health_classifier.data.tokens.token_streams import encode_posts
from mental_health_classifier.data.tokens.tokenizer import PostTokenizer, learn_bpe

SPECIALS = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]"]
PIECES = ["i", "feel", "sad", "##ness", "##ly", "un", "##seen", "at", "night"]


def word_pieces() -> PostTokenizer:
    words = dict(zip([*SPECIALS, *PIECES], range(99), strict=False))
    tokenizer = Tokenizer(models.WordPiece(words, unk_token="[UNK]"))
    tokenizer.add_special_tokens(SPECIALS)
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 1), ("[SEP]", 2)]
    )
    return PostTokenizer(tokenizer)


def batch_of(tokenizer: PostTokenizer, texts: list[str]) -> Batch:
    posts = pd.DataFrame({"text": texts})
    tokens = encode_posts(tokenizer, posts, {}, max_tokens=64, truncate="head")
    return make_batch(tokens, rows=np.arange(len(texts)), labels={})


TEXT = "i feel sadness unseen at night sadly unseenly zzz"
POSTS = [TEXT] * 2000


def test_words_are_hidden_whole_and_special_tokens_never() -> None:
    batch = batch_of(word_pieces(), POSTS)
    masked = MaskedWords(word_pieces(), share=0.15)(batch, torch.Generator().manual_seed(1))
    is_hidden = masked.token_streams[HIDDEN] != MISSING
    by_post = is_hidden.view(2000, -1)
    # [CLS] i feel sad ##ness un ##seen at night sad ##ly un ##seen ##ly [UNK] [SEP]
    words = [[1], [2], [3, 4], [5, 6], [7], [8], [9, 10], [11, 12, 13]]
    for word in words:
        column = by_post[:, word]
        assert (column.all(1) == column.any(1)).all()
        assert 0.12 < column.any(1).float().mean() < 0.18  # 4 standard errors around .15
    assert not by_post[:, [0, 14, 15]].any()
    ids, shown = batch.token_ids, masked.token_ids
    assert (shown == ids)[~is_hidden].all()
    assert (masked.token_streams[HIDDEN][is_hidden] == ids[is_hidden]).all()
    # 80 % the mask, 10 % one of nine tokens at random, of which a ninth is the same, 10 % as it was
    is_mask = (shown == word_pieces().mask_id)[is_hidden].float().mean()
    is_same = (shown == ids)[is_hidden].float().mean()
    assert is_mask == pytest.approx(0.8, abs=0.02)
    assert is_same == pytest.approx(0.1 + 0.1 / 9, abs=0.015)
    assert not torch.isin(shown[is_hidden], torch.tensor([0, 1, 2, 3])).any()


def test_masks_are_a_function_of_the_generator_and_differ_between_steps() -> None:
    hide, batch = MaskedWords(word_pieces(), share=0.15), batch_of(word_pieces(), POSTS[:20])
    first, again, other = (
        hide(batch, torch.Generator().manual_seed(s)).token_ids for s in (1, 1, 2)
    )
    assert first.equal(again) and not first.equal(other)
    torch.manual_seed(1)
    assert hide(batch, None).token_ids.equal(first)


def test_one_word_at_least_is_hidden_and_none_where_there_is_none() -> None:
    hide = MaskedWords(word_pieces(), share=0.001)
    masked = hide(batch_of(word_pieces(), ["i", "feel"]), torch.Generator().manual_seed(0))
    assert (masked.token_streams[HIDDEN] != MISSING).sum() == 1
    nothing = hide(batch_of(word_pieces(), ["zzz"]), torch.Generator().manual_seed(0))
    assert (nothing.token_streams[HIDDEN] == MISSING).all()


def test_tokens_of_our_own_begin_a_word_by_the_space_in_front() -> None:
    tokenizer = learn_bpe(["feeling sad, so sad"] * 3, [None] * 3, vocabulary_size=300)
    (ids, _) = tokenizer.encode(["sad, zq"], max_tokens=9, truncate="head")
    spelled = [tokenizer.texts_of_tokens()[each] for each in ids]
    assert spelled[0] == " sad" and "".join(spelled) == " sad , zq"
    assert tokenizer.begin_words()[ids].tolist() == [text.startswith(" ") for text in spelled]
    assert not tokenizer.are_special()[ids].any() and tokenizer.are_special()[tokenizer.mask_id]
