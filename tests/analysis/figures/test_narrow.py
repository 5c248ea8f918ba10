"""Figures as a phone shows them."""

from itertools import pairwise

from mental_health_classifier.analysis.figures.narrow import WIDTH, make_narrow
from mental_health_classifier.analysis.figures.style import add_legend, new_figure


def test_panels_are_stacked_and_keep_what_they_show():
    figure, panels = new_figure(rows=1, columns=3, width=12, height=4, sharey=True)
    handles = [axes.plot([0, 1], [0, 1], label=str(place))[0] for place, axes in enumerate(panels)]
    panels[0].set_ylabel("recall")
    add_legend(figure, handles)
    make_narrow(figure)
    assert figure.get_figwidth() == WIDTH
    figure.canvas.draw()
    boxes = [axes.get_position() for axes in panels]
    assert all(above.y0 > below.y1 for above, below in pairwise(boxes))
    assert [axes.get_ylabel() for axes in panels] == ["recall"] * 3
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["0", "1", "2"]


def test_long_names_are_wrapped():
    figure, (axes,) = new_figure(columns=1, width=9, height=3)
    axes.set_yticks([0, 1], ["short", "a name that is far too long"])
    axes.set_title("first line\nsecond line")
    make_narrow(figure)
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == ["short", "a name that is far\ntoo long"]
    assert axes.get_title() == "first line\nsecond line"


def test_names_of_many_lines_do_not_reach_each_other():
    figure, (axes,) = new_figure(columns=1, width=9, height=3)
    axes.set_yticks(range(8), ["a name that is far too long for the margin of a phone"] * 8)
    make_narrow(figure)
    figure.canvas.draw()
    boxes = sorted(
        (label.get_window_extent() for label in axes.get_yticklabels()), key=lambda b: b.y0
    )
    assert all(below.y1 <= above.y0 for below, above in pairwise(boxes))


def test_a_legend_of_many_lines_has_room_beside_and_below():
    figure, (axes,) = new_figure(columns=1, width=9, height=3)
    handles = [axes.plot([0, 1], [0, 1], label="name\nof three\nlines")[0] for _ in range(12)]
    add_legend(figure, handles)
    for _ in range(2):
        figure.canvas.draw()
        (legend,) = figure.legends
        box = legend.get_window_extent()
        assert box.y0 >= 0 and box.y1 <= figure.bbox.height
        make_narrow(figure)
