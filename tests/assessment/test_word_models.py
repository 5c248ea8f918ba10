"""What words alone tell of a corpus."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from written_runs import write_run

from mental_health_classifier.analysis.sections.shortcuts import shortcuts
from mental_health_classifier.assessment.shortcuts import compare_splits, tell_sources
from mental_health_classifier.configuration.literal import resolved
from mental_health_classifier.contracts import PARTS, Corpus, InputError, Task
from mental_health_classifier.prediction.run_posts import yardstick_on
from mental_health_classifier.tracking.record.run_summary import read_run

GROUPS = 120
POSTS = 8
NO_SHORTCUTS = {
    **{"metric": "recall", "masked": 0.8, "unmasked": 0.8},
    **{"loss_interval": None, "keyword_recall_at_spec80": None},
}


def corpus_of_circles() -> Corpus:
    """Circles of two authors who share a word that nobody else says; all their posts have one
    label, drawn by lot, so that words of others say nothing."""
    generator = np.random.default_rng(0)
    rows = []
    for group in range(GROUPS):
        label = int(generator.random() < 0.4)
        part = PARTS[[0, 0, 0, 1, 2, 3][group % 6]]
        community = "first" if group // 6 % 2 else "second"
        for post in range(POSTS):
            words = [f"circle{group}", f"talk{generator.integers(30)}", f"of{community}"]
            rows.append((" ".join(words), label, f"{group}-{post % 2}", group, part, community))
    names = ["text", "label", "author", "leak_group", "part", "group_source"]
    posts = pd.DataFrame(rows, columns=names)
    return Corpus(
        name="circles",
        posts=posts.assign(id=[str(place) for place in range(len(posts))]),
        task=Task.categorical("risk", ("control", "suicide"), "suicide"),
        fingerprint="f",
        key="k",
        account={},
        warnings=(),
        is_synthetic=True,
        truncate="head",
    )


SPLIT = {
    "shares": {"train": 0.6, "val": 0.1, "calibration": 0.15, "test": 0.15},
    "seed": 1,
    "bootstrap_draws": 60,
}


@pytest.fixture
def predict(compose_config, tmp_path: Path):
    config = resolved(compose_config([]))
    return partial(yardstick_on, read_run(write_run(tmp_path / "run", run={"config": config})))


def test_a_split_at_random_flatters_where_authors_resemble_themselves(predict) -> None:
    found = compare_splits(corpus_of_circles(), predict, **SPLIT)
    assert found["random"]["value"] > 0.9
    assert found["grouped"]["value"] < 0.5
    assert found["grouped"]["n"] == GROUPS // 6 * POSTS
    (warning,) = shortcuts({**NO_SHORTCUTS, "splits": found}).warnings
    assert "Split at random, the yardstick would reach" in warning


def test_communities_are_told_by_their_words(predict) -> None:
    corpus = corpus_of_circles()
    found = tell_sources(corpus, predict)
    assert found is not None
    assert found["auc"] == 1 and found["kinds"] == 2 and found["n"] == GROUPS // 6 * POSTS
    mixed = corpus.posts.assign(
        group_source=np.random.default_rng(1).choice(["a", "b", "c"], len(corpus.posts))
    )
    by_lot = tell_sources(replace(corpus, posts=mixed), predict)
    assert by_lot is not None and by_lot["interval"] is not None and by_lot["kinds"] == 3
    low, high = by_lot["interval"]
    assert low < by_lot["auc"] < high and low < 0.55 and high > 0.45
    assert shortcuts({**NO_SHORTCUTS, "source": by_lot}).warnings == []
    (warning,) = shortcuts({**NO_SHORTCUTS, "source": {**by_lot, "interval": [0.9, 0.99]}}).warnings
    assert "3 communities" in warning


def test_without_communities_or_yardstick_nothing_is_told(
    predict, compose_config, tmp_path: Path
) -> None:
    corpus = corpus_of_circles()
    nameless = replace(corpus, posts=corpus.posts.drop(columns="group_source"))
    assert tell_sources(nameless, predict) is None
    one = replace(corpus, posts=corpus.posts.assign(group_source="one"))
    assert tell_sources(one, predict) is None
    config = resolved(compose_config(["evaluation.yardstick=null"]))
    without = read_run(write_run(tmp_path / "without", run={"config": config}))
    with pytest.raises(InputError, match=r"evaluation\.yardstick=null"):
        compare_splits(corpus, partial(yardstick_on, without), **SPLIT)
