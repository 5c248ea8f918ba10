from dataclasses import replace

import numpy as np
import pytest

from mental_health_classifier.contracts import InputError, Predictions, Task
from mental_health_classifier.evaluation.paired_comparison import (
    compare_runs,
    holm_adjusted,
    mcnemar_exact,
    permutation_test,
    t_interval,
)

TASK = Task.categorical("condition", ("control", "suicide"), "suicide")
SETTINGS = {"specificity_floor": 0.8, "bootstrap_draws": 200, "num_comparisons": 1}


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
    return tuple(predictions_of(part, shift=shift, noise=noise) for part in ("val", "test"))


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


def test_what_differs_by_seed_alone_is_a_tie():
    first = [run_of(1.5, noise=1), run_of(1.5, noise=2), run_of(1.5, noise=3)]
    second = [run_of(3.5, noise=4), run_of(1.4, noise=5), run_of(3.5, noise=6)]
    found = compare_runs(first, second, **SETTINGS)
    assert found["interval"][0] > 0 > found["seed_interval"][0]
    assert found["verdict"] == "tie"


def test_a_better_model_is_called_better_from_either_side():
    forth = compare_runs([run_of(0.5)], [run_of(2.5)], **SETTINGS)
    back = compare_runs([run_of(2.5)], [run_of(0.5)], **SETTINGS)
    assert (forth["verdict"], back["verdict"]) == ("second", "first")
    assert forth["difference"] == -back["difference"] > 0.2
    low, high = forth["interval"]
    assert 0 < low < forth["difference"] < high
    assert forth["mcnemar"]["p"] < 0.01 and forth["mcnemar"]["n"] == 100
    assert forth["mcnemar"]["only_second"] > forth["mcnemar"]["only_first"]
    assert forth["permutation_p"] is None


def test_equal_models_are_a_tie():
    found = compare_runs([run_of(1.5, noise=1)], [run_of(1.5, noise=2)], **SETTINGS)
    assert found["verdict"] == "tie"
    same = compare_runs([run_of(1.5)], [run_of(1.5)], **SETTINGS)
    assert same["verdict"] == "tie" and same["difference"] == 0 and same["interval"] is None
    assert same["mcnemar"]["p"] == 1


def test_more_comparisons_make_wider_intervals():
    pair = [run_of(1.0, noise=1)], [run_of(1.4, noise=2)]
    one = compare_runs(*pair, **SETTINGS)["interval"]
    ten = compare_runs(*pair, **SETTINGS | {"num_comparisons": 10})["interval"]
    assert ten[0] < one[0] and one[1] < ten[1]


def test_groups_are_compared_in_pairs_of_seeds():
    first = [run_of(0.8, noise=seed) for seed in range(5)]
    second = [run_of(2.4, noise=seed + 10) for seed in range(5)]
    found = compare_runs(first, second, **SETTINGS)
    assert found["num_pairs"] == 5 and found["verdict"] == "second"
    assert found["permutation_p"] == pytest.approx(2 / 32)
    assert found["difference"] == pytest.approx(np.mean(found["differences_by_pair"]))
    assert found["mcnemar"] is None


def test_other_posts_and_uneven_groups_are_refused():
    val, test = run_of(1)
    with pytest.raises(InputError, match="not tested on the same 400 posts"):
        other = replace(test, post_ids=test.post_ids[::-1])
        compare_runs([(val, test)], [(val, other)], **SETTINGS)
    with pytest.raises(InputError, match="2 on one side and 1 on the other"):
        compare_runs([(val, test)] * 2, [(val, test)], **SETTINGS)


def test_without_a_priority_class_macro_f1_is_compared():
    task = Task.categorical("condition", TASK.class_names, None)
    runs = [tuple(replace(part, task=task) for part in run_of(shift)) for shift in (0.5, 3)]
    found = compare_runs([runs[0]], [runs[1]], **SETTINGS)
    assert found["metric"] == "test/f1_macro" and found["mcnemar"] is None
    assert found["verdict"] == "second"
