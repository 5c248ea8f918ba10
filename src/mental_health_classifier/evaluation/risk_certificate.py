"""Risk certificate: a threshold whose recall is promised with a stated confidence.

A recall that was read off a sample misses its target in every other sample that follows. Here the
threshold is chosen by a test that fails to keep the promise in no more than a stated share of
samples.

Source: Tong, Feng and Li, Science Advances 2018, Proposition 1 (an order statistic as threshold);
Angelopoulos et al., Learn then Test, arXiv 2110.01052 (as one of many tests). See docs/methods.md.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mental_health_classifier.contracts import InputError, Predictions
from mental_health_classifier.contracts.decimals import decimals, exact_decimals
from mental_health_classifier.evaluation.calibration import calibrated
from mental_health_classifier.evaluation.decisions import (
    NEAR_THRESHOLD,
    REFER_SHARE,
    load_of,
    start_of_band,
)
from mental_health_classifier.evaluation.evaluate import require_posts
from mental_health_classifier.evaluation.intervals import DRAWS, author_numbers
from mental_health_classifier.evaluation.operating_point import (
    shares_at_threshold,
    threshold_for_specificity,
)
from mental_health_classifier.evaluation.shares import Share

ROUNDING = 1e-9
"""Chances that differ by this share are equal: 1 - .875 is not .5 ** 3 to the last digit."""

NOT_GUARANTEED = (
    "It holds for posts that are like those of the calibration part, drawn in the same way; "
    "not for another community, another time or another way of choosing posts.",
    "It is an average over all priority posts. For a group of people, or a kind of post, recall "
    "can be lower.",
    "It counts one post an author. Of people who write many posts it says nothing more.",
    "It is about the labels. Where they are wrong, so is the promise.",
    "It says nothing about how many alerts are false: that is the false alarm rate beside it.",
    "It is void after any change to the model, its vocabulary or the way posts are prepared, and "
    "after a shift in what people write.",
)
NOT_GUARANTEED_WITHOUT_AUTHORS = (
    "Authors are not known, so that posts of one person count as if several had written them: the "
    "confidence may be lower than stated."
)


def posts_needed(*, required_recall: float, confidence: float) -> int:
    """Priority posts, each of another author, with fewer of which nothing can be certified.

    Even if all of them are found, so many have to be that a model below the required recall would
    have found them all with a chance of no more than 1 - confidence.
    """
    return math.ceil(math.log(1 - confidence) / math.log(required_recall) - ROUNDING)


def allowed_misses(n: int, *, required_recall: float, confidence: float) -> int | None:
    """How many of `n` priority posts may be missed; None: n is too small for any answer.

    The largest number that a model below the required recall would stay within with a chance of no
    more than 1 - confidence.
    """
    from scipy.stats import binom

    chances = binom.cdf(np.arange(n + 1), n, 1 - required_recall)
    num_allowed = int((chances <= (1 - confidence) * (1 + ROUNDING)).sum())
    return num_allowed - 1 if num_allowed else None


def highest_threshold(scores: np.ndarray, *, num_misses: int) -> float:
    """Highest threshold below which no more than `num_misses` of the scores lie, itself a score."""
    return float(np.sort(scores)[num_misses])


def one_post_an_author(predictions: Predictions, *, seed: int = 0) -> np.ndarray:
    """Places of posts so that no author has two of the priority class, nor two others.

    Posts of one person resemble each other: the second says less than that of somebody else would,
    and the test counts it as if it said as much. Which post it is, is drawn; the order of the posts
    plays no part.
    """
    authors = author_numbers(predictions)
    by_id = np.argsort(np.array(predictions.post_ids), kind="stable")
    order = by_id[np.random.default_rng(seed).permutation(len(by_id))]
    kinds = np.column_stack([authors, predictions.is_priority])[order]
    _, first = np.unique(kinds, axis=0, return_index=True)
    return np.sort(order[first])


def certify(
    calibration: Predictions,
    *,
    required_recall: float,
    confidence: float,
    seen: Sequence[Predictions] = (),
    looked_at: int = 1,
) -> dict[str, Any]:
    """Looks for the highest threshold whose recall can be promised.

    It is the one that misses as many calibration posts as the exact binomial allows. Misses only
    rise with the threshold, so all thresholds can be tried and need no correction.

    Args:
        calibration: predictions that chose nothing else. Of each author one post counts.
        required_recall: share of priority posts that have to be alerted.
        confidence: share of calibration samples in which the promise has to hold.
        seen: what else the model was chosen or measured on.
        looked_at: models with a certificate on these posts, of which this one may be chosen. Each
            is tested with a share of what may go wrong, so that the promise is kept whichever it is
            (Bonferroni; Learn then Test, section 3).

    Returns:
        What is recorded. `is_certified` false: there is no threshold, and `reason` says why.

    Raises:
        InputError: settings out of range, no priority class, no posts, or posts
            in the calibration part that the model was chosen on.
    """
    for key, share in (("required_recall", required_recall), ("confidence", confidence)):
        if not 0 < share < 1:
            raise InputError(
                f"evaluation.{key}={share}: expected a share between 0 and 1, such as 0.9."
            )
    if calibration.task.priority_class is None:
        raise InputError(
            "A certificate is about the recall of the priority class, and there is none: set "
            "data.priority_class."
        )
    require_posts(calibration)
    _refuse_seen_posts(calibration, seen)
    chosen = one_post_an_author(calibration)
    scores, is_priority = calibration.priority_scores[chosen], calibration.is_priority[chosen]
    n = int(is_priority.sum())
    each = 1 - (1 - confidence) / looked_at
    needed = posts_needed(required_recall=required_recall, confidence=each)
    allowed = allowed_misses(n, required_recall=required_recall, confidence=each)
    facts: dict[str, Any] = {
        "is_certified": False,
        "priority_class": calibration.task.priority_class,
        "required_recall": required_recall,
        "confidence": confidence,
        "looked_at": looked_at,
        "n": n,
        "n_needed": needed,
        "allowed_misses": allowed,
        "has_authors": calibration.authors is not None,
    }
    whose = "one an author" if calibration.authors is not None else "of authors not known"
    counted = f"{n} {calibration.task.priority_class} posts ({whose})"
    promised = (
        f"a recall of {decimals(required_recall, 3)} with confidence {decimals(confidence, 3)}"
    )
    if looked_at > 1:
        promised += (
            f" for whichever of {looked_at} models is chosen (each with {exact_decimals(each)})"
        )
    if allowed is None:
        reason = (
            f"The calibration part has {counted}; at least {needed} are needed to promise "
            f"{promised}."
        )
        return {**facts, "reason": reason}
    threshold = highest_threshold(scores[is_priority], num_misses=allowed)
    if (scores >= threshold).all():
        reason = (
            f"Among the calibration part's {counted} no threshold but the one that alerts every "
            f"post keeps {promised}. Ask for less, or train a model that tells these posts apart "
            "better."
        )
        return {**facts, "reason": reason}
    among = f", whichever of {looked_at} models was chosen by it" if looked_at > 1 else ""
    shares = shares_at_threshold(threshold, scores=scores, is_priority=is_priority)
    quiet, recall = shares["specificity"], shares["recall"]
    alarms = Share(quiet.of - quiet.counted, quiet.of)
    return {
        **facts,
        "is_certified": True,
        "threshold": threshold,
        "misses": recall.of - recall.counted,
        "false_alarm_rate": alarms.value,
        "false_alarm_interval": alarms.interval,
        "alert_rate": shares["alert_rate"].value,
        "guaranteed": (
            f"If a post is alerted when its probability of {calibration.task.priority_class} is at "
            f"least {exact_decimals(threshold)}, then at least {100 * required_recall:.0f} % of "
            f"{calibration.task.priority_class} posts are alerted. A calibration sample of {n} "
            "posts leads to a threshold that breaks this promise with a chance of at most "
            f"{100 * (1 - confidence):.0f} %{among}."
        ),
        "not_guaranteed": [
            *NOT_GUARANTEED,
            *(() if calibration.authors is not None else (NOT_GUARANTEED_WITHOUT_AUTHORS,)),
        ],
    }


def certificate_of(
    predictions: Mapping[str, Predictions],
    *,
    required_recall: float,
    confidence: float,
    looked_at: int = 1,
    temperature: float | None = None,
    specificity_floor: float | None = None,
    bootstrap_draws: int = DRAWS,
) -> dict[str, Any]:
    """The certificate on the calibration part of a run, see `certify`, and what it does to test.

    Args:
        predictions: for val, calibration and test.
        temperature: at which probabilities decide. None: as the model gives them.
        specificity_floor: of the operating point, which may decide where nothing is certified.
        bootstrap_draws: draws of authors behind the intervals of what it does to test.

    Returns:
        Also `temperature`; with one, `refer_from` and the `operating_point`'s `threshold` and
        `refer_from`; and `on_test`, from `load_of`, of what decides, with its `threshold`.
    """
    at = {part: calibrated(given, temperature) for part, given in predictions.items()}
    found = certify(
        at["calibration"],
        required_recall=required_recall,
        confidence=confidence,
        seen=[at["val"], at["test"]],
        looked_at=looked_at,
    )
    val = at["val"].priority_scores
    if temperature is not None:
        found |= {"temperature": temperature, "refer_share": REFER_SHARE}
        if specificity_floor is not None:
            threshold = threshold_for_specificity(
                val, at["val"].is_priority, specificity=specificity_floor
            )
            found["operating_point"] = threshold and _decided_from(threshold, val)
        if found["is_certified"]:
            found["refer_from"] = start_of_band(val, threshold=found["threshold"])
    deciding = found if found["is_certified"] else found.get("operating_point")
    if deciding:
        threshold = deciding["threshold"]
        refer_from = deciding.get("refer_from", NEAR_THRESHOLD * threshold)
        load = load_of(
            at["test"],
            threshold=threshold,
            refer_from=refer_from,
            bootstrap_draws=bootstrap_draws,
        )
        found["on_test"] = {"threshold": threshold, "refer_from": refer_from, **load}
    return found


def _decided_from(threshold: float, val_scores: np.ndarray) -> dict[str, float]:
    return {
        "threshold": threshold,
        "refer_from": start_of_band(val_scores, threshold=threshold),
    }


def _refuse_seen_posts(calibration: Predictions, seen: Sequence[Predictions]) -> None:
    own = set(calibration.post_ids)
    for other in seen:
        shared = own.intersection(other.post_ids)
        if shared:
            raise InputError(
                f"{len(shared)} of the {len(own)} calibration posts are posts of part "
                f"{other.part} too, on which the model was chosen or measured: a promise made on "
                "them would be worth nothing. Certify on posts that the model never saw."
            )
