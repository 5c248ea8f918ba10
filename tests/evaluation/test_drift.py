import numpy as np
import pytest

from mental_health_classifier.evaluation.drift import counts_in_bins, histogram_of, shift_from


def shift(reference, values):
    return shift_from(reference, counts_in_bins(np.asarray(values), np.array(reference["edges"])))


def test_posts_of_the_same_kind_have_not_shifted():
    generator = np.random.default_rng(0)
    reference = histogram_of(generator.normal(size=1000))
    assert reference["shares"] == pytest.approx([0.1] * 10, abs=0.005)
    for n in (30, 300, 30_000):
        assert not shift(reference, generator.normal(size=n))["is_large"]


def test_posts_of_another_kind_have():
    generator = np.random.default_rng(0)
    reference = histogram_of(generator.normal(size=1000))
    assert shift(reference, generator.normal(1.0, size=300))["is_large"]
    assert shift(reference, np.full(300, 0.1))["is_large"]


def test_a_handful_of_posts_proves_no_shift():
    reference = histogram_of(np.random.default_rng(0).normal(size=1000))
    assert not shift(reference, [3.0, -0.2])["is_large"]


def test_values_that_are_often_equal_have_fewer_bins():
    reference = histogram_of(np.array([0] * 60 + [1] * 40))
    assert reference["edges"] == [0, 1] and reference["shares"] == [0, 0.6, 0.4]
    assert not shift(reference, [0] * 60 + [1] * 40)["is_large"]
    assert shift(reference, [1] * 100)["is_large"]


def test_the_index_of_two_bins_is_that_worked_by_hand():
    reference = {"edges": [0.5], "shares": [0.5, 0.5], "n": 10**9}
    found = shift_from(reference, np.array([800_000_000, 200_000_000]))
    # .3 ln(.8 / .5) - .3 ln(.2 / .5)
    assert found["index"] == pytest.approx(0.3 * np.log(1.6) + 0.3 * np.log(2.5))
