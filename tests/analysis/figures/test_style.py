"""What holds of every figure, whatever it is drawn of."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from written_runs import write_run, yardstick_of

from mental_health_classifier.analysis.figures.architecture import architecture_figure
from mental_health_classifier.analysis.figures.assessed import assessed_figure
from mental_health_classifier.analysis.figures.clinical import clinical_figure
from mental_health_classifier.analysis.figures.confusion import confusion_figure
from mental_health_classifier.analysis.figures.curves import curves_figure
from mental_health_classifier.analysis.figures.decision import decision_figure
from mental_health_classifier.analysis.figures.efficiency import efficiency_figure
from mental_health_classifier.analysis.figures.models import ShownModel
from mental_health_classifier.analysis.figures.narrow import make_narrow
from mental_health_classifier.analysis.figures.search import history_figure, importances_figure
from mental_health_classifier.analysis.figures.seeds import seeds_figure
from mental_health_classifier.analysis.figures.style import (
    keep_to_shares,
    new_figure,
    round_numbers,
)
from mental_health_classifier.analysis.tables.run_table import run_table
from mental_health_classifier.contracts import InputError, Predictions, Task
from mental_health_classifier.evaluation.operating_point import OperatingPoint
from mental_health_classifier.tracking.run_index import find_runs
from mental_health_classifier.tracking.search.result import FreshSeeds, SearchResult, TrialResult

SHARES = re.compile("recall|precision|specificity|sensitivity|share|probability|accuracy|F1")
YARDSTICK = yardstick_of({"test/recall_at_spec80": (0.001, -0.05, 0.05)})


def runs_at_the_edge(folder: Path) -> pd.DataFrame:
    """Three configurations whose recall is all, next to all and next to nothing."""
    for name, recalls, width in (("all", (1, 1), 64), ("most", (0.995, 1), 128), ("few", (0,), 64)):
        for seed, recall in enumerate(recalls):
            run = {"name": name, "seed": seed, "configuration_hash": name * 3, "model": name}
            run["config"] = {"seed": seed, "model": {"name": name, "width": width}, "data": {}}
            size = {"parameters": width * 1000, "inference_flops_per_post": width * 1e4}
            end = {"model": size, "yardstick": YARDSTICK}
            write_run(folder / f"{name}-{seed}", recall=recall, run=run, end=end)
    return run_table(find_runs([folder]))


def posts(scores: tuple[float, ...]) -> Predictions:
    """The first of them are of the priority class, and as many others follow."""
    return Predictions(
        part="test",
        task=Task.categorical("condition", ("control", "suicide"), "suicide"),
        post_ids=[f"post{number}" for number in range(len(scores))],
        authors=None,
        labels=np.array([1, 0]).repeat(len(scores) // 2),
        probabilities=np.array([[1 - score, score] for score in scores]),
    )


def search_at_the_edge() -> SearchResult:
    trials = tuple(
        TrialResult(number, "completed", value, ()) for number, value in enumerate((0.0, 1.0, 1.0))
    )
    return SearchResult(
        **{"name": "a", "metric": "val/f1_macro", "wanted": 3, "trials": trials},
        **{"best": 1, "seeds": (), "fresh": {}, "importances": {"width": 1.0, "depth": 0.0}},
    )


@pytest.fixture
def every_figure(tmp_path):
    table = runs_at_the_edge(tmp_path)
    point = OperatingPoint(threshold=0.5, temperature=1.0)
    models = {
        "right": ShownModel(posts((1.0, 1.0, 1.0, 0.0, 0.0, 0.0)), point),
        "wrong": ShownModel(posts((0.0, 0.0, 0.0, 1.0, 1.0, 1.0)), point),
    }
    curve = [{"predicted": end, "observed": end, "interval": [end, end]} for end in (0, 1)]
    decision = [
        {"threshold": at, "net_benefit": -at, "net_benefit_of_alerting_all": -at, "interval": None}
        for at in (0.01, 0.5, 0.99)
    ]
    logged = pd.DataFrame({"val/f1_macro": [0, 1.0, 1.0], "val/loss": [3.0, 1.0, 0.5]})
    return {
        "architecture": architecture_figure(table),
        "efficiency": efficiency_figure(table),
        "seeds": seeds_figure(table),
        "above chance": seeds_figure(table, metric="final_auprc_above_chance"),
        "clinical": clinical_figure(models),
        "confusion": confusion_figure({name: each.test for name, each in models.items()}),
        "assessed": assessed_figure(
            {"before": {"priority": {"reliability_curve": curve}}},
            {"curve": [{"share_read": end, "recall": {"1": end}} for end in (0, 1)]},
        ),
        "decision": decision_figure({"a": decision}),
        "curves": curves_figure({"a": logged}),
        "history": history_figure(search_at_the_edge()),
        "importances": importances_figure(search_at_the_edge()),
    }


def ends_of_shares(figure):
    """Of each axis that by its name shows shares, the name with its lower and its upper end."""
    for axes in figure.axes:
        # A panel of lines without a name beside it is named above.
        named = axes.get_ylabel() or (axes.get_title() if axes.get_xlabel() == "step" else "")
        names = {"x": axes.get_xlabel(), "y": named}
        for direction, name in names.items():
            if SHARES.search(name):
                yield name, *sorted(getattr(axes, f"get_{direction}lim")())


def test_no_axis_of_shares_goes_beyond_nothing_and_all(every_figure):
    found = {kind: list(ends_of_shares(figure)) for kind, figure in every_figure.items()}
    beyond = [(kind, *each) for kind, ends in found.items() for each in ends if not_a_share(*each)]
    assert beyond == []
    assert {kind for kind, ends in found.items() if not ends} == {"confusion", "above chance"}


def not_a_share(name, low, high):
    return low < 0 or high > 1


def test_what_fresh_seeds_reached_is_named_on_a_phone_too():
    of_seeds = FreshSeeds(mean=0.8, low=0.7, high=0.9, worst=0.75, worst_seed=2)
    search = replace(search_at_the_edge(), seeds=(2, 3), fresh={"val/f1_macro": of_seeds})
    figure = history_figure(search)
    for shown in (figure, make_narrow(history_figure(search))):
        (legend,) = shown.legends
        names = [text.get_text() for text in legend.get_texts()]
        assert names == ["completed", "best so far", "mean of 2 fresh seeds"]


def test_numbers_along_axes_are_written_as_in_tables(every_figure):
    axes = [axes for figure in every_figure.values() for axes in figure.axes]
    texts = [
        text.get_text()
        for each in axes
        for text in (*each.get_xticklabels(), *each.get_yticklabels())
    ]
    assert not [text for text in texts if re.match(r"\W?0\.", text)]
    assert {"0", ".2", ".8", "1.0"} <= set(texts)


def test_what_lies_beyond_shares_is_not_cut_off():
    _, (axes,) = new_figure(columns=1, width=4, height=3)
    axes.plot([0, 1], [-0.2, 0.4])
    keep_to_shares([axes], "x", "y")
    assert axes.get_xlim() == (0, 1)
    assert axes.get_ylim()[0] < -0.2


def test_a_mark_on_the_edge_stays_whole():
    _, (axes,) = new_figure(columns=1, width=4, height=3)
    axes.plot([0.5], [1.0], "o")
    keep_to_shares([axes], "y")
    assert axes.get_ylim()[1] == 1 and not axes.lines[0].get_clip_on()


@pytest.mark.parametrize("draw", [architecture_figure, efficiency_figure])
def test_no_panel_is_drawn_of_one_size_or_cost(tmp_path, draw):
    table = runs_at_the_edge(tmp_path)
    assert len(draw(table).axes) == 2
    same = table.assign(width=64, parameters=1000, inference_flops_per_post=8.0, fit_seconds=2.0)
    with pytest.raises(InputError, match=r"3 configurations of one (size|cost)"):
        draw(same)


def test_a_number_that_was_logged_once_is_no_curve():
    once = pd.DataFrame({"val/f1_macro": [0.5, None], "val/loss": [1.0, 0.5]})
    assert [axes.get_title() for axes in curves_figure({"a": once}).axes] == ["loss, validation"]
    with pytest.raises(InputError, match="one point is no curve"):
        curves_figure({"a": once.iloc[:1]})


def test_one_is_not_counted_as_several(tmp_path):
    write_run(tmp_path / "a")
    figures = [seeds_figure(run_table(find_runs([tmp_path]))), every_caption_of_one()]
    said = " ".join(" ".join(figure.get_supxlabel().split()) for figure in figures)
    assert "1 configuration, 1 run," in said.replace("\N{NO-BREAK SPACE}", " ")
    assert not re.search(r"\b1 \w+s\b", said)


def every_caption_of_one():
    points = [{"threshold": 0.1, "net_benefit": 0.1, "net_benefit_of_alerting_all": 0}]
    return decision_figure({"a": points})


def test_an_axis_of_powers_has_few_round_numbers() -> None:
    assert round_numbers(12, 46) == [15, 20, 30]
    assert round_numbers(6e4, 2.5e5) == pytest.approx([7e4, 1e5, 1.5e5, 2e5])
    assert round_numbers(0.9, 60) == [1, 10]  # six numbers of 1, 2 and 5 are too many
    assert round_numbers(0.9, 2e9) == pytest.approx([1, 100, 1e4, 1e6, 1e8])
