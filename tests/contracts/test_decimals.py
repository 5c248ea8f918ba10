import pytest

from mental_health_classifier.contracts.decimals import decimals, exact_decimals


@pytest.mark.parametrize(
    ("value", "places", "shown"),
    [(0.8125, 3, ".812"), (1.0, 3, "1.00"), (0.9996, 3, "1.00"), (-0.25, 2, "-.25"), (0, 2, ".00")],
)
def test_a_share_is_as_wide_as_any_other(value, places, shown):
    assert decimals(value, places) == shown


def test_a_sign_is_shown_where_it_is_wanted_and_never_on_nothing():
    assert decimals(0.5, 2, sign="+") == "+.50"
    assert decimals(-0.0001, 2) == ".00"


@pytest.mark.parametrize(
    ("threshold", "shown"),
    [(0.25, ".25"), (0.018678, ".018678"), (0.000001, ".000001"), (0, "0"), (1, "1"), (1.5, "1.5")],
)
def test_a_threshold_has_all_its_decimals_and_no_zeros_after_them(threshold, shown):
    assert exact_decimals(threshold) == shown
