"""Figures of many runs."""

import numpy as np
import pytest
from written_runs import write_failed_run, write_run

from mental_health_classifier.analysis.figures.architecture import architecture_figure
from mental_health_classifier.analysis.figures.efficiency import efficiency_figure, pareto_front
from mental_health_classifier.analysis.figures.files import figure_bytes
from mental_health_classifier.analysis.figures.measured import measured_groups, metric_column
from mental_health_classifier.analysis.figures.seeds import seeds_figure
from mental_health_classifier.analysis.tables.run_table import run_table
from mental_health_classifier.contracts import InputError
from mental_health_classifier.tracking.run_index import find_runs

FIGURES = [architecture_figure, efficiency_figure, seeds_figure]


def write_configuration(folder, name, recalls, *, width=64, parameters=10**6, **changes):
    config = {"seed": 1, "model": {"name": name, "width": width, "num_layers": 2}, "data": {}}
    for seed, recall in enumerate(recalls):
        run = {"name": name, "model": name, "seed": seed, "config": config}
        run |= {"configuration_hash": name * 3, **changes}
        end = {"model": {"parameters": parameters, "inference_flops_per_post": parameters * 8.0}}
        write_run(folder / f"{name}-{seed}", recall=recall, run=run, end=end)


def table_below(folder):
    return run_table(find_runs([folder]))


def caption_of(figure):
    return " ".join(figure.get_supxlabel().split())


def texts_of(figure):
    return [text.get_text() for text in figure.findobj(lambda each: hasattr(each, "get_text"))]


@pytest.fixture
def table(tmp_path):
    write_configuration(tmp_path, "small", (0.7, 0.8), width=64)
    write_configuration(tmp_path, "large", (0.85,), width=256, parameters=10**7)
    write_configuration(tmp_path, "dear", (0.6,), width=256, parameters=10**8)
    write_failed_run(tmp_path / "failed")
    return table_below(tmp_path)


@pytest.mark.parametrize("draw", FIGURES)
def test_a_figure_says_what_it_shows_of_how_many_runs_and_posts(table, draw):
    figure = draw(table, metric="final_accuracy")
    caption = caption_of(figure)
    assert "Accuracy, test" in caption and "3 configurations, 4 runs" in caption
    assert "300 posts, 100 of suicide" in caption
    assert "95 % interval of the mean over other authors and seeds" in caption
    assert figure_bytes(figure, "png").startswith(b"\x89PNG")


@pytest.mark.parametrize("draw", FIGURES)
def test_a_metric_that_no_run_has_is_refused_with_those_there_are(table, draw):
    with pytest.raises(InputError, match=r"--metric=final_acuracy: none of the 4 completed runs"):
        draw(table, metric="final_acuracy")
    with pytest.raises(InputError, match="Similar: final_accuracy,"):
        draw(table, metric="final_acuracy")
    for no_metric in ("model", "final_n", "final_accuracy_low", "seed"):
        with pytest.raises(InputError, match=r"There are: .*final_recall_at_spec80"):
            draw(table, metric=no_metric)


@pytest.mark.parametrize("draw", FIGURES)
def test_without_completed_runs_the_refusal_says_what_became_of_them(tmp_path, draw):
    with pytest.raises(InputError, match="There are no runs that judge posts to draw yet"):
        draw(table_below(tmp_path))
    write_failed_run(tmp_path / "failed")
    with pytest.raises(InputError, match=r"Of 1 run none completed \(1 failed\)"):
        draw(table_below(tmp_path))


@pytest.mark.parametrize("draw", FIGURES)
def test_without_a_priority_class_macro_f1_is_drawn(tmp_path, draw):
    for name, parameters in (("a", 1000), ("b", 2000)):
        run = {"name": name, "configuration_hash": name}
        end = {"model": {"parameters": parameters}}
        write_run(tmp_path / name, priority_class=None, run=run, end=end)
    assert "Macro F1" in caption_of(draw(table_below(tmp_path)))


@pytest.mark.parametrize("draw", FIGURES)
def test_runs_on_other_posts_are_not_drawn_together(tmp_path, draw):
    write_run(tmp_path / "a")
    write_run(tmp_path / "b", data={"fingerprint": "f2"})
    with pytest.raises(InputError, match="do not make one figure"):
        draw(table_below(tmp_path))


@pytest.mark.parametrize("draw", FIGURES)
def test_hostile_names_are_drawn_as_they_are(tmp_path, draw):
    hostile = "$\\frac{1}{0}$ \x1b[2J \u202e 名 " + "x" * 300
    for number in range(10):
        run = {"name": hostile + str(number), "model": hostile, "configuration_hash": str(number)}
        end = {"model": {"parameters": 1000 * (1 + number)}}
        write_run(tmp_path / str(number), run=run, end=end)
    figure = draw(table_below(tmp_path))
    assert figure_bytes(figure, "svg").startswith(b"<?xml")
    assert max(map(len, "\n".join(texts_of(figure)).split("\n"))) < 200


