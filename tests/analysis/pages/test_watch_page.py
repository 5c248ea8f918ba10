from datetime import datetime
from pathlib import Path

from mental_health_classifier.analysis.pages.watch_page import curve_points, watch_page
from mental_health_classifier.tracking.record.run_progress import RunProgress
from mental_health_classifier.tracking.sweep.progress import JobProgress, SweepProgress

AT = datetime(2026, 11, 23, 15, 4, 5)
PROGRESS = RunProgress(metric="val/f1_macro", values=(0.2, 0.6), epoch=2, epochs=4)


def page_of(*jobs, is_over=False):
    sweep = SweepProgress(Path("multirun/sweep"), jobs, is_over)
    return watch_page(sweep, at=AT, refresh_seconds=7)


def test_the_highest_value_is_at_the_top_and_a_single_one_is_level():
    assert curve_points([0.2, 0.6], 0.2, 0.6) == "2.0,22.0 118.0,2.0"
    assert curve_points([0.4], 0.2, 0.6) == "2.0,12.0 14.0,12.0"
    assert curve_points([], 0.0, 1.0) == ""


def test_the_page_is_read_again_until_the_sweep_is_over():
    running = page_of(JobProgress(0, "seed=1", "running", progress=PROGRESS))
    assert 'data-seconds="7" checked> Read again every 7 seconds' in running
    assert ".600" in running and "2/4" in running and "macro F1 on val" in running
    assert "Written 2026-11-23 15:04:05 UTC" in running
    over = page_of(JobProgress(0, "seed=1", "completed", progress=PROGRESS), is_over=True)
    assert "location.reload" in running and "<script>" not in over
    assert "Read again" not in over and "nothing runs any more" in over


def test_the_page_asks_nothing_of_a_network_and_escapes_what_people_named():
    page = page_of(JobProgress(0, "name=<script>x", "failed", problem="<b>\u202egone"))
    assert "<script>x" not in page and "&lt;script&gt;x" in page
    assert "<b>" not in page and "\u202e" not in page
    assert "http://" not in page and "https://" not in page and "default-src 'none'" in page
