"""Run directories written file by file, so that any of their contents can be what a test needs."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from mental_health_classifier.contracts import Predictions, Task
from mental_health_classifier.tracking.record.prediction_files import write_predictions

CLASSES = ("suicide", "anxiety", "control")
ACCOUNT = {"rows_read": 1200, "rows_kept": 1200, "dropped": {}, "scrubbed": {}}
PARTS = ("train", "val", "calibration", "test")

_numbers = count(1)


def write_run(
    directory: Path,
    *,
    recall: float = 0.8,
    classes: tuple[str, ...] = CLASSES,
    priority_class: str | None = "suicide",
    run: Mapping[str, Any] | None = None,
    data: Mapping[str, Any] | None = None,
    end: Mapping[str, Any] | None = None,
    left_out: tuple[str, ...] = (),
) -> Path:
    """Writes a completed run.

    Args:
        recall: the headline; the other numbers follow from it.
        run, data, end: what to change in run.json, data.json and end.json.
        left_out: files of these names are not written: without end.json a run was killed.
    """
    number = next(_numbers)
    metrics: dict[str, float | None] = {}
    intervals = {}
    for part in ("val", "test"):
        counts, shares = numbers_of(recall, classes=classes, priority_class=priority_class)
        metrics |= {f"{part}/{key}": value for key, value in (counts | shares).items()}
        intervals |= {
            f"{part}/{key}": [share - 0.04, share + 0.03] for key, share in shares.items()
        }
    contents = {
        "run.json": {
            "schema_version": 1,
            "id": f"{number:06x}c0ffee",
            "name": "baseline",
            "description": "",
            "hypothesis": "",
            "tags": [],
            "seed": 1,
            "model": "baseline_small",
            "variants": [],
            "argv": ["train.py"],
            "overrides": [],
            "configuration_hash": "0123456789abcdef",
            "config": {
                "seed": 1,
                "model": {"name": "baseline_small", "width": 256},
                "data": {"split_seed": 1},
                "evaluation": {"specificity_floor": 0.8},
            },
            "git": {"commit": "a1b2c3d4" * 5, "branch": "main", "is_dirty": False},
            "environment": {"python": "3.11.9", "packages": {"torch": "2.13.0"}},
            "hardware": {},
            "created_at": f"2026-11-23T15:{number // 60 % 60:02d}:{number % 60:02d}.123456+00:00",
            **(run or {}),
        },
        "data.json": {
            "schema_version": 1,
            "fingerprint": "f1",
            "name": "posts",
            "is_synthetic": False,
            "classes": list(classes),
            "priority_class": priority_class,
            "parts": {
                part: {"posts": 300, "authors": 150, "classes": dict.fromkeys(classes, 100)}
                for part in PARTS
            },
            "account": ACCOUNT,
            "warnings": [],
            "ceilings": None,
            **(data or {}),
        },
        "attempts/001/start.json": {
            "schema_version": 1,
            "host": platform.node(),
            "pid": 1,
            "is_locked": True,
        },
        "attempts/001/end.json": {
            "schema_version": 1,
            "status": "completed",
            "duration_seconds": 125.4,
            "phases": {"data": 0.2, "fit": 100.0},
            "metrics": metrics,
            "intervals": intervals,
            "yardstick": None,
            "model": {"parameters": 2_400_000},
            "selection": {"monitor": "val/partial_auc", "value": 0.7, "epoch": 4, "step": 99},
            "error": None,
            "artefacts": {},
            "peak_memory_bytes": 10**9,
            **(end or {}),
        },
    }
    (directory / "attempts" / "001").mkdir(parents=True)
    (directory / "attempts" / "001" / "lock").touch()
    for name, content in contents.items():
        if name.rpartition("/")[2] not in left_out:
            (directory / name).write_text(json.dumps(content), encoding="utf-8")
    return directory


def write_failed_run(directory: Path, **changes: Any) -> Path:
    """Writes a run that an error ended before there were numbers."""
    nothing = {"metrics": {}, "intervals": {}, "model": {}, "selection": None}
    error = {
        "type": "InputError",
        "place": "data/posts.py:9 in f",
        "message": "data.path=x is gone",
    }
    changes["end"] = {"status": "failed", "error": error, **nothing, **changes.get("end", {})}
    return write_run(directory, **changes)


def write_pretraining_run(directory: Path) -> Path:
    """Writes a completed run that learned from masked tokens, and so predicts nothing."""
    config = {
        "seed": 1,
        "model": {"name": "minilm", "layer_decay": 0.9},
        "network": {},
        "data": {"split_seed": 1},
    }
    config["objective"] = {"_target_": "MaskedTokens"}
    return write_run(
        directory,
        priority_class=None,
        run={"name": "pretraining", "model": "minilm", "config": config},
        end={"metrics": {"val/masked_loss": 3.2, "val/masked_accuracy": 0.4}, "intervals": {}},
    )


def numbers_of(
    recall: float, *, classes: tuple[str, ...], priority_class: str | None
) -> tuple[dict[str, float], dict[str, float]]:
    """Counts, and the numbers that have intervals, under the names that `evaluate` gives them."""
    counts: dict[str, float] = {"n": 300}
    shares = {"accuracy": recall - 0.05, "balanced_accuracy": recall, "f1_macro": recall - 0.1}
    for name in classes:
        counts |= {f"support/{name}": 100, f"predicted/{name}": 90}
        shares |= {
            f"precision/{name}": recall - 0.2,
            f"recall/{name}": recall - 0.15,
            f"f1/{name}": recall - 0.18,
        }
    if priority_class is not None:
        counts["operating_point/threshold"] = 0.25
        shares |= {"recall_at_spec80": recall, "recall_at_spec90": recall - 0.1, "auprc": 0.6}
        shares["auprc_above_chance"] = 0.6 - 1 / 3
        shares |= {"partial_auc": 0.7, "prevalence": 1 / 3, "f2": 0.7, "alert_rate": 0.3}
        shares |= {"operating_point/recall": 0.72, "operating_point/specificity": 0.78}
        shares |= {"operating_point/precision": 0.55, "operating_point/alert_rate": 0.38}
    return counts, shares


def yardstick_of(differences: Mapping[str, tuple[float, float, float]]) -> dict[str, Any]:
    """What a run records of its yardstick; of each difference value, lower and upper end."""
    return {
        "name": "tfidf_logistic",
        "metrics": {key: 0.7 for key in differences},
        "intervals": {key: [0.66, 0.73] for key in differences},
        "differences": {key: value for key, (value, _, _) in differences.items()},
        "difference_intervals": {key: ends for key, (_, *ends) in differences.items()},
    }


def write_stored_predictions(directory: Path, *, skill: float, seed: int, posts: int = 120) -> None:
    """Writes predictions for val, calibration and test of a written run.

    Args:
        skill: how far the logit of a post's own class lies above the others; 0: chance.
        seed: of the noise upon them.
    """
    for part in ("val", "calibration", "test"):
        labels = np.arange(posts) % len(CLASSES)
        noise = np.random.default_rng(seed).normal(size=(posts, len(CLASSES)))
        logits = noise + skill * np.eye(len(CLASSES))[labels]
        probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        predictions = Predictions(
            part=part,
            task=Task.categorical("condition", CLASSES, "suicide"),
            post_ids=[f"post{number}" for number in range(posts)],
            authors=[f"author{number // 2}" for number in range(posts)],
            labels=labels,
            probabilities=probabilities.round(6),
        )
        write_predictions(predictions, directory / "predictions" / f"{part}.csv")
