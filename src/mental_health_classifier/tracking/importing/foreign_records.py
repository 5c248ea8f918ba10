"""Records of runs that another tracker made: its numbers, and nothing that it does not know."""

from __future__ import annotations

import hashlib
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from mental_health_classifier.contracts import InputError
from mental_health_classifier.contracts.folder_names import folder_name
from mental_health_classifier.storage.files import (
    SCHEMA_VERSION,
    null_where_not_finite,
    write_json_once,
)
from mental_health_classifier.storage.json_lines import append_record, open_records
from mental_health_classifier.storage.leftovers import lent_folder, take_place
from mental_health_classifier.tracking.importing.foreign_run import ForeignRun
from mental_health_classifier.tracking.provenance.configuration_hash import configuration_hash
from mental_health_classifier.tracking.record.record_check import artefacts_of

_PART = r"(train|training|val|valid|validation|dev|eval|test|testing)"
_OF_PART = re.compile(rf"{_PART}[/_.\- ]+(.+)|(.+)/{_PART}")
_PARTS = {"training": "train", "testing": "test"} | dict.fromkeys(
    ("valid", "validation", "dev", "eval"), "val"
)
_NAMES = {"acc": "accuracy", "macro_f1": "f1_macro", "f1-macro": "f1_macro"}
_SHARES = ("accuracy", "balanced_accuracy", "f1_macro", "recall_at_spec80", "auprc", "partial_auc")
"""Numbers between 0 and 1, which tables here put side by side."""
_ID_LENGTH = 12
LONGEST_SETTING = 80
"""Signs; what is longer, or has more than one line, is a text, and can be somebody's post."""
_MODELS = ("model", "model_name", "model.name", "model_name_or_path", "architecture")
_SEEDS = ("seed", "random_state", "random_seed")


@dataclass(slots=True)
class Imported:
    """What became of the runs of a folder."""

    num_new: int = 0
    num_there: int = 0
    """Runs that were imported before."""
    num_unended: int = 0
    """Of the new ones those whose tracker does not say how they ended."""
    num_texts: int = 0
    """Names, settings, tags and notes of the new ones that were left out, as texts."""
    left_out: Counter[str] = field(default_factory=Counter)
    """How many were left out, by the reason."""


def import_foreign(
    runs: Iterable[ForeignRun | str], root: Path, *, tracker: str, metrics: Mapping[str, str]
) -> Imported:
    """Writes a record for each run below `root`, each whole or not there, and none before all that
    are given could be read.

    Args:
        runs: of one folder, or why one of them is left out.
        tracker: that they come from.
        metrics: what one of its metrics is called here, by its name there.

    Raises:
        InputError: no run has a metric that is named, two have one id, or what reading them raises.
    """
    imported, names, prepared = Imported(), set(), {}
    ids: set[str] = set()
    place = root / "imported" / tracker
    with lent_folder(root) as lent:
        for run in runs:
            if isinstance(run, str):
                imported.left_out[run] += 1
                continue
            if (known := _id_of(run)) in ids:
                raise InputError(
                    f"Two of these runs have the same id, or one with the same first {_ID_LENGTH} "
                    f"signs ({known}), by which runs are told apart here. Import the folder of one "
                    "of them alone."
                )
            ids.add(known)
            names.update(run.history, run.shown)
            kept, num_texts = _without_texts(run)
            destination = place / folder_name(kept.experiment) / f"{folder_name(kept.name)}-{known}"
            if destination.exists():
                imported.num_there += 1
                continue
            imported.num_unended += run.status is None
            imported.num_texts += num_texts
            prepared[destination] = lent / str(len(prepared))
            _write(
                kept,
                prepared[destination],
                imported={"from": tracker, "texts_left_out": num_texts},
                # Of the texts too: runs that differ in one are no seeds of each other.
                hash_of_all=configuration_hash(_config(run)),
                metrics=metrics,
            )
        if lost := sorted(set(metrics) - names):
            raise InputError(
                f"--metric {metrics[lost[0]]}={lost[0]}: no run has a metric {lost[0]}."
            )
        for destination, directory in prepared.items():
            is_new = take_place(directory, destination)
            imported.num_new += is_new
            imported.num_there += not is_new
    return imported


def name_here(name: str, metrics: Mapping[str, str]) -> str:
    """What a metric is called here: `val/accuracy` for val_acc and Accuracy/val."""
    if name in metrics:
        return metrics[name]
    found = _OF_PART.fullmatch(name)
    if found is None:
        return name
    part, what = found[1] or found[4], found[2] or found[3]
    what = what.lower() if what.istitle() else what
    return f"{_PARTS.get(part, part)}/{_NAMES.get(what, what)}"


