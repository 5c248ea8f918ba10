from pathlib import Path

import pytest
from written_runs import write_run

from mental_health_classifier.contracts import InputError
from mental_health_classifier.storage.files import write_json
from mental_health_classifier.tracking.record.assessments import read_assessment, write_assessment
from mental_health_classifier.tracking.record.record_check import changed_files
from mental_health_classifier.tracking.record.run_summary import read_run
from mental_health_classifier.tracking.run_index import find_runs, list_runs


def nested(depth: int) -> list:
    value: list = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("file", "change", "named"),
    [
        ("run", {"created_at": "yesterday"}, "created_at"),
        ("run", {"created_at": "2026-11-23T15:00:00"}, "created_at"),
        ("run", {"created_at": "2026-13-23T15:00:00+00:00"}, "created_at"),
        ("run", {"seed": [1]}, "seed"),
        ("run", {"seed": 10**30}, "seed"),
        ("run", {"tags": [1]}, "tags.0"),
        ("run", {"variants": {"curriculum": 1}}, "variants"),
        ("run", {"git": {"commit": ["a"]}}, "git.commit"),
        ("run", {"config": {"x": nested(600)}}, "config"),
        ("run", {"notes": nested(600)}, "notes"),
        ("run", {"name": "x" * 200_000}, "name"),
        ("data", {"classes": ["a", "a"]}, "classes"),
        ("data", {"classes": ["a", "\ud800"]}, "classes.1"),
        ("data", {"priority_class": "nobody"}, "priority_class"),
        ("data", {"parts": ["train"]}, "parts"),
        ("data", {"parts": {"test": {"posts": -1}}}, "parts.test.posts"),
        ("data", {"account": {"dropped": {"empty": {"rows": "2"}}}}, "account.dropped.empty.rows"),
        ("end", {"metrics": {"test/accuracy": True}}, "metrics.test/accuracy"),
        ("end", {"metrics": {"test/accuracy": 1e300}}, "metrics.test/accuracy"),
        ("end", {"intervals": {"test/accuracy": [0.1]}}, "intervals.test/accuracy"),
        ("end", {"duration_seconds": "long"}, "duration_seconds"),
        ("end", {"yardstick": []}, "yardstick"),
        ("end", {"phases": {"fit": "long"}}, "phases.fit"),
        ("end", {"model": {"parameters": 1.5}}, "model.parameters"),
        ("end", {"error": {"message": 1}}, "error.message"),
    ],
)
def test_a_record_with_a_wrong_value_is_damaged_and_names_it(
    tmp_path: Path, file: str, change: dict, named: str
) -> None:
    odd = write_run(tmp_path / "odd", **{file: change})
    write_run(tmp_path / "good")
    (problem,) = read_run(odd).problems
    assert f"{file}.json is damaged: {named} is missing or of the wrong kind." in problem
    for runs in (find_runs([tmp_path]), list_runs([tmp_path]), list_runs([tmp_path])):
        assert {run.directory.name: run.status for run in runs} == {
            "odd": "damaged",
            "good": "completed",
        }


def test_the_configuration_of_a_notebook_is_free_in_its_form(tmp_path: Path) -> None:
    write_run(tmp_path / "a", run={"config": {"data": "posts.csv", "model": 7, "evaluation": []}})
    for _ in range(2):
        (run,) = list_runs([tmp_path])
        assert run.status == "completed" and run.parts_fingerprint is not None


def test_ends_of_intervals_may_be_unknown(tmp_path: Path) -> None:
    run = write_run(tmp_path / "a", end={"intervals": {"test/accuracy": [None, None]}})
    assert read_run(run).status == "completed"


@pytest.mark.parametrize("name", ["../../x", "/etc/passwd", "a/../../x", "a\0b", ""])
def test_artefacts_that_lead_out_of_the_record_are_refused(tmp_path: Path, name: str) -> None:
    run = write_run(tmp_path / "a", end={"artefacts": {name: {"sha256": "0" * 64}}})
    with pytest.raises(InputError, match="no checksums of files below it"):
        changed_files(read_run(run))


@pytest.mark.parametrize(
    ("name", "content", "named"),
    [
        ("certificate", {"is_certified": True, "priority_class": 1}, "priority_class"),
        ("certificate-0.9", {"is_certified": False, "reason": []}, "reason"),
        ("triage", {"curve": [], "shares_needed": {}}, "curve"),
        ("groups", {"groups": {"a": {"b": 1}}, "gaps": {}, "min_posts": 1}, "groups.a.b"),
        ("behaviour", {"passes": 1}, "passes"),
    ],
)
def test_an_assessment_of_another_shape_is_damaged_and_replaced_by_a_new_one(
    tmp_path: Path, name: str, content: dict, named: str
) -> None:
    path = tmp_path / "assessments" / f"{name}.json"
    write_json(path, {"schema_version": 2, **content})
    with pytest.raises(InputError, match=f"{name}.json is damaged: {named} is missing or"):
        read_assessment(tmp_path, name)
    path.write_text("{", encoding="utf-8")
    write_assessment(tmp_path, "calibration", {})
    assert write_assessment(tmp_path, name, content) == path
