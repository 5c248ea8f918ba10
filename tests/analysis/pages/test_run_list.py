from pathlib import Path

from written_runs import write_failed_run, write_run

from mental_health_classifier.analysis.pages.run_list import row_of, run_list
from mental_health_classifier.console.tables import new_console
from mental_health_classifier.tracking.record.run_summary import read_run


def printed(rows, *, width: int | None = None) -> str:
    console = new_console()
    console.width = width or 1000
    with console.capture() as capture:
        console.print(run_list(rows, width=width))
    return capture.get()


def test_a_list_of_runs_says_what_became_of_them(tmp_path: Path):
    runs = [write_run(tmp_path / "a"), write_failed_run(tmp_path / "b")]
    runs += [write_run(tmp_path / "c", left_out=("end.json",)), write_run(tmp_path / "d")]
    (runs[-1] / "run.json").write_text("{", encoding="utf-8")
    rows = [row_of(read_run(run)) for run in runs]
    page = printed(rows)
    for status in ("completed", "failed", "killed", "damaged"):
        assert status in page
    assert "b: InputError: data.path=x is gone" in page
    assert "run.json is damaged" in page
    assert "epoch" not in page.splitlines()[0]
    narrow = printed(rows, width=80)
    assert max(map(len, narrow.splitlines())) <= 80 and "killed" in narrow
    assert "No room for: " in narrow


def test_of_a_run_that_runs_it_says_how_far_it_is(record_run):
    record = record_run(config={"trainer": {"max_epochs": 4}}, handles_signals=False)
    record.write_data({"name": "posts", "priority_class": None, "classes": ["a", "b"]})
    for epoch in range(2):
        scores = {"val/f1_macro": 0.5, "val/loss": 1.0}
        record.log_metrics(scores, step=10 * epoch + 9, epoch=epoch)
    for step, seconds in ((4, 40.0), (20, 72.0)):
        record._append("resources.jsonl", {"time": seconds, "step": step, "memory_megabytes": 1})
    row = row_of(read_run(record.directory))
    # Two seconds a step, of which 20 are left.
    assert (row["epoch"], row["epochs"], row["remaining_seconds"]) == (2, 4, 40.0)
    page = printed([row])
    assert "2/4" in page and "40 s" in page
    record.finish(metrics={})
    with record:
        pass
    assert row_of(read_run(record.directory))["remaining_seconds"] is None
