"""Do two checkouts give the same results, bit for bit?

    python benchmarks/same_results.py BEFORE AFTER [--only standard,...] [--keep FILE] [--json]

BEFORE and AFTER are folders of checkouts, or files that --keep wrote with what AFTER gave.
Every command trains for a few steps on sample posts, in a process of its own, with empty caches.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from machine import describe_machine, machine_line
from rich.console import Console
from rich.table import Table
from safetensors.numpy import load_file

COMMANDS = {
    "standard": ("model=baseline_micro",),
    "interpretable": ("model=baseline_micro", "clinical=interpretable"),
    "curriculum": ("model=baseline_micro", "clinical=curriculum"),
    "multitask": ("model=baseline_micro", "clinical=multitask"),
    "umls_enhanced": ("model=baseline_micro", "clinical=umls_enhanced"),
    "tfidf_logistic": ("model=tfidf_logistic",),
}
SHARED = ("trainer=smoke", "data.size=2600", "evaluation.bootstrap_draws=60", "num_threads=1")
KINDS = ("weights", "predictions", "metrics")
Results = dict[str, dict[str, str]]
"""By command and kind, the SHA-256 of what a run left, or why there is none."""


def results_of(place: Path, commands: dict[str, tuple[str, ...]]) -> Results:
    """What a checkout gives, or gave when the file was written."""
    if place.is_file():
        return json.loads(place.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        return {
            name: hashes_after(place.resolve(), overrides, Path(folder, name))
            for name, overrides in commands.items()
        }


def hashes_after(checkout: Path, overrides: tuple[str, ...], run: Path) -> dict[str, str]:
    """Trains in a checkout and hashes what the run leaves."""
    arguments = [*overrides, *SHARED, f"hydra.run.dir={run}", f"cache_dir={run}-cache"]
    done = subprocess.run(
        [sys.executable, "train.py", *arguments],
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": str(checkout / "src")},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        return dict.fromkeys(KINDS, f"failed: {done.stderr.strip().splitlines()[-1:]}")
    return {"weights": weights(run), "predictions": predictions(run), "metrics": metrics(run)}


def weights(run: Path) -> str:
    """Of names, types, shapes and numbers. The files also name the commit, which differs."""
    digest = hashlib.sha256()
    for path in sorted((run / "checkpoints").iterdir()):
        if path.suffix not in (".safetensors", ".npz"):
            continue
        arrays = load_file(path) if path.suffix == ".safetensors" else dict(np.load(path))
        for name, array in sorted(arrays.items()):
            digest.update(f"{path.name} {name} {array.dtype} {array.shape}".encode())
            digest.update(array.tobytes())
    return digest.hexdigest()


def predictions(run: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted((run / "predictions").rglob("*.csv")):
        digest.update(path.relative_to(run).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()


def metrics(run: Path) -> str:
    end = json.loads((run / "attempts" / "001" / "end.json").read_text(encoding="utf-8"))
    numbers = [end[key] for key in ("metrics", "intervals", "yardstick", "selection")]
    return hashlib.sha256(json.dumps(numbers, sort_keys=True).encode()).hexdigest()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("--keep", type=Path, help="where to write what AFTER gave")
    parser.add_argument("--only", default=",".join(COMMANDS))
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    commands = {name: COMMANDS[name] for name in options.only.split(",")}
    machine = describe_machine()
    before, after = (results_of(place, commands) for place in (options.before, options.after))
    if options.keep:
        options.keep.write_text(json.dumps(after), encoding="utf-8")

    table = Table("command", "what", "before", "after", "", title=machine_line(machine))
    for name, kind in ((name, kind) for name in commands for kind in KINDS):
        one, other = before[name][kind], after[name][kind]
        verdict = "same" if one == other and not one.startswith("failed") else "DIFFERENT"
        table.add_row(name, kind, one[:16], other[:16], verdict)
    Console(width=100).print(table)
    if options.json:
        print(
            json.dumps(
                {
                    "benchmark": Path(__file__).stem,
                    "machine": machine,
                    "before": before,
                    "after": after,
                }
            )
        )
    sys.exit(any(before[name] != after[name] for name in commands))


if __name__ == "__main__":
    main()
