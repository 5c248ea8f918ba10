"""What importing does alike with the runs of every tracker."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from mental_health_classifier.cli.app import app
from mental_health_classifier.contracts import InputError
from mental_health_classifier.tracking.importing.foreign_records import Imported, import_foreign
from mental_health_classifier.tracking.importing.foreign_run import (
    ForeignRun,
    flattened,
    read_mapping_of_yaml,
)
from mental_health_classifier.tracking.importing.trackers import TRACKERS
from mental_health_classifier.tracking.run_index import find_runs

BEGAN = datetime(2026, 5, 1, tzinfo=UTC)


def foreign_run(**changes: Any) -> ForeignRun:
    facts: dict[str, Any] = {
        **{"id": "a1", "name": "mine", "experiment": "pilot", "status": None, "began": BEGAN},
        **{"ended": BEGAN + timedelta(minutes=1), "params": {}, "history": {}, **changes},
    }
    return ForeignRun(**facts)


def test_a_result_can_be_another_than_the_last_value(tmp_path) -> None:
    run = foreign_run(
        history={"val_acc": [(1, 0.9), (2, float("nan"))], "loss": [(2, 0.5), (2, 0.4)]},
        shown={"val_acc": 0.9, "best": 1.0},
    )
    imported = import_foreign([run, "empty"], tmp_path, tracker="wandb", metrics={})
    assert (imported.num_new, imported.num_unended, imported.left_out) == (1, 1, {"empty": 1})
    (read,) = find_runs(tmp_path)
    assert read.metrics == {"val/accuracy": 0.9, "loss": 0.4, "best": 1.0}
    assert (read.status, read.duration_seconds, read.problems) == ("completed", 60.0, ())
    lines = (read.directory / "metrics.jsonl").read_text().splitlines()
    assert len(lines) == 2 and '"val/accuracy":null' in lines[1]


def test_no_run_is_there_before_all_could_be_read(tmp_path) -> None:
    def runs():
        yield foreign_run()
        raise InputError("the second is damaged")

    with pytest.raises(InputError, match="second"):
        import_foreign(runs(), tmp_path, tracker="wandb", metrics={})
    with pytest.raises(InputError, match="no run has a metric f2"):
        import_foreign([foreign_run()], tmp_path, tracker="wandb", metrics={"f2": "test/f2"})
    with pytest.raises(InputError, match="have the same id"):
        import_foreign([foreign_run(), foreign_run()], tmp_path, tracker="wandb", metrics={})
    assert [*tmp_path.iterdir()] == []


def test_what_can_be_a_post_is_left_out_and_counted(tmp_path) -> None:
    post = "nobody is here\nand I cannot go on"
    texts = {"prompt": post, "long": "so tired " * 9, post: "1"}
    runs = [
        foreign_run(
            id=f"{number}{'0' * 31}",
            params={"lr": "0.1", "is_cased": "true", **texts, "few": f"{post} {number}"},
            description=post,
            tags=["pilot", post],
            history={"f1": [(1, 0.5)], post: [(1, 0.5)]},
            **({"name": post, "experiment": post, "commit": post} if number else {}),
        )
        for number in range(2)
    ]
    imported = import_foreign(runs, tmp_path, tracker="wandb", metrics={})
    assert imported.num_texts == 7 + 10
    first, second = sorted(find_runs(tmp_path), key=lambda run: run.id != runs[0].id[:12])
    assert first.configuration["params"] == {"lr": "0.1", "is_cased": "true"}
    assert (first.tags, first.description, first.metrics) == (("pilot",), "", {"f1": 0.5})
    assert first.configuration_hash != second.configuration_hash
    left = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not any(b"nobody" in path.read_bytes() or "nobody" in str(path) for path in left)
    assert first.problems == second.problems == ()


def test_names_and_ids_are_no_paths(tmp_path) -> None:
    runs = [
        foreign_run(id=f"../../{end}", name="../../../x", experiment="/etc/..", tags=["a\x1b[31m"])
        for end in ("seed1", "seed2")
    ]
    assert import_foreign(runs, tmp_path / "out", tracker="wandb", metrics={}) == Imported(
        num_new=2, num_unended=2, num_texts=2
    )
    assert len(find_runs(tmp_path / "out")) == 2
    assert {path.name for path in tmp_path.iterdir()} == {"out"}
    assert len([*(tmp_path / "out" / "imported" / "wandb").glob("*/x-*/run.json")]) == 2


def test_objects_of_python_in_yaml_are_data(tmp_path) -> None:
    path = tmp_path / "hparams.yaml"
    path.write_text(
        "lr: 0.1\npath: !!python/object/apply:pathlib.PosixPath [/, tmp]\n"
        f"run: !!python/object/apply:os.mkdir ['{tmp_path}/made']\n"
        "net: !!python/name:os.getcwd ''\n"
        "size: !!python/tuple [1, 2]\nopt: {name: adam, _own: 1}\n_tracker: x\n"
    )
    assert flattened(read_mapping_of_yaml(path, "T"), path) == {
        **{"lr": "0.1", "path": '["/", "tmp"]', "run": f'["{tmp_path}/made"]', "net": ""},
        **{"size": "[1, 2]", "opt.name": "adam", "opt._own": "1"},
    }
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    "content",
    [
        "- a list",
        "",
        "a: [",
        "a: &a [*a]",
        "a: &a [1,2,3,4,5,6,7,8,9]\n"
        + "".join(
            f"{x}: &{x} [{','.join([f'*{y}'] * 9)}]\n"
            for y, x in zip("abcde", "bcdef", strict=True)
        ),
        "a: " + "[" * 1100,
        "a: \x00",
        "? [a]\n: b",
        "a: 2001-99-99",
    ],
)
def test_yaml_that_is_no_settings_is_refused(tmp_path, content) -> None:
    (path := tmp_path / "hparams.yaml").write_text(content)
    with pytest.raises(InputError, match=r"hparams\.yaml is damaged"):
        read_mapping_of_yaml(path, "TensorBoard")


def test_more_settings_than_a_run_can_have_are_refused(tmp_path) -> None:
    with pytest.raises(InputError, match="10,000 settings"):
        flattened({str(number): number for number in range(10_001)}, tmp_path)


def test_the_command_says_what_it_expects(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("empty").mkdir()
    for arguments, message in (
        (["neptune", "."], "expected one of mlflow, wandb, tensorboard, trackio before a folder"),
        (["x.tar.gz", "--metric", "a=b"], "--metric goes with another tracker"),
        (["wandb"], "mhc import wandb FOLDER: name the folder in which Weights & Biases"),
        *(([name, "empty"], f"holds no runs of {TRACKERS[name].title}") for name in TRACKERS),
        *(([name, "nowhere"], "is no folder") for name in TRACKERS),
    ):
        refused = CliRunner().invoke(app, ["import", *arguments])
        assert refused.exit_code == 1 and message in " ".join(refused.output.split()), arguments
        assert "Traceback" not in refused.output and not Path("outputs/imported").exists()


def test_a_folder_of_another_tracker_is_told(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("logs").mkdir()
    Path("logs/events.out.tfevents.1.host").write_bytes(b"")
    Path("logs/run-1.wandb").write_bytes(b"")
    refused = CliRunner().invoke(app, ["import", "mlflow", "logs"])
    said = " ".join(refused.output.split())
    assert "mhc import tensorboard reads what TensorBoard left there" in said
    assert "mhc import wandb reads what Weights & Biases left there" in said