def _without_texts(run: ForeignRun) -> tuple[ForeignRun, int]:
    """A run with numbers and short settings alone, and how many values are not among them."""
    kept = replace(
        run,
        id=run.id if _is_short(run.id) else _id_of(run),
        name=run.name if _is_short(run.name) else _id_of(run),
        experiment=run.experiment if _is_short(run.experiment) else "",
        params={key: each for key, each in run.params.items() if _is_short(key, each)},
        history={name: points for name, points in run.history.items() if _is_short(name)},
        shown={name: value for name, value in run.shown.items() if _is_short(name)},
        tags=[tag for tag in run.tags if _is_short(tag)],
        description=run.description if _is_short(run.description) else "",
        commit=run.commit if _is_short(run.commit or "") else None,
    )
    lost = sum(
        len(getattr(run, name)) - len(getattr(kept, name))
        for name in ("params", "history", "shown", "tags")
    )
    single = ("name", "experiment", "description", "commit")
    lost += sum(getattr(run, name) != getattr(kept, name) for name in single)
    return kept, lost


def _is_short(*texts: str) -> bool:
    return all(len(text) <= LONGEST_SETTING and text.isprintable() for text in texts)


def _config(run: ForeignRun) -> dict[str, Any]:
    model = next((run.params[key] for key in _MODELS if run.params.get(key)), run.name)
    params = {key: value for key, value in run.params.items() if key not in _SEEDS}
    return {"model": {"name": model}, "params": params}


def _write(
    run: ForeignRun,
    directory: Path,
    *,
    imported: Mapping[str, Any],
    hash_of_all: str,
    metrics: Mapping[str, str],
) -> None:
    attempt = directory / "attempts" / "001"
    attempt.mkdir(parents=True)
    seed = next((run.params[key] for key in _SEEDS if run.params.get(key, "").isdecimal()), None)
    config = _config(run)
    write_json_once(
        directory / "run.json",
        {
            "schema_version": SCHEMA_VERSION,
            "id": _id_of(run),
            "name": run.name,
            "description": run.description,
            "hypothesis": "",
            "tags": list(run.tags),
            "seed": None if seed is None else int(seed),
            "model": config["model"]["name"],
            "variants": [],
            "argv": [],
            "overrides": [],
            "configuration_hash": hash_of_all,
            "config": config,
            "imported": {**imported, "experiment": run.experiment, "run": run.id},
            "git": {"commit": run.commit, "branch": None, "is_dirty": None},
            "environment": {},
            "hardware": {},
            "created_at": _said(run.began),
        },
    )
    by_step: dict[int, dict[str, float]] = {}
    last: dict[str, float] = {}
    for name in dict.fromkeys([*run.history, *run.shown]):
        points, here = run.history.get(name, ()), name_here(name, metrics)
        results = [value for _, value in points]
        if name in run.shown:
            results.append(run.shown[name])
        if here.rpartition("/")[2] in _SHARES and any(value > 1 for value in results):
            here = f"{here}_percent"  # or whatever it is: no share
        for step, value in points:
            by_step.setdefault(step, {})[here] = value
        if results:
            last[here] = results[-1]
    with open_records(directory / "metrics.jsonl") as handle:
        for step in sorted(by_step):
            # A value that is not finite says nothing of how good a run is, but that there is none.
            values = {
                name: value if math.isfinite(value) else None
                for name, value in by_step[step].items()
            }
            append_record(handle, {"step": step, "epoch": None, **values})
    write_json_once(attempt / "start.json", {"schema_version": SCHEMA_VERSION})
    status = run.status or "completed"
    seconds = 0.0 if run.ended is None else (run.ended - run.began).total_seconds()
    write_json_once(
        attempt / "end.json",
        {
            "schema_version": SCHEMA_VERSION,
            "status": status,
            "started_at": _said(run.began),
            "ended_at": None if run.ended is None else _said(run.ended),
            "duration_seconds": max(0.0, seconds),
            "phases": {},
            "metrics": null_where_not_finite(last),
            "intervals": {},
            **dict.fromkeys(("yardstick", "selection", "notes", "peak_memory_bytes")),
            "model": {},
            "error": None if status == "completed" else _error(run, imported["from"]),
            "artefacts": artefacts_of(directory),
        },
    )


def _id_of(run: ForeignRun) -> str:
    """Its own where it is as short as that of a run of ours, or begins at random."""
    if re.fullmatch(rf"[0-9A-Za-z]{{1,{_ID_LENGTH}}}|[0-9a-f]{{32}}", run.id):
        return run.id[:_ID_LENGTH]
    return hashlib.sha256(run.id.encode(errors="surrogatepass")).hexdigest()[:_ID_LENGTH]


def _said(time: datetime) -> str:
    return time.isoformat(timespec="microseconds")


def _error(run: ForeignRun, tracker: str) -> dict[str, Any]:
    said = "it was running when it was imported" if run.was_running else "it does not say why"
    return {"type": tracker, "place": None, "message": said}
