import pytest

from mental_health_classifier.analysis.figures.frequencies import frequencies_figure
from mental_health_classifier.analysis.tables.frequencies import Frequencies
from mental_health_classifier.contracts import InputError

MODEL = Frequencies(posts=447, priority=45, found=39, alerted=119)
YARDSTICK = Frequencies(posts=447, priority=45, found=32, alerted=107)


def test_every_bar_has_its_counts_and_fills_its_axis():
    counted = {"this model": MODEL, "yardstick": YARDSTICK}
    figure = frequencies_figure(counted, priority_class="suicide")
    of_priority, of_all = figure.axes
    said = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert said == [
        *("this model: 39 found, 6 missed", "yardstick: 32 found, 13 missed"),
        "this model: 119 alerted, 39 rightly, 80 wrongly",
        "yardstick: 107 alerted, 32 rightly, 75 wrongly",
    ]
    assert [bar.get_width() for bar in of_priority.patches] == [39, 6, 32, 13]
    assert [bar.get_width() for bar in of_all.patches] == [39, 80, 328, 32, 75, 340]
    assert of_priority.get_xlim() == (0, 45) and of_all.get_xlim() == (0, 447)


def test_without_an_operating_point_there_is_no_figure():
    with pytest.raises(InputError, match="No operating point"):
        frequencies_figure({}, priority_class="suicide")
