"""What commands over many runs take, start of Python and imports among it.

    python benchmarks/command_speed.py [--runs 1000]

Processor seconds, least of three, and memory of the process at its peak.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from machine import describe_machine, machine_line
from recorded_runs import write_runs

COMMANDS = (
    ("compare",),
    ("compare", "--json"),
    *(("plot", kind, "--force") for kind in ("architecture", "efficiency", "seeds")),
)
REPEATS = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    given = parser.parse_args()
    print(machine_line(describe_machine()))
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "outputs")
        write_runs(root, given.runs)
        for command in COMMANDS:
            costs = [cost_of([*command, str(root)], folder) for _ in range(REPEATS)]
            seconds, megabytes = map(min, zip(*costs, strict=True))
            name = " ".join(command).removesuffix(" --force")
            print(f"mhc {name:<20} {given.runs} runs: {seconds:.2f} s, {megabytes:.0f} MB")


def cost_of(arguments: list[str], folder: str) -> tuple[float, float]:
    """Processor seconds and megabytes of one `mhc` command."""
    command = [sys.executable, "-m", "mental_health_classifier", *arguments]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    assert status == 0, command
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


if __name__ == "__main__":
    main()
