import numpy as np
import pytest
from scipy.stats import t

from mental_health_classifier.contracts import Predictions, Task
from mental_health_classifier.evaluation.variant_impact import (
    headline_by_hit,
    paired_impact,
    pairs_needed,
    vocabulary_hits,
)

TASK = Task.categorical("condition", ("control", "suicide"), "suicide")


def test_differences_have_a_mean_a_spread_and_a_t_interval() -> None:
    found = paired_impact([0.02, 0.04, 0.06])
    assert (found["num_pairs"], found["verdict"]) == (3, "not shown")
    assert found["mean"] == pytest.approx(0.04) and found["spread"] == pytest.approx(0.02)
    # 4.302653 * 0.02 / sqrt(3), the quantile of t with two degrees of freedom from a table
    assert found["interval"] == pytest.approx((0.04 - 0.049683, 0.04 + 0.049683), abs=1e-5)
    # 3.182446 * 0.02 / sqrt(4) = 0.0318 is below 0.04
    assert found["pairs_needed"] == 4


@pytest.mark.parametrize(
    ("differences", "verdict", "needed"),
    [
        ([0.03, 0.04, 0.05], "helps", 3),  # +- 4.302653 * 0.01 / sqrt(3) = 0.0248
        ([-0.03, -0.04, -0.05], "hurts", 3),
        ([0.02, 0.02 + 1e-9], "helps", 2),
        ([-0.02, 0.02], "not shown", None),
        ([0.02], "not measured", None),
        ([], "not measured", None),
    ],
)
def test_it_helps_or_hurts_where_the_interval_excludes_zero(differences, verdict, needed) -> None:
    found = paired_impact(differences)
    assert (found["verdict"], found["pairs_needed"]) == (verdict, needed)
    assert (found["interval"] is None) == (len(differences) < 2)


def test_pairs_that_all_differ_by_the_same_show_nothing() -> None:
    found = paired_impact([0.04, 0.04])
    assert (found["mean"], found["verdict"]) == (0.04, "not shown")
    assert found["spread"] is found["interval"] is found["pairs_needed"] is None


def test_differences_that_cancel_out_to_rounding_would_take_no_number_of_pairs() -> None:
    found = paired_impact([0.1, 0.2, -0.3])
    assert found["mean"] != 0  # sums of such numbers are seldom exact
    assert (found["verdict"], found["pairs_needed"]) == ("not shown", None)


@pytest.mark.parametrize(("mean", "spread"), [(0.01, 0.1), (-0.02, 0.05), (0.5, 0.1), (1e-4, 0.1)])
def test_the_pairs_needed_are_the_fewest(mean: float, spread: float) -> None:
    pairs = pairs_needed(mean, spread)
    assert pairs is not None and pairs >= 2

    def half(n: int) -> float:
        return t.ppf(0.975, n - 1) * spread / np.sqrt(n)

    assert half(pairs) < abs(mean)
    assert pairs == 2 or half(pairs - 1) >= abs(mean)


def predictions(groups: dict[str, list[str]]) -> Predictions:
    # Two suicide posts and five others with a hit, then the same without.
    scores = np.array([0.9, 0.3, 0.8, 0.2, 0.1, 0.05, 0.01, 0.6, 0.1, 0.7, 0.65, 0.2, 0.2, 0.2])
    return Predictions(
        part="test",
        task=TASK,
        post_ids=[f"p{number}" for number in range(14)],
        authors=None,
        labels=np.array([1, 1, 0, 0, 0, 0, 0] * 2),
        probabilities=np.column_stack([1 - scores, scores]),
        groups=groups,
    )


def test_the_headline_is_split_by_hits_each_side_with_its_own_threshold() -> None:
    hits = ["true"] * 7 + ["false"] * 7
    found = predictions({"has_vocabulary_hit": hits})
    has_hit = vocabulary_hits(found)
    assert has_hit is not None and has_hit.tolist() == [True] * 7 + [False] * 7
    # One false alarm of five is allowed: 0.8 with a hit, which lets 0.3 through; 0.7 without, and
    # 0.6 is below the second one.
    assert headline_by_hit(found, has_hit) == (1.0, 0.0)


def test_without_priority_posts_on_a_side_there_is_no_headline() -> None:
    has_hit = np.array([True, True] + [False] * 12)
    assert np.isnan(headline_by_hit(predictions({}), has_hit)[0])
    assert vocabulary_hits(predictions({})) is None
