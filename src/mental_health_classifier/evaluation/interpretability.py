"""Interpretability score: comprehensiveness, sufficiency and stability, with intervals.

Attention alone is contested as an explanation (Jain and Wallace, NAACL 2019; Wiegreffe and Pinter,
EMNLP 2019), so none of the parts rests on attention weights.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

import numpy as np
from scipy.stats import ConstantInputWarning, spearmanr
from sklearn.metrics import average_precision_score

from mental_health_classifier.evaluation.faithfulness import Faithfulness
from mental_health_classifier.evaluation.intervals import draw_by_author
from mental_health_classifier.evaluation.ratios import ratio

SCORE = "interpretability_score"
NEUTRAL_SENTENCE = "Today is an ordinary day here."
MIN_ALIGNED = 3
"""Fewer tokens have hardly an order to compare."""


def with_typo(text: str, *, seed: Sequence[int]) -> str:
    """A text with two neighbouring letters within one of its words swapped."""
    generator = np.random.default_rng(seed)
    places = [
        place
        for place in range(1, len(text) - 2)
        if text[place - 1 : place + 3].isalpha() and text[place] != text[place + 1]
    ]
    if not places:
        return text
    place = int(generator.choice(places))
    return text[:place] + text[place + 1] + text[place] + text[place + 2 :]


def with_neutral_sentence(text: str) -> str:
    return f"{text} {NEUTRAL_SENTENCE}"


def stability(before: tuple[np.ndarray, np.ndarray], after: tuple[np.ndarray, np.ndarray]) -> float:
    """Rank correlation of what the same tokens contribute before and after an edit.

    Args:
        before, after: token ids and attributions of the post, each of shape `(L,)`.

    Returns:
        In [-1, 1]; NaN where the edit left no trace, or too few tokens are the same.
    """
    (ids, attributions), (edited_ids, edited_attributions) = before, after
    if np.array_equal(ids, edited_ids):
        return np.nan
    blocks = SequenceMatcher(
        a=ids.tolist(), b=edited_ids.tolist(), autojunk=False
    ).get_matching_blocks()
    kept = np.concatenate([np.arange(block.a, block.a + block.size) for block in blocks])
    now = np.concatenate([np.arange(block.b, block.b + block.size) for block in blocks])
    if len(kept) < MIN_ALIGNED:
        return np.nan
    return rank_correlation(attributions[kept], edited_attributions[now])


def rank_correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Spearman's, in [-1, 1]; NaN where one of the two does not vary."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConstantInputWarning)
        return float(np.asarray(spearmanr(first, second))[0])


def plausibility(attributions: np.ndarray, is_cue: np.ndarray) -> float:
    """How much better attributions find the cues of a post than chance: the area under precision
    and recall beyond the share of cues. NaN where there is nothing to tell apart."""
    if is_cue.all() or not is_cue.any():
        return np.nan
    return float(average_precision_score(is_cue, attributions) - is_cue.mean())


def assess_interpretability(
    found: Faithfulness,
    stabilities: np.ndarray,
    plausibilities: np.ndarray | None,
    *,
    authors: np.ndarray,
    bootstrap_draws: int,
) -> dict[str, Any]:
    """The score, its three parts and what they rest on.

    Args:
        found: of `n` posts.
        stabilities: of each, shape `(n,)`, NaN where not known.
        plausibilities: the same; None where nobody marked the cues.
        authors: number of the author of each post, see `author_numbers`.
        bootstrap_draws: draws of authors behind the intervals.

    Returns:
        `interpretability_score` and its parts `comprehensiveness`, `sufficiency` and `stability`,
        all in [0, 1], None where they could not be measured; `plausibility` beside them,
        `intervals`, `n`, and what share of posts had nothing to gain.
    """

    def numbers(weights: np.ndarray) -> Mapping[str, np.ndarray]:
        parts = {
            "comprehensiveness": found.comprehensiveness.normalised(weights),
            "sufficiency": found.sufficiency.normalised(weights),
            "stability": _mean(stabilities, weights).clip(0, 1),
        }
        beside = {f"{name}_aopc": _mean(values, weights) for name, values in found.raw.items()}
        if plausibilities is not None:
            beside["plausibility"] = _mean(plausibilities, weights)
        return {SCORE: np.mean(list(parts.values()), axis=0), **parts, **beside}

    drawn = draw_by_author(numbers, authors, draws=bootstrap_draws)
    return {
        **drawn.values,
        "intervals": drawn.intervals(),
        "n": len(authors),
        "n_plausibility": 0 if plausibilities is None else int(np.isfinite(plausibilities).sum()),
        "dropped_share": {
            "comprehensiveness": found.comprehensiveness.dropped_share,
            "sufficiency": found.sufficiency.dropped_share,
            "stability": float(np.isnan(stabilities).mean()),
        },
    }


def _mean(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weighted means of what is known, shape `(draws,)`; NaN where nothing is."""
    is_known = np.isfinite(values)
    return ratio(weights @ np.where(is_known, values, 0.0), weights @ is_known.astype(float))
