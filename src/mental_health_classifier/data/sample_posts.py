"""Synthetic posts whose best possible classifier is known: "is this model any good" has an answer.

A post strings together a few cues, each affirmed or denied, and closes with fillers that say
nothing about its class. What a cue speaks for turns on whether a negator stands before it, so the
same words in another order can belong to another class.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mental_health_classifier.contracts import InputError
from mental_health_classifier.data.sample_ceilings import NO_CUE, specificity_at_recall
from mental_health_classifier.data.sample_drafts import (
    Drafts,
    draw_authors,
    draw_drafts,
    draw_sign_offs,
    draw_sources,
    draw_styles,
    write_texts,
)
from mental_health_classifier.data.sample_grammar import SampleGrammar
from mental_health_classifier.data.sample_phrases import read_sample_phrases

SCHEMA_VERSION = 1


@dataclass(frozen=True, kw_only=True)
class SamplePosts:
    """Synthetic posts, what an all-knowing reader says of them, and how they were made."""

    posts: pd.DataFrame
    """One row a post, oldest first: id, text, label, author, created_at, synthetic (always 1)."""
    oracle: pd.DataFrame
    """One row a post, never shown to a model: id, true_label; sequence/CLASS and
    bag_of_words/CLASS, the probability of each label for the best reader of the text, and for the
    best reader blind to the order of words; cue_spans, START:END:affirmed or START:END:denied in
    characters of the text, separated by blanks; near_duplicate_of, an id or empty."""
    manifest: Mapping[str, Any]
    """How the posts were made, and the ceilings: the accuracy that the two best readers can expect,
    that of always saying the most common label (`chance`), and the specificity of the best reader
    at the threshold where it finds 90 % of the priority class (None: no such posts)."""


def make_sample_posts(*, size: int, seed: int, grammar: SampleGrammar) -> SamplePosts:
    """Makes synthetic posts; the same arguments make the same posts.

    Ceilings are for readers who do not know the author. One who does may pass them where
    `author_strength` is above 0.

    Raises:
        InputError: `size` is not a whole number above 0, or `seed` not one of at least 0.
    """
    for key, value, lowest in (("data.size", size, 1), ("data.sample_seed", seed, 0)):
        if not isinstance(value, int) or value < lowest:
            raise InputError(
                f"{key} must be a whole number of at least {lowest}, came {value!r}. Change it."
            )
    phrases = read_sample_phrases()
    rng = np.random.default_rng(seed)
    source = draw_sources(rng, size, grammar)
    drafts = Drafts(*(column[source] for column in draw_drafts(rng, size, grammar, phrases)))
    authors = draw_authors(rng, drafts.true_classes, grammar)
    styles = draw_styles(rng, source, grammar, phrases)
    # A copy keeps the words of the original to the last, its author's sign-off among them.
    sign_offs = draw_sign_offs(rng, authors, phrases)[source]
    texts, spans = write_texts(drafts, styles, sign_offs, phrases)
    seconds = np.sort(rng.integers(0, grammar.num_days * 86_400, size))
    times = np.datetime64(grammar.first_day, "s") + seconds.astype("timedelta64[s]")

    ids = np.array([f"post-{row:06d}" for row in range(1, size + 1)], dtype=object)
    names = np.array(phrases.class_names, dtype=object)
    posts = pd.DataFrame(
        {
            "id": ids,
            "text": texts,
            "label": names[drafts.labels],
            "author": [f"author-{author:05d}" for author in authors],
            "created_at": np.char.add(np.datetime_as_string(times), "Z"),
            "synthetic": 1,
        }
    )
    sequence = grammar.oracle.sequence_posterior(drafts.cues, drafts.is_denied)
    num_denied = drafts.is_denied.sum(axis=1)
    bag_of_words = grammar.oracle.bag_of_words_posterior(drafts.cues, num_denied)
    oracle = pd.DataFrame(
        {
            "id": ids,
            "true_label": names[drafts.true_classes],
            **{f"sequence/{name}": sequence[:, index] for index, name in enumerate(names)},
            **{f"bag_of_words/{name}": bag_of_words[:, index] for index, name in enumerate(names)},
            "cue_spans": _describe_spans(drafts, spans),
            "near_duplicate_of": np.where(source == np.arange(size), "", ids[source]),
        }
    )
    priority = phrases.class_names.index(phrases.priority_class)
    manifest = {
        "schema_version": SCHEMA_VERSION,
        "notice": phrases.notice,
        "phrases_version": phrases.version,
        "seed": seed,
        "size": size,
        "parameters": {**asdict(grammar), "class_shares": dict(grammar.class_shares)},
        "ceilings": {
            "sequence": float(sequence.max(axis=1).mean()),
            "bag_of_words": float(bag_of_words.max(axis=1).mean()),
            "chance": float(grammar.oracle.class_shares.max()),
            "specificity_at_recall_90": specificity_at_recall(
                sequence[:, priority], drafts.labels == priority, recall=0.90
            ),
        },
    }
    return SamplePosts(posts=posts, oracle=oracle, manifest=manifest)


def write_sample_posts(
    folder: Path, *, size: int, seed: int, grammar: SampleGrammar
) -> Mapping[str, Any]:
    """Writes `sample.csv`, `sample.oracle.csv` and `manifest.json`; returns the manifest.

    The folder appears whole or not at all, and the same arguments write the same bytes. A folder
    that already holds just these is left alone, so several runs may ask for it at once.

    Raises:
        InputError: the folder holds something else, or as for `make_sample_posts`.
    """
    sample = make_sample_posts(size=size, seed=seed, grammar=grammar)
    contents = {"sample.csv": _as_csv(sample.posts), "sample.oracle.csv": _as_csv(sample.oracle)}
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    manifest = {**sample.manifest, "sha256": digests}
    contents["manifest.json"] = json.dumps(manifest, indent=2, allow_nan=False).encode() + b"\n"

    folder.parent.mkdir(parents=True, exist_ok=True)
    staging = folder.with_name(f".{folder.name}.{uuid.uuid4().hex}")
    staging.mkdir()
    try:
        for name, content in contents.items():
            with (staging / name).open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        _sync(staging)
        try:
            staging.rename(folder)
        except OSError as error:
            if not folder.exists():
                raise
            if not all(_holds(folder / name, content) for name, content in contents.items()):
                raise InputError(
                    f"{folder} was expected to be free, or to hold the sample posts of "
                    f"data.size={size} and data.sample_seed={seed}, but holds something else. "
                    "Remove it or name another folder."
                ) from error
        _sync(folder.parent)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return manifest


def _describe_spans(drafts: Drafts, spans: np.ndarray) -> list[str]:
    polarities = np.where(drafts.is_denied, "denied", "affirmed").tolist()
    num_cues = (drafts.cues != NO_CUE).sum(axis=1).tolist()
    return [
        " ".join(
            f"{start}:{end}:{polarity}"
            for (start, end), polarity in zip(post_spans[:count], post_polarities, strict=False)
        )
        for post_spans, post_polarities, count in zip(
            spans.tolist(), polarities, num_cues, strict=True
        )
    ]


def _as_csv(table: pd.DataFrame) -> bytes:
    return table.to_csv(index=False, float_format="%.6f", lineterminator="\n").encode()


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _holds(path: Path, content: bytes) -> bool:
    return path.is_file() and path.read_bytes() == content
