from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mental_health_classifier.contracts import PARTS, Corpus, InputError, Task
from mental_health_classifier.data.seen_posts import (
    LEARNED_FROM,
    SeenPosts,
    copy_read_posts,
    read_before,
)

TEXTS = {
    "train": ["i slept well", "soup again"],
    "val": ["a walk"],
    "calibration": ["Tea"],
    "test": ["rain"],
}


def corpus() -> Corpus:
    rows = [(text, part) for part in PARTS for text in TEXTS[part]]
    return Corpus(
        name="x",
        posts=pd.DataFrame(rows, columns=["text", "part"]),
        task=Task.categorical("t", ("a", "b"), None),
        fingerprint="f",
        key="k",
        account={},
        warnings=(),
        is_synthetic=False,
        truncate="head",
    )


def test_posts_are_recognised_by_part_whatever_their_case(tmp_path: Path) -> None:
    path = tmp_path / "seen"
    path.write_bytes(SeenPosts.of(corpus()).to_bytes())
    seen = SeenPosts.from_bytes(path.read_bytes(), path)
    asked = ["SOUP again", "soup", "tea", "rain", ""]
    assert seen.are_among(asked, parts=LEARNED_FROM).tolist() == [True, False, True, False, False]
    assert seen.are_among(asked, parts=PARTS).tolist() == [True, False, True, True, False]
    assert seen.are_among([], parts=PARTS).shape == (0,)


def test_nothing_in_the_file_is_text_and_two_runs_share_no_hash(tmp_path: Path) -> None:
    first, second = SeenPosts.of(corpus()).to_bytes(), SeenPosts.of(corpus()).to_bytes()
    assert b"soup" not in first
    hashes = []
    for content in (first, second):
        (tmp_path / "seen").write_bytes(content)
        with np.load(tmp_path / "seen", allow_pickle=False) as written:
            hashes.append(np.concatenate([written[part] for part in PARTS]))
    assert len(hashes[0]) == 5 and not np.isin(hashes[0], hashes[1]).any()


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "seen"
    path.write_bytes(SeenPosts.of(corpus()).to_bytes()[:100])
    with pytest.raises(InputError, match="damaged"):
        SeenPosts.from_bytes(path.read_bytes(), path)


@pytest.mark.parametrize(
    "arrays",
    [
        {"key": np.zeros(16, np.uint8)},
        {"key": np.zeros(99, np.uint8), **dict.fromkeys(PARTS, np.zeros(2, np.uint64))},
        {"key": np.zeros(16, np.uint8), **dict.fromkeys(PARTS, np.zeros(2))},
        {"key": np.zeros(16, np.uint8), **dict.fromkeys(PARTS, np.array([{}], dtype=object))},
    ],
)
@pytest.mark.parametrize("write", [np.savez, np.savez_compressed])
def test_a_file_with_other_numbers_is_damaged(tmp_path: Path, arrays, write) -> None:
    write(tmp_path / "seen_posts.npz", **arrays)
    content = (tmp_path / "seen_posts.npz").read_bytes()
    with pytest.raises(InputError, match="is damaged"):
        SeenPosts.from_bytes(content, tmp_path / "seen_posts.npz")


def test_what_an_encoder_has_read_is_recognised_in_another_split(tmp_path: Path) -> None:
    encoder, run, next_encoder = tmp_path / "encoder", tmp_path / "run", tmp_path / "next"
    for folder in (encoder, run, next_encoder):
        folder.mkdir()
    read = SeenPosts.of(corpus(), ["train"])
    assert read.hashes["train"].size == 2 and read.hashes["test"].size == 0
    (encoder / "seen_posts-a.npz").write_bytes(read.to_bytes())
    copy_read_posts(encoder, run)
    turned = corpus()
    turned.posts["part"] = turned.posts["part"].replace({"train": "test", "test": "train"})
    assert read_before(run, corpus()) == {"val": 0, "calibration": 0, "test": 0}
    assert read_before(run, turned)["test"] == 2
    # A run that reads on hands both on.
    (run / "seen_posts-b.npz").write_bytes(SeenPosts.of(corpus(), ["val"]).to_bytes())
    copy_read_posts(run, next_encoder)
    assert read_before(next_encoder, turned) == {"val": 1, "calibration": 0, "test": 2}
