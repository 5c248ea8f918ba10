"""How long a run and its ONNX exports take for a single post, by turns on the same posts.

    python benchmarks/onnx_latency.py RUN EXPORT [EXPORT ...] [--posts 60] [--threads 1] [--json]

The posts are those of the run's own test part, spread over their lengths. What is timed begins with
a scrubbed text and ends with its probabilities: tokens, network, rounding. Every post is judged by
each model in one turn, so that whatever else the machine does slows all of them down alike.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from pathlib import Path
from typing import Any

from machine import describe_machine, machine_line

ROUNDS = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("exports", type=Path, nargs="+")
    parser.add_argument("--posts", type=int, default=60)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="one JSON object on the last line")
    arguments = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = str(arguments.threads)
    result = by_turns([arguments.run, *arguments.exports], arguments.posts, arguments.threads)
    machine = describe_machine()
    print(machine_line(machine))
    for each in result:
        print(
            f"{each['name']}: {each['milliseconds']:.2f} ms a post (median of "
            f"{arguments.posts} posts, {ROUNDS} rounds), {each['times_as_fast']:.2f} times as fast "
            f"as the run (rounds {each['least']:.2f} to {each['most']:.2f})"
        )
    if arguments.json:
        print(json.dumps({"models": result, "threads": arguments.threads, "machine": machine}))


def by_turns(directories: list[Path], number: int, threads: int) -> list[dict[str, Any]]:
    """The median time of each model, and how many times as fast as the first it is by rounds."""
    import torch

    from mental_health_classifier.prediction.predictor import Predictor
    from mental_health_classifier.prediction.run_posts import corpus_of_run
    from mental_health_classifier.tracking.run_index import resolve_run

    runs = [resolve_run(directory) for directory in directories]
    predictors = [Predictor.load(directory, allow_uncertified=True) for directory in directories]
    torch.set_num_threads(threads)
    texts = corpus_of_run(runs[0]).part("test")["text"].tolist()
    ordered = sorted(texts, key=len)
    chosen = [ordered[place * len(ordered) // number] for place in range(number)]
    seconds: list[list[list[float]]] = [[] for _ in predictors]
    for turn in range(ROUNDS + 1):
        spent: list[list[float]] = [[] for _ in predictors]
        for text in chosen:
            for place, predictor in enumerate(predictors):
                start = time.perf_counter()
                predictor.predict_scrubbed([text])
                spent[place].append(time.perf_counter() - start)
        if turn:  # the first turn warms up
            for kept, found in zip(seconds, spent, strict=True):
                kept.append(found)
    first = [statistics.median(each) for each in seconds[0]]
    found = []
    for run, rounds in zip(runs, seconds, strict=True):
        medians = [statistics.median(each) for each in rounds]
        ratios = [own / other for own, other in zip(first, medians, strict=True)]
        found.append(
            {
                "name": run.name,
                "milliseconds": 1000 * statistics.median(medians),
                "times_as_fast": statistics.median(ratios),
                "least": min(ratios),
                "most": max(ratios),
            }
        )
    return found


if __name__ == "__main__":
    main()
