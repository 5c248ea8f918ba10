"""Figures for print: as wide as asked for, legible, and nothing cut or one upon the other."""

from __future__ import annotations

import io
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.image import imread
from matplotlib.text import Text
from written_runs import write_run

from mental_health_classifier.analysis.figures.architecture import architecture_figure
from mental_health_classifier.analysis.figures.clinical import clinical_figure
from mental_health_classifier.analysis.figures.confusion import confusion_figure
from mental_health_classifier.analysis.figures.curves import curves_figure
from mental_health_classifier.analysis.figures.decision import decision_figure
from mental_health_classifier.analysis.figures.efficiency import efficiency_figure
from mental_health_classifier.analysis.figures.files import figure_bytes
from mental_health_classifier.analysis.figures.models import ShownModel
from mental_health_classifier.analysis.figures.print_size import (
    DOTS_PER_INCH,
    WIDTHS,
    laid_out,
    printed,
    width_of,
)
from mental_health_classifier.analysis.figures.seeds import seeds_figure
from mental_health_classifier.analysis.tables.run_table import run_table
from mental_health_classifier.contracts import InputError, Predictions, Task
from mental_health_classifier.evaluation.operating_point import OperatingPoint
from mental_health_classifier.tracking.run_index import find_runs

SMALLEST = 6
"""Points, as journals ask for."""
CLASSES = ("none", "depression", "ptsd", "suicide", "bipolar", "anxiety")
NAMES = ("baseline_small", "medium_model+interpretable", "tfidf_logistic")


def test_of_six_classes() -> Predictions:
    generator = np.random.default_rng(0)
    labels = generator.integers(0, len(CLASSES), 240)
    scores = generator.normal(size=(240, len(CLASSES))) + 2 * np.eye(len(CLASSES))[labels]
    return Predictions(
        part="test",
        task=Task.categorical("condition", CLASSES, "suicide"),
        post_ids=[str(place) for place in range(240)],
        authors=None,
        labels=labels,
        probabilities=np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True),
    )


test_of_six_classes.__test__ = False  # pyright: ignore[reportFunctionMemberAccess]


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Callable[[], Figure]]:
    """What draws each kind of figure."""
    folder = tmp_path_factory.mktemp("runs")
    for number, name in enumerate(NAMES):
        size = {"width": 64 * 2**number, "num_layers": 2 + number, "num_heads": 2 * number + 2}
        model, _, variants = name.partition("+")
        config = {"seed": 1, "model": {"name": model, **size}, "data": {}}
        for seed in range(3):
            run = {"name": name, "model": model, "variants": [variants] if variants else []}
            run |= {"seed": seed, "config": config, "configuration_hash": name}
            facts = {"parameters": 10 ** (5 + number), "inference_flops_per_post": 10**number * 8.0}
            end = {"model": facts, "phases": {"fit": 3.0 * 9**number}}
            write_run(folder / f"{number}-{seed}", recall=0.7 + seed / 30, run=run, end=end)
    table = run_table(find_runs([folder]))
    long_names = _table_of_long_names(tmp_path_factory.mktemp("long"))
    test = test_of_six_classes()
    model = ShownModel(test, OperatingPoint(0.3))
    steps = np.arange(1, 200)
    curve = pd.DataFrame(
        {"train/loss": 2 / steps, "val/loss": 3 / steps, "val/f1_macro": 1 - 1 / steps},
        index=steps * 20,
    )
    thresholds = np.linspace(0.05, 0.5, 10)
    points = [
        {
            "threshold": each,
            "net_benefit": 0.3 - each / 2,
            "net_benefit_of_alerting_all": 0.3 - each,
            "interval": [0.2 - each / 2, 0.4 - each / 2],
        }
        for each in thresholds
    ]
    return {
        "architecture": lambda: architecture_figure(table),
        "efficiency": lambda: efficiency_figure(table),
        "seeds": lambda: seeds_figure(table),
        "efficiency, long names": lambda: efficiency_figure(long_names),
        "seeds, long names": lambda: seeds_figure(long_names),
        "curves": lambda: curves_figure(dict.fromkeys(NAMES, curve)),
        "confusion": lambda: confusion_figure(dict.fromkeys(NAMES, test)),
        "clinical": lambda: clinical_figure(dict.fromkeys(NAMES, model)),
        "decision": lambda: decision_figure(dict.fromkeys(NAMES, points)),
    }


def _table_of_long_names(folder: Path) -> pd.DataFrame:
    for number in range(8):
        pooling = ("mean", "attention_readout")[number % 2]
        name = (
            f"baseline_micro (width {2**number}, attention scaled_dot_product, pooling {pooling})"
        )
        facts = {"parameters": 10**5 + number * 10**4, "inference_flops_per_post": 8.0 + number}
        write_run(
            folder / str(number),
            recall=0.6 + number / 30,
            run={"name": name, "configuration_hash": f"{number:016x}"},
            end={"model": facts, "phases": {"fit": 9.0 + 8 - number}},
        )
    return run_table(find_runs([folder]))


