import shutil
import socket

import huggingface_hub
import pytest
from trained_runs import write_posts
from typer.testing import CliRunner
from written_runs import write_run

from mental_health_classifier.cli.app import app
from mental_health_classifier.prediction.predictor import Predictor
from mental_health_classifier.tracking.provenance.environment import DETERMINISM
from mental_health_classifier.tracking.record.annotations import annotate


@pytest.fixture
def mhc(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HF_TOKEN", raising=False)
    for variable, value in DETERMINISM.items():
        monkeypatch.setenv(variable, value)
    return lambda *arguments: CliRunner().invoke(app, list(map(str, arguments)))


@pytest.fixture
def no_network(monkeypatch):
    def refuse(*_: object, **__: object):
        raise AssertionError("a connection was asked for")

    monkeypatch.setattr(socket.socket, "connect", refuse)


class Hub:
    """Takes what is sent."""

    def __init__(self, token):
        self.token = token

    def create_repo(self, name, *, private, exist_ok):
        assert (self.token, name, private, exist_ok) == ("secret", "me/x", True, True)

    def upload_folder(self, *, repo_id, folder_path):
        assert (folder_path / "README.md").is_file()
        return f"https://hub/{repo_id}"


def test_a_published_run_decides_and_recognises_nobody(mhc, runs, tmp_path, no_network):
    run = runs["tfidf_logistic"]
    copy = shutil.copytree(run.directory, tmp_path / "run")
    annotate(copy, [("note", "for us alone")])
    result = mhc("publish", copy, "--to", "hub", "--license", "mit", "--dataset", "me/posts")
    assert result.exit_code == 0, result.stderr
    assert "read both before you share them" in result.stderr
    hub = tmp_path / "hub"
    files = {each.relative_to(hub).as_posix() for each in hub.rglob("*") if each.is_file()}
    assert {"README.md", "run.json", "attempts/001/end.json"} <= files
    assert ".eval_results/mental-health-classifier.yaml" in files
    tops = {name.partition("/")[0] for name in files}
    assert not tops & {"predictions", "seen_posts.npz", "logs", "annotations.jsonl", "source"}
    texts = [each["text"] for each in read_rows(write_posts(tmp_path / "posts.csv", run))]
    ours, theirs = (Predictor.load(each).decide(texts) for each in (run, hub))
    assert ours == theirs
    assert "completed" in mhc("show", "hub").stdout
    assert "exists and is not overwritten" in mhc("publish", copy, "--to", "hub").stderr


def read_rows(path):
    lines = path.read_text(encoding="utf-8").splitlines()[1:]
    return [{"text": line} for line in lines[:20]]


def test_only_who_gives_a_token_sends_and_what_the_hub_says_is_told(mhc, tmp_path, monkeypatch):
    write_run(tmp_path / "run")
    monkeypatch.setattr(huggingface_hub, "HfApi", Hub)
    result = mhc("publish", "run", "--to", "a", "--push", "me/x")
    assert result.exit_code == 1 and "--push needs a token" in result.stderr
    assert not (tmp_path / "a").exists()
    result = mhc("publish", "run", "--to", "b", "--push", "me/x", "--token", "secret")
    assert "https://hub/me/x" in result.stdout

    def unreachable(*_: object, **__: object):
        raise ConnectionError("no route to secret host")

    monkeypatch.setattr(Hub, "create_repo", unreachable)
    result = mhc("publish", "run", "--to", "c", "--push", "me/x", "--token", "secret")
    assert result.exit_code == 1 and "did not take me/x (ConnectionError)" in result.stderr
    assert "secret" not in result.stderr and (tmp_path / "c" / "README.md").is_file()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"run": {"config": {"ensemble": {"members": []}}}}, "is an ensemble"),
        ({"left_out": ("end.json",)}, "is killed: only a completed run"),
        (
            {"end": {"artefacts": {"run.json": {"bytes": 1, "sha256": "0" * 64}}}},
            "run.json was changed after run",
        ),
    ],
)
def test_what_is_not_whole_is_not_published(mhc, tmp_path, change, said):
    write_run(tmp_path / "run", **change)
    result = mhc("publish", "run", "--to", "hub")
    assert result.exit_code == 1 and said in result.stderr
    assert not (tmp_path / "hub").exists()


def test_the_card_of_the_hub_is_printed_and_leaves_that_of_the_run(mhc, tmp_path):
    write_run(tmp_path / "run")
    assert mhc("card", "run", "--format", "huggingface").stdout.startswith("---\nlibrary_name:")
    assert not (tmp_path / "run" / "model_card.md").exists()
    assert "expected markdown, huggingface" in mhc("card", "run", "--format", "pdf").stderr
