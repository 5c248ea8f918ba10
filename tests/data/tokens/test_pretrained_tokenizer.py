from pathlib import Path

import numpy as np
import pytest
from tiny_encoders import make_tokenizer, write_encoder
from tokenizers import Tokenizer, models

from mental_health_classifier.contracts import InputError
from mental_health_classifier.data.tokens.encoder_folder import hash_of_encoder
from mental_health_classifier.data.tokens.pretrained_tokenizer import read_tokenizer
from mental_health_classifier.data.tokens.tokenizer import PostTokenizer

CLS, SEP, UNK = 1, 2, 3
LONG = "i feel fine today low tired sad and alone nobody sleep work want to die help the is not my"


def encode(text: str, *, max_tokens: int = 64, truncate: str = "head") -> list[int]:
    tokenizer = PostTokenizer(make_tokenizer())
    return tokenizer.encode([text], max_tokens=max_tokens, truncate=truncate)[0].tolist()


def test_special_tokens_stand_around_each_post_and_nothing_pads() -> None:
    assert encode("I feel fine") == [CLS, 5, 6, 7, SEP]
    assert encode("") == [CLS, SEP]


def test_a_file_that_cuts_and_pads_does_neither_here() -> None:
    assert len(encode(LONG)) == len(LONG.split()) + 2 == 22


@pytest.mark.parametrize(
    ("truncate", "kept"), [("head", [5, 6, 7]), ("tail", [22, 23, 24]), ("head_tail", [5, 6, 24])]
)
def test_a_post_is_cut_to_what_special_tokens_leave(truncate: str, kept: list[int]) -> None:
    assert encode(LONG, max_tokens=5, truncate=truncate) == [CLS, *kept, SEP]


def test_special_tokens_stand_for_no_characters() -> None:
    tokenizer = PostTokenizer(make_tokenizer())
    places, lengths = tokenizer.locate(["i feel", ""], max_tokens=8, truncate="head")
    assert lengths.tolist() == [4, 2]
    assert places.tolist() == [[0, 0], [0, 1], [2, 6], [0, 0], [0, 0], [0, 0]]


@pytest.mark.parametrize("mask", ["[MASK]", "<mask>", "<|mask|>", "|<MASK>|"])
def test_the_mask_is_that_of_the_encoder(mask: str, tmp_path: Path) -> None:
    tokenizer = PostTokenizer(make_tokenizer(mask))
    assert tokenizer.mask_id == 4
    tokenizer.save(tmp_path / "tokenizer.json")
    assert PostTokenizer.load(tmp_path / "tokenizer.json").mask_id == 4


def test_a_tokenizer_without_a_mask_is_refused() -> None:
    with pytest.raises(InputError, match=r"has no \[MASK\]"):
        PostTokenizer(Tokenizer(models.WordLevel({"masks": 0}, unk_token="masks")))


def test_it_is_read_from_the_folder_that_was_configured_alone(tmp_path: Path) -> None:
    folder = write_encoder(tmp_path / "bert")
    given = {"encoder": str(folder), "download": False}
    read = read_tokenizer(["x"], [None], **given, encoder_sha256=hash_of_encoder(folder))
    assert read.size == 25 and read.num_special == 2
    with pytest.raises(InputError, match="has changed"):
        read_tokenizer(["x"], [None], **given, encoder_sha256="0" * 64)


def test_what_is_saved_makes_the_same_tokens(tmp_path: Path) -> None:
    PostTokenizer(make_tokenizer()).save(tmp_path / "tokenizer.json")
    again = PostTokenizer.load(tmp_path / "tokenizer.json")
    ids, _ = again.encode(["I feel fine", LONG], max_tokens=12, truncate="tail")
    first, _ = PostTokenizer(make_tokenizer()).encode(
        ["I feel fine", LONG], max_tokens=12, truncate="tail"
    )
    assert np.array_equal(ids, first)
