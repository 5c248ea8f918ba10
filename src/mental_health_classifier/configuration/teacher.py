"""The run whose model teaches another, found and named by its weights before posts are read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mental_health_classifier.contracts import InputError
from mental_health_classifier.tracking.record.run_summary import RunSummary
from mental_health_classifier.tracking.record.weight_files import hash_of_weights
from mental_health_classifier.tracking.run_index import resolve_run


def fill_in_teacher(values: Mapping[str, Any]) -> None:
    """Says in `objective.teacher_sha256` which weights teach, where an objective has a teacher.

    Args:
        values: the whole configuration.

    Raises:
        InputError: there is no such run, it did not complete, or its weights are others than those
            that were recorded; or what is to learn from it learns from labels alone.
    """
    objective = values.get("objective") or {}
    if "teacher" in objective:
        if "_target_" in values["model"]:
            raise InputError(
                f"objective=distillation: model={values['model']['name']} learns from labels "
                "alone. Choose a network, such as model=baseline_small."
            )
        run = find_teacher(objective["teacher"], objective.get("teacher_sha256"))
        objective["teacher_sha256"] = hash_of_weights(run)


def find_teacher(teacher: str | None, sha256: str | None) -> RunSummary:
    """The record of the run that teaches.

    Args:
        teacher: its folder or id.
        sha256: of its weights. None: whatever they are.

    Raises:
        InputError: see `fill_in_teacher`.
    """
    if teacher is None:
        raise InputError(
            "objective.teacher is missing: give the folder or id of a completed run on the same "
            "posts, such as an ensemble."
        )
    try:
        run = resolve_run(teacher)
        if run.status != "completed":
            raise InputError(f"the run is {run.status}, and only a completed one has a model.")
        found = hash_of_weights(run)
    except InputError as error:
        raise InputError(f"objective.teacher={teacher}: {error}") from None
    if sha256 not in (None, found):
        raise InputError(
            f"objective.teacher={teacher}: its weights have the SHA-256 {found[:12]}…, and "
            f"{sha256[:12]}… was recorded. Put the old run back, or start a new one."
        )
    return run