KINDS = (
    *("architecture", "efficiency", "seeds", "curves", "confusion", "clinical", "decision"),
    *("efficiency, long names", "seeds, long names"),
)
FASTEST = ("decision", "single")
"""Drawn in tests that have to be fast; the others take seconds each."""


def shown_texts(figure: Figure) -> list[Text]:
    return [
        text
        for text in figure.findobj(Text)
        if isinstance(text, Text) and text.get_visible() and text.get_text().strip()
    ]


@pytest.mark.parametrize(
    ("kind", "size"),
    [
        pytest.param(kind, size, marks=() if (kind, size) == FASTEST else pytest.mark.slow)
        for kind in KINDS
        for size in WIDTHS
    ],
)
def test_nothing_is_cut_or_too_small_or_one_upon_the_other(drawn, kind, size) -> None:
    with printed(WIDTHS[size]):
        figure = drawn[kind]()
    assert figure.get_figwidth() * 25.4 == pytest.approx(WIDTHS[size])
    assert not figure.get_suptitle() and len(figure.get_label()) > 40
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    page = figure.bbox.padded(1)
    boxes = {text: text.get_window_extent(renderer) for text in shown_texts(figure)}
    # Ticks beyond the end of an axis have labels that are not drawn.
    boxes = {text: box for text, box in boxes.items() if _is_drawn(figure, text)}
    assert len(boxes) > 4
    for text, box in boxes.items():
        assert text.get_fontsize() >= SMALLEST, text
        assert page.contains(box.x0, box.y0) and page.contains(box.x1, box.y1), (text, box)
    upright = [text for text in boxes if text.get_rotation() in (0, 90)]
    for one, other in combinations(upright, 2):
        assert not boxes[one].padded(-1).overlaps(boxes[other].padded(-1)), (one, other)
    for legend in figure.legends:
        for axes in figure.axes:
            around = axes.get_tightbbox(renderer)
            assert not legend.get_window_extent(renderer).overlaps(around.padded(-1))
    for axes in figure.axes:
        assert min(axes.get_window_extent(renderer).size) / figure.dpi > 0.5, "too small a panel"


def _is_drawn(figure: Figure, text: Text) -> bool:
    for axes in figure.axes:
        for axis, limits in ((axes.xaxis, axes.get_xlim()), (axes.yaxis, axes.get_ylim())):
            low, high = sorted(limits)
            for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
                if text in (tick.label1, tick.label2):
                    return low - 1e-9 <= tick.get_loc() <= high + 1e-9
    return True


def test_a_png_has_300_dots_an_inch_and_an_svg_its_width(drawn) -> None:
    with printed(89):
        figure = drawn["decision"]()
    pixels = imread(io.BytesIO(figure_bytes(figure, "png", dots_per_inch=DOTS_PER_INCH)))
    assert pixels.shape[1] == pytest.approx(89 / 25.4 * 300, abs=1)
    svg = figure_bytes(figure, "svg").decode()
    assert f'width="{89 / 25.4 * 72:.3f}'[:12] in svg


def test_a_screen_is_as_it_was_once_print_is_over(drawn) -> None:
    before = drawn["decision"]()
    with printed(89):
        drawn["decision"]()
    after = drawn["decision"]()
    assert figure_bytes(before, "png") == figure_bytes(after, "png")
    assert after.get_suptitle() == "Decision curves"


def test_panels_move_below_each_other_where_a_page_is_narrow() -> None:
    # Six panels of 4 by 3 inches in two rows, on pages of 12, 6 and 2.5 inches.
    assert laid_out(2, 3, 12, 6, printed=12, least_width=2.3) == (2, 3, 12, 6)
    rows, columns, width, height = laid_out(2, 3, 12, 6, printed=6, least_width=2.3)
    assert (rows, columns, width) == (3, 2, 6) and height == pytest.approx(3 * 3)
    assert laid_out(2, 3, 12, 6, printed=2.5, least_width=2.3)[:2] == (6, 1)
    assert laid_out(1, 1, 8, 4, printed=5, least_width=2.3) == (1, 1, 5, 4)


def test_widths_have_names_or_are_millimetres() -> None:
    assert (width_of("single"), width_of("double"), width_of("120.5")) == (89, 183, 120.5)
    for wrong in ("wide", "20", "nan", "1e9", ""):
        with pytest.raises(InputError, match=r"--size=.*: expected single, double or 60 to 400"):
            width_of(wrong)
