import logging

import pytest
from written_runs import write_run

from mental_health_classifier.console.logs import ScreenFilter
from mental_health_classifier.experiment.ending import (
    begin_quietly,
    say_how_it_ended,
    table_of_sweep,
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
    with pytest.raises(KeyboardInterrupt), table_of_sweep():
        jobs = [SweepJob(0, "0" * 16, ("seed=4",))]
        begin_sweep(tmp_path, jobs).end({})
        raise KeyboardInterrupt
    assert "1 job: 1 missing." in capsys.readouterr().out


def test_without_a_sweep_there_is_no_table(capsys, monkeypatch):
    monkeypatch.setattr("mental_health_classifier.tracking.sweep.ledger._begun_here", [])
    with table_of_sweep():
        pass
    assert capsys.readouterr().out == ""
