from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from trained_runs import write_posts
from typer.testing import CliRunner
from written_runs import write_failed_run, write_pretraining_run, write_run

from mental_health_classifier.analysis.model_card import model_card
from mental_health_classifier.assessment.exported_run import record_export
from mental_health_classifier.cli.app import app
from mental_health_classifier.contracts import InputError
from mental_health_classifier.prediction.predictor import Predictor
from mental_health_classifier.tracking.keeping.run_archive import export_run, import_run
from mental_health_classifier.tracking.record.assessments import (
    read_assessment,
    stored_predictions,
)
from mental_health_classifier.tracking.record.run_summary import RunSummary, read_run


def of_network(**changes: object) -> dict[str, object]:
    data = {"split_seed": 1, "truncate": "head"}
    return {"config": {"model": {"max_tokens": 9}, "network": {}, "data": data, **changes}}


@pytest.mark.parametrize(
    ("run", "data", "said"),
    [
        ({"config": {"model": {}, "data": {}}}, {}, "has no network that could become a graph"),
        ({"config": {"ensemble": {"members": []}}}, {}, "is an ensemble.*: export a member"),
        ({"config": {"exported": {"from": "abc"}}}, {}, "an export itself, of run abc"),
        (of_network(), {"token_streams": {"concepts": "k"}}, "marks expressions of a vocabulary"),
        (of_network(data={"truncate": "windows"}), {}, "reads long posts in windows"),
        (of_network(), {}, "has no predictions for part val"),
    ],
)
def test_what_has_no_form_in_onnx_is_refused(tmp_path: Path, run, data, said: str) -> None:
    found = read_run(write_run(tmp_path / "run", run=run, data=data))
    with pytest.raises(InputError, match=said):
        record_export(found, tmp_path / "export")
    assert not (tmp_path / "export").exists()


def test_runs_without_a_model_of_posts_are_refused(tmp_path: Path) -> None:
    for write, said in (
        (write_failed_run, "is failed: only"),
        (write_pretraining_run, "judges no"),
    ):
        with pytest.raises(InputError, match=said):
            record_export(read_run(write(tmp_path / said[:4])), tmp_path / "export")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--format", "pdf"], "--format=pdf: expected archive or onnx"),
        (["--int8"], "about --format onnx, which was not given"),
        ([], "Name the .tar.gz file"),
    ],
)
def test_options_that_do_not_fit_are_told(tmp_path: Path, options, said: str) -> None:
    write_run(tmp_path / "run")
    result = CliRunner().invoke(app, ["export", str(tmp_path / "run"), *options])
    assert result.exit_code == 1 and said in result.stderr


@pytest.fixture(scope="module")
def exported(runs, tmp_path_factory: pytest.TempPathFactory) -> RunSummary:
    folder = tmp_path_factory.mktemp("exported") / "onnx"
    record_export(runs["baseline_micro"], folder)
    return read_run(folder)


@pytest.mark.slow
def test_an_export_is_a_run_of_its_own_that_decides_alike(runs, exported, tmp_path: Path) -> None:
    run = runs["baseline_micro"]
    assert exported.status == "completed" and exported.id != run.id
    parity = exported.model_facts["parity"]
    assert {part: each["changed"] for part, each in parity.items()} == {"val": 0, "test": 0}
    for part, given in stored_predictions(exported, ["val", "calibration", "test"]).items():
        own = stored_predictions(run, [part])[part]
        assert list(given.post_ids) == list(own.post_ids)
        np.testing.assert_allclose(given.probabilities, own.probabilities, atol=1e-5)
    certificate = read_assessment(exported.directory, "certificate")
    assert certificate is not None and certificate["is_certified"]
    assert exported.yardstick["metrics"] == run.yardstick["metrics"]
    assert exported.yardstick["differences"].keys() == run.yardstick["differences"].keys()
    assert f"exported from: run {run.id}, as ONNX" in model_card(exported).replace("**", "")
    export_run(exported, tmp_path / "x.tar.gz")
    assert import_run(tmp_path / "x.tar.gz", tmp_path / "elsewhere").id == exported.id


@pytest.mark.slow
def test_an_export_decides_about_posts_without_torch(runs, exported, tmp_path: Path) -> None:
    posts = write_posts(tmp_path / "posts.csv", runs["baseline_micro"])
    output = tmp_path / "decisions.csv"
    code = (
        "import sys\n"
        "from mental_health_classifier.cli.app import app\n"
        "try: app(sys.argv[1:])\n"
        "finally: print('torch' in sys.modules)"
    )
    arguments = ["predict", posts, "--column", "text=body", "--run", exported.directory]
    arguments += ["--output", output, "--uncertified"]
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True
    )
    assert done.returncode == 0 and done.stdout.endswith("False\n"), done.stderr
    texts = [line.split(",", 1)[0] for line in posts.read_text().splitlines()[1:]]
    assert len(output.read_text().splitlines()) == 1 + len(texts)
    ours, theirs = (
        Predictor.load(run, allow_uncertified=True).predict_proba(["i feel tired today"])
        for run in (runs["baseline_micro"], exported)
    )
    np.testing.assert_allclose(ours, theirs, atol=2e-6)
    (exported.directory / "checkpoints" / "model.onnx").rename(tmp_path / "gone")
    with pytest.raises(InputError, match=r"model\.onnx, which run .* decides with, is gone"):
        Predictor.load(exported)
    (tmp_path / "gone").rename(exported.directory / "checkpoints" / "model.onnx")


@pytest.mark.slow
def test_changed_decisions_are_counted_and_refused_or_accepted(
    runs, exported, tmp_path: Path, monkeypatch
) -> None:
    from mental_health_classifier.prediction import onnx_graph

    run = runs["baseline_micro"]
    graph = (exported.directory / "checkpoints" / "model.onnx").read_bytes()
    monkeypatch.setattr(onnx_graph, "onnx_graph", lambda *_, **__: graph)
    real = onnx_graph.quantised

    def much_rougher(graph: bytes) -> bytes:
        import onnx
        from onnx import numpy_helper

        model = onnx.load_from_string(real(graph))
        for each in model.graph.initializer:
            values = numpy_helper.to_array(each)
            if values.dtype == np.int8:
                each.CopyFrom(numpy_helper.from_array(values // 24 * 24, each.name))
        return model.SerializeToString()

    monkeypatch.setattr(onnx_graph, "quantised", much_rougher)
    with pytest.raises(InputError, match=r"decides differently about \d+ of \d+ posts of val"):
        record_export(run, tmp_path / "int8", is_int8=True)
    assert not (tmp_path / "int8").exists()
    monkeypatch.setattr(onnx_graph, "quantised", real)
    record_export(run, tmp_path / "int8", is_int8=True, most_changed=10_000)
    small = read_run(tmp_path / "int8")
    assert small.model_facts["parity"]["test"]["largest_difference"] > 0
    assert small.model_facts["size_on_disk_bytes"] > 0
    assert small.model == "baseline_micro_onnx_int8"
