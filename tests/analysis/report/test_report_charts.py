import numpy as np

from mental_health_classifier.analysis.report.charts import Scale, path_of, thinned, x_scale


def test_a_long_line_is_thinned_without_losing_a_peak():
    steps = list(range(10_000))
    values = np.zeros(10_000)
    values[4321], values[8765] = 7.0, -3.0
    kept = thinned(steps, values.tolist(), buckets=50)
    assert len(kept) <= 102
    assert (4321, 7.0) in kept and (8765, -3.0) in kept
    assert kept[0][0] == 0 and kept[-1][0] == 9999
    assert [x for x, _ in kept] == sorted(x for x, _ in kept)


def test_a_short_line_is_kept_whole():
    assert thinned([1, 2, 3], [5, 4, 6]) == [(1, 5), (2, 4), (3, 6)]


def test_a_path_goes_through_its_points():
    x, y = Scale(0, 10, 0, 100), Scale(0, 1, 50, 0)
    assert path_of([0, 10], [0.0, 1.0], x=x, y=y) == "M0,50L100,0"
    assert path_of([], [], x=x, y=y) == ""


def test_ticks_are_round_values_within_the_scale():
    assert [tick.label for tick in Scale(0, 1, 0, 100).ticks()] == [
        *("0.0", "0.2", "0.4", "0.6", "0.8", "1.0")
    ]
    assert [tick.label for tick in Scale(0, 1890, 0, 100).ticks()] == ["0", "500", "1,000", "1,500"]
    assert [tick.label for tick in Scale(-0.07, 0.11, 0, 100).ticks(4)] == [
        *("-0.05", "0.00", "0.05", "0.10")
    ]


def test_a_line_of_one_value_has_a_scale():
    assert x_scale(3, 3)(3) == 340.0
