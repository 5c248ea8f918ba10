from dataclasses import replace
from pathlib import Path

from written_runs import write_run

from mental_health_classifier.analysis.pages.sweep_table import line_of, sweep_table
from mental_health_classifier.console.tables import new_console
from mental_health_classifier.tracking.record.run_progress import RunProgress, progress_of
from mental_health_classifier.tracking.record.run_summary import read_run
from mental_health_classifier.tracking.sweep.progress import JobProgress, SweepProgress


def completed(directory: Path, number: int) -> JobProgress:
    run = read_run(write_run(directory / str(number), recall=0.8))
    return JobProgress(number, f"seed={number}", "completed", run, progress_of(run))


def printed(sweep: SweepProgress, *, width: int) -> str:
    console = new_console()
    console.width = width
    with console.capture() as capture:
        console.print(sweep_table(sweep, width=width))
    return capture.get()


def test_a_job_is_said_in_one_line(tmp_path):
    assert line_of(completed(tmp_path, 3)) == (
        "3 seed=3: completed after 2 min 5 s; on test recall at spec. .80 .800 [.76, .83], "
        "accuracy .750 [.71, .78]"
    )
    failed = JobProgress(1, "seed=1", "failed", problem="data.path=x is gone")
    assert line_of(failed) == "1 seed=1: failed; data.path=x is gone"
    assert line_of(JobProgress(2, "seed=2", "waiting")) == "2 seed=2: waiting"


def test_the_table_has_every_job_with_its_numbers_and_what_went_wrong(tmp_path):
    lost = JobProgress(1, "seed=1", "failed", problem="data.path=x is gone")
    killed = replace(lost, number=2, name="seed=2", status="killed", problem=None)
    killed = replace(killed, progress=RunProgress(epoch=2, epochs=9, elapsed_seconds=61))
    sweep = SweepProgress(tmp_path, (completed(tmp_path, 0), lost, killed), is_over=True)
    shown = printed(sweep, width=120)
    lines = [line.split() for line in shown.splitlines()]
    assert ["2", "seed=2", "killed", "-", "-", "2/9", "1:01", "-", "-"] in lines
    assert ".800 [.76, .83]" in shown and ".750 [.71, .78]" in shown
    assert "3 jobs: 1 completed, 1 failed, 1 killed." in shown
    assert shown.rstrip().endswith("1 seed=1: data.path=x is gone")
    narrow = printed(sweep, width=60)
    assert ".800 [.76, .83]" in narrow and "No room for:" in narrow and "…" not in narrow


def test_a_sweep_that_came_to_nothing_has_a_table_without_numbers(tmp_path):
    sweep = SweepProgress(tmp_path, (JobProgress(0, "seed=1", "missing"),), is_over=True)
    assert "1 job: 1 missing." in printed(sweep, width=80)
