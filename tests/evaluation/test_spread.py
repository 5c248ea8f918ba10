"""Variances of a difference, worked by hand, and seeds needed against the power of t tests."""

import numpy as np
import pytest
from scipy.stats import t

from mental_health_classifier.evaluation.spread import (
    Spread,
    seeds_needed,
    variance_over_authors,
    variances_of_seeds,
)


def test_variances_add_up_and_degrees_of_freedom_are_those_of_satterthwaite() -> None:
    spread = Spread(0.0004, [(0.0004, 3)])
    assert spread.over_seeds == pytest.approx(0.0004 / 3)
    assert spread.degrees_of_freedom == pytest.approx((4 / 3) ** 2 / ((1 / 3) ** 2 / 2)) == 32
    half = t.ppf(0.975, 32) * (0.0016 / 3) ** 0.5
    assert spread.half_width(0.95) == pytest.approx(half)


def test_what_a_seed_makes_of_a_draw_alone_is_no_variance_over_authors() -> None:
    drawn = np.array([[1, -1, 1, -1], [1, 1, -1, -1]]) * 0.1
    nothing = np.zeros((1, 4))
    assert variance_over_authors(drawn, nothing, is_paired=False) == 0
    # What both seeds share is: the variance of 1, -1, 1, -1 is 4/3.
    shared = np.array([[1, -1, 1, -1]] * 2) * 0.1
    assert variance_over_authors(shared, nothing, is_paired=False) == pytest.approx(0.04 / 3)
    assert variance_over_authors(shared, shared, is_paired=True) == 0


def test_of_pairs_the_differences_vary_and_of_others_each_side() -> None:
    one, other = np.array([0.5, 0.7]), np.array([0.4, 0.6])
    assert variances_of_seeds(one, other, is_paired=True) == [(pytest.approx(0), 2)]
    assert variances_of_seeds(one, other[:1], is_paired=False) == [(pytest.approx(0.02), 2)]


def test_the_seeds_needed_are_the_fewest_that_give_the_power() -> None:
    # The power of a paired t test at an effect of one deviation is .77 with 9 seeds and .80 with
    # 10 (any table of it); where authors alone hide the difference, no number of seeds would do.
    assert seeds_needed(0.04, Spread(0.0, [(0.0016, 3)]), 0.95) == 10
    assert seeds_needed(0.04, Spread(0.0016, [(0.0016, 3)]), 0.95) is None
    assert seeds_needed(0.0, Spread(0.0, [(0.0016, 3)]), 0.95) is None
