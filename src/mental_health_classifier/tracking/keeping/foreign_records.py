"""Records of runs that another tracker made: its numbers, and nothing that it does not know."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mental_health_classifier.contracts import InputError
from mental_health_classifier.contracts.folder_names import folder_name
from mental_health_classifier.storage.files import SCHEMA_VERSION, write_json_once
from mental_health_classifier.storage.json_lines import append_record, open_records
from mental_health_classifier.storage.leftovers import lent_folder, take_place
from mental_health_classifier.tracking.keeping.mlflow_runs import ForeignRun
from mental_health_classifier.tracking.provenance.configuration_hash import configuration_hash
from mental_health_classifier.tracking.record.record_check import artefacts_of

_OF_PART = re.compile(r"(train|training|val|valid|validation|dev|test|testing)[/_.\- ]+(.+)")
_PARTS = {"training": "train", "testing": "test"} | dict.fromkeys(
    ("valid", "validation", "dev"), "val"
)
_NAMES = {"acc": "accuracy", "macro_f1": "f1_macro", "f1-macro": "f1_macro"}
_SHARES = ("accuracy", "balanced_accuracy", "f1_macro", "recall_at_spec80", "auprc", "partial_auc")
"""Numbers between 0 and 1, which tables here put side by side."""
_ID_LENGTH = 12
_MODELS = ("model", "model_name", "model.name", "architecture")
_SEEDS = ("seed", "random_state", "random_seed")


def import_foreign(
    runs: Sequence[ForeignRun], root: Path, *, tracker: str, metrics: Mapping[str, str]
) -> tuple[int, int]:
    """Writes a record for each run below `root`, each whole or not there.

    Args:
        tracker: that they come from.
        metrics: what one of its metrics is called here, by its name there.

    Returns:
        How many were written, and how many were there already.

    Raises:
        InputError: no run has a metric that is named.
    """
    if lost := sorted(set(metrics) - {name for run in runs for name in run.history}):
        raise InputError(f"--metric {metrics[lost[0]]}={lost[0]}: no run has a metric {lost[0]}.")
    there = 0
    if len({_id_of(run) for run in runs}) < len(runs):
        raise InputError(
            f"Two of these runs have ids with the same first {_ID_LENGTH} signs, by which runs are "
            "told apart here. Import the folder of one of them alone."
        )
    with lent_folder(root) as lent:
        for run in runs:
            name = f"{folder_name(run.name)}-{_id_of(run)}"
            destination = root / "imported" / tracker / folder_name(run.experiment) / name
            if destination.exists():
                there += 1
                continue
            prepared = lent / run.id
            _write(run, prepared, tracker=tracker, metrics=metrics)
            there += not take_place(prepared, destination)
    return len(runs) - there, there


def name_here(name: str, metrics: Mapping[str, str]) -> str:
    """What a metric is called here: `val/accuracy` for val_acc."""
    if name in metrics:
        return metrics[name]
    found = _OF_PART.fullmatch(name)
    if found is None:
        return name
    part, what = _PARTS.get(found[1], found[1]), found[2]
    return f"{part}/{_NAMES.get(what, what)}"


def _write(run: ForeignRun, directory: Path, *, tracker: str, metrics: Mapping[str, str]) -> None:
    attempt = directory / "attempts" / "001"
    attempt.mkdir(parents=True)
    model = next((run.params[key] for key in _MODELS if run.params.get(key)), run.name)
    seed = next((run.params[key] for key in _SEEDS if run.params.get(key, "").isdecimal()), None)
    config = {
        "model": {"name": model},
        "params": {key: value for key, value in run.params.items() if key not in _SEEDS},
    }
    own = {key: value for key, value in run.tags.items() if not key.startswith("mlflow.")}
    write_json_once(
        directory / "run.json",
        {
            "schema_version": SCHEMA_VERSION,
            "id": _id_of(run),
            "name": run.name,
            "description": run.tags.get("mlflow.note.content", ""),
            "hypothesis": "",
            "tags": [f"{key}={value}" for key, value in own.items()],
            "seed": None if seed is None else int(seed),
            "model": model,
            "variants": [],
            "argv": [],
            "overrides": [],
            "configuration_hash": configuration_hash(config),
            "config": config,
            "imported": {"from": tracker, "experiment": run.experiment, "run": run.id},
            "git": {
                "commit": run.tags.get("mlflow.source.git.commit"),
                "branch": run.tags.get("mlflow.source.git.branch"),
                "is_dirty": None,
            },
            "environment": {},
            "hardware": {},
            "created_at": run.started_at,
        },
    )
    by_step: dict[int, dict[str, Any]] = {}
    last: dict[str, float] = {}
    for name, points in run.history.items():
        called = name_here(name, metrics)
        if called.rpartition("/")[2] in _SHARES and any(value > 1 for _, value in points):
            called = f"{called}_percent"  # or whatever it is: no share
        for step, value in points:
            by_step.setdefault(step, {})[called] = value
            last[called] = value
    with open_records(directory / "metrics.jsonl") as handle:
        for step in sorted(by_step):
            append_record(handle, {"step": step, "epoch": None, **by_step[step]})
    write_json_once(attempt / "start.json", {"schema_version": SCHEMA_VERSION})
    write_json_once(
        attempt / "end.json",
        {
            "schema_version": SCHEMA_VERSION,
            "status": run.status,
            "started_at": run.started_at,
            "ended_at": run.ended_at,
            "duration_seconds": run.duration_seconds,
            "phases": {},
            "metrics": last,
            "intervals": {},
            **dict.fromkeys(("yardstick", "selection", "notes", "peak_memory_bytes")),
            "model": {},
            "error": None if run.status == "completed" else _error(run, tracker),
            "artefacts": artefacts_of(directory),
        },
    )


def _id_of(run: ForeignRun) -> str:
    """Its own, as long as that of a run of ours."""
    return folder_name(run.id)[:_ID_LENGTH]


def _error(run: ForeignRun, tracker: str) -> dict[str, Any]:
    said = "it was running when it was imported" if run.was_running else "it does not say why"
    return {"type": tracker, "place": None, "message": said}
