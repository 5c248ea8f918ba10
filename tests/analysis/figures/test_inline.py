"""Figures inside a page."""

from xml.etree import ElementTree

import pandas as pd
import pytest
from written_runs import write_run

from mental_health_classifier.analysis.figures.curves import curves_figure, thinned
from mental_health_classifier.analysis.figures.inline import inline_figure
from mental_health_classifier.analysis.figures.seeds import seeds_figure
from mental_health_classifier.analysis.figures.style import LOOKS
from mental_health_classifier.analysis.tables.run_table import run_table
from mental_health_classifier.tracking.run_index import find_runs

HOSTILE = "</title><script>alert(1)</script>"


@pytest.fixture
def seeds(tmp_path):
    for seed, recall in enumerate((0.6, 0.7, 0.9)):
        write_run(tmp_path / str(seed), recall=recall, run={"seed": seed, "id": f"id{seed}"})
    links = {f"id{seed}": f"#run-{seed}" for seed in range(3)}
    return lambda: seeds_figure(run_table(find_runs([tmp_path])), links=links)


def test_it_takes_colours_from_the_page_and_needs_no_styles(seeds):
    found = inline_figure(seeds(), "overview")
    root = ElementTree.fromstring(found.svg)
    elements = list(root.iter())
    assert not [each for each in elements if "style" in each.attrib or each.tag == "style"]
    ids = [each.get("id") for each in elements if each.get("id")]
    assert ids and all(each.startswith("overview-") for each in ids)
    assert len(ids) == len(set(ids))
    referred = [each.get("href") for each in elements if each.tag == "use"]
    assert referred and {each[1:] for each in referred} <= set(ids)
    colors = {each.get(key, "none") for each in elements for key in ("fill", "stroke")}
    assert {"currentColor", "var(--s0)", "var(--rule)", "var(--paper)"} <= colors
    assert not {color for color in colors if color.startswith("#")}
    assert (found.title, found.caption[:29]) == ("Seeds", "Recall at specificity .80, te")
    assert "Seeds" not in "".join(root.itertext())


def test_dots_lead_to_their_runs_and_say_which_they_are(seeds):
    titles = {f"#run-{seed}": f"seed {seed} {HOSTILE}" for seed in range(3)}
    found = inline_figure(seeds(), "overview", titles=titles)
    assert HOSTILE not in found.svg
    links = list(ElementTree.fromstring(found.svg).iter("a"))
    assert {each.get("href"): each.findtext("title") for each in links} == titles
    assert all(each.get("data-link") == each.get("href") for each in links)
    places = {each.get("href"): float(each.find(".//use").get("x")) for each in links}
    assert sorted(places, key=places.get) == ["#run-0", "#run-1", "#run-2"]


def test_the_same_figure_gives_the_same_drawing(seeds):
    assert inline_figure(seeds(), "a").svg == inline_figure(seeds(), "a").svg


def test_lines_of_a_run_can_be_told_from_others_in_every_panel():
    curves = {name: pd.DataFrame({"train/loss": range(100)}) for name in ("run-1", "run-2")}
    links = {name: f"#{name}" for name in curves}
    looks = dict(zip(curves, LOOKS, strict=False))
    figure = curves_figure(curves, metric="train/loss", looks=looks, links=links)
    found = inline_figure(figure, "loss", titles={link: "a run" for link in links.values()})
    lines = [each.get("data-link") for each in ElementTree.fromstring(found.svg).iter("a")]
    # As logged, and smoothed.
    assert lines == ["#run-1", "#run-1", "#run-2", "#run-2"]


def test_a_long_line_is_thinned_without_losing_a_peak():
    values = pd.Series(0.0, index=range(10_000))
    values[4321], values[8765] = 7.0, -3.0
    kept = thinned(values, buckets=50)
    assert len(kept) <= 102
    assert kept[4321] == 7 and kept[8765] == -3
    assert kept.index[0] == 0 and kept.index[-1] == 9999 and kept.index.is_monotonic_increasing


def test_a_short_line_is_kept_whole():
    values = pd.Series([5, 4, 6], index=[1, 2, 3])
    assert thinned(values).equals(values)
