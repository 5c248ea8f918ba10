"""What several tests share: composed configurations, small corpora, public corpora where they are
at hand."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

# Threads of many small networks at once wait for each other longer than they compute. Before torch
# is imported, which reads this once.
os.environ["OMP_NUM_THREADS"] = "1"
# The same for commands that the tests start: each process of xdist keeps to a processor of its own,
# of which a run takes as many threads as there are.
if worker := os.environ.get("PYTEST_XDIST_WORKER"):
    processors = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {processors[int(worker.removeprefix("gw")) % len(processors)]})
# Commands print as into a pipe, however wide the terminal is in which the tests were started.
os.environ.pop("COLUMNS", None)

from hydra import compose, initialize_config_dir
from omegaconf import DictConfig
from typer.testing import CliRunner, Result

from mental_health_classifier.cli.app import app
from mental_health_classifier.configuration.build import register_resolvers
from mental_health_classifier.tracking.provenance.environment import DETERMINISM
from mental_health_classifier.tracking.record.run_record import RunRecord, recorded_run
from mental_health_classifier.tracking.record.run_summary import RunSummary

# What a shell starts in the background ignores Ctrl-C, and under nohup that the terminal is gone;
# so would all that the tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

ROOT = Path(__file__).resolve().parent.parent
SHOWN = "shown"
RUN: dict[str, Any] = {
    "name": "baseline",
    "description": "the smallest network",
    "hypothesis": "it beats a bag of words",
    "tags": ["pilot"],
    "seed": 1,
    "model": "baseline_micro",
    "variants": ["curriculum"],
    "config": {"seed": 1, "model": {"width": 64}},
    "overrides": ["model=baseline_micro"],
    "argv": ["train.py", "model=baseline_micro"],
}
"""What a record is begun with."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--no-skips", action="store_true", help="a skipped test fails the session")


def pytest_sessionstart(session: pytest.Session) -> None:
    if (ROOT / "conf" / "local" / "default.yaml").exists():
        pytest.exit("conf/local/default.yaml changes what tests compose: move it away for them", 3)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if session.config.getoption("--no-skips") and reporter and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any) -> None:
    lines = [
        line
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", None) == "call"
        for key, line in report.user_properties
        if key == SHOWN
    ]
    if lines:
        terminalreporter.section("figures")
        for line in lines:
            terminalreporter.write_line(line)


@pytest.fixture
def show(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Shows a line below the results, whichever process runs the test: their output is lost."""
    return partial(record_property, SHOWN)


@pytest.fixture
def compose_config(tmp_path: Path) -> Callable[[Sequence[str]], DictConfig]:
    """Composes the project's configuration as the command line would; caches go to a folder of the
    test."""

    def composed(overrides: Sequence[str]) -> DictConfig:
        register_resolvers()
        with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
            return compose("config", overrides=[f"cache_dir={tmp_path / 'cache'}", *overrides])

    return composed


@pytest.fixture
def corpora() -> Path:
    """The folder with public corpora that MHC_CORPORA names."""
    folder = os.environ.get("MHC_CORPORA")
    if not folder:
        pytest.skip("MHC_CORPORA does not name a folder with the public corpora")
    return Path(folder)


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, RunSummary]:
    """A network and the yardstick, trained once; nothing may be changed in their folders."""
    from trained_runs import train_run

    folder = tmp_path_factory.mktemp("trained")
    models = ("baseline_micro", "tfidf_logistic")
    return {model: train_run(folder, model, f"model={model}") for model in models}


@pytest.fixture
def mhc(
    runs: dict[str, RunSummary], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Result]:
    """Runs the command on copies of the trained runs, in the test's own folder."""
    monkeypatch.chdir(tmp_path)
    for variable, value in DETERMINISM.items():
        # Set already, they do not make a command start Python, and with it the tests, once more.
        monkeypatch.setenv(variable, value)
    for name, run in runs.items():
        shutil.copytree(run.directory, tmp_path / "outputs" / name)

    def ran(*arguments: object) -> Result:
        return CliRunner().invoke(app, list(map(str, arguments)))

    return ran


@pytest.fixture
def record_run(tmp_path: Path) -> Callable[..., RunRecord]:
    """Claims a directory below the test's own for a run; anything about it can be changed."""

    def record(directory: str = "run", **changes: Any) -> RunRecord:
        return recorded_run(tmp_path / directory, **{**RUN, **changes})

    return record


@pytest.fixture
def start_child(tmp_path: Path) -> Iterator[Callable[[str], subprocess.Popen[str]]]:
    """Starts another Python that can `record(directory)`; it is gone when the test is over."""
    children: list[subprocess.Popen[str]] = []

    def start(body: str) -> subprocess.Popen[str]:
        preamble = f"""
import os, signal, sys, time
from pathlib import Path
from mental_health_classifier.tracking.record.run_record import recorded_run

def record(directory="run"):
    return recorded_run(Path({str(tmp_path)!r}, directory), **{RUN!r})

"""
        script = preamble + textwrap.dedent(body)
        child = subprocess.Popen(
            [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        children.append(child)
        return child

    yield start
    for child in children:
        child.kill()
        child.communicate()
