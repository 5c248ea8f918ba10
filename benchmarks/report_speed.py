"""How long a report on many runs takes, how large it is, and how fast a browser sorts its table.

    python benchmarks/report_speed.py [--runs 100 300 1000]

The runs have predictions of 600 test posts and training curves of 300 lines each, five seeds a
configuration. Seconds are processor time of one report; the browser is Chromium, where it is
installed.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import tempfile
import time
from pathlib import Path

import numpy as np
from recorded_runs import CLASSES, write_runs
from slopes import slope_line

from mental_health_classifier.analysis.report.contents import gather_report
from mental_health_classifier.analysis.report.page import report_page
from mental_health_classifier.contracts import Predictions, Task
from mental_health_classifier.storage.json_lines import append_record, open_records
from mental_health_classifier.tracking.record.prediction_files import write_predictions
from mental_health_classifier.tracking.run_index import find_runs

POSTS = 600
STEPS = 300
FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync")
SORT = """
const done = arguments[0], seconds = [];
const buttons = document.querySelectorAll("#table-1 thead button");
(async () => {
  for (const place of [1, 4, 0, 1, 5]) {
    const start = performance.now();
    buttons[place].click();
    document.body.offsetHeight;  // the layout belongs to the answer
    await new Promise(requestAnimationFrame);
    seconds.push(performance.now() - start);
  }
  done(seconds);
})();
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, nargs="+", default=[1000])
    given = parser.parse_args()
    costs = [measure(count) for count in given.runs]
    for what, unit, of_one in zip(
        ("report", "page"), ("s", "MB"), zip(*costs, strict=True), strict=True
    ):
        if len(costs) > 1:
            print(slope_line(what, given.runs, of_one, unit=unit, at=(10, 1000, 100_000)))


def measure(count: int) -> tuple[float, float]:
    """Prints what a report on so many runs takes; returns its seconds and megabytes."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "outputs")
        write_runs(root, count)
        for number, record in enumerate(sorted(root.rglob("run.json"))):
            complete_run(record.parent, number)
        start = time.process_time()
        runs = find_runs([root])
        read = time.process_time()
        report = gather_report(runs)
        gathered = time.process_time()
        page = report_page(report)
        written = time.process_time()
        path = Path(folder, "report.html")
        path.write_text(page, encoding="utf-8")
        megabytes = path.stat().st_size / 1e6
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"report on {count} runs: {written - start:.1f} s", end=" ")
        print(
            f"(reading {read - start:.1f}, working out {gathered - read:.1f}, "
            f"page {written - gathered:.1f}), {megabytes:.1f} MB, peak memory {peak:.0f} MB"
        )
        print(f"sorting {count} rows in the browser: {sorting_time(path, Path(folder))}")
        return written - start, megabytes


def complete_run(directory: Path, number: int) -> None:
    """Adds predictions, a training curve and what makes it admissible to a written run."""
    end = directory / "attempts" / "001" / "end.json"
    content = json.loads(end.read_text(encoding="utf-8"))
    content["metrics"] |= {"val/support/suicide": 100, "val/operating_point/alert_rate": 0.3}
    content["intervals"] |= {
        "val/operating_point/specificity": [0.7, 0.9],
        "val/auprc_above_chance": [0.1, 0.3],
    }
    end.write_text(json.dumps(content), encoding="utf-8")
    generator = np.random.default_rng(number)
    for part in ("val", "test"):
        labels = np.arange(POSTS) % len(CLASSES)
        logits = generator.normal(size=(POSTS, len(CLASSES))) + np.eye(len(CLASSES))[labels]
        probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        predictions = Predictions(
            part=part,
            task=Task.categorical("condition", CLASSES, "suicide"),
            post_ids=[f"{place:08x}" for place in range(POSTS)],
            authors=[f"{place // 3:08x}" for place in range(POSTS)],
            labels=labels,
            probabilities=probabilities.round(6),
        )
        write_predictions(predictions, directory / "predictions" / f"{part}.csv")
    with open_records(directory / "metrics.jsonl") as handle:
        for step, loss in enumerate(2 - generator.random(STEPS)):
            append_record(handle, {"step": step, "epoch": step // 30, "train/loss": float(loss)})


def sorting_time(path: Path, folder: Path) -> str:
    """Median and longest of some sorts, with their layout, in milliseconds."""
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or driver is None:
        return "not measured: chromium and chromedriver are not installed"
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in (*FLAGS, f"--user-data-dir={folder / 'profile'}", "--window-size=1280,900"):
        options.add_argument(flag)
    browser = webdriver.Chrome(options=options, service=Service(driver))
    try:
        browser.get(path.as_uri())
        milliseconds = sorted(browser.execute_async_script(SORT))
    finally:
        browser.quit()
    middle = milliseconds[len(milliseconds) // 2]
    return f"median {middle:.0f} ms, longest {milliseconds[-1]:.0f} ms"


if __name__ == "__main__":
    main()