def test_a_metric_can_be_called_by_its_key_and_defaults_to_the_headline(table):
    assert metric_column(table, None) == "final_recall_at_spec80"
    assert metric_column(table, "test/recall/suicide") == "final_recall_suicide"


def test_intervals_are_over_authors_and_seeds_and_of_a_single_seed_over_authors(table):
    groups = measured_groups(table, "final_recall_at_spec80").set_index("name")
    assert groups.index.tolist() == ["large", "small", "dear"]
    # Two seeds: 12.706 is the 97.5 % point of Student's t with one degree of freedom. Over authors
    # each has .04 below.
    half = 12.706 * 0.0707107 / 2**0.5
    low = 0.75 - (half**2 + 0.04**2) ** 0.5
    assert groups.loc["small", "low"] == pytest.approx(low, abs=1e-4)
    assert groups.loc["small", "high"] == 1
    assert groups.loc["large", ["low", "high"]].tolist() == pytest.approx([0.81, 0.88])


def test_the_front_holds_what_nothing_as_cheap_beats():
    costs = np.array([1, 2, 2, 3, 4, np.nan, 0])
    values = np.array([0.5, 0.4, 0.6, 0.6, 0.7, 0.9, 0.9])
    assert pareto_front(costs, values).tolist() == [0, 2, 4]
    assert pareto_front(costs[:0], values[:0]).tolist() == []


def test_runs_without_any_recorded_size_or_cost_are_refused(tmp_path):
    run = {"config": {"data": {}}}
    write_run(tmp_path / "a", run=run, end={"model": {}, "phases": {}})
    for draw in (architecture_figure, efficiency_figure):
        with pytest.raises(InputError, match=r"1 configuration of one (size|cost), or of a"):
            draw(table_below(tmp_path))


def test_a_size_that_all_share_or_nobody_recorded_has_no_panel(table):
    labels = [axes.get_xlabel() for axes in architecture_figure(table).axes]
    assert labels == ["width", "parameters"]


def test_what_has_no_size_is_not_in_the_legend_and_equal_sizes_stand_side_by_side(table, tmp_path):
    write_configuration(tmp_path, "alike", (0.65,), width=256, parameters=10**7)
    elsewhere = {"external": {"predictions": "labels"}, "model": {"name": "elsewhere"}, "data": {}}
    run = {"name": "elsewhere", "model": "elsewhere", "config": elsewhere}
    write_run(tmp_path / "elsewhere", recall=0.9, run=run, end={"model": {}})
    figure = architecture_figure(table_below(tmp_path))
    (legend,) = figure.legends
    labels = [text.get_text() for text in legend.get_texts()]
    assert labels[:4] == ["alike", "dear", "large", "small"] and "elsewhere" not in labels
    assert "n = 4 configurations" in caption_of(figure)
    parameters = figure.axes[-1]
    marks = sorted(
        float(line.get_xdata()[0])
        for line in parameters.lines
        if line.get_zorder() == 3 and 10**6 < line.get_xdata()[0] < 10**8
    )
    assert len(marks) == 2 and 1 < marks[1] / marks[0] < 1.3
    assert marks[0] * marks[1] == pytest.approx(10**14)  # around their size


def test_of_many_configurations_those_on_a_front_are_named(tmp_path):
    for number in range(12):
        run = {"name": f"c{number}", "configuration_hash": f"{number:016x}"}
        end = {"model": {"parameters": 1000 + number}, "phases": {"fit": 10.0}}
        write_run(tmp_path / str(number), recall=0.9 - number / 100, run=run, end=end)
    (legend,) = efficiency_figure(table_below(tmp_path)).legends
    labels = [text.get_text() for text in legend.get_texts()]
    assert labels[0] == "c0\n.900, n = 1" and labels[-1] == "5 other configurations"


def test_seeds_are_dots_and_the_best_configuration_is_on_top(table):
    (axes,) = seeds_figure(table).axes
    labels = [label.get_text().replace("\xa0", " ") for label in axes.get_yticklabels()]
    assert labels == ["large  (n = 1)", "small  (n = 2)", "dear  (n = 1)"]
    dots = [swarm.get_offsets()[:, 0].tolist() for swarm in axes.collections[:3]]
    assert list(map(sorted, dots)) == [[0.85], [0.7, 0.8], [0.6]]
