from __future__ import annotations

import json
import logging
import socket
from pathlib import Path
from typing import Any

import pytest
from lightning.pytorch.loggers import CSVLogger

from mental_health_classifier.contracts import InputError
from mental_health_classifier.tracking.importing.foreign_run import ForeignRun
from mental_health_classifier.tracking.importing.mlflow_runs import read_mlflow
from mental_health_classifier.tracking.importing.trackio_runs import read_trackio
from mental_health_classifier.training import trackers
from mental_health_classifier.training.trackers import (
    MLflow,
    Trackio,
    Wandb,
    begin_trackers,
    end_trackers,
)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory of a run, in a folder where no tracker has been yet."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    (directory := tmp_path / "run").mkdir()
    (directory / "run.json").write_text(json.dumps({"id": "abc"}))
    return directory


@pytest.mark.slow
def test_a_second_attempt_goes_on_with_the_same_run_of_mlflow(run: Path) -> None:
    from mlflow import MlflowClient

    for step in (1, 2):
        logger = MLflow(save_dir=run, experiment_name="posts", run_name="../mine")
        begin_trackers([CSVLogger(run), logger], {"seed": 3})
        logger.log_metrics({"val/accuracy": step / 4}, step)
        logger.finalize("success")
    end_trackers([logger], {"test/accuracy": 0.75, "test/auprc": None})
    client = MlflowClient(trackers.MLFLOW_STORE)
    experiment = client.get_experiment_by_name("posts")
    assert experiment is not None and Path("mlflow.db").exists()
    (found,) = client.search_runs([experiment.experiment_id])
    assert (found.info.run_name, found.info.status) == ("../mine", "FINISHED")
    assert found.data.params == {"seed": "3"}
    assert found.data.metrics == {"val/accuracy": 0.5, "test/accuracy": 0.75}
    history = client.get_metric_history(found.info.run_id, "val/accuracy")
    assert [(each.step, each.value) for each in history] == [(1, 0.25), (2, 0.5)]
    (last,) = client.get_metric_history(found.info.run_id, "test/accuracy")
    assert last.step == 2
    (back,) = read_mlflow(Path())
    assert isinstance(back, ForeignRun) and back.id == found.info.run_id
    assert back.history == {"val/accuracy": [(1, 0.25), (2, 0.5)], "test/accuracy": [(2, 0.75)]}


@pytest.mark.slow
def test_wandb_writes_offline_and_ends_what_failed_before(run: Path) -> None:
    import wandb

    Wandb(save_dir=run, project="posts", name="failed")
    (other := run.parent / "other").mkdir()
    (other / "run.json").write_text(json.dumps({"id": "def"}))
    logger = Wandb(save_dir=other, project="posts", name="mine")
    begin_trackers([logger], {"seed": 3})
    logger.log_metrics({"val/accuracy": 0.5}, 1)
    end_trackers([logger], {"test/accuracy": 0.75})
    assert wandb.run is None
    for name in ("abc", "def"):
        assert len(list(Path("wandb").glob(f"offline-run-*/run-{name}.wandb"))) == 1


@pytest.fixture
def trackio_folder(run: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for Trackio, which looks once, as it is imported, where its own is."""
    folder = run.parent / "trackio"
    monkeypatch.setenv("TRACKIO_DIR", str(folder))
    for name in trackers._SENDS_TRACKIO:
        monkeypatch.delenv(name, raising=False)
    from trackio import sqlite_storage, utils

    monkeypatch.setattr(utils, "TRACKIO_DIR", folder)
    monkeypatch.setattr(sqlite_storage, "TRACKIO_DIR", folder)
    return folder


@pytest.mark.slow
def test_a_run_of_trackio_goes_on_comes_back_and_asks_nobody(
    run: Path, trackio_folder: Path, monkeypatch: pytest.MonkeyPatch, capfd
) -> None:
    import trackio

    asked = []
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    monkeypatch.setattr(socket, "getaddrinfo", lambda *address, **_: asked.append(address))
    for step, status in ((1, "failed"), (2, "success")):
        logger = Trackio(save_dir=run, project="posts", run_name="mine")
        begin_trackers([CSVLogger(run), logger], {"seed": 3, "model.width": 8})
        logger.log_metrics({"val/accuracy": step / 4}, step)
        logger.finalize(status)
        assert not logger.is_lost
    end_trackers([logger], {"test/accuracy": 0.75, "test/auprc": None})
    assert trackio.context_vars.current_run.get() is None
    (found,) = read_trackio(trackio_folder)
    assert isinstance(found, ForeignRun)
    assert (found.name, found.experiment) == ("mine-abc", "posts")
    assert found.params == {"seed": "3", "model.width": "8"}
    assert found.history == {
        "val/accuracy": [(1, 0.25), (2, 0.5)],
        "test/accuracy": [(2, 0.75)],
    }
    assert asked == [] and capfd.readouterr().out == ""
    assert b"hf_secret" not in b"".join(each.read_bytes() for each in trackio_folder.iterdir())


def test_a_folder_or_server_of_trackio_that_cannot_be_used_is_told_at_once(
    run: Path, trackio_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = r"logger=trackio cannot begin .*TRACKIO_SERVER_URL"
    trackio_folder.write_text("no folder")
    with pytest.raises(InputError, match=said):
        Trackio(save_dir=run, project="posts", run_name="mine")
    trackio_folder.unlink()
    monkeypatch.setenv("TRACKIO_SERVER_URL", "carrier-pigeon://roof")
    with pytest.raises(InputError, match=said):
        Trackio(save_dir=run, project="posts", run_name="mine")


def test_a_store_that_cannot_be_used_is_told_at_once(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "carrier-pigeon://roof")
    with pytest.raises(InputError, match=r"logger=mlflow cannot begin .*MLFLOW_TRACKING_URI"):
        MLflow(save_dir=run, experiment_name="posts", run_name="mine")


def test_a_tracker_that_fails_on_the_way_is_left_out(
    run: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Gone(MLflow):
        def __init__(self) -> None:
            self.tried = 0

        @property
        def experiment(self) -> Any:
            self.tried += 1
            raise ConnectionError("https://token@server")

    logger = Gone()
    with caplog.at_level(logging.WARNING):
        begin_trackers([logger], {"seed": 3})
        logger.log_metrics({"loss": 1.0}, 1)
        end_trackers([logger], {"test/accuracy": 0.5})
    assert logger.tried == 1
    (said,) = caplog.messages
    assert said == "Gone is left out from here on (ConnectionError); the record goes on."


@pytest.mark.parametrize("library", ["mlflow", "trackio", "wandb"])
def test_a_library_that_is_missing_is_named(
    run: Path, monkeypatch: pytest.MonkeyPatch, library: str
) -> None:
    monkeypatch.setattr(trackers, "find_spec", lambda _: None)
    with pytest.raises(InputError, match=rf"logger={library} needs the library {library}"):
        if library == "mlflow":
            MLflow(save_dir=run, experiment_name="posts", run_name="mine")
        elif library == "trackio":
            Trackio(save_dir=run, project="posts", run_name="mine")
        else:
            Wandb(save_dir=run, project="posts", name="mine")
