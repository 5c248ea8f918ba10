from pathlib import Path

import pytest
from written_runs import write_run

from mental_health_classifier.configuration.recorded import recorded_configuration
from mental_health_classifier.contracts import InputError
from mental_health_classifier.tracking.record.run_summary import RunSummary, read_run

REFERENCES = [
    *("${oc.env:SECRET}", "a ${oc.env:SECRET} b", "${seed}", r"\${seed}"),
    *(
        "${oc.decode:1}",
        "${oc.create:{_target_: Timer}}",
        "${oc.select:seed}",
        "${oc.dict.keys:data}",
    ),
    *("${folder_name:x}", "${selection_metric:null}", "${oc.decode:${oc.env:SECRET}}"),
]

READABLE = {"data": {"_target_": "FileCorpus"}}
"""The least that says how posts are read."""


def recorded(folder: Path, config: dict) -> RunSummary:
    return read_run(write_run(folder / "run", run={"config": config}))


@pytest.mark.parametrize("text", REFERENCES)
@pytest.mark.parametrize(
    "config",
    [
        lambda text: {"data": {"path": text}},
        lambda text: {"data": {"kept_columns": ["x", text]}},
        lambda text: {"data": {text: "x"}},
        lambda text: {"model": text},
        lambda text: {text: 1},
    ],
)
def test_a_reference_in_a_record_is_not_followed(config, text, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("SECRET", "of the environment")
    with pytest.raises(InputError, match=r"has a reference in .* It was not followed") as refused:
        recorded_configuration(recorded(tmp_path, config(text)))
    assert "of the environment" not in str(refused.value)


@pytest.mark.parametrize("text", REFERENCES)
def test_what_a_person_wrote_is_kept_letter_by_letter(text, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("SECRET", "of the environment")
    config = {"name": text, "hypothesis": text, "tags": [text], **READABLE}
    found = recorded_configuration(recorded(tmp_path, config))
    assert found.name == found.hypothesis == found.tags[0] == text


def test_what_a_record_says_of_the_hub_is_not_followed(tmp_path: Path) -> None:
    config = {"model": {"encoder": "some/bert", "download": True}, **READABLE}
    found = recorded_configuration(recorded(tmp_path, config))
    assert found.model == {"encoder": "some/bert", "download": False}
    assert "tokenizer" not in found


def test_posts_are_prepared_where_they_were_and_nowhere_else(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    own, elsewhere = tmp_path / "own", tmp_path / "elsewhere"
    for folder in (own / "posts", own / "parts", elsewhere / "posts"):
        folder.mkdir(parents=True)
    config = {
        "cache_dir": str(elsewhere),
        "data": {"_target_": "FileCorpus", "cache_dir": str(own)},
        "token_streams": {"concepts": {"cache_dir": ["x"]}},
    }
    found = recorded_configuration(recorded(tmp_path, config))
    assert found.data.cache_dir == str(own)
    here = str(tmp_path / ".cache")
    assert found.cache_dir == found.token_streams.concepts.cache_dir == here


def test_where_a_run_says_that_it_began_no_cache_begins(tmp_path, monkeypatch) -> None:
    here, elsewhere = tmp_path / "here", tmp_path / "elsewhere"
    for folder in (here, elsewhere):
        folder.mkdir()
    monkeypatch.chdir(here)
    run = recorded(tmp_path, {"cache_dir": ".cache", **READABLE})
    assert recorded_configuration(run, begun_in=here).cache_dir == ".cache"
    assert recorded_configuration(run, begun_in=elsewhere).cache_dir == str(here / ".cache")
    for kind in ("posts", "parts"):
        (elsewhere / ".cache" / kind).mkdir(parents=True)
    assert recorded_configuration(run, begun_in=elsewhere).cache_dir == ".cache"


def test_a_missing_value_in_a_record_is_no_value(tmp_path) -> None:
    with pytest.raises(InputError, match=r"in data\.path where a run records values"):
        recorded_configuration(recorded(tmp_path, {"data": {"path": "???"}}))
