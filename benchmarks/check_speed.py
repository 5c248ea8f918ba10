"""How long `mhc check` takes for a file of posts, and how much memory.

    python benchmarks/check_speed.py [--json] [--sizes 100000 1000000]

Sample posts are written to a CSV file; the command then runs in a fresh process, with its imports.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from machine import describe_machine, machine_line
from preparation_speed import SAMPLED_EVERY_SECONDS, look_at_tree, run

SIZES = (100_000, 1_000_000)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="numbers of posts")
    parser.add_argument("--json", action="store_true", help="one JSON object on the last line")
    arguments = parser.parse_args()
    machine = describe_machine()
    print(machine_line(machine))
    print("    posts  seconds    CPU s  peak MB")
    rows = []
    for size in arguments.sizes:
        with tempfile.TemporaryDirectory(prefix="check-speed-") as folder:
            run("make", folder, size, None)
            rows.append(row := {"posts": size, **measure(Path(folder) / "posts" / "sample.csv")})
        print(
            f"{size:9,}  {row['seconds']:7.1f}  {row['cpu_seconds']:7.1f}  {row['peak_mb']:7,.0f}",
            flush=True,
        )
    print(f"load at the end: {describe_machine()['load_1_5_15_minutes']}")
    if arguments.json:
        print(json.dumps({"machine": machine, "check": rows}))


def measure(posts: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "mental_health_classifier", "check", str(posts)]
    started, peak, seconds_of = time.perf_counter(), 0, {}
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            peak = max(peak, look_at_tree(process.pid, seconds_of))
            time.sleep(SAMPLED_EVERY_SECONDS)
    if process.returncode:
        sys.exit("The command failed.")
    return {
        "seconds": time.perf_counter() - started,
        "cpu_seconds": sum(seconds_of.values()),
        "peak_mb": peak / 2**20,
    }


if __name__ == "__main__":
    main()
