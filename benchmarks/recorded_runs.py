"""Many runs on disk, each as large as a real one, for measuring what reads them."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

CLASSES = ("suicide", "anxiety", "bipolar", "control", "depression", "ptsd")
FIRST_DAY = date(2026, 1, 1)
PACKAGES = 150
METRICS = (
    *("accuracy", "balanced_accuracy", "f1_macro", "recall_at_spec80", "recall_at_spec90"),
    *("partial_auc", "auprc", "auprc_above_chance", "prevalence", "f2", "alert_rate"),
    *(f"operating_point/{name}" for name in ("recall", "specificity", "precision", "alert_rate")),
    *(f"{kind}/{name}" for kind in ("precision", "recall", "f1") for name in CLASSES),
)


def write_runs(root: Path, count: int) -> None:
    """Writes completed runs, a hundred a day."""
    for number in range(count):
        day, minute = divmod(number, 100)
        directory = root / str(FIRST_DAY + timedelta(days=day)) / f"{minute:02d}-run"
        _write_run(directory, number, created_at=f"{directory.parent.name}T10:{minute % 60:02d}:00")


def numbers_of(number: int) -> tuple[dict[str, float], dict[str, list[float]]]:
    """Final metrics and their intervals; every run has its own."""
    metrics, intervals = {}, {}
    for place, part in enumerate(("val", "test")):
        for index, name in enumerate(METRICS):
            value = ((number * 7919 + index * 104729 + place) % 99991) / 99991
            metrics[f"{part}/{name}"] = value
            intervals[f"{part}/{name}"] = [value * 0.9, value * 1.1]
    return metrics, intervals


def _write_run(directory: Path, number: int, *, created_at: str) -> None:
    metrics, intervals = numbers_of(number)
    parts = ("train", "val", "calibration", "test")
    contents = {
        "run.json": {
            "schema_version": 1,
            "id": f"{number:012x}",
            "name": f"run {number}",
            **{"description": "", "hypothesis": "", "tags": ["benchmark"], "seed": number % 5},
            **{"model": "baseline_small", "variants": [], "argv": ["train.py"], "overrides": []},
            "configuration_hash": f"{number // 5:016x}",
            "config": {f"group{g}": {f"key{k}": g * k for k in range(12)} for g in range(14)},
            "git": {"commit": "a1b2c3d4" * 5, "branch": "main", "is_dirty": False, "remote": None},
            "source": {"sha256": "0" * 64},
            "environment": {
                "python": "3.11.9",
                "packages": {f"package-{index}": "1.2.3" for index in range(PACKAGES)},
                "variables": {},
            },
            "hardware": {"cpu_model": "CPU", "torch_threads": 2},
            "created_at": f"{created_at}.000000+00:00",
        },
        "data.json": {
            "schema_version": 1,
            **{"fingerprint": "f" * 32, "name": "sample", "is_synthetic": True},
            **{"classes": list(CLASSES), "priority_class": "suicide", "warnings": []},
            "parts": {
                part: {"posts": 1000, "authors": 300, "classes": dict.fromkeys(CLASSES, 166)}
                for part in parts
            },
            **{"account": {"rows_read": 4000, "rows_kept": 4000}, "ceilings": None},
        },
        "attempts/001/start.json": {"schema_version": 1, "pid": 1, "is_locked": True},
        "attempts/001/end.json": {
            "schema_version": 1,
            **{"status": "completed", "duration_seconds": 60.0 + number, "phases": {"fit": 60.0}},
            **{"metrics": metrics, "intervals": intervals, "yardstick": None, "selection": None},
            **{"model": {"parameters": 2_400_000}, "error": None, "peak_memory_bytes": 10**9},
            "artefacts": {f"file{i}": {"bytes": i, "sha256": "0" * 64} for i in range(15)},
        },
    }
    (directory / "attempts" / "001").mkdir(parents=True)
    (directory / "attempts" / "001" / "lock").touch()
    for name, content in contents.items():
        (directory / name).write_text(json.dumps(content, indent=1), encoding="utf-8")
