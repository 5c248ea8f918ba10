"""How long it takes to list recorded runs, to make a table of them, and to record one, and what
recording takes beside training.

    python benchmarks/record_speed.py [--runs 10000] [--mlflow-runs 10000]

MLflow, with the same numbers in its SQLite store, is measured beside it where the extra
`benchmarks` is installed. Its interface takes 0.2 s to log a run, so only the first runs go through
it; the others are copies of them under ids of their own, made in SQL. Seconds are wall time, the
least of three; MLflow searches once.
"""

from __future__ import annotations

import argparse
import json
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from recorded_runs import numbers_of, write_runs

REPEATS = 3
LOGGED_RUNS = 200
"""Runs that MLflow's store gets through its interface."""
TABLE = "DataFrame of {} runs: s"
MLFLOW = "MLflow: DataFrame of {} runs (search_runs): s"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--mlflow-runs", type=int, default=10_000)
    parser.add_argument("--part", choices=[*PARTS], default=None)
    parser.add_argument("--root", type=Path, default=None)
    given = parser.parse_args()
    if given.part is not None:
        print(json.dumps(PARTS[given.part](given)))
        return
    with tempfile.TemporaryDirectory() as folder:
        given.root = Path(folder, "outputs")
        write_runs(given.root, given.runs)
        measured: dict[str, float] = {}
        for part in PARTS:
            # Each in a process of its own, so that memory is that of the part.
            command = [sys.executable, __file__, "--part", part, "--root", str(given.root)]
            counts = ["--runs", str(given.runs), "--mlflow-runs", str(given.mlflow_runs)]
            output = subprocess.run([*command, *counts], stdout=subprocess.PIPE, check=True).stdout
            for name, value in json.loads(output.splitlines()[-1]).items():
                measured[name] = value
                print(f"{name:<60} {value}")
        ours, theirs = TABLE.format(given.runs), MLFLOW.format(given.mlflow_runs)
        if given.runs == given.mlflow_runs and theirs in measured:
            ratio = measured[theirs] / measured[ours]
            print(f"{'our DataFrame is faster than that of MLflow: times':<60} {ratio:.0f}")


def measure_list(given: argparse.Namespace) -> dict[str, object]:
    from mental_health_classifier.tracking.listing_index import FILE_NAME
    from mental_health_classifier.tracking.run_index import list_runs

    def list_anew() -> None:
        (given.root / FILE_NAME).unlink(missing_ok=True)
        list_runs([given.root])

    return {
        f"list {given.runs} runs, no index: s": least_seconds(list_anew),
        f"list {given.runs} runs, with index: s": least_seconds(lambda: list_runs([given.root])),
        "memory of the process: MB": peak_megabytes(),
    }


def measure_table(given: argparse.Namespace) -> dict[str, object]:
    from mental_health_classifier.analysis.model_analyzer import ModelAnalyzer

    sizes = []

    def table() -> None:
        made = ModelAnalyzer([given.root]).create_performance_comparison()
        sizes.append(made.memory_usage(deep=True).sum() / 2**20)

    return {
        TABLE.format(given.runs): least_seconds(table),
        "memory of the DataFrame: MB": round(sizes[0], 1),
        "memory of the process at its peak: MB": peak_megabytes(),
    }


