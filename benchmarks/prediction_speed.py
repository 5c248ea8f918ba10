"""How fast `mhc predict` decides about a file of posts, beside the bare forward pass, and in how
much memory.

    python benchmarks/prediction_speed.py [--json] [--posts 100000] [--model baseline_micro]

A model is trained for a few steps on sample posts, which a file then holds again and again. The
bare pass is tokens, batches and network over scrubbed texts that lie in memory; the command also
reads the file, scrubs, looks for texts that people have to read, decides and writes. The two are
measured by turns on slices of the file, on one thread. Then the whole file is decided about by a
process of its own, whose largest resident memory is told.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from machine import describe_machine, machine_line

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 5
SLICE = 16_384
LIMIT_GB = 1.5
SETTINGS = ("trainer=smoke", "data.size=4000", "num_threads=1", "logger=none")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--posts", type=int, default=100_000)
    parser.add_argument("--model", default="baseline_micro")
    parser.add_argument("--json", action="store_true", help="one JSON object on the last line")
    arguments = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run = train(folder, arguments.model)
        texts = sample_texts(folder)
        result = {
            "model": arguments.model,
            **by_turns(folder, run, texts),
            **whole_file(folder, run, texts, arguments.posts),
            "machine": describe_machine(),
        }
    print(machine_line(result["machine"]))
    print(
        f"{result['model']}, {ROUNDS} rounds of {SLICE:,} posts: bare pass "
        f"{result['bare_posts_per_second']:,.0f} posts/s, mhc predict "
        f"{result['predict_posts_per_second']:,.0f} posts/s, ratio {result['ratio']:.2f} "
        f"(rounds {result['lowest_ratio']:.2f} to {result['highest_ratio']:.2f})"
    )
    print(
        f"{result['posts']:,} posts in one process: {result['seconds']:.0f} s, start included, "
        f"peak memory {result['peak_gb']:.2f} GB (limit {LIMIT_GB})"
    )
    if arguments.json:
        print(json.dumps(result))


def train(folder: Path, model: str) -> Path:
    run = folder / "run"
    settings = (
        f"model={model}",
        *SETTINGS,
        f"hydra.run.dir={run}",
        f"cache_dir={folder / 'cache'}",
    )
    command = [sys.executable, str(ROOT / "train.py"), *settings]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=folder)
    return run


def sample_texts(folder: Path) -> list[str]:
    (sample,) = folder.glob("cache/sample_posts/*/sample.csv")
    with sample.open(encoding="utf-8", newline="") as file:
        return [row["text"] for row in csv.DictReader(file)]


def write_posts(path: Path, texts: list[str], number: int) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "text"])
        writer.writerows((place, texts[place % len(texts)]) for place in range(number))
    return path


def by_turns(folder: Path, run: Path, texts: list[str]) -> dict[str, Any]:
    """Posts per second of both on the same posts, one after the other, and their ratio."""
    from mental_health_classifier.data.reading.scrubbing import scrub
    from mental_health_classifier.prediction.decisions_file import write_decisions
    from mental_health_classifier.prediction.predictor import Predictor

    predictor = Predictor.load(run, allow_uncertified=True)
    posts = write_posts(folder / "slice.csv", texts, SLICE)
    scrubbed = [scrub(texts[place % len(texts)])[0] for place in range(SLICE)]
    rates: dict[str, list[float]] = {"bare": [], "predict": []}
    for turn in range(ROUNDS + 1):
        output = folder / f"decisions-{turn}.csv"
        start = time.perf_counter()
        predictor.predict_scrubbed(scrubbed)
        middle = time.perf_counter()
        write_decisions(predictor, posts, output, columns={})
        end = time.perf_counter()
        if turn:  # the first warms up
            rates["bare"].append(SLICE / (middle - start))
            rates["predict"].append(SLICE / (end - middle))
    ratios = [p / b for b, p in zip(rates["bare"], rates["predict"], strict=True)]
    return {
        "bare_posts_per_second": statistics.median(rates["bare"]),
        "predict_posts_per_second": statistics.median(rates["predict"]),
        "ratio": statistics.median(ratios),
        "lowest_ratio": min(ratios),
        "highest_ratio": max(ratios),
    }


def whole_file(folder: Path, run: Path, texts: list[str], number: int) -> dict[str, Any]:
    """Time and largest memory of the command as a user starts it."""
    posts = write_posts(folder / "posts.csv", texts, number)
    command = [sys.executable, "-m", "mental_health_classifier", "predict", str(posts)]
    command += ["--run", str(run), "--output", str(folder / "all.csv"), "--uncertified"]
    start = time.perf_counter()
    process = subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(process.stderr.read().decode() if process.stderr else "it failed")
    return {
        "posts": number,
        "seconds": time.perf_counter() - start,
        "peak_gb": usage.ru_maxrss / 2**20,
    }


if __name__ == "__main__":
    main()
