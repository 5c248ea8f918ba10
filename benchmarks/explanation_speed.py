"""How long `mhc explain` takes.

    python benchmarks/explanation_speed.py [--run RUN] [--posts 500] [--json]

Explains test posts of a recorded run; without --run baseline_small is trained first, on the sample
posts with a single epoch, since how well it learned changes little of the time. Two versions that
explain alike print the same scores.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import torch
from machine import describe_machine, machine_line
from our_training import CONF

from mental_health_classifier.configuration.build import register_resolvers
from mental_health_classifier.experiment.run import run_experiment
from mental_health_classifier.explanation.run_explanation import explain_run
from mental_health_classifier.tracking.record.run_summary import RunSummary, read_run

SCORES = (
    *("interpretability_score", "comprehensiveness", "sufficiency", "stability"),
    *("comprehensiveness_aopc", "sufficiency_aopc"),
)


def trained(folder: Path) -> RunSummary:
    from hydra import compose, initialize_config_dir

    register_resolvers()
    overrides = [
        *("trainer.max_epochs=1", "evaluation.yardstick=null", "logger=none"),
        f"cache_dir={folder / 'cache'}",
    ]
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("config", overrides=overrides)
    run_experiment(config, folder / "run", overrides)
    return read_run(folder / "run")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path)
    parser.add_argument("--posts", type=int, default=500)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    machine = describe_machine()
    print(machine_line(machine))
    with tempfile.TemporaryDirectory() as folder:
        run = trained(Path(folder)) if given.run is None else read_run(given.run)
        start, processor_start = time.perf_counter(), time.process_time()
        found = explain_run(run, num_posts=given.posts, seed=0, cues=None)
        row = {
            "model": run.model,
            "posts": found["n"],
            "threads": torch.get_num_threads(),
            "seconds": time.perf_counter() - start,
            "processor_seconds": time.process_time() - processor_start,
            "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            "load": os.getloadavg()[0],
            "scores": {name: round(found[name], 6) for name in SCORES},
        }
    print(
        f"{row['model']}: {row['posts']} posts explained in {row['seconds']:.0f} s "
        f"({row['processor_seconds']:.0f} s of processor time, {row['threads']} threads), peak "
        f"memory {row['peak_memory_mb']:.0f} MB"
    )
    print(", ".join(f"{name} {score:.6f}" for name, score in row["scores"].items()))
    if given.json:
        print(json.dumps({"machine": machine, **row}))


if __name__ == "__main__":
    main()
