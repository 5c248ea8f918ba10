"""Whole runs, replayed. Each replay is a process of its own, so there are few of them."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
import safetensors.torch
import torch
from git_projects import git, make_project, write_files
from tiny_encoders import rewrite_configuration, write_encoder

from mental_health_classifier.contracts import InputError
from mental_health_classifier.storage.files import read_json, sha256_of, write_json
from mental_health_classifier.tracking.provenance.replay import Verdict, replay
from mental_health_classifier.tracking.provenance.source_files import PLACES
from mental_health_classifier.tracking.record.record_check import artefacts_of
from mental_health_classifier.tracking.record.run_summary import RunSummary, read_run
from mental_health_classifier.tracking.record.settled_choices import settled_choices

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

ROOT = Path(__file__).resolve().parents[3]
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
    return run_training(project, directory, *SMALL, *overrides)


def run_training(project: Path, directory: Path, *overrides: str) -> RunSummary:
    subprocess.run(
        [sys.executable, project / "train.py", *overrides, f"hydra.run.dir={directory}"],
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
    addition = "\n\nfrom mental_health_classifier.models import flag\n"
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
    with pytest.raises(InputError, match="is not run again"):
        replayed(read_run(run.directory), project)


def test_a_run_around_an_encoder_is_identical_and_another_encoder_is_told(
    project, tmp_path, monkeypatch
) -> None:
    encoder = write_encoder(tmp_path / "bert")
    model = ("model=pretrained", f"model.encoder={encoder}", "model.max_tokens=32")
    run = run_training(project, tmp_path / "run", *SMALL[1:], *model, "trainer.max_epochs=1")
    assert replayed(run, project).is_identical
    rewrite_configuration(encoder, {"layer_norm_eps": 1e-6})
    monkeypatch.setattr(tempfile, "tempdir", str(temporary := tmp_path / "temporary"))
    temporary.mkdir()
    with pytest.raises(InputError, match=r"printed at last:[^$]*model\.encoder=.* has changed"):
        replayed(run, project)
    assert list(temporary.iterdir()) == []


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
        ({"overrides": ["+hydra.callbacks.x._target_=os.system"]}, "is not run again"),
        ({"overrides": ["--config-dir=/tmp"]}, "is not run again"),
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


def test_a_model_that_is_fitted_in_one_step_is_identical(project, tmp_path) -> None:
    small = ("model=tfidf_logistic", "data.size=400", "num_threads=1", "logger=none")
    run = run_training(project, tmp_path / "run", *small, "evaluation.bootstrap_draws=50")
    assert replayed(run, project).is_identical


def forged(run: RunSummary, destination: Path, change: Callable[[Path], None]) -> RunSummary:
    """A record that somebody changed, with checksums that fit."""
    shutil.copytree(run.directory, destination)
    change(destination)
    end = destination / "attempts" / "001" / "end.json"
    write_json(end, {**read_json(end), "artefacts": artefacts_of(destination)})
    return read_run(destination)


def with_file(name: str, content: str) -> Callable[[Path], None]:
    return lambda run: write_files(run / "source" / "untracked", {name: content})


def with_named_file(name: str, content: str) -> Callable[[Path], None]:
    def change(run: Path) -> None:
        write_files(run / "source" / "untracked", {name: content})
        path = run / "source" / "files.json"
        account = read_json(path)
        sha256 = hashlib.sha256(content.encode()).hexdigest()
        write_json(path, {**account, "files": {**account["files"], name: sha256}})

    return change


def with_facts(**facts: object) -> Callable[[Path], None]:
    return lambda run: write_json(run / "run.json", {**read_json(run / "run.json"), **facts})


def with_commit(commit: str) -> Callable[[Path], None]:
    def change(run: Path) -> None:
        path = run / "source" / "files.json"
        write_json(path, {**read_json(path), "commit": commit})

    return change


ATTACKS: dict[str, Callable[[Path], None]] = {
    "compiled site hook": with_file("src/sitecustomize.pyc", "{code}"),
    "site hook": with_file("src/sitecustomize.py", "{code}"),
    "named site hook": with_named_file("src/sitecustomize.py", "{code}"),
    "user's site hook": with_named_file("src/usercustomize.py", "{code}"),
    "path file": with_file("src/evil.pth", "{code}"),
    "library": with_file("src/torch.so", "{code}"),
    "module beside train.py": with_file("hydra.py", "{code}"),
    "named module beside train.py": with_named_file("hydra.py", "{code}"),
    "shadow of a package": with_named_file("src/hydra/__init__.py", "{code}"),
    "plugin": with_named_file("src/hydra_plugins/evil.py", "{code}"),
    "hidden folder": with_file("src/.evil/a.py", "{code}"),
    "bytecode": with_file("src/mental_health_classifier/__pycache__/build.cpython-311.pyc", "x"),
    "option as commit": with_commit("--output=evil"),
    "callback of Hydra": with_facts(overrides=["+hydra.callbacks.x._target_=os.system"]),
    "package of Hydra": with_facts(overrides=["model@hydra.callbacks.x=baseline_micro"]),
    "search path": with_facts(overrides=["hydra.searchpath=[file:///tmp]"]),
    "folder of configurations": with_facts(overrides=["--config-dir=/tmp"]),
    "target": with_facts(overrides=["trainer._target_=os.system"]),
    "put together": with_facts(overrides=["trainer=${oc.decode:'{_tar${x}: os.system}'}"]),
    "file outside of conf": with_facts(overrides=["+experiment=../../evil"]),
    "folder of the record": with_facts(id="../../../evil", overrides=["--help"]),
    "threads": with_facts(hardware={"torch_threads": "1 hydra.run.dir=x"}, overrides=["-m"]),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_forged_record_runs_nothing_and_is_refused(
    project, clean_run, tmp_path, monkeypatch, attack
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.chdir(tmp_path)
    run = forged(clean_run, tmp_path / "run", ATTACKS[attack])
    with pytest.raises(InputError):
        replayed(run, project)
    assert {path.name for path in tmp_path.iterdir()} == {"run", "temporary"}
    assert not list((tmp_path / "temporary").iterdir())


def test_a_module_that_lies_where_the_replay_was_started_is_not_imported(
    project, clean_run, tmp_path, monkeypatch
) -> None:
    code = f"open({str(tmp_path / 'was-run')!r}, 'w')\n"
    write_files(tmp_path, {"sitecustomize.py": code, "hydra.py": code, "hydra_plugins/x.py": code})
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", f"{project / 'src'}:{tmp_path}")
    assert replayed(clean_run, project).is_identical
    assert not (tmp_path / "was-run").exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_replay_that_is_stopped_leaves_no_posts_and_no_process(
    project, clean_run, tmp_path, number
) -> None:
    (tmp_path / "temporary").mkdir()
    script = (
        "import sys\nfrom pathlib import Path\n"
        "from mental_health_classifier.tracking.provenance.replay import replay\n"
        "from mental_health_classifier.tracking.record.run_summary import read_run\n"
        "replay(read_run(Path(sys.argv[1])), is_trusted=False, is_strict=False,"
        " project=Path(sys.argv[2]))\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, clean_run.directory, project],
        cwd=tmp_path,
        env={**os.environ, "TMPDIR": str(tmp_path / "temporary")},
        stderr=subprocess.DEVNULL,
    )
    try:
        while not list(tmp_path.glob(".cache/.tmp-*/**/*.arrow")):
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(number)
        assert process.wait() in (128 + number, -number)
    finally:
        process.kill()
    assert not list((tmp_path / ".cache").iterdir())
    assert not list((tmp_path / "temporary").glob("replay-*"))
    in_use = [
        p for p in psutil.process_iter(["cmdline"]) if str(tmp_path) in str(p.info["cmdline"])
    ]
    assert in_use == []
