from dataclasses import replace
from datetime import datetime
from pathlib import Path

from mental_health_classifier.analysis.pages.watch import (
    LiveScreen,
    changes_between,
    jobs_table,
    sparkline,
)
from mental_health_classifier.console.tables import new_console
from mental_health_classifier.tracking.record.run_progress import RunProgress
from mental_health_classifier.tracking.sweep.progress import JobProgress, SweepProgress

RUNNING = RunProgress(
    metric="val/recall_at_spec80",
    values=(0.1, 0.45, 0.8),
    epoch=3,
    epochs=12,
    elapsed_seconds=125,
    remaining_seconds=4321,
    processor_percent=97.6,
    memory_bytes=810 * 2**20,
    host="here",
)


def job(number, status="running", progress=RUNNING, **facts):
    return JobProgress(number, f"seed={number}", status, progress=progress, **facts)


def sweep_of(*jobs, is_over=False, to_come=0):
    return SweepProgress(Path("multirun/sweep"), jobs, is_over, to_come)


def printed(what, *, width=120, height=30):
    console = new_console()
    console.width, console.height = width, height
    with console.capture() as capture:
        console.print(what)
    return capture.get()


def test_a_curve_rises_from_the_lowest_to_the_highest_block():
    assert sparkline([0.1, 0.3, 0.8], 0.1, 0.8) == "▁▃█"
    assert sparkline([0.1, 0.8], 0.1, 0.8, is_ascii=True) == "_#"
    assert sparkline([0.5], 0.5, 0.5) == "▁"
    assert sparkline([], 0.0, 1.0) == ""
    assert sparkline([0.1] * 50, 0, 1) == "▂" * 12 and sparkline([0, 1] * 9, 0, 1, most=3) == "█▁█"
    assert sparkline([2.0, -1.0], 0, 1) == "█▁"


def test_a_job_has_a_line_with_all_that_is_known_of_it():
    shown = printed(jobs_table([job(0), job(1, "waiting", RunProgress())], width=120))
    first = next(line for line in shown.splitlines() if "seed=0" in line)
    assert first.split() == [
        *(
            "0",
            "seed=0",
            "running",
            "3/12",
            "▁▄█",
            ".800",
            "2:05",
            "1:12:01",
            "810",
            "MB",
            "98",
            "%",
        )
    ]
    assert "No room" not in shown and "host" not in shown


def test_hosts_and_graphics_memory_have_a_column_where_they_tell_jobs_apart():
    other = replace(RUNNING, host="there", gpu_memory_bytes=1.6 * 2**30)
    shown = printed(jobs_table([job(0), job(1, progress=other)], width=150), width=150)
    assert "there" in shown and "1.6 GB" in shown


def test_settings_are_wrapped_between_words_and_never_cut():
    named = replace(job(0), name="learning_rate=0.001 pooling=attention_readout seed=11")
    for width in (60, 80, 120):
        shown = printed(jobs_table([named], width=width), width=width)
        assert "…" not in shown
        assert {"learning_rate=0.001", "pooling=attention_readout", "seed=11"} <= {*shown.split()}


def test_columns_are_left_out_whole_and_named():
    shown = printed(jobs_table([job(0)], width=50), width=50)
    assert "No room for:" in shown and "CPU" in shown.partition("No room for:")[2]
    assert ".800" in shown and "…" not in shown


def test_a_screen_that_is_too_low_shows_what_runs_and_what_failed():
    jobs = [job(number, "completed") for number in range(40)]
    jobs[37], jobs[3] = job(37), job(3, "failed", problem="data.path=x is gone")
    shown = printed(LiveScreen(sweep_of(*jobs)), height=16)
    assert len(shown.splitlines()) <= 16
    assert "seed=37" in shown and "3 seed=3: data.path=x is gone" in shown
    assert "40 jobs: 1 running, 38 completed, 1 failed; no room for 36 jobs." in shown


def test_only_what_is_new_has_a_line():
    at = datetime(2026, 11, 23, 15, 4, 5)
    before = sweep_of(job(0), job(1, "waiting", RunProgress()))
    assert len(list(changes_between(None, before, at=at))) == 2
    assert list(changes_between(before, before, at=at)) == []
    fourth = replace(RUNNING, values=(*RUNNING.values, 0.75), epoch=4)
    after = sweep_of(job(0, progress=fourth), job(1, "failed", RunProgress(), problem="no room"))
    assert list(changes_between(before, after, at=at)) == [
        "15:04:05  0 seed=0: running, epoch 4 of 12, recall at spec. .80 .750 on val, "
        "1:12:01 left at most",
        "15:04:05  1 seed=1: failed, no room",
    ]


def test_names_do_not_steer_the_terminal():
    hostile = JobProgress(0, "name=\x1b[2J[red]x", "running", progress=RUNNING)
    assert r"\x1b[2J[red]x" in printed(LiveScreen(sweep_of(hostile)))
