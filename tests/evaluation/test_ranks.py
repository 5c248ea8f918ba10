import numpy as np
import pytest

from mental_health_classifier.evaluation.ranks import MIN_CORPORA, mean_ranks

# Ranks by hand: 1 3 2, 1 2 3, 2 3 1, 1 2.5 2.5, 1 2 3, 1 3 2.
VALUES = np.array(
    [
        *([0.9, 0.7, 0.8], [0.8, 0.7, 0.6], [0.8, 0.7, 0.9]),
        *([0.9, 0.8, 0.8], [0.6, 0.5, 0.4], [0.7, 0.5, 0.6]),
    ]
)


def test_ranks_and_critical_difference_are_those_worked_out_by_hand():
    ranks = mean_ranks(VALUES)
    assert ranks.mean == pytest.approx([7 / 6, 15.5 / 6, 13.5 / 6])
    # 2.343 is the critical value of three models in table 5 of Demsar (2006).
    assert ranks.critical_difference == pytest.approx(2.343 * np.sqrt(3 * 4 / (6 * 6)), abs=1e-3)
    # Friedman's statistic: 12 / (6 * 3 * 4) * (7^2 + 15.5^2 + 13.5^2) - 3 * 6 * 4 = 6.583, which
    # the one tie (two equal ranks, of 6 * (27 - 3)) divides by 1 - 6 / 144; its distribution has
    # two degrees of freedom, so that p is exp(-statistic / 2).
    statistic = (12 / 72 * (7**2 + 15.5**2 + 13.5**2) - 72) / (1 - 6 / 144)
    assert ranks.p_value == pytest.approx(np.exp(-statistic / 2))


def test_of_two_models_the_sign_test_counts_wins():
    values = np.array([[0.9, 0.8]] * 5)
    ranks = mean_ranks(values)
    assert ranks.mean.tolist() == [1, 2]
    assert ranks.p_value == pytest.approx(2 / 2**5)


def test_models_that_are_equal_everywhere_share_their_ranks_and_are_not_told_apart():
    ranks = mean_ranks(np.full((6, 3), 0.7))
    assert ranks.mean.tolist() == [2, 2, 2] and ranks.p_value == 1


@pytest.mark.parametrize(
    "values", [VALUES[: MIN_CORPORA - 1], VALUES[:, :1], np.where(VALUES == 0.4, np.nan, VALUES)]
)
def test_too_few_corpora_or_models_and_missing_values_are_refused(values):
    with pytest.raises(ValueError, match="cannot be ranked"):
        mean_ranks(values)
