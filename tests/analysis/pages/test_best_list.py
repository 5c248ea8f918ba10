import json
from pathlib import Path

from rich.console import Console, RenderableType
from typer.testing import CliRunner
from written_runs import write_run

from mental_health_classifier.analysis.pages.best_list import best_list
from mental_health_classifier.analysis.tables.run_facts import facts_of
from mental_health_classifier.analysis.tables.run_names import names_by_hash
from mental_health_classifier.cli.app import app
from mental_health_classifier.tracking.run_index import find_runs
from mental_health_classifier.tracking.selection.best_models import best_models


def page_of(folder: Path, *, width: int) -> RenderableType:
    runs = find_runs([folder])
    names = names_by_hash([facts_of(run) for run in runs], shown=str)
    return best_list(best_models(runs), names, width=width)


def test_every_heading_is_shown_with_its_number_or_the_reason_why_not(tmp_path: Path) -> None:
    write_run(tmp_path / "run", recall=0.8)
    console = Console(width=100, record=True, markup=False)
    console.print(page_of(tmp_path, width=100))
    shown = console.export_text()
    assert "best suicide recall" in shown and ".800 [.76, .83]" in shown
    assert (
        "Most stable: No configuration qualifies: fewer than 5 different seeds (1 of 1)." in shown
    )
    assert "On test: the mean over the models of a configuration" in shown
    assert max(map(len, shown.splitlines())) <= 100


def test_a_winner_is_named_with_its_variants(tmp_path: Path) -> None:
    write_run(tmp_path / "run", run={"name": "sweep", "variants": ["multitask"]})
    console = Console(width=120, record=True, markup=False)
    console.print(page_of(tmp_path, width=120))
    assert "sweep + multitask" in console.export_text()


def test_json_holds_an_object_for_each_heading(tmp_path: Path) -> None:
    write_run(tmp_path / "run", recall=0.8)
    result = CliRunner().invoke(app, ["best", str(tmp_path), "--json"])
    headings = {row["best"]: row for row in json.loads(result.stdout)}
    assert headings["best_suicide_recall"]["value"] == 0.8
    assert headings["most_stable"]["run"] is None
    assert len(headings) == 4
    assert headings["best_suicide_recall"]["looked_at"] == 1


def test_a_best_run_that_cannot_be_certified_says_why(tmp_path: Path) -> None:
    promise = {"required_recall": 0.9, "confidence": 0.9}
    write_run(tmp_path / "run", recall=0.8, run={"config": {"evaluation": promise}})
    result = CliRunner().invoke(app, ["best", str(tmp_path), "--json"])
    (found,) = [row for row in json.loads(result.stdout) if row["best"] == "best_suicide_recall"]
    assert found["certificate"] is None
    (why,) = [warning for warning in found["warnings"] if "No certificate" in warning]
    assert "predictions" in why


def test_the_class_that_a_heading_is_about_is_named(tmp_path: Path) -> None:
    write_run(tmp_path / "run", priority_class="anxiety")
    console = Console(width=100, record=True, markup=False)
    console.print(page_of(tmp_path, width=100))
    assert "best anxiety recall" in (shown := console.export_text()) and "suicide" not in shown