def measure_record(given: argparse.Namespace) -> dict[str, object]:
    from mental_health_classifier.tracking.record import run_record

    arguments = {
        **{"name": "a", "description": "", "hypothesis": "", "tags": [], "seed": 1, "model": "m"},
        **{"variants": [], "config": {"a": 1}, "overrides": [], "argv": []},
    }
    captures = ("read_git_state", "read_source", "read_environment", "read_hardware")
    capture_seconds = 0.0

    def timed(function: Callable[..., object]) -> Callable[..., object]:
        def call(*values: object) -> object:
            nonlocal capture_seconds
            start = time.perf_counter()
            try:
                return function(*values)
            finally:
                capture_seconds += time.perf_counter() - start

        return call

    for name in captures:
        setattr(run_record, name, timed(getattr(run_record, name)))
    metrics = {f"val/recall/{name}": 0.123456789 for name in "abcdef"}
    overhead, lines = [], []
    for number in range(REPEATS):
        capture_seconds, start = 0.0, time.perf_counter()
        with run_record.recorded_run(given.root.parent / f"recorded{number}", **arguments) as run:
            begun = time.perf_counter() - start - capture_seconds
            run.log_metrics(metrics, step=0, epoch=0)
            start = time.perf_counter()
            for step in range(1000):
                run.log_metrics(metrics, step=step, epoch=0)
            lines.append((time.perf_counter() - start) / 1000)
            run.finish(metrics={"test/accuracy": 0.5})
            start = time.perf_counter()
        overhead.append(begun + time.perf_counter() - start)
    return {
        "record a run, beyond capturing its environment: ms": round(min(overhead) * 1e3, 1),
        "log six metrics of a step: us": round(min(lines) * 1e6, 1),
    }


def measure_training(given: argparse.Namespace) -> dict[str, object]:
    from recording_cost import measure_recording

    with tempfile.TemporaryDirectory() as folder:
        return {**measure_recording(Path(folder))}


def measure_mlflow(given: argparse.Namespace) -> dict[str, object]:
    if find_spec("mlflow") is None:
        return {"MLflow": "not measured: the extra `benchmarks` is not installed"}
    import mlflow
    from mlflow.entities import Metric, Param

    store = given.root.parent / "mlflow.db"
    mlflow.set_tracking_uri(f"sqlite:///{store}")
    client = mlflow.MlflowClient()
    experiment = client.create_experiment("speed")
    for number in range(min(given.mlflow_runs, LOGGED_RUNS)):
        run = client.create_run(experiment, run_name=f"run {number}")
        metrics, intervals = numbers_of(number)
        ends = {
            f"{key}_{end}": v
            for key, vs in intervals.items()
            for end, v in zip("lh", vs, strict=True)
        }
        client.log_batch(
            run.info.run_id,
            metrics=[Metric(key, value, 0, 0) for key, value in (metrics | ends).items()],
            params=[Param(f"key{index}", str(index)) for index in range(20)],
        )
        client.set_terminated(run.info.run_id)
    copy_runs(store, given.mlflow_runs)
    start = time.perf_counter()
    found = mlflow.search_runs([experiment], max_results=given.mlflow_runs)
    seconds = time.perf_counter() - start
    assert len(found) == given.mlflow_runs
    return {MLFLOW.format(given.mlflow_runs): round(seconds, 3)}


def copy_runs(store: Path, wanted: int) -> None:
    """Fills MLflow's store up to `wanted` runs with copies of those that are there."""
    with sqlite3.connect(store) as database:
        database.execute("CREATE TEMPORARY TABLE copies (run_uuid TEXT, copy TEXT)")
        originals = [row[0] for row in database.execute("SELECT run_uuid FROM runs")]
        database.executemany(
            "INSERT INTO copies VALUES (?, ?)",
            (
                (originals[number % len(originals)], f"{number:032x}")
                for number in range(len(originals), wanted)
            ),
        )
        for table in ("runs", "metrics", "latest_metrics", "params", "tags"):
            columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
            copied = ("copy" if name == "run_uuid" else f"{table}.{name}" for name in columns)
            database.execute(
                f"INSERT INTO {table} ({', '.join(columns)}) "
                f"SELECT {', '.join(copied)} FROM {table} JOIN copies USING (run_uuid)"
            )


def least_seconds(work: Callable[[], object]) -> float:
    seconds = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return round(min(seconds), 3)


def peak_megabytes() -> float:
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


PARTS = {
    "list": measure_list,
    "table": measure_table,
    "record": measure_record,
    "training": measure_training,
    "mlflow": measure_mlflow,
}

if __name__ == "__main__":
    main()
