"""How long it takes to say what a model is worth, once its predictions are there.

    python benchmarks/assessment_speed.py [--posts 10000] [--draws 2000] [--json]

Made-up predictions for as many posts of val, calibration and test, of six classes and of authors
with three posts on average. Seconds by part, with nothing of what the network itself takes.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from machine import describe_machine, machine_line
from recorded_runs import CLASSES
from stopwatch import Stopwatch

from mental_health_classifier.contracts import Predictions, Task
from mental_health_classifier.evaluation import assess as assessment
from mental_health_classifier.evaluation.behaviour_suite import assess_behaviour
from mental_health_classifier.evaluation.evaluate import (
    compare_with_yardstick,
    evaluate,
)
from mental_health_classifier.evaluation.operating_point import OperatingPoint
from mental_health_classifier.evaluation.unfamiliar_text import looks_of
from mental_health_classifier.tracking.record.assessments import write_assessments

TASK = Task.categorical("condition", CLASSES, CLASSES[0])
POSTS_PER_AUTHOR = 3
COMMUNITIES = 8
WORDS_PER_POST = 30
PROMISE = {"required_recall": 0.9, "confidence": 0.9}
ASSESSED = (
    *("assess_calibration", "decision_curve", "certificate_of", "assess_triage", "assess_groups"),
)
"""What `assess` is made of, by the names it has there; what is left of it writes files."""


def made_up_predictions(part: str, num_posts: int, *, seed: int, skill: float) -> Predictions:
    generator = np.random.default_rng(seed)
    authors = generator.integers(0, num_posts // POSTS_PER_AUTHOR + 1, num_posts)
    # Authors resemble themselves: most of their posts are of one class.
    labels = np.where(
        generator.random(num_posts) < 0.7,
        authors % TASK.num_classes,
        generator.integers(0, TASK.num_classes, num_posts),
    )
    logits = generator.normal(size=(num_posts, TASK.num_classes))
    logits[np.arange(num_posts), labels] += skill
    odds = np.exp(logits)
    communities = generator.integers(0, COMMUNITIES, num_posts)
    return Predictions(
        part=part,
        task=TASK,
        post_ids=[f"{part}{number}" for number in range(num_posts)],
        authors=[f"author{number}" for number in authors],
        labels=labels,
        probabilities=(odds / odds.sum(axis=1, keepdims=True)).round(6),
        groups={"source": [f"community{number}" for number in communities]},
    )


def made_up_texts(num_posts: int) -> pd.Series:
    words = np.random.default_rng(0).integers(0, 5000, (num_posts, WORDS_PER_POST))
    return pd.Series([" ".join(f"word{number}" for number in row) for row in words])


def assess_made_up_posts(num_posts: int, *, draws: int, directory: Path) -> dict[str, list[float]]:
    """Does all that a run does after its last forward pass; returns seconds by part."""
    model, yardstick = (
        {
            part: made_up_predictions(part, num_posts, seed=seed, skill=skill)
            for seed, part in enumerate((*assessment.EVALUATED, "calibration"))
        }
        for skill in (2.0, 1.5)
    )
    texts = made_up_texts(num_posts)
    watch = Stopwatch()
    settings = {"specificity_floor": 0.8, "bootstrap_draws": draws}
    found = watch.measure("numbers and intervals", evaluate)(model, **settings)
    watch.measure("the same of the yardstick", evaluate)(yardstick, **settings)
    watch.measure("differences to the yardstick", compare_with_yardstick)(
        model["test"], yardstick["test"], bootstrap_draws=draws
    )
    looks = watch.measure("looks of the posts", looks_of)(texts)
    for name in ASSESSED:
        setattr(assessment, name, watch.measure(name, getattr(assessment, name)))
    point = OperatingPoint.recorded_in(found.metrics)
    assessed = assessment.assess(model, {**PROMISE, **settings}, looks=looks, point=point)
    watch.measure("writing them", write_assessments)(directory, assessed)

    def predict(posts: Sequence[str]) -> np.ndarray:
        return model["test"].probabilities[: len(posts)]

    watch.measure("behaviour suite", assess_behaviour)(
        predict, priority_index=TASK.priority_index, threshold=point.threshold, refer_from=0.1
    )
    return watch.seconds


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posts", type=int, default=10_000)
    parser.add_argument("--draws", type=int, default=2000)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    machine = describe_machine()
    print(machine_line(machine))
    with tempfile.TemporaryDirectory() as folder:
        seconds = assess_made_up_posts(given.posts, draws=given.draws, directory=Path(folder))
    seconds["total"] = [sum(each) for each in zip(*seconds.values(), strict=True)]
    print(f"{'seconds':<40}{'clock':>10}{'processor':>12}")
    for name, (clock, processor) in seconds.items():
        print(f"{name:<40}{clock:>10.2f}{processor:>12.2f}")
    if given.json:
        print(json.dumps({"machine": machine, "posts": given.posts, "seconds": seconds}))


if __name__ == "__main__":
    main()
