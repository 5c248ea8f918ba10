"""The command line of train.py."""

from __future__ import annotations

import json
import os
import runpy
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from forked_commands import Ended, forked

from mental_health_classifier.tracking.run_index import find_runs

ROOT = Path(__file__).resolve().parent.parent
HEAVY = "torch", "lightning", "torchmetrics", "sklearn", "scipy", "matplotlib", "tokenizers"


def train(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs train.py in a process of its own, with `folder` as the place of outputs/, multirun/ and
    the cache."""
    return subprocess.run(
        [sys.executable, str(ROOT / "train.py"), *arguments],
        cwd=folder,
        env={**os.environ, "COLUMNS": "120"},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def train_forked(folder: Path, *arguments: str) -> Ended:
    """The same in a process that has imported everything: for what is refused before it trains."""
    script = str(ROOT / "train.py")
    return forked(folder, [script, *arguments], lambda: runpy.run_path(script, run_name="__main__"))


def test_help_explains_the_groups_and_imports_nothing_heavy(tmp_path: Path) -> None:
    script = (
        "import runpy, sys, json\n"
        f"sys.argv = [{str(ROOT / 'train.py')!r}, '--help']\n"
        "try:\n    runpy.run_path(sys.argv[0], run_name='__main__')\n"
        "except SystemExit:\n    pass\n"
        f"print(json.dumps([name for name in {HEAVY!r} if name in sys.modules]), file=sys.stderr)\n"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "0", "CUBLAS_WORKSPACE_CONFIG": ":4096:8"}
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stderr) == []
    lines = done.stdout.splitlines()
    assert len(lines) <= 115 and max(map(len, lines)) <= 100  # two screens
    for words in ("GROUP=CHOICE", "model: ", "--help=all"):
        assert words in done.stdout
    assert "    medium_model          baseline_small scaled up\n" in done.stdout
    assert "    network/pooling     attention_readout, mean\n" in done.stdout
    groups = {"model", "data", "clinical", "objective", "trainer", "logger", "sweep", "sampler"}
    for file in (each for group in groups for each in (ROOT / "conf" / group).glob("[!_]*.yaml")):
        assert file.stem in done.stdout
    assert "_corpus" not in done.stdout


def test_help_of_all_has_every_value_as_it_was_chosen(tmp_path: Path) -> None:
    done = train(tmp_path, "--help=all", "model=baseline_micro", "seed=17")
    assert done.returncode == 0, done.stderr
    assert "seed: 17" in done.stdout and "learning_rate:" in done.stdout
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("argument", "messages"),
    [
        ("model=medum_model", ["medum_model", "baseline_small", "medium_model", "tfidf_logistic"]),
        ("modle=medium_model", ["There is no modle.", "Similar: model"]),
        ("yardstick=null", ["evaluation.yardstick=null"]),
        (
            "model.widht=3",
            ["widht", "Similar: width", "There are: ", "width", "num_layers"],
        ),
        ("sed=3", ["sed", "There are: ", "seed", "hypothesis"]),
        ("model.width=[", ["model.width=["]),
    ],
)
def test_a_misspelt_override_lists_what_exists(
    tmp_path: Path, argument: str, messages: list[str]
) -> None:
    done = train_forked(tmp_path, argument)
    assert done.code == 1
    assert "Traceback" not in done.stderr
    for message in messages:
        assert message in done.stderr
    assert list(tmp_path.iterdir()) == []  # nothing was begun


def test_bad_data_ends_with_one_message_and_a_record(tmp_path: Path) -> None:
    done = train_forked(tmp_path, "data=file", "data.path=nothing.csv")
    assert done.code == 1
    assert "Traceback" not in done.stderr + done.stdout
    *_, message = done.stderr.strip().splitlines()
    assert message == "data.path=nothing.csv does not exist. Give an existing file or folder."
    (found,) = find_runs([tmp_path / "outputs"])
    assert found.status == "failed"
    assert found.name == "baseline_small"


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [["seed=-1"], ["-m", "seed=-1,-2"]])
def test_a_refused_configuration_leaves_no_run(tmp_path: Path, arguments: list[str]) -> None:
    done = train_forked(tmp_path, *arguments)
    assert done.code == 1 and "Traceback" not in done.stderr
    assert "seed=-1: expected 0 to 4294967295" in done.stderr
    assert not list(tmp_path.rglob("hydra.yaml")) and find_runs([tmp_path]) == []


def test_a_directory_that_exists_is_not_written_into(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    for arguments in (["hydra.run.dir=mine"], ["-m", "hydra.sweep.dir=mine"]):
        done = train_forked(tmp_path, *arguments)
        assert done.code == 1
        assert "mine exists already" in done.stderr and "Traceback" not in done.stderr
    assert list((tmp_path / "mine").iterdir()) == []
    (tmp_path / "outputs").symlink_to("/scratch/gone")
    done = train_forked(tmp_path)
    assert done.code == 1 and "Traceback" not in done.stderr
    assert "outputs is a link to nothing" in done.stderr


def test_a_name_cannot_leave_its_folder(tmp_path: Path) -> None:
    train_forked(tmp_path, "name='../../away'", "data=file")
    (found,) = find_runs([tmp_path / "outputs"])
    assert found.name == "../../away"
    assert found.directory.parent.parent == tmp_path / "outputs"


@pytest.mark.slow
def test_a_sweep_leaves_runs_that_can_be_compared(tmp_path: Path) -> None:
    done = train(
        tmp_path,
        "-m",
        "model=baseline_small,tfidf_logistic",
        "seed=1,2",
        "data.size=1500",
        "trainer=smoke",
    )
    assert done.returncode == 0, done.stderr
    listed = subprocess.run(
        [sys.executable, "-m", "mental_health_classifier", "compare", "--runs", "--json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    rows = json.loads(listed.stdout)
    assert {(row["model"], row["seed"], row["status"]) for row in rows} == {
        (model, seed, "completed")
        for model in ("baseline_small", "tfidf_logistic")
        for seed in (1, 2)
    }
    assert len({row["data_fingerprint"] for row in rows}) == 1
    lines = done.stdout.splitlines()
    for job in range(4):
        assert sum(line.startswith(f"{job} model=") for line in lines) == 1
    assert "4 jobs: 4 completed. In the order of the jobs, which chooses nothing." in lines
    assert "Certificate" not in done.stdout and "loss" not in done.stdout


@pytest.mark.slow
def test_a_failed_job_does_not_end_the_sweep(tmp_path: Path) -> None:
    done = train(
        tmp_path,
        "-m",
        "model=tfidf_logistic",
        "data.size=10,1000",
        "evaluation.bootstrap_draws=100",
    )
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "Job 0 (model=tfidf_logistic data.size=10 " in done.stderr
    assert "2 jobs: 1 completed, 1 failed." in done.stdout
    assert sorted(run.status for run in find_runs([tmp_path / "multirun"])) == [
        "completed",
        "failed",
    ]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_sweep_that_was_killed_goes_on_and_repeats_nothing_completed(tmp_path: Path) -> None:
    folder = tmp_path / "it's here, {now}"
    folder.mkdir()
    jobs = ["model=baseline_micro", "data.size=700", "trainer=smoke", "seed=1,2,3", "num_threads=1"]
    quick = ["evaluation.yardstick=null", "evaluation.bootstrap_draws=50", "logger=none"]
    sweep = folder / "multirun" / "s"
    command = [sys.executable, str(ROOT / "train.py"), "-m", *jobs, *quick]
    with subprocess.Popen([*command, "hydra.sweep.dir=multirun/s"], cwd=folder) as process:
        # The attempt is there before the run is.
        while not list(sweep.glob("1-*/run.json")):
            assert process.poll() is None
            time.sleep(0.02)
        process.kill()
    (completed,) = sweep.glob("0-*/attempts/001/end.json")
    before = completed.read_bytes()
    for account, way in (
        ("Jobs wanted: 3, done: 3, missing and run: 1, repeated: 1.", ["--launcher", "joblib"]),
        ("Jobs wanted: 3, done: 3, missing and run: 0, repeated: 0.", []),
    ):
        resumed = subprocess.run(
            [sys.executable, "-m", "mental_health_classifier", "resume", "multirun/s", *way],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert resumed.returncode == 0, resumed.stderr
        assert account in resumed.stdout
    assert completed.read_bytes() == before
    assert [run.status for run in find_runs([sweep])] == ["completed"] * 3
    assert len(list(sweep.glob("1-*/attempts/002"))) == 1


@pytest.mark.slow
def test_two_processes_give_equal_weights(tmp_path: Path) -> None:
    weights = []
    for folder in ("one", "two"):
        done = train(
            tmp_path,
            "model=baseline_micro",
            "data.size=1000",
            "trainer=smoke",
            f"hydra.run.dir={folder}",
            f"cache_dir=cache-{folder}",
            "logger=none",
        )
        assert done.returncode == 0, done.stderr
        weights.append((tmp_path / folder / "checkpoints" / "best.safetensors").read_bytes())
    assert weights[0] == weights[1]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_training_that_is_asked_to_stop_is_recorded_as_interrupted(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    process = subprocess.Popen(
        [
            sys.executable,
            str(ROOT / "train.py"),
            "model=baseline_micro",
            "data.size=2000",
            "trainer.max_epochs=1000",
            "callbacks.early_stopping=null",
        ],
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(600):
            time.sleep(0.1)
            if any(tmp_path.glob("outputs/*/*/metrics.jsonl")):
                break
        process.send_signal(number)
        assert process.wait(60) == code
    finally:
        process.kill()
    (found,) = find_runs([tmp_path / "outputs"])
    assert found.status == "interrupted"
