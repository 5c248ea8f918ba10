"""Ensembles: several recorded runs as one model, calibrated and certified as a whole.

What was promised of the members does not carry over, so nothing of theirs is taken but what they
predicted.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from mental_health_classifier.contracts import PARTS, InputError, Predictions
from mental_health_classifier.contracts.headline import headline_of
from mental_health_classifier.data.seen_posts import copy_read_posts
from mental_health_classifier.evaluation.assess import assess
from mental_health_classifier.evaluation.calibration import calibrated, fit_temperature
from mental_health_classifier.evaluation.combining import check_way, combine_as, fit_weights
from mental_health_classifier.evaluation.evaluate import evaluate
from mental_health_classifier.evaluation.operating_point import OperatingPoint
from mental_health_classifier.prediction.run_posts import copy_seen_posts
from mental_health_classifier.tracking.record.assessments import (
    read_assessment,
    stored_predictions,
    write_assessments,
)
from mental_health_classifier.tracking.record.external_runs import require_model
from mental_health_classifier.tracking.record.run_record import recorded_run
from mental_health_classifier.tracking.record.run_summary import RunSummary, read_run
from mental_health_classifier.tracking.record.weight_files import ENSEMBLE, hash_of_weights
from mental_health_classifier.tracking.selection.candidates import require_one_corpus


def record_ensemble(
    members: Sequence[RunSummary],
    directory: Path,
    *,
    name: str | None = None,
    way: str = "mean",
    looked_at: int | None = None,
) -> None:
    """Makes a run of its own from completed ones, with everything that a run ends with.

    Args:
        members: two runs or more that share their parts.
        directory: of the new run; must not hold one.
        name: what it is called in tables. None: as its model.
        way: how members become one model, see `combine`.
        looked_at: models on the same parts among which the members were chosen. None: themselves.

    Raises:
        InputError: a member did not complete, there is no such way, or members do not share their
            posts and parts.

    Source: Lakshminarayanan, Pritzel and Blundell, NIPS 2017 (deep ensembles).
    """
    parts = PARTS[1:]
    by_member = [stored_predictions(run, parts) for run in _checked(members)]
    _refuse_other_parts(members, by_member)
    check_way(way, priority_index=by_member[0]["val"].task.priority_index)
    weights: Sequence[float | None] = [None] * len(members)
    if way == "weighted":
        vals = [given["val"] for given in by_member]
        weights = fit_weights([each.probabilities for each in vals], vals[0].labels)
    model, description = ENSEMBLE, f"{len(members)} runs combined by {way}"
    sole = next((run for run, each in zip(members, weights, strict=True) if each == 1), None)
    if sole is not None:
        model = f"{sole.model} alone"
        description += (
            f"; val gave all the weight to run {sole.id}, so this is its model calibrated"
        )
    read = [each for run in members for each in run.setting("model", "pretrained_on") or ()]
    first = members[0]
    settings = first.configuration["evaluation"]
    config = {
        ENSEMBLE: {
            "way": way,
            "members": [
                _facts_of(run, directory, weight)
                for run, weight in zip(members, weights, strict=True)
            ],
            # The ensemble is one more model whose certificate somebody may take.
            "looked_at": 1 + (looked_at or len(members)),
        },
        "model": {"name": model, **({"pretrained_on": _each_once(read)} if read else {})},
        "data": first.configuration["data"],
        "evaluation": settings,
        "num_threads": first.configuration.get("num_threads"),
    }
    record = recorded_run(
        directory,
        name=name or model,
        description=description,
        seed=first.seed or 0,
        model=model,
        config=config,
        argv=sys.argv,
    )
    with record:
        data = {key: value for key, value in first.data.items() if key != "schema_version"}
        warnings = [each for run in members for each in run.data.get("warnings") or ()]
        record.write_data({**data, "warnings": _each_once(warnings)})
        copy_seen_posts(first, directory)
        for run in members:
            copy_read_posts(run.directory, directory)
        with record.phase("prediction"):
            combined = {
                part: _combined(config[ENSEMBLE], [given[part] for given in by_member])
                for part in parts
            }
            temperature = 1.0 if way == "vote" else fit_temperature(combined["val"])
            predictions = {part: calibrated(combined[part], temperature) for part in parts}
            for given in predictions.values():
                record.write_predictions(given)
        with record.phase("evaluation"):
            evaluation = evaluate(
                predictions,
                specificity_floor=settings["specificity_floor"],
                bootstrap_draws=settings["bootstrap_draws"],
            )
            looks = read_assessment(first.directory, "reference")
            write_assessments(
                directory,
                assess(
                    predictions,
                    settings,
                    looks=looks,
                    point=OperatingPoint.recorded_in(evaluation.metrics),
                    looked_at=config[ENSEMBLE]["looked_at"],
                ),
            )
        sizes = [run.model_facts.get("parameters") for run in members]
        record.note_model(
            temperature=temperature,
            members=len(members),
            parameters=None if None in sizes else sum(size for size in sizes if size is not None),
        )
        record.finish(metrics=evaluation.metrics, intervals=evaluation.intervals)


def best_members(runs: Sequence[RunSummary], *, number: int) -> tuple[list[RunSummary], int]:
    """The best completed runs by their headline on val that nobody archived, and among how many,
    archived or not, they were found.

    Raises:
        InputError: there are not so many, or they were not tested on the same posts for the same
            priority class.
    """
    key = {run.id: f"val/{headline_of(run.data.get('priority_class'))}" for run in runs}
    able = [
        run
        for run in runs
        if run.status == "completed"
        and ENSEMBLE not in run.configuration
        and not run.is_external
        and run.metrics.get(key[run.id]) is not None
    ]
    require_one_corpus(able, what="ensemble")
    ranked = sorted(
        (run for run in able if not run.is_archived),
        key=lambda run: -(run.metrics[key[run.id]] or 0),
    )
    if len(ranked) < number:
        raise InputError(
            f"--best={number}: there are {len(ranked)} completed runs that can be "
            "members. Give less, or train more."
        )
    # In full: lists of runs leave out the checksums of their files.
    return [read_run(run.directory) for run in ranked[:number]], len(able)


def _each_once(things: Sequence[Any]) -> list[Any]:
    return [each for place, each in enumerate(things) if each not in things[:place]]


def _combined(ensemble: Mapping[str, Any], members: Sequence[Predictions]) -> Predictions:
    """What several models say of the same posts together."""
    probabilities = combine_as(
        ensemble,
        [given.probabilities for given in members],
        priority_index=members[0].task.priority_index,
    )
    return replace(members[0], probabilities=probabilities)


def _checked(members: Sequence[RunSummary]) -> Sequence[RunSummary]:
    if len({run.id for run in members}) < max(2, len(members)):
        raise InputError(
            "An ensemble has two members or more, each another run: averaging a run with itself "
            "changes nothing."
        )
    for run in members:
        if run.status != "completed":
            raise InputError(f"Run {run.id} is {run.status}: members have to be completed runs.")
        require_model(run)
        if ENSEMBLE in run.configuration:
            raise InputError(f"Run {run.id} is an ensemble itself: name its members instead.")
    return members


def _refuse_other_parts(
    members: Sequence[RunSummary], by_member: Sequence[dict[str, Predictions]]
) -> None:
    first = by_member[0]
    for run, given in zip(members, by_member, strict=True):
        for part, predictions in given.items():
            is_same = predictions.task == first[part].task
            if not is_same or list(predictions.post_ids) != list(first[part].post_ids):
                raise InputError(
                    f"Run {run.id} has another {part} part than run {members[0].id}: what one "
                    "learned from, the other may be tested on. Members need the same posts, "
                    "classes and data.split_seed."
                )


def _facts_of(run: RunSummary, directory: Path, weight: float | None) -> dict[str, Any]:
    return {
        "id": run.id,
        "name": run.name,
        "seed": run.seed,
        "model": run.model,
        # Relative, so that outputs can be moved as a whole.
        "directory": os.path.relpath(run.directory.resolve(), directory.resolve()),
        "weights_sha256": hash_of_weights(run),
        **asdict(OperatingPoint.recorded_in(run.metrics)),
        **({} if weight is None else {"weight": weight}),
    }
