"""What commands over many runs take, start of Python and imports among it.

    python benchmarks/command_speed.py [--runs 1000 10000 100000] [--keep FOLDER]

Processor seconds and memory of the process at its peak: `anew` without what lists keep beside the
runs, `again` with it, the least of three. Of several sizes, a line through them says what others
cost.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from machine import describe_machine, machine_line
from recorded_runs import write_runs
from slopes import slope_line

LISTED = (("compare",), ("runs",))
"""Commands that keep what they found."""
OTHERS = (
    ("compare", "--json"),
    ("best",),
    *(("plot", kind, "--force") for kind in ("architecture", "efficiency", "seeds")),
)
REPEATS = 3
SIZES = (10, 1000, 100_000)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, nargs="+", default=[1000])
    parser.add_argument("--most-for-others", type=int, default=10_000)
    parser.add_argument("--keep", type=Path, help="where runs are written, and found the next time")
    given = parser.parse_args()
    print(machine_line(describe_machine()))
    costs: dict[str, dict[int, tuple[float, float]]] = {}
    with tempfile.TemporaryDirectory() as temporary:
        for count in given.runs:
            root = (given.keep or Path(temporary)) / str(count) / "outputs"
            if not root.exists():
                write_runs(root, count)
            for name, cost in measured(root, is_small=count <= given.most_for_others):
                costs.setdefault(name, {})[count] = cost
                print(
                    f"{name:<26} {count:>7} runs: {cost[0]:6.2f} s, {cost[1]:5.0f} MB", flush=True
                )
    for name, by_size in costs.items():
        if len(by_size) > 1:
            seconds, megabytes = zip(*by_size.values(), strict=True)
            print(slope_line(name, [*by_size], seconds, unit="s", at=SIZES))
            print(slope_line(name, [*by_size], megabytes, unit="MB", at=SIZES))


def measured(root: Path, *, is_small: bool) -> list[tuple[str, tuple[float, float]]]:
    """Processor seconds and megabytes of each command."""
    found = []
    for command in LISTED:
        for kept in root.glob(".run-*"):
            kept.unlink()
        found.append((f"mhc {command[0]}, anew", least(command, root, repeats=1)))
        found.append((f"mhc {command[0]}, again", least(command, root)))
    for command in OTHERS if is_small else ():
        name = " ".join(command).removesuffix(" --force")
        found.append((f"mhc {name}", least(command, root)))
    return found


def least(command: Sequence[str], root: Path, *, repeats: int = REPEATS) -> tuple[float, float]:
    costs = [cost_of([*command, str(root)], root.parent) for _ in range(repeats)]
    seconds, megabytes = map(min, zip(*costs, strict=True))
    return seconds, megabytes


def cost_of(arguments: list[str], folder: Path) -> tuple[float, float]:
    """Processor seconds and megabytes of one `mhc` command."""
    command = [sys.executable, "-m", "mental_health_classifier", *arguments]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    assert status == 0, command
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


if __name__ == "__main__":
    main()
