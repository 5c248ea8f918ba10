import logging
from pathlib import Path

import pytest
from written_runs import write_failed_run, write_run

from mental_health_classifier.console.logs import ScreenFilter
from mental_health_classifier.contracts import InputError
from mental_health_classifier.experiment.ending import (
    alerting,
    begin_quietly,
    say_how_it_ended,
    telling_of_sweep,
)
from mental_health_classifier.tracking.provenance.configuration_hash import job_hash
from mental_health_classifier.tracking.sweep.ledger import SweepJob, begin_sweep

CONFIG = {"seed": 4, "model": {"name": "small"}, "data": {"split_seed": 1}}


@pytest.fixture
def sweep(tmp_path):
    jobs = [SweepJob(0, job_hash(CONFIG), ("seed=4",)), SweepJob(1, "0" * 16, ("seed=5",))]
    begin_sweep(tmp_path, jobs).end({})
    return tmp_path


def test_a_job_of_a_sweep_is_one_line_and_a_single_run_a_page(sweep, tmp_path_factory, capsys):
    say_how_it_ended(write_run(sweep / "0", run={"config": CONFIG}))
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 1 and said[0].startswith("0 seed=4: completed after 2 min 5 s; on test ")
    say_how_it_ended(write_run(tmp_path_factory.mktemp("single") / "run"))
    assert len(capsys.readouterr().out.splitlines()) > 10


def test_a_job_is_quiet_while_it_runs_and_a_single_run_is_not(sweep, tmp_path_factory):
    handler = logging.NullHandler()
    handler.addFilter(ScreenFilter())
    logging.getLogger().addHandler(handler)
    try:
        begin_quietly(write_run(tmp_path_factory.mktemp("single") / "run"))
        assert handler.level == logging.NOTSET
        begin_quietly(write_run(sweep / "0", run={"config": CONFIG}))
        assert handler.level == logging.WARNING
    finally:
        logging.getLogger().removeHandler(handler)


def test_the_table_comes_however_the_sweep_ends(tmp_path, capsys):
    with pytest.raises(KeyboardInterrupt), telling_of_sweep():
        jobs = [SweepJob(0, "0" * 16, ("seed=4",))]
        begin_sweep(tmp_path, jobs).end({})
        raise KeyboardInterrupt
    assert "1 job: 1 missing." in capsys.readouterr().out


def test_the_error_of_a_job_is_told_by_the_table_alone(tmp_path, capsys):
    jobs = [SweepJob(0, job_hash(CONFIG), ("seed=4",))]
    with pytest.raises(SystemExit) as ended, telling_of_sweep():
        begin_sweep(tmp_path, jobs).end({})
        write_failed_run(tmp_path / "0-a", run={"config": CONFIG})
        raise InputError("data.path=x is gone")
    assert ended.value.code == 1
    said = capsys.readouterr()
    assert " ".join(said.out.split()).count("data.path=x is gone") == 1 and said.err == ""


def test_an_error_that_no_job_has_had_is_told(tmp_path):
    with pytest.raises(InputError, match="no such launcher"), telling_of_sweep():
        begin_sweep(tmp_path, [SweepJob(0, job_hash(CONFIG), ("seed=4",))]).end({})
        raise InputError("no such launcher")


def test_without_a_sweep_there_is_no_table(capsys, monkeypatch):
    monkeypatch.setattr("mental_health_classifier.tracking.sweep.ledger._begun_here", [])
    with telling_of_sweep():
        pass
    assert capsys.readouterr().out == ""


@pytest.fixture
def alerts(tmp_path_factory, monkeypatch):
    """Reads what was sent by now."""
    file = tmp_path_factory.mktemp("alerts") / "said"
    file.touch()
    monkeypatch.setenv("MHC_ALERT", f"tee -a {file}")
    return file.read_text


def fail_in(directory: Path) -> None:
    with pytest.raises(ZeroDivisionError), alerting(directory):
        raise ZeroDivisionError


def test_a_single_run_alerts_to_its_end_whatever_that_was(alerts, tmp_path):
    with alerting(write_run(tmp_path / "outputs" / "good")):
        pass
    said = alerts()
    assert said.startswith(f"{tmp_path / 'outputs' / 'good'}: completed after 2 min 5 s; on test ")
    fail_in(write_failed_run(tmp_path / "outputs" / "bad"))
    (line,) = alerts().removeprefix(said).splitlines()
    assert line.startswith(f"{tmp_path / 'outputs' / 'bad'}: failed after ")


def test_a_sweep_alerts_to_its_first_failure_and_to_its_end(alerts, tmp_path):
    configs = [{**CONFIG, "seed": seed} for seed in (4, 5, 6)]
    jobs = [SweepJob(n, job_hash(each), (f"seed={n + 4}",)) for n, each in enumerate(configs)]
    with telling_of_sweep():
        begin_sweep(tmp_path, jobs).end({})
        with alerting(write_run(tmp_path / "0-a", run={"config": configs[0], "seed": 4})):
            pass
        assert alerts() == ""
        fail_in(write_failed_run(tmp_path / "1-a", run={"config": configs[1], "seed": 5}))
        first = alerts()
        assert f"{tmp_path}: the first of its jobs failed. 1-a: failed after " in first
        fail_in(write_failed_run(tmp_path / "2-a", run={"config": configs[2], "seed": 6}))
        assert alerts() == first
    assert alerts().removeprefix(first) == f"{tmp_path}: 3 jobs: 1 completed, 2 failed.\n"


def test_an_alert_that_cannot_be_sent_ends_a_command_before_it_begins(monkeypatch):
    monkeypatch.setenv("MHC_ALERT", "no-such-command")
    with pytest.raises(InputError, match="not here"), telling_of_sweep():
        raise AssertionError("it began")
