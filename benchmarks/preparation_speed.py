"""How long posts take from a CSV file to batches that can be trained on, and in how much memory.

    python benchmarks/preparation_speed.py [--json] [--sizes 1000 10000 100000 1000000]

Sample posts are written to a file, which is then prepared as anyone's file would be: read,
scrubbed, freed of duplicates, grouped with near-duplicates, divided, a vocabulary learned, turned
into tokens. Each measurement is a fresh process with an empty cache; importing is not counted.
Memory is the largest sum over the process and its workers, pages they share counted in each;
processor time is theirs too, with importing.
Opening is what a second run does: the same calls in another fresh process, the first of them and
the median of the others.
"""

from __future__ import annotations

import argparse
import importlib
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil
from machine import describe_machine, machine_line
from slopes import slope_line

ROOT = Path(__file__).resolve().parent.parent
SIZES = (1_000, 10_000, 100_000, 1_000_000)
EXPECTED_AT = (10_000, 1_000_000, 100_000_000)
ROUNDS_OF_OPENING = 11
SAMPLED_EVERY_SECONDS = 0.05
IMPORTED_BEFORE = (
    "mental_health_classifier.data.corpus",
    "mental_health_classifier.data.datamodule",
    "datasketch",
    "sklearn.feature_extraction.text",
)
COLUMNS = {
    "    posts": ("posts", "{:,}"),
    "seconds": ("seconds", "{:.1f}"),
    "posts/s": ("posts_per_second", "{:,.0f}"),
    "corpus s": ("corpus_seconds", "{:.1f}"),
    "tokens s": ("tokens_seconds", "{:.1f}"),
    "CPU s": ("cpu_seconds", "{:.0f}"),
    "peak MB": ("peak_mb", "{:,.0f}"),
    "cache MB": ("cache_mb", "{:,.1f}"),
    "first opening ms": ("first_opening_ms", "{:.1f}"),
    "opening ms": ("opening_ms", "{:.1f}"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="numbers of posts")
    parser.add_argument("--workers", type=int, default=None, help="data.num_workers")
    parser.add_argument("--json", action="store_true", help="one JSON object on the last line")
    parser.add_argument("--step", choices=("make", "prepare", "open"), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.step:
        print(json.dumps(step(arguments.step, arguments.folder, arguments)))
        return
    machine = describe_machine()
    print(machine_line(machine))
    print("  ".join(title.rjust(len(title)) for title in COLUMNS))
    rows = []
    for size in arguments.sizes:
        rows.append(row := measure(size, arguments.workers))
        cells = [form.format(row[key]) for key, form in COLUMNS.values()]
        print("  ".join(c.rjust(len(t)) for c, t in zip(cells, COLUMNS, strict=True)), flush=True)
    if len(rows) > 1:
        for key, unit in (
            *(("seconds", "s"), ("cpu_seconds", "s")),
            *(("peak_mb", "MB"), ("cache_mb", "MB")),
        ):
            costs = [row[key] for row in rows]
            print(slope_line(key, arguments.sizes, costs, unit=unit, at=EXPECTED_AT))
    print(f"load at the end: {describe_machine()['load_1_5_15_minutes']}")
    if arguments.json:
        print(json.dumps({"machine": machine, "preparation": rows}))


def measure(size: int, workers: int | None) -> dict[str, Any]:
    """Makes, prepares and opens `size` posts, each in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="preparation-speed-") as folder:
        run("make", folder, size, workers)
        prepared = run("prepare", folder, size, workers)
        opened = run("open", folder, size, workers)
    seconds = prepared["corpus_seconds"] + prepared["tokens_seconds"]
    first, *others = opened["opening_ms"]
    return {
        "posts": size,
        "seconds": seconds,
        "posts_per_second": size / seconds,
        **prepared,
        "first_opening_ms": first,
        "opening_ms": statistics.median(others),
    }


def run(name: str, folder: str, size: int, workers: int | None) -> dict[str, Any]:
    """Runs a step; returns what it says, and what memory and processor time it and its workers
    took."""
    command = [sys.executable, __file__, "--step", name, "--folder", folder, "--sizes", str(size)]
    if workers is not None:
        command += ["--workers", str(workers)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        peak, seconds_of = 0, {}
        while process.poll() is None:
            peak = max(peak, look_at_tree(process.pid, seconds_of))
            time.sleep(SAMPLED_EVERY_SECONDS)
        assert process.stdout is not None
        output = process.stdout.read()
    if process.returncode:
        sys.exit(f"The step {name} failed.")
    used = {"peak_mb": peak / 2**20, "cpu_seconds": sum(seconds_of.values())}
    return {**json.loads(output.splitlines()[-1]), **used}


def look_at_tree(pid: int, seconds_of: dict[int, float]) -> int:
    """Memory that a process and its children hold; notes the processor time of each."""
    total = 0
    try:
        root = psutil.Process(pid)
        for process in [root, *root.children(recursive=True)]:
            total += process.memory_info().rss
            seconds_of[process.pid] = sum(process.cpu_times()[:2])
    except psutil.NoSuchProcess:  # it has just ended
        pass
    return total


def step(name: str, folder: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    from hydra import compose, initialize_config_dir

    from mental_health_classifier.configuration.build import (
        build_corpus,
        build_datamodule,
        register_resolvers,
    )
    from mental_health_classifier.data.sample.corpus import write_sample_files
    from mental_health_classifier.data.sample.grammar import SampleGrammar

    register_resolvers()
    data = "sample" if name == "make" else f"file data.path={folder / 'posts' / 'sample.csv'}"
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        config = compose(
            "config",
            overrides=[
                *f"data={data}".split(),
                f"data.num_workers={'null' if arguments.workers is None else arguments.workers}",
                f"cache_dir={folder / 'cache'}",
            ],
        )
    if name == "make":
        grammar = SampleGrammar(**dict(config.data.grammar))
        (folder / "posts").mkdir()
        write_sample_files(folder / "posts", size=arguments.sizes[0], seed=1, grammar=grammar)
        return {}
    for module in IMPORTED_BEFORE:
        importlib.import_module(module)
    times = []
    for _ in range(ROUNDS_OF_OPENING if name == "open" else 1):
        started = time.perf_counter()
        corpus = build_corpus(config)
        read = time.perf_counter()
        build_datamodule(config, corpus)
        times.append((read - started, time.perf_counter() - read))
    if name == "open":
        return {"opening_ms": [1000 * sum(each) for each in times]}
    kept = sum(each.stat().st_size for each in (folder / "cache").rglob("*") if each.is_file())
    return {
        "corpus_seconds": times[0][0],
        "tokens_seconds": times[0][1],
        "cache_mb": kept / 1e6,
    }


if __name__ == "__main__":
    main()
