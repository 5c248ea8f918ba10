"""Every table of the commands at the widths that terminals have."""

import re

import pytest
from typer.testing import CliRunner
from written_runs import write_failed_run, write_run, yardstick_of

from mental_health_classifier.cli.app import app
from mental_health_classifier.tracking.provenance.configuration_hash import job_hash
from mental_health_classifier.tracking.sweep.ledger import SweepJob, begin_sweep

NUMBER = re.compile(r"(?<![\w.,/-])[-+\u2212]?(?:\d[\d,]*\.?\d*|\.\d+)(?![\w/])")
CLASSES = ("suicide", "a_class_with_a_name_that_is_long", "control")
COMMANDS = {
    "runs": ("runs",),
    "compare": ("compare",),
    "compare runs": ("compare", "--runs"),
    "compare by corpus": ("compare", "--by-corpus"),
    "compare columns": (
        "compare",
        "--runs",
        "--columns",
        "experiment_name,final_accuracy,final_n,seed",
    ),
    "best": ("best",),
    "show": ("show", "outputs/a"),
    "show failed": ("show", "outputs/c"),
    "diff": ("diff", "outputs/a", "outputs/b"),
    "watch": ("watch", "multirun/d/s"),
}

RUN, OTHER = "outputs/baseline_micro", "outputs/tfidf_logistic"
OF_TRAINED_RUNS = {
    "compare test": ("compare", "--test", RUN, OTHER),
    "evaluate": ("evaluate", RUN, "--bootstrap-draws", "40"),
    "certify": ("certify", RUN),
    "ensemble": ("ensemble", RUN, OTHER),
    "shortcuts": ("shortcuts", RUN),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Runs with long names and long numbers, one that failed, and a sweep that is over."""
    folder = tmp_path_factory.mktemp("tables")
    facts = {
        "classes": CLASSES,
        "end": {"yardstick": yardstick_of({"test/accuracy": (0.1, 0, 0.2)})},
    }
    name = {"name": "a name of a run that says at length what it was about"}
    write_run(folder / "outputs" / "a", recall=0.9, run=name, **facts)
    other = {"seed": 2, "model": {"name": "small", "width": 128}, "data": {"split_seed": 1}}
    changed = {"config": {**other, "evaluation": {"specificity_floor": 0.8}}, "seed": 2}
    write_run(folder / "outputs" / "b", recall=0.7, run={**name, **changed}, classes=CLASSES)
    write_failed_run(folder / "outputs" / "c")
    sweep = folder / "multirun" / "d" / "s"
    sweep.mkdir(parents=True)
    configs = [{"seed": seed, "model": {"name": "small"}} for seed in range(2)]
    jobs = [
        SweepJob(seed, job_hash(config), ("model.learning_rate=0.00123456", f"data.size={seed}"))
        for seed, config in enumerate(configs)
    ]
    begin_sweep(sweep, jobs).end({})
    write_run(sweep / "0", run={"config": configs[0]})
    return folder


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_no_number_is_cut_at_any_width(command, folder, monkeypatch):
    monkeypatch.chdir(folder)
    wide = printed(command, 400, monkeypatch)
    known = set(NUMBER.findall(wide))
    assert known
    for width in (60, 80, 120):
        shown = printed(command, width, monkeypatch)
        assert "…" not in shown
        assert set(NUMBER.findall(shown)) <= known
        assert max(map(len, shown.splitlines())) <= width


@pytest.mark.parametrize("command", OF_TRAINED_RUNS.values(), ids=OF_TRAINED_RUNS)
def test_no_number_of_a_trained_run_is_cut_in_sixty_columns(command, mhc, monkeypatch):
    monkeypatch.setenv("COLUMNS", "400")
    wide = mhc(*command)
    assert wide.exit_code == 0, wide.output
    monkeypatch.setenv("COLUMNS", "60")
    narrow = mhc(*command).stdout
    assert "…" not in narrow
    known = set(NUMBER.findall(wide.stdout))
    assert known and set(NUMBER.findall(narrow)) <= known
    assert max(map(len, narrow.splitlines())) <= 60


def printed(command, width, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(width))
    result = CliRunner().invoke(app, list(command))
    assert result.exit_code == 0, result.output
    return result.stdout
