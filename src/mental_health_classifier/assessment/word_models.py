"""Word models of a corpus: telling its communities apart, and a random split beside the run's."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mental_health_classifier.configuration.build import build
from mental_health_classifier.contracts import (
    GROUP_PREFIX,
    PARTS,
    Corpus,
    InputError,
    Predictions,
    Task,
)
from mental_health_classifier.data.preparing.splits import split_posts
from mental_health_classifier.data.reading.posts import SOURCE
from mental_health_classifier.evaluation.shortcuts import headline_with_interval, mean_auc

if TYPE_CHECKING:
    from omegaconf import DictConfig


def tell_sources(config: DictConfig, corpus: Corpus) -> dict[str, Any] | None:
    """How well words tell which community a post is from, see `mean_auc`.

    Where they do, and communities differ in their classes, a model can read the topic of a
    community in place of what its members feel.

    Returns:
        `auc`, `interval`, `n` and `kinds` of the test posts; None: no `data.columns.source`, or one
        community alone in train.

    Source: Harrigian, Aguirre and Dredze, Do Models of Mental Health Based on Social Media Data
    Generalize?, Findings of EMNLP 2020.
    """
    column = f"{GROUP_PREFIX}{SOURCE}"
    if column not in corpus.posts:
        return None
    kinds = sorted(corpus.part("train")[column].dropna().unique())
    if len(kinds) < 2:
        return None
    known = corpus.posts[corpus.posts[column].isin(kinds)]
    labels = known[column].map({kind: place for place, kind in enumerate(kinds)})
    about_sources = replace(
        corpus,
        posts=known.assign(label=labels.astype(np.int64)),
        task=Task.categorical(SOURCE, tuple(map(str, kinds)), None),
    )
    return mean_auc(_test_predictions(config, about_sources))


def compare_splits(config: DictConfig, corpus: Corpus, *, bootstrap_draws: int) -> dict[str, Any]:
    """The yardstick on the run's parts, which share no author and no near-duplicate, and on parts
    drawn post by post.

    Returns:
        `grouped` and `random`, each with `value`, `interval` and `n` of the headline on its test
        part.
    """
    parts = split_posts(
        labels=corpus.posts["label"].to_numpy(),
        leak_groups=None,
        shipped_parts=np.full(len(corpus.posts), None),
        shares=config.data.shares,
        seed=config.data.split_seed,
    )
    kinds = pd.CategoricalDtype(list(PARTS))
    at_random = replace(corpus, posts=corpus.posts.assign(part=pd.Categorical(parts, dtype=kinds)))
    return {
        name: headline_with_interval(
            _test_predictions(config, divided), bootstrap_draws=bootstrap_draws
        )
        for name, divided in (("grouped", corpus), ("random", at_random))
    }


def _test_predictions(config: DictConfig, corpus: Corpus) -> Predictions:
    if config.evaluation.yardstick is None:
        raise InputError(
            "The run was configured with evaluation.yardstick=null, so there is no model of words "
            "to fit."
        )
    yardstick = build(config.evaluation.yardstick, corpus=corpus, record=None, folder="")
    yardstick.fit()
    texts = corpus.part("test")["text"].tolist()
    return corpus.predictions("test", yardstick.predict_texts(texts))
