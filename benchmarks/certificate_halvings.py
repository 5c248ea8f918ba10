"""How often a certified recall is missed on real posts, beside the promise and beside pure chance.

    python benchmarks/certificate_halvings.py FOLDER_OF_PUBLIC_CORPORA [--json] [--halvings 300]

TF-IDF with logistic regression gives every post a score from folds that hold none of its author's
posts. Authors are then halved at random, again and again: one half certifies a threshold, the other
shows the recall that it really has, one post an author in both. Recall of a finite half misses the
target now and then even where the promise holds; what independent posts of the same number give is
shown beside it.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from hydra import compose, initialize_config_dir
from machine import describe_machine, machine_line
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline

from mental_health_classifier.configuration.build import build_corpus, register_resolvers
from mental_health_classifier.contracts import Corpus, Predictions, Task
from mental_health_classifier.evaluation.intervals import author_groups
from mental_health_classifier.evaluation.risk_certificate import (
    allowed_misses,
    certify,
    one_post_an_author,
)

CONF = Path(__file__).resolve().parent.parent / "conf"
CORPORA = ("cssrs_posts", "tsid")
PROMISES = ((0.9, 0.9), (0.8, 0.9))
FOLDS = 5
CHANCE_DRAWS = 20_000


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("corpora", type=Path)
    parser.add_argument("--halvings", type=int, default=300)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    machine = describe_machine()
    print(machine_line(machine))
    rows = []
    for name in CORPORA:
        pooled = out_of_fold(read(name, arguments.corpora / name))
        for recall, confidence in PROMISES:
            row = halve(pooled, recall, confidence, halvings=arguments.halvings)
            rows.append({"corpus": name, "posts": len(pooled), **row})
            print("  ".join(f"{key} {value}" for key, value in rows[-1].items()))
    if arguments.json:
        print(json.dumps({"machine": machine, "rows": rows}))


def read(name: str, folder: Path) -> Corpus:
    register_resolvers()
    with (
        tempfile.TemporaryDirectory() as cache,
        initialize_config_dir(str(CONF), version_base="1.3"),
    ):
        overrides = [f"data={name}", f"data.path={folder}", f"cache_dir={cache}"]
        corpus = build_corpus(compose("config", overrides=overrides))
        return replace(corpus, posts=corpus.posts.copy())


def out_of_fold(corpus: Corpus) -> Predictions:
    """Scores of all posts, each from a model that saw none of its author."""
    posts = corpus.posts
    labels = (posts["label"] == corpus.task.priority_index).to_numpy().astype(np.int64)
    model = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True),
        LogisticRegression(class_weight="balanced", max_iter=1000),
    )
    probabilities = cross_val_predict(
        model,
        posts["text"].tolist(),
        labels,
        groups=posts["leak_group"].to_numpy(),
        cv=StratifiedGroupKFold(FOLDS, shuffle=True, random_state=0),
        method="predict_proba",
    )
    return Predictions(
        part="pooled",
        task=Task.categorical("condition", ("other", "priority"), "priority"),
        post_ids=posts["id"].tolist(),
        authors=posts["author"].where(posts["author"].notna(), posts["id"]).tolist(),
        labels=labels,
        probabilities=probabilities.round(6),
    )


def halve(
    pooled: Predictions, recall: float, confidence: float, *, halvings: int
) -> dict[str, Any]:
    """Certifies on one half of the authors and looks at the other, `halvings` times."""
    groups = author_groups(pooled)
    grid = np.linspace(0, 1, 1001).round(6)
    thresholds = Predictions(
        part="val",
        task=pooled.task,
        post_ids=[f"threshold {number}" for number in range(len(grid))],
        authors=None,
        labels=np.zeros(len(grid), dtype=np.int64),
        probabilities=np.column_stack([1 - grid, grid]),
    )
    promise = {"required_recall": recall, "confidence": confidence}
    num_refused, missed, chances, alarms, sizes = 0, [], [], [], []
    for seed in range(halvings):
        generator = np.random.default_rng(seed)
        is_first = generator.random(groups.max() + 1)[groups] < 0.5
        first, second = (part_of(pooled, is_in) for is_in in (is_first, ~is_first))
        certificate = certify(first, thresholds, **promise)
        if not certificate["is_certified"]:
            num_refused += 1
            continue
        test = part_of(second, np.isin(np.arange(len(second)), one_post_an_author(second)))
        found = test.priority_scores[test.is_priority] >= certificate["threshold"]
        missed.append(found.mean() < recall)
        chances.append(chance_of_missing(certificate["n"], len(found), **promise))
        alarms.append(certificate["false_alarm_rate"])
        sizes.append(certificate["n"])
    known = bool(missed)
    return {
        "recall": recall,
        "confidence": confidence,
        "halvings": halvings,
        "refused": num_refused,
        "calibration_posts": round(float(np.mean(sizes))) if known else None,
        "missed_on_test": round(float(np.mean(missed)), 3) if known else None,
        "missed_by_chance": round(float(np.mean(chances)), 3) if known else None,
        "false_alarm_rate": round(float(np.mean(alarms)), 3) if known else None,
    }


def part_of(pooled: Predictions, is_in: np.ndarray) -> Predictions:
    places = np.flatnonzero(is_in)
    assert pooled.authors is not None
    return replace(
        pooled,
        part="calibration",
        post_ids=[pooled.post_ids[place] for place in places],
        authors=[pooled.authors[place] for place in places],
        labels=pooled.labels[places],
        probabilities=pooled.probabilities[places],
    )


def chance_of_missing(n: int, n_test: int, *, required_recall: float, confidence: float) -> float:
    """How often independent posts miss the target on test, though the promise holds."""
    misses = allowed_misses(n, required_recall=required_recall, confidence=confidence)
    assert misses is not None
    generator = np.random.default_rng(0)
    # The share of all priority posts below the threshold is that of an order statistic.
    shares = generator.beta(misses + 1, n - misses, size=CHANCE_DRAWS)
    return float((generator.binomial(n_test, shares) > (1 - required_recall) * n_test).mean())


if __name__ == "__main__":
    main()
