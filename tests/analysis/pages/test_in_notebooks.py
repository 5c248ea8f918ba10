from pathlib import Path

import pytest
from written_runs import write_run

from mental_health_classifier.analysis.model_analyzer import ModelAnalyzer
from mental_health_classifier.analysis.pages.in_notebooks import Shown, certificate, show
from mental_health_classifier.analysis.sections.section import Section
from mental_health_classifier.contracts import InputError


def test_a_run_is_shown_as_a_table_of_its_own_numbers(tmp_path: Path) -> None:
    shown = show(write_run(tmp_path / "run", recall=0.8))
    page = shown._repr_html_()
    assert page.count("<table>") == 2 and "recall at specificity .80" in page
    assert ".800" in page and "[.76, .83]" in page
    assert "baseline: baseline_small, seed 1, completed" in page
    assert "recall at specificity .80  .800 [.76, .83]" in repr(shown)


def test_a_run_without_a_certificate_promises_nothing(tmp_path: Path) -> None:
    shown = certificate(write_run(tmp_path / "run"))
    assert "nothing is promised about missed posts" in shown._repr_html_()
    assert "nothing is promised about missed posts" in repr(shown)


def test_configurations_stand_side_by_side_with_the_mean_over_their_seeds(tmp_path: Path) -> None:
    for seed, recall in ((1, 0.70), (2, 0.80)):
        write_run(tmp_path / f"{seed}", recall=recall, run={"seed": seed})
    page = ModelAnalyzer(tmp_path).comparison()._repr_html_()
    assert ".750" in page and ".700" in page and "<bdi>baseline</bdi>" in page


def test_configurations_are_called_by_what_tells_them_apart(tmp_path: Path) -> None:
    write_run(tmp_path / "a")
    write_run(tmp_path / "b", run={"variants": ["multitask"], "configuration_hash": "b" * 16})
    page = ModelAnalyzer(tmp_path).comparison()._repr_html_()
    assert "baseline+multitask" in page.replace(" ", "")


def test_where_nothing_was_recorded_that_is_said(tmp_path: Path) -> None:
    assert "No completed run was found." in ModelAnalyzer(tmp_path).comparison()._repr_html_()
    with pytest.raises(InputError):
        show(tmp_path)


def test_what_people_wrote_does_nothing_to_a_notebook() -> None:
    names = Section(title="<img src=x>", header=["a"], rows=[["<script>alert(1)</script>"]])
    page = Shown("<b>\x1b[2J", [names])._repr_html_()
    for bad in ("<img", "<script", "<b>", "\x1b"):
        assert bad not in page


def test_a_notebook_keeps_its_own_colours(tmp_path: Path) -> None:
    page = show(write_run(tmp_path / "run"))._repr_html_()
    assert "color: inherit" in page and "background: #" not in page and "http" not in page
