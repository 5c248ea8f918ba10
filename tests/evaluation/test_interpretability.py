import numpy as np
import pytest

from mental_health_classifier.evaluation.faithfulness import Faithfulness, Gains
from mental_health_classifier.evaluation.interpretability import (
    assess_interpretability,
    plausibility,
    stability,
    with_neutral_sentence,
    with_typo,
)


def test_a_typo_swaps_two_letters_of_one_word() -> None:
    text = "we had soup and bread"
    edited = with_typo(text, seed=[1, 2])
    assert edited != text and sorted(edited) == sorted(text)
    assert [sorted(word) for word in edited.split()] == [sorted(word) for word in text.split()]
    assert with_typo(text, seed=[1, 2]) == edited


def test_a_text_without_a_word_of_four_letters_stays() -> None:
    assert with_typo("I am ok 12345", seed=[0]) == "I am ok 12345"


def test_the_neutral_sentence_follows_the_post() -> None:
    assert with_neutral_sentence("we had soup").startswith("we had soup ")


def test_stability_compares_the_order_of_the_tokens_that_stayed() -> None:
    before = np.array([5, 6, 7, 8]), np.array([0.1, 0.9, 0.5, 0.3])
    after = np.array([5, 6, 99, 98, 8, 1]), np.array([0.0, 2.0, 7.0, 7.0, 1.0, 9.0])
    assert stability(before, after) == pytest.approx(1.0)  # 5, 6 and 8 keep their order
    turned = after[0], np.array([2.0, 0.0, 7.0, 7.0, 1.0, 9.0])
    assert stability(before, turned) == pytest.approx(-1.0)


def test_stability_is_not_known_where_nothing_can_be_compared() -> None:
    before = np.array([5, 6, 7]), np.array([0.1, 0.9, 0.5])
    assert np.isnan(stability(before, (np.array([5, 6, 99]), np.zeros(3))))
    assert np.isnan(stability(before, (before[0], np.zeros(3))))


def test_plausibility_is_what_precision_and_recall_hold_beyond_chance() -> None:
    is_cue = np.array([True, False, False, True])
    # Found first and third: precision 1 at recall .5, 2/3 at recall 1.
    assert plausibility(np.array([4.0, 3, 1, 2]), is_cue) == pytest.approx(5 / 6 - 0.5)
    assert np.isnan(plausibility(np.ones(2), np.array([True, True])))


def test_the_score_is_the_mean_of_its_parts_with_intervals_and_counts() -> None:
    gained, headroom = np.array([0.1, 0.3, 0.0, 0.2]), np.array([0.2, 0.4, 0.01, 0.4])
    found = Faithfulness(
        comprehensiveness=Gains(gained, headroom),
        sufficiency=Gains(headroom, headroom),
        raw={"comprehensiveness": gained},
    )
    result = assess_interpretability(
        found,
        np.array([0.5, np.nan, 0.7, 0.6]),
        None,
        authors=np.array([0, 1, 2, 2]),
        bootstrap_draws=200,
    )
    assert result["comprehensiveness"] == pytest.approx(0.6)
    assert result["sufficiency"] == pytest.approx(1.0)
    assert result["stability"] == pytest.approx(0.6)
    assert result["interpretability_score"] == pytest.approx((0.6 + 1 + 0.6) / 3)
    low, high = result["intervals"]["interpretability_score"]
    assert low < result["interpretability_score"] < high
    assert result["n"] == 4
    assert result["dropped_share"] == pytest.approx(
        {"comprehensiveness": 0.25, "sufficiency": 0.25, "stability": 0.25}
    )
