"""Whole runs, replayed. Each replay is a process of its own, so there are few of them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import safetensors.torch
import torch
from git_projects import git, make_project, write_files

from mental_health_classifier.contracts import InputError
from mental_health_classifier.tracking.files import read_json, sha256_of, write_json
from mental_health_classifier.tracking.replay import Verdict, replay
from mental_health_classifier.tracking.run_summary import RunSummary, read_run
from mental_health_classifier.tracking.settled_choices import settled_choices
from mental_health_classifier.tracking.source_files import PLACES

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

ROOT = Path(__file__).resolve().parents[2]
SMALL = [
    *("model=baseline_micro", "data.size=700", "trainer=smoke", "num_threads=1", "logger=none"),
    *("callbacks.progress=null", "evaluation.bootstrap_draws=50", "evaluation.yardstick=null"),
]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This project's source as it is, as one commit of a repository of its own."""
    project = tmp_path_factory.mktemp("replay") / "project"
    project.mkdir()
    for place in PLACES:
        if (ROOT / place).is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
            shutil.copytree(ROOT / place, project / place, ignore=ignored)
        else:
            shutil.copy(ROOT / place, project / place)
    return make_project(project, {".gitignore": "__pycache__/\n"})


def train(project: Path, directory: Path, *overrides: str) -> RunSummary:
    subprocess.run(
        [sys.executable, project / "train.py", *SMALL, *overrides, f"hydra.run.dir={directory}"],
        cwd=project.parent,
        env={**os.environ, "PYTHONPATH": str(project / "src")},
        capture_output=True,
        check=True,
    )
    return read_run(directory)


@pytest.fixture(scope="module")
def clean_run(project: Path) -> RunSummary:
    return train(project, project.parent / "clean")


@pytest.fixture(scope="module")
def changed_run(project: Path, clean_run: RunSummary) -> RunSummary:
    """A run with an uncommitted change that matters, undone when it is over."""
    file = "src/mental_health_classifier/models/pooling.py"
    addition = "\n\nfrom mental_health_classifier.models import flag  # noqa\n"
    write_files(
        project,
        {
            file: (project / file).read_text() + addition,
            "src/mental_health_classifier/models/flag.py": "print('flag')\n",
            "conf/model/baseline_micro.yaml": (project / "conf/model/baseline_micro.yaml")
            .read_text()
            .replace("width: 64", "width: 32"),
        },
    )
    run = train(project, project.parent / "changed")
    git(project, "checkout", "-q", ".")
    git(project, "clean", "-qfd")
    return run


def replayed(run: RunSummary, project: Path, *, is_trusted: bool = False) -> Verdict:
    return replay(run, is_trusted=is_trusted, is_strict=False, project=project)


def copied(run: RunSummary, destination: Path) -> RunSummary:
    shutil.copytree(run.directory, destination)
    return read_run(destination)


def flip_a_bit_of_the_weights(run: RunSummary) -> str:
    """Changes the lowest bit of one weight and returns its name."""
    path = run.directory / "checkpoints" / "best.safetensors"
    with safetensors.safe_open(path, framework="pt") as file:
        metadata = file.metadata()
    weights = safetensors.torch.load_file(path)
    name = sorted(weights)[3]
    weights[name].reshape(-1).view(torch.int32)[0] ^= 1
    path.write_bytes(safetensors.torch.save(weights, metadata))
    return name


def test_a_clean_run_is_identical(project, clean_run) -> None:
    verdict = replayed(clean_run, project)
    assert verdict.is_identical and verdict.differences == [] and verdict.directory is None
    certificate = read_json(clean_run.directory / "assessments" / "replay.json")
    assert certificate["verdict"] == "identical"
    assert certificate["source_sha256"] == clean_run.run["source"]["sha256"]
    assert read_run(clean_run.directory).status == "completed"


def test_a_run_of_all_clinical_variants_together_is_identical(project, tmp_path) -> None:
    together = "clinical=[umls_enhanced,curriculum,multitask,interpretable]"
    run = train(project, tmp_path / "run", together)
    assert run.status == "completed" and len(run.variants) == 4
    assert replayed(run, project).is_identical


