"""Every table of the commands at the widths that terminals have."""

import pytest
from table_widths import assert_no_number_is_cut
from written_runs import write_failed_run, write_run, yardstick_of

from mental_health_classifier.tracking.provenance.configuration_hash import job_hash
from mental_health_classifier.tracking.sweep.ledger import SweepJob, begin_sweep

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
    "behaviour": ("behaviour", OTHER),
    "explain": ("explain", RUN, "--posts", "4"),
    "explain text": ("explain", RUN, "--text", "i cannot sleep and everything feels hopeless"),
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
    assert_no_number_is_cut(command, monkeypatch)


@pytest.mark.usefixtures("mhc")
@pytest.mark.parametrize("command", OF_TRAINED_RUNS.values(), ids=OF_TRAINED_RUNS)
def test_no_number_of_a_trained_run_is_cut_in_sixty_columns(command, monkeypatch):
    assert_no_number_is_cut(command, monkeypatch, widths=[60])
