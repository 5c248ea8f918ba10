"""Launchers by name, and what cannot be one."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner
from written_runs import write_failed_run

from mental_health_classifier.cli.app import app
from mental_health_classifier.contracts import InputError
from mental_health_classifier.sweeps.launchers import launcher
from mental_health_classifier.sweeps.launchers.choice import launcher_called, launcher_of
from mental_health_classifier.sweeps.launchers.launcher import library
from mental_health_classifier.sweeps.launchers.ray_cluster import OnRay
from mental_health_classifier.sweeps.launchers.slurm import OnSlurm
from mental_health_classifier.sweeps.launchers.this_machine import OnThisMachine
from mental_health_classifier.tracking.provenance.environment import DETERMINISM
from mental_health_classifier.tracking.sweep.ledger import begin_sweep

CONF = Path(__file__).resolve().parents[3] / "conf" / "hydra" / "launcher"


def test_every_file_of_the_folder_is_a_launcher():
    found = {path.stem: launcher_called(path.stem, jobs=3) for path in CONF.glob("*.yaml")}
    assert found == {
        "joblib": OnThisMachine(jobs=3),
        "slurm": OnSlurm(jobs=3),
        "slurm_local": OnSlurm(jobs=3, cluster="local"),
        "ray": OnRay(jobs=3),
    }


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"kind": "joblib", "jobs": 0}, r"hydra.launcher.jobs=0: .* greater than 0"),
        ({"kind": "ray", "jobs": "many"}, r"hydra.launcher.jobs=many: .* integer"),
        ({"kind": "joblib", "gpus": 1}, r"kind joblib has no gpus"),
        ({"kind": "slurm", "cluster": "pbs"}, r"hydra.launcher.cluster=pbs: .*'slurm' or 'local'"),
        ({"kind": "dask"}, r"kind=dask: expected one of joblib, slurm, ray"),
        ({}, r"runs jobs in Hydra's own way"),
    ],
)
def test_settings_that_cannot_be_are_refused_in_one_sentence(settings, sentence):
    with pytest.raises(InputError, match=sentence):
        launcher_of(settings)


@pytest.mark.parametrize("name", ["basic", "dask", "../../secrets"])
def test_a_name_that_is_no_launcher_of_this_project_is_refused(name: str):
    with pytest.raises(InputError, match=r"hydra/launcher|Hydra's own way"):
        launcher_called(name)


@pytest.mark.parametrize(("extra", "option"), [("slurm", "launchers"), ("ray", "ray")])
def test_an_extra_that_is_not_installed_is_named(monkeypatch, extra: str, option: str):
    def refuse(name: str):
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(launcher, "import_module", refuse)
    with pytest.raises(InputError, match=rf"hydra/launcher={extra} needs .*\[{option}\]"):
        library("submitit", extra=extra)


def test_options_of_a_sweep_are_refused_for_one_run(tmp_path, monkeypatch):
    for variable, value in DETERMINISM.items():
        monkeypatch.setenv(variable, value)
    write_failed_run(tmp_path / "run")
    refused = CliRunner().invoke(app, ["resume", str(tmp_path / "run"), "--jobs", "2"])
    assert refused.exit_code == 1
    assert "is one run: --launcher and --jobs are for the jobs of a sweep." in refused.output
    begin_sweep(tmp_path / "sweep", []).release()
    refused = CliRunner().invoke(app, ["resume", str(tmp_path / "sweep"), "--launcher", "dask"])
    assert refused.exit_code == 1 and "Could not find 'hydra/launcher/dask'" in refused.output
