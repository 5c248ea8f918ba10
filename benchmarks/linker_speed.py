"""How fast expressions of a large vocabulary are found in posts, and in how much memory.

    python benchmarks/linker_speed.py [--phrases 500000] [--megabytes 4] [--json]

Phrases of one to four made-up words are compiled, opened in a fresh process and looked for in posts
of which every tenth word begins a phrase. Speed is megabytes of text a second of processor time;
memory is the most that the fresh process has held, imports and all. What is found in a sample is
compared with a slow search that tries every run of words.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from machine import describe_machine, machine_line

WORDS = 50_000
WORDS_IN_POST = 80
COMPARED = 300
ROWS = {
    "MB of text a core-second": ("megabytes_per_core_second", "{:.1f}"),
    "opening, seconds": ("opening_seconds", "{:.3f}"),
    "memory, MB": ("peak_mb", "{:.0f}"),
    "compiling, seconds": ("compiling_seconds", "{:.1f}"),
    "memory of compiling, MB": ("compiling_peak_mb", "{:.0f}"),
    "expressions found": ("found", "{:,}"),
    "posts compared": ("compared", "{:,}"),
    "of them with another result": ("differing", "{:,}"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--phrases", type=int, default=500_000, help="in the vocabulary")
    parser.add_argument("--megabytes", type=float, default=4.0, help="of text")
    parser.add_argument("--json", action="store_true", help="one JSON object on the last line")
    parser.add_argument("--step", choices=("compile", "find"), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.step == "compile":
        print(json.dumps(compile_all(arguments.folder, arguments.phrases)))
        return
    if arguments.step == "find":
        print(json.dumps(find_all(arguments.folder, arguments.phrases, arguments.megabytes)))
        return
    machine = describe_machine()
    print(machine_line(machine))
    with tempfile.TemporaryDirectory(prefix="linker-speed-") as folder:
        given = ["--phrases", str(arguments.phrases), "--megabytes", str(arguments.megabytes)]
        found = run("compile", folder, given) | run("find", folder, given)
    for title, (key, form) in ROWS.items():
        print(title.ljust(30), form.format(found[key]))
    if arguments.json:
        print(json.dumps({"machine": machine, "phrases": arguments.phrases, "linker": found}))


def run(step: str, folder: str, given: list[str]) -> dict[str, Any]:
    command = [sys.executable, __file__, "--step", step, "--folder", folder, *given]
    result = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(result.stdout.splitlines()[-1])


def made_up_words(generator: np.random.Generator) -> list[str]:
    letters = generator.integers(97, 123, (WORDS, 10), dtype=np.uint8)
    lengths = generator.integers(3, 11, WORDS)
    return [bytes(row[:n]).decode() for row, n in zip(letters, lengths, strict=True)]


def made_up_phrases(number: int) -> list[str]:
    generator = np.random.default_rng(1)
    words = made_up_words(generator)
    places = generator.integers(0, WORDS, (number, 4))
    lengths = generator.integers(1, 5, number)
    return [" ".join(words[i] for i in row[:n]) for row, n in zip(places, lengths, strict=True)]


def made_up_posts(phrases: list[str], megabytes: float) -> list[str]:
    generator = np.random.default_rng(2)
    words = made_up_words(generator)
    posts, size = [], 0
    while size < megabytes * 1e6:
        chosen = [words[i] for i in generator.integers(0, WORDS, WORDS_IN_POST)]
        for place in generator.integers(0, WORDS_IN_POST, WORDS_IN_POST // 10):
            chosen[place] = phrases[generator.integers(len(phrases))]
        posts.append(" ".join(chosen).capitalize() + ".")
        size += len(posts[-1])
    return posts


def compile_all(folder: Path, number: int) -> dict[str, float]:
    from mental_health_classifier.data.vocabulary.phrase_linker import Sense, compile_phrases

    phrases = made_up_phrases(number)
    start = time.process_time()
    senses = {phrase: [Sense(0, f"C{i:07}")] for i, phrase in enumerate(phrases)}
    types = {f"C{i:07}": f"T{i % 8}" for i in range(number)}
    compile_phrases(senses, types).save(folder)
    return {"compiling_seconds": time.process_time() - start, "compiling_peak_mb": peak_mb()}


def find_all(folder: Path, number: int, megabytes: float) -> dict[str, float]:
    from mental_health_classifier.data.vocabulary.normal_words import normal_words
    from mental_health_classifier.data.vocabulary.phrase_linker import PhraseLinker

    start = time.perf_counter()
    linker = PhraseLinker.open(folder)
    opening = time.perf_counter() - start
    peak = peak_mb()
    phrases = made_up_phrases(number)
    posts = made_up_posts(phrases, megabytes)
    start = time.process_time()
    found = [linker.find(post) for post in posts]
    seconds = time.process_time() - start
    known, differing = set(phrases), 0
    for post, spans in zip(posts[:COMPARED], found, strict=False):
        words, starts, ends = normal_words(post)
        slowly, first = [], 0
        while first < len(words):
            last = next(
                (n for n in range(first + 4, first, -1) if " ".join(words[first:n]) in known), None
            )
            if last is not None:
                slowly.append((starts[first], ends[min(last, len(words)) - 1]))
            first = last or first + 1
        differing += slowly != [span[:2] for span in spans]
    return {
        "megabytes_per_core_second": sum(map(len, posts)) / 1e6 / seconds,
        "opening_seconds": opening,
        "peak_mb": peak,
        "found": sum(map(len, found)),
        "compared": min(COMPARED, len(posts)),
        "differing": differing,
    }


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10


if __name__ == "__main__":
    main()
