"""Shortcuts in a recorded run: labels masked, a list of keywords, models of words alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from mental_health_classifier.contracts import (
    GROUP_PREFIX,
    PARTS,
    Corpus,
    Predictions,
    Task,
)
from mental_health_classifier.data.preparing.splits import split_posts
from mental_health_classifier.data.reading.source import SOURCE
from mental_health_classifier.evaluation.shortcuts import (
    assess_shortcuts,
    headline_with_interval,
    mean_auc,
    without_names,
)
from mental_health_classifier.prediction.predictor import Predictor
from mental_health_classifier.prediction.run_posts import corpus_of_run, yardstick_on
from mental_health_classifier.tracking.record.assessments import (
    stored_predictions,
    write_assessment,
)
from mental_health_classifier.tracking.record.certificates import setting_of
from mental_health_classifier.tracking.record.run_summary import RunSummary


def shortcuts_of_run(run: RunSummary, *, with_random_split: bool = False) -> dict[str, Any]:
    """Reads the run's posts again, masks what they name, and stores what that costs the model, and
    what words alone tell of the posts.

    Args:
        with_random_split: fit the yardstick on a split at random too, see `compare_splits`.

    Returns:
        See `assess_shortcuts`; `source` from `tell_sources`, and `splits` from `compare_splits`.

    Raises:
        InputError: the posts are not at hand any more, or have changed.
    """
    predictor = Predictor.load(run)
    corpus = corpus_of_run(run)
    test = stored_predictions(run, ["test"])["test"]
    texts = corpus.part("test")["text"].tolist()
    masked = [without_names(text, test.task.class_names) for text in texts]
    draws = setting_of(run, "bootstrap_draws")
    found = assess_shortcuts(
        test,
        replace(test, probabilities=predictor.predict_scrubbed(masked)),
        texts,
        bootstrap_draws=draws,
    )
    predict = partial(yardstick_on, run)
    found["source"] = tell_sources(corpus, predict)
    found["splits"] = None
    if with_random_split:
        shares, seed = (run.setting("data", key) for key in ("shares", "split_seed"))
        found["splits"] = compare_splits(
            corpus, predict, shares=shares, seed=seed, bootstrap_draws=draws
        )
    write_assessment(run.directory, "shortcuts", found)
    return found


def tell_sources(corpus: Corpus, predict: Callable[[Corpus], Predictions]) -> dict[str, Any] | None:
    """How well words tell which community a post is from, see `mean_auc`.

    Where they do, and communities differ in their classes, a model can read the topic of a
    community in place of what its members feel.

    Args:
        predict: learns from train and predicts test.

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
    return mean_auc(predict(about_sources))


def compare_splits(
    corpus: Corpus,
    predict: Callable[[Corpus], Predictions],
    *,
    shares: Mapping[str, float],
    seed: int,
    bootstrap_draws: int,
) -> dict[str, Any]:
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
        shares=shares,
        seed=seed,
    )
    kinds = pd.CategoricalDtype(list(PARTS))
    at_random = replace(corpus, posts=corpus.posts.assign(part=pd.Categorical(parts, dtype=kinds)))
    return {
        name: headline_with_interval(predict(divided), bootstrap_draws=bootstrap_draws)
        for name, divided in (("grouped", corpus), ("random", at_random))
    }
