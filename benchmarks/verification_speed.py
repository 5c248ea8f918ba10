"""What does it cost to check weights against a record before they decide?

Reads a file of weights as `mhc predict` does (once, hashed in memory, then taken apart), and
without the check.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import safetensors.torch
import torch
from machine import describe_machine, machine_line

from mental_health_classifier.tracking.record.record_check import read_recorded
from mental_health_classifier.tracking.record.run_summary import RunSummary

GIGABYTE = 10**9
ROUNDS = 3


def seconds_of(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "best.safetensors")
        safetensors.torch.save_file({"weights": torch.rand(GIGABYTE // 4)}, path)
        artefacts = {path.name: {"sha256": hashlib.sha256(path.read_bytes()).hexdigest()}}
        run = RunSummary(Path(folder), "completed", run={"id": "x"}, end={"artefacts": artefacts})
        checked, plain = [], []
        for _ in range(ROUNDS):
            plain.append(seconds_of(lambda: safetensors.torch.load(path.read_bytes())))
            checked.append(
                seconds_of(lambda: safetensors.torch.load(read_recorded(run, path.name)))
            )
    found = {
        "seconds_a_gigabyte_without_check": min(plain),
        "seconds_a_gigabyte_with_check": min(checked),
        "seconds_a_gigabyte_of_checking": min(checked) - min(plain),
    }
    print(machine_line(describe_machine()))
    for name, seconds in found.items():
        print(f"{name.replace('_', ' ')}: {seconds:.2f}")
    if arguments.json:
        print(json.dumps(found))


if __name__ == "__main__":
    main()
