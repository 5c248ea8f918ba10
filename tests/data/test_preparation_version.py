"""What preparing makes of some posts is recorded, so that no change of it goes unnoticed."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path

import numpy as np

from mental_health_classifier.configuration.build import build_corpus, build_datamodule
from mental_health_classifier.data.preparation_version import PREPARATION

RECORDED = {
    "posts": "24abc23053848846",
    "parts": "a9eda16076379293",
    "vocabulary": "d49863364868d89f",
    "tokens": "5c8fc4cf3ac6d776",
    "concepts": "4094b0159813b22b",
}


def write_posts(path: Path) -> Path:
    """Posts with links, handles, unusual signs, duplicates, near-duplicates and two labels."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "text", "label", "author", "severity"])
        for number in range(240):
            twin = number - 5 if number % 11 == 7 else number
            drawn = hashlib.sha256(f"post {twin}".encode()).digest()[:16]
            said = " ".join(f"word{value}" for value in drawn)
            text = f"{said}, i feel hopeless. see https://example.org/{twin} @me{twin}"
            text = f"Hi! {text}" if twin != number else text
            text = "the same words" if number in (3, 14, 25) else text
            text = f"caf\u00e9 \U0001f642 {text}" if number % 6 == 0 else text
            label = "suicide" if number % 4 == 1 else "control"
            writer.writerow([f"p{number}", text, label, f"a{number // 3}", number % 3])
    return path


def digest(*parts: object) -> str:
    return hashlib.sha256("\x1f".join(map(str, parts)).encode()).hexdigest()[:16]


def test_preparing_makes_what_it_made_when_its_version_was_last_raised(
    tmp_path: Path, compose_config
) -> None:
    path = write_posts(tmp_path / "posts.csv")
    config = compose_config(
        ["data=file", f"data.path={path}", "clinical=umls_enhanced", "model=baseline_micro"]
    )
    corpus = build_corpus(config)
    posts = corpus.posts
    datamodule = build_datamodule(config, corpus)
    tokens = datamodule._tokens
    columns = ["id", "text", "label", "author", "leak_group", "severity"]
    made = {
        "posts": digest(corpus.fingerprint, posts[columns].to_csv(index=False, header=False)),
        "parts": digest(*posts["part"]),
        "vocabulary": digest(datamodule.tokenizer.to_json()),
        "tokens": digest(*np.asarray(tokens.offsets), *np.asarray(tokens.token_ids)),
        "concepts": digest(*(np.asarray(each).tolist() for each in tokens.streams.values())),
    }
    assert made == RECORDED, (
        "Preparing makes something else of the same posts than before, so prepared data of "
        f"yesterday must not be taken for today's: raise PREPARATION ({PREPARATION} now) in "
        "data/preparation_version.py, and record these hashes here. (Where only a library has "
        "another version, which is part of every key, recording them is enough.)"
    )