def test_a_run_with_an_uncommitted_change_is_identical_once_trusted(project, changed_run) -> None:
    assert changed_run.configuration["model"]["width"] == 32
    with pytest.raises(InputError, match=r"brings code of its own.*--trust"):
        replayed(changed_run, project)
    assert replayed(changed_run, project, is_trusted=True).is_identical


def test_a_flipped_bit_is_found_by_its_checksum_and_else_by_replaying(
    project, clean_run, tmp_path
) -> None:
    run = copied(clean_run, tmp_path / "run")
    name = flip_a_bit_of_the_weights(run)
    with pytest.raises(InputError, match=r"checkpoints/best\.safetensors no longer have"):
        replayed(run, project)
    # Whoever changes the weights can change the checksum; the replay cannot be talked to.
    end = run.directory / "attempts" / "001" / "end.json"
    content = read_json(end)
    path = run.directory / "checkpoints" / "best.safetensors"
    content["artefacts"]["checkpoints/best.safetensors"]["sha256"] = sha256_of(path)
    write_json(end, content)
    verdict = replayed(read_run(run.directory), project)
    assert not verdict.is_equal
    (difference,) = verdict.differences
    assert difference.name == f"{name} of checkpoints/best.safetensors"
    assert difference.amount is not None and 0 < difference.amount < 1e-6
    assert verdict.directory is not None and (verdict.directory / "metrics.jsonl").exists()
    certificate = read_json(run.directory / "assessments" / "replay.json")
    assert certificate["verdict"] == "different" and name in certificate["differences"][0]


def test_a_token_budget_that_was_found_is_that_of_the_replay(project, tmp_path) -> None:
    run = train(project, tmp_path / "run", "sampler.token_budget=null")
    assert settled_choices(run.directory)["sampler.token_budget"] > 0
    assert replayed(run, project).is_identical
    # As if memory had been scarce when the run was made: the replay now has other batches.
    settle_on(run, {"sampler.token_budget": 256})
    verdict = replayed(read_run(run.directory), project)
    assert {each.kind for each in verdict.differences} >= {"metric", "tensor"}
    settle_on(run, {"+hydra.callbacks.x._target_": "os.system"})
    with pytest.raises(InputError, match="is not replayed"):
        replayed(read_run(run.directory), project)


def settle_on(run: RunSummary, choices: dict[str, object]) -> None:
    path, end = run.directory / "settled.json", run.directory / "attempts" / "001" / "end.json"
    write_json(path, {"schema_version": 1, **choices})
    ended = read_json(end)
    ended["artefacts"]["settled.json"]["sha256"] = sha256_of(path)
    write_json(end, ended)


def test_an_edited_line_of_source_is_named_before_anything_runs(
    project, changed_run, tmp_path
) -> None:
    run = copied(changed_run, tmp_path / "run")
    edited = run.directory / "source/untracked/src/mental_health_classifier/models/flag.py"
    edited.write_text("print('another')\n")
    with pytest.raises(InputError, match=r"flag\.py no longer have the SHA-256"):
        replayed(run, project, is_trusted=True)


def test_what_cannot_be_replayed_is_refused(project, clean_run, tmp_path) -> None:
    run = copied(clean_run, tmp_path / "run")
    path = run.directory / "run.json"
    content = read_json(path)
    end = run.directory / "attempts" / "001" / "end.json"
    ended = read_json(end)
    for changes, message in (
        ({"overrides": ["+hydra.callbacks.x._target_=os.system"]}, "is not replayed"),
        ({"overrides": ["--config-dir=/tmp"]}, "is not replayed"),
        ({"argv": ["notebook.py"]}, "was not started by train.py"),
    ):
        write_json(path, {**content, **changes})
        ended["artefacts"]["run.json"]["sha256"] = sha256_of(path)
        write_json(end, ended)
        with pytest.raises(InputError, match=message):
            replayed(read_run(run.directory), project)
    end.unlink()
    with pytest.raises(InputError, match="is killed; only a completed run"):
        replayed(read_run(run.directory), project)


def test_another_environment_is_listed_and_refused_on_request(project, clean_run, tmp_path) -> None:
    run = copied(clean_run, tmp_path / "run")
    run.run["environment"]["packages"]["numpy"] = "0.1"  # pyright: ignore[reportIndexIssue]
    with pytest.raises(InputError, match=r"package numpy was 0\.1 and is "):
        replay(run, is_trusted=False, is_strict=True, project=project)
