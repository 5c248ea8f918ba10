"""Shortcuts to a good score: single words, and the name of the label itself.

Where labels come from communities or from diagnoses that people name, the name is the label.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from mental_health_classifier.contracts import Predictions
from mental_health_classifier.contracts.headline import headline_of
from mental_health_classifier.evaluation.agreement import (
    least_half_width,
    predict_the_same,
    with_least_width,
)
from mental_health_classifier.evaluation.intervals import (
    author_numbers,
    draw_by_author,
    draw_predictions,
)
from mental_health_classifier.evaluation.metrics import PartMetrics
from mental_health_classifier.evaluation.operating_point import recall_at_specificity

DRAWS_OF_AUC = 200
"""Enough for two decimals; each takes a sorting of the posts for every class."""

MASKED = "something"
"""Stands for what was masked: a word of everyday language, which no label is called."""

KEYWORDS = re.compile(
    r"suicid\w*|kill(?:ing)? my ?self|end(?:ing)? (?:my life|it all)|want to die|better off dead"
    r"|self[ -]?harm\w*|no reason to live|don'?t want to (?:live|be alive|be here)",
    re.IGNORECASE,
)
NAMES_OF_DIAGNOSES = re.compile(
    r"\b(?:major depressi\w+|depressi\w+|depressed|anxiety|anxious|bipolar|mani[ac]\w*|ptsd"
    r"|post[ -]?traumatic\w*|schizo\w+|psychosis|psychotic|borderline|bpd|adhd|add|ocd|autis\w+"
    r"|eating disorder\w*|anorexi\w+|bulimi\w+|insomni\w+|panic|addict\w*|alcoholi\w+"
    r"|suicid\w*|r/\w+)\b",
    re.IGNORECASE,
)


def keyword_scores(texts: list[str]) -> np.ndarray:
    """How many words a list would have found in each text, shape `(n,)`."""
    return np.array([len(KEYWORDS.findall(text)) for text in texts], dtype=float)


def without_names(text: str, class_names: tuple[str, ...]) -> str:
    """A text in which no diagnosis and no class is named."""
    masked = NAMES_OF_DIAGNOSES.sub(MASKED, text)
    for name in class_names:
        spelled = re.escape(name).replace("_", "[ _-]")
        masked = re.sub(rf"\b{spelled}\b", MASKED, masked, flags=re.IGNORECASE)
    return masked


def assess_shortcuts(
    test: Predictions, masked: Predictions, texts: list[str], *, bootstrap_draws: int
) -> dict[str, Any]:
    """What a list of words reaches, and what a model loses when labels are not named.

    Args:
        test: predictions of the posts as they are.
        masked: the same from `without_names`.
        texts: of the posts.
        bootstrap_draws: draws of authors behind the interval of the loss.

    Returns:
        `keyword_recall_at_spec80`, None without a priority class; `masked_share`, of posts that
        named something; `masked` and `loss`, the headline of the masked posts and its distance from
        that of the posts as they are, with `loss_interval`.
    """
    key = headline_of(test.task.priority_class)
    measure, measure_masked = PartMetrics(test), PartMetrics(masked)

    def numbers(weights: np.ndarray) -> Mapping[str, np.ndarray]:
        unmasked, masked = measure(weights)[key], measure_masked(weights)[key]
        return {"unmasked": unmasked, "masked": masked, "loss": unmasked - masked}

    drawn = draw_predictions(numbers, test, draws=bootstrap_draws)
    loss, loss_interval = drawn.values["loss"], None
    if loss is not None and not predict_the_same(test, masked):
        least = least_half_width(test, key)
        loss_interval = with_least_width(loss, drawn.interval("loss"), least)
    changed = [without_names(text, test.task.class_names) != text for text in texts]
    keyword_recall = None
    if test.task.priority_class is not None:
        keyword_recall = recall_at_specificity(
            keyword_scores(texts), test.is_priority, specificity=0.80
        )
    return {
        "metric": f"test/{key}",
        "n": len(test),
        "keyword_recall_at_spec80": keyword_recall,
        "masked_share": float(np.mean(changed)),
        **drawn.values,
        "loss_interval": loss_interval,
    }


def headline_with_interval(test: Predictions, *, bootstrap_draws: int) -> dict[str, Any]:
    """The headline of some predictions: `value`, `interval` and `n`."""
    key = headline_of(test.task.priority_class)
    drawn = draw_predictions(PartMetrics(test), test, draws=bootstrap_draws)
    return {"value": drawn.values[key], "interval": drawn.interval(key), "n": len(test)}


def mean_auc(test: Predictions) -> dict[str, Any]:
    """Area under the ROC of each class against the others, and their mean: .5 is chance.

    Returns:
        `auc`, `interval` over draws of authors, `n`, and `kinds`, how many classes occur.
    """
    from sklearn.metrics import roc_auc_score

    present = [place for place in range(test.task.num_classes) if (test.labels == place).any()]
    if len(present) < 2:
        return {"auc": None, "interval": None, "n": len(test), "kinds": len(present)}
    is_class = [test.labels == place for place in present]

    def means(weights: np.ndarray) -> Mapping[str, np.ndarray]:
        areas = [
            [
                roc_auc_score(truth, test.probabilities[:, place], sample_weight=each)
                for place, truth in zip(present, is_class, strict=True)
            ]
            for each in weights
        ]
        return {"auc": np.array(areas, dtype=float).mean(axis=1)}

    drawn = draw_by_author(means, author_numbers(test), must_hold=is_class, draws=DRAWS_OF_AUC)
    return {
        "auc": drawn.values["auc"],
        "interval": drawn.interval("auc"),
        "n": len(test),
        "kinds": len(present),
    }
