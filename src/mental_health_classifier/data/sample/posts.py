"""Synthetic posts whose best possible classifier is known: "is this model any good" has an answer.

A post strings together a few cues, each affirmed or denied, and closes with fillers that say
nothing about its class. What a cue speaks for turns on whether a negator stands before it, so the
same words in another order can belong to another class.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from mental_health_classifier.contracts import InputError
from mental_health_classifier.data.sample.ceilings import NO_CUE, specificity_at_recall
from mental_health_classifier.data.sample.drafts import (
    Drafts,
    Styles,
    draw_authors,
    draw_drafts,
    draw_sign_offs,
    draw_sources,
    draw_styles,
    write_texts,
)
from mental_health_classifier.data.sample.grammar import SampleGrammar
from mental_health_classifier.data.sample.labels import Labels, draw_labels, read_sample_labelling
from mental_health_classifier.data.sample.phrases import read_sample_phrases

SCHEMA_VERSION = 2


class SampleDraws(NamedTuple):
    """Everything chance decided about the posts, from which they can be written in any pieces. One
    row a post."""

    source: np.ndarray
    """The earlier post that each repeats, or itself."""
    drafts: Drafts
    authors: np.ndarray
    styles: Styles
    sign_offs: np.ndarray
    times: np.ndarray
    labels: Labels

    def rows(self, first: int, last: int) -> SampleDraws:
        def some(columns: Any) -> Any:
            if isinstance(columns, np.ndarray):
                return columns[first:last]
            return type(columns)(*map(some, columns))

        return some(self)


def draw_sample(*, size: int, seed: int, grammar: SampleGrammar) -> SampleDraws:
    """Lets chance decide; the same arguments give the same posts.

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
    seconds = np.sort(rng.integers(0, grammar.num_days * 86_400, size))
    times = np.datetime64(grammar.first_day, "s") + seconds.astype("timedelta64[s]")
    labels = draw_labels(
        drafts, source, phrases, seed=seed, missing_share=grammar.missing_label_share
    )
    return SampleDraws(source, drafts, authors, styles, sign_offs, times, labels)


def write_rows(
    draws: SampleDraws, grammar: SampleGrammar, *, first: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The posts as text, and what an all-knowing reader says of them, of some of all draws.

    Args:
        draws, grammar: see `draw_sample`.
        first: number of the first of these posts, from 0.

    Returns:
        Two tables, one row a post, oldest first. The posts: id, text, label, author, created_at,
        synthetic (always 1); and, empty where not known, severity (level from 0), urgency (0 to
        100), emotions (names separated by semicolons, or "none") and cue_spans (START:END in
        characters of the text, separated by blanks). The oracle, never shown to a model: id,
        true_label; sequence/CLASS and bag_of_words/CLASS, the probability of each label for the
        best reader of the text, and for the best reader blind to the order of words; cue_spans,
        START:END:affirmed or START:END:denied; near_duplicate_of, an id or empty.
    """
    phrases = read_sample_phrases()
    drafts = draws.drafts
    texts, spans = write_texts(drafts, draws.styles, draws.sign_offs, phrases)
    cue_spans = _spans_of_cues(drafts, spans)
    places = np.arange(first, first + len(draws.source))
    ids = np.array([_post_id(place) for place in places], dtype=object)
    names = np.array(phrases.class_names, dtype=object)
    posts = pd.DataFrame(
        {
            "id": ids,
            "text": texts,
            "label": names[drafts.labels],
            "author": [f"author-{author:05d}" for author in draws.authors],
            "created_at": np.char.add(np.datetime_as_string(draws.times), "Z"),
            "synthetic": 1,
            **draws.labels.columns([" ".join(of_post) for of_post in cue_spans]),
        }
    )
    sequence = grammar.oracle.sequence_posterior(drafts.cues, drafts.is_denied)
    num_denied = drafts.is_denied.sum(axis=1)
    bag_of_words = grammar.oracle.bag_of_words_posterior(drafts.cues, num_denied)
    sources = zip(draws.source, places, strict=True)
    oracle = pd.DataFrame(
        {
            "id": ids,
            "true_label": names[drafts.true_classes],
            **{f"sequence/{name}": sequence[:, index] for index, name in enumerate(names)},
            **{f"bag_of_words/{name}": bag_of_words[:, index] for index, name in enumerate(names)},
            "cue_spans": _with_polarities(cue_spans, drafts),
            "near_duplicate_of": [
                "" if source == place else _post_id(source) for source, place in sources
            ],
        }
    )
    return posts, oracle


def _post_id(place: int | np.integer) -> str:
    return f"post-{place + 1:06d}"


class OracleCeilings:
    """Gathers the ceilings, a piece of the oracle at a time: the accuracy that the two best readers
    can expect, that of always saying the most common label (`chance`), and the specificity of the
    best reader at the threshold where it finds 90 % of the priority class (None: no such posts).

    They are for readers who do not know the author. One who does may pass them where
    `author_strength` is above 0.
    """

    def __init__(self, grammar: SampleGrammar) -> None:
        self._grammar = grammar
        self._best: dict[str, list[np.ndarray]] = {"sequence": [], "bag_of_words": []}
        self._priority_scores: list[np.ndarray] = []

    def add(self, oracle: pd.DataFrame) -> None:
        phrases = read_sample_phrases()
        for kind, best in self._best.items():
            columns = [f"{kind}/{name}" for name in phrases.class_names]
            best.append(oracle[columns].to_numpy().max(axis=1))
        self._priority_scores.append(oracle[f"sequence/{phrases.priority_class}"].to_numpy())

    def describe(self, labels: np.ndarray) -> dict[str, float | None]:
        phrases = read_sample_phrases()
        is_priority = labels == phrases.class_names.index(phrases.priority_class)
        return {
            **{kind: float(np.concatenate(best).mean()) for kind, best in self._best.items()},
            "chance": float(self._grammar.oracle.class_shares.max()),
            "specificity_at_recall_90": specificity_at_recall(
                np.concatenate(self._priority_scores), is_priority, recall=0.90
            ),
        }


def describe_sample(
    size: int, seed: int, grammar: SampleGrammar, ceilings: Mapping[str, float | None]
) -> dict[str, Any]:
    """The manifest."""
    phrases = read_sample_phrases()
    return {
        "schema_version": SCHEMA_VERSION,
        "notice": phrases.notice,
        "phrases_version": phrases.version,
        "labelling_version": read_sample_labelling().version,
        "seed": seed,
        "size": size,
        "parameters": {**asdict(grammar), "class_shares": dict(grammar.class_shares)},
        "ceilings": dict(ceilings),
    }


def _spans_of_cues(drafts: Drafts, spans: np.ndarray) -> list[list[str]]:
    num_cues = (drafts.cues != NO_CUE).sum(axis=1).tolist()
    return [
        [f"{start}:{end}" for start, end in of_post[:count]]
        for of_post, count in zip(spans.tolist(), num_cues, strict=True)
    ]


def _with_polarities(cue_spans: list[list[str]], drafts: Drafts) -> list[str]:
    polarities = np.where(drafts.is_denied, "denied", "affirmed").tolist()
    return [
        " ".join(f"{span}:{polarity}" for span, polarity in zip(*of_post, strict=False))
        for of_post in zip(cue_spans, polarities, strict=True)
    ]
