from dataclasses import replace

import numpy as np
import pytest

from mental_health_classifier.contracts import Predictions, Task
from mental_health_classifier.evaluation.paired_comparison import (
    alerts_compared,
    holm_adjusted,
    mcnemar_exact,
    permutation_test,
    t_interval,
)

TASK = Task.categorical("condition", ("control", "suicide"), "suicide")


def predictions_of(part, *, shift, n=400, seed=0, noise=0):
    """Scores that share what is difficult about a post, and differ by some noise of the model."""
    generator = np.random.default_rng([seed, part == "test"])
    labels = (np.arange(n) % 4 == 0).astype(np.int64)
    difficulty = generator.normal(size=n)
    own = np.random.default_rng([noise, 7]).normal(size=n) * 0.3
    scores = 1 / (1 + np.exp(-(difficulty + own + shift * labels - 1)))
    return Predictions(
        part=part,
        task=TASK,
        post_ids=[f"{part}{i}" for i in range(n)],
        authors=[f"a{i // 2}" for i in range(n)],
        labels=labels,
        probabilities=np.column_stack([1 - scores, scores]).round(6),
    )


def run_of(shift, *, noise=0):
    return {part: predictions_of(part, shift=shift, noise=noise) for part in ("val", "test")}


@pytest.mark.parametrize(
    ("only_first", "only_second", "p"), [(1, 6, 0.125), (6, 1, 0.125), (5, 5, 1), (0, 0, 1)]
)
def test_mcnemar_is_exact(only_first, only_second, p):
    # 2 * (1 + 7) / 2^7 for 1 against 6.
    assert mcnemar_exact(only_first, only_second) == pytest.approx(p)


def test_five_pairs_of_one_sign_say_no_less_than_one_in_sixteen():
    assert permutation_test([0.1, 0.2, 0.15, 0.12, 0.3]) == pytest.approx(2 / 32)
    assert permutation_test([0.1, -0.1]) == 1
    # Means of +-1 +-2 +-4 as far from zero as 7/3 and as 5/3.
    assert permutation_test([1, 2, 4]) == pytest.approx(2 / 8)
    assert permutation_test([-1, 2, 4]) == pytest.approx(4 / 8)


def test_many_pairs_are_drawn_and_never_say_zero():
    assert 0 < permutation_test([1.0] * 30) < 1e-3


def test_holm_raises_p_values_as_worked_by_hand():
    assert holm_adjusted([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm_adjusted([0.6, 0.7]) == [1, 1]


def test_the_interval_over_seeds_is_that_of_student():
    # Mean .2, standard deviation .1, 2.776 standard errors with four degrees of freedom.
    low, high = t_interval([0.1, 0.1, 0.2, 0.3, 0.3], confidence=0.95)
    assert (low, high) == pytest.approx((0.2 - 0.1242, 0.2 + 0.1242), abs=1e-4)
    assert t_interval([0.1], confidence=0.95) is None


def test_alerts_are_compared_at_thresholds_of_val_and_their_specificities_are_told():
    forth = alerts_compared(run_of(0.5), run_of(2.5), specificity_floor=0.8)
    back = alerts_compared(run_of(2.5), run_of(0.5), specificity_floor=0.8)
    assert forth["p"] == back["p"] < 0.01 and forth["n"] == 100
    assert forth["only_second"] == back["only_first"] > forth["only_first"]
    assert forth["specificities"] == back["specificities"][::-1]
    assert all(0.7 < each < 0.9 for each in forth["specificities"])
    same = alerts_compared(run_of(1.5), run_of(1.5), specificity_floor=0.8)
    assert same["p"] == 1 and same["only_first"] == same["only_second"] == 0


def test_without_a_priority_class_there_are_no_alerts_to_compare():
    task = Task.categorical("condition", TASK.class_names, None)
    one, other = (
        {part: replace(given, task=task) for part, given in run_of(shift).items()}
        for shift in (0.5, 3)
    )
    assert alerts_compared(one, other, specificity_floor=0.8) is None
