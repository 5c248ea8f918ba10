"""Assessments of a run: one JSON file each, below `assessments/`.

Those that a run makes itself are part of its record and never change. Whatever is worked out later
stands beside them under a name of its own.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from mental_health_classifier.contracts import InputError, Predictions, Task
from mental_health_classifier.contracts.task_kinds import read_kind
from mental_health_classifier.storage.files import (
    SCHEMA_VERSION,
    null_where_not_finite,
    place_in,
    read_json,
    write_json,
)
from mental_health_classifier.tracking.record.assessment_shape import wrong_in_assessment
from mental_health_classifier.tracking.record.external_runs import has_probabilities, require_parts
from mental_health_classifier.tracking.record.prediction_files import read_predictions
from mental_health_classifier.tracking.record.run_summary import RunSummary

FOLDER = "assessments"


def write_assessment(directory: Path, name: str, content: Mapping[str, Any]) -> Path:
    """Writes `assessments/NAME.json` of the run in `directory`, and says where.

    A file of the same name is replaced, unless it says the same already: what a run recorded itself
    keeps its checksum.

    Raises:
        InputError: a link lies where it is written.
    """
    assert re.fullmatch(r"[\w.-]+", name), name
    path = place_in(directory, f"{FOLDER}/{name}.json")
    plain = as_stored(content)
    try:
        is_known = read_json(path) == plain
    except (FileNotFoundError, InputError):
        # A damaged one is replaced by what it should have been.
        is_known = False
    if not is_known:
        write_json(path, plain)
    return path


def as_stored(content: Mapping[str, Any]) -> dict[str, Any]:
    """What `read_assessment` gives back of an assessment."""
    return null_where_not_finite({"schema_version": SCHEMA_VERSION, **content})


def write_assessments(directory: Path, found: Mapping[str, Mapping[str, Any]]) -> None:
    """Writes several of them, by name."""
    for name, content in found.items():
        write_assessment(directory, name, content)


def read_assessment(directory: Path | str, name: str) -> dict[str, Any] | None:
    """What was written under a name. None: nothing was.

    Raises:
        InputError: the file is damaged, or not of the shape that its readers rely on.
    """
    stem = os.path.basename(name)
    # As text: tables look for assessments of thousands of runs, most of which have none.
    path = f"{directory}/{FOLDER}/{stem}.json"
    try:
        content = read_json(path)
    except FileNotFoundError:
        return None
    wrong = wrong_in_assessment(stem, content)
    if wrong is not None:
        raise InputError(
            f"{path} is damaged: {wrong} is missing or of the wrong kind. Restore it from a copy, "
            "or measure it again."
        )
    return content


def require_judge(run: RunSummary) -> None:
    """Raises InputError where a run has no model that says something of posts."""
    if not run.judges_posts:
        is_from_scratch = run.setting("model", "layer_decay") is None
        model = run.setting("model", "name") if is_from_scratch else "pretrained"
        raise InputError(
            f"Run {run.id} has learned from masked tokens and judges no post. Begin a run with its "
            f"encoder, model={model} model.encoder={run.directory / 'encoder'}, and give that."
        )


def task_of(run: RunSummary) -> Task:
    """What the run's model answers.

    Raises:
        InputError: it is an encoder for others, or the record does not say which classes there
            were.
    """
    require_judge(run)
    classes = run.data.get("classes")
    if run.imported_from:
        raise InputError(
            f"Run {run.id} was imported from {run.imported_from}, which knows numbers, and neither "
            "posts nor what was predicted of them. Give its predictions to mhc assess."
        )
    if not classes:
        raise InputError(
            f"Run {run.id or run.directory} has no record of its classes in data.json: it ended "
            "before its posts were read. Choose another run."
        )
    name = run.setting("data", "task_name") or "condition"
    return Task.categorical(str(name), tuple(classes), run.data.get("priority_class"))


def auxiliary_tasks_of(run: RunSummary) -> list[Task]:
    """What else the run's model answers; a run from before there were such tasks has none."""
    described = run.data.get("auxiliary_tasks") or {}
    try:
        return [
            Task(name, read_kind(each["labels"]), weight=each["weight"])
            for name, each in described.items()
        ]
    except (KeyError, TypeError, ValueError, AttributeError):
        raise InputError(
            f"{run.directory / 'data.json'} is damaged: auxiliary_tasks describes no tasks that "
            "this version knows. Restore it from a copy."
        ) from None


def stored_predictions(run: RunSummary, parts: Iterable[str]) -> dict[str, Predictions]:
    """What the run's model said about some of its parts.

    Raises:
        InputError: a part was not predicted, or its file was changed.
    """
    task, is_ranked = task_of(run), has_probabilities(run)
    parts, found = list(parts), {}
    require_parts(run, parts)
    for part in parts:
        try:
            read = read_predictions(run.directory / "predictions" / f"{part}.csv", task)
            found[part] = read if is_ranked else replace(read, has_probabilities=False)
        except FileNotFoundError:
            raise InputError(
                f"Run {run.id or run.directory} has no predictions for part {part}: it is "
                f"{run.status}, and only completed runs have them all. Choose another run."
            ) from None
    return found
