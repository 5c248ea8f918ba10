"""External runs: predictions that another program made, judged like those of a run."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from mental_health_classifier.assessment.matched_posts import KnownPosts, match
from mental_health_classifier.assessment.own_yardstick import (
    FOLDER,
    beside_yardstick,
    stored_yardstick,
)
from mental_health_classifier.contracts import PARTS, InputError, Predictions
from mental_health_classifier.data.foreign.foreign_predictions import ForeignPredictions
from mental_health_classifier.data.preparing.chunks import kept_column
from mental_health_classifier.data.preparing.labelled_posts import LabelledPosts
from mental_health_classifier.data.reading.table_formats import open_table
from mental_health_classifier.data.reading.tables import column_of_role, files_to_read
from mental_health_classifier.evaluation.assess import assess
from mental_health_classifier.evaluation.evaluate import evaluate
from mental_health_classifier.evaluation.intervals import DRAWS
from mental_health_classifier.evaluation.metrics import HEADLINE_SPECIFICITY
from mental_health_classifier.evaluation.operating_point import OperatingPoint
from mental_health_classifier.evaluation.unfamiliar_text import looks_of
from mental_health_classifier.prediction.run_posts import corpus_of_run
from mental_health_classifier.tracking.record.assessments import (
    read_assessment,
    stored_predictions,
    write_assessments,
)
from mental_health_classifier.tracking.record.external_runs import parts_of
from mental_health_classifier.tracking.record.run_record import RunRecord, recorded_run
from mental_health_classifier.tracking.record.run_summary import EXTERNAL, RunSummary
from mental_health_classifier.tracking.selection.admissibility import ALERT_BUDGET

SETTINGS = {
    "specificity_floor": HEADLINE_SPECIFICITY,
    "alert_budget": ALERT_BUDGET,
    "bootstrap_draws": DRAWS,
    "required_recall": 0.90,
    "confidence": 0.90,
}
"""How predictions are judged that stand beside no run; as conf/evaluation has it."""


def posts_of_run(run: RunSummary, *, with_corpus: bool) -> KnownPosts:
    """The posts of val, calibration and test of a run, in their parts.

    Args:
        with_corpus: read the posts themselves again, so that they are known by their own ids and
            texts. Else by the keyed hashes in the record alone.

    Raises:
        InputError: the run has no predictions, or its posts are not at hand any more.
    """
    parts = stored_predictions(run, parts_of(run) or PARTS[1:])
    called = f"run {run.id}"
    if not with_corpus:
        return KnownPosts(called=called, parts=parts, ids={}, texts={}, names={})
    column = _id_column(run)
    corpus = corpus_of_run(run, kept_columns=[column] if column else [])
    judged = corpus.posts[corpus.posts["part"] != "train"]
    names: dict[str, str] = {}
    if column is not None:
        names = dict(zip(judged["id"], judged[kept_column(column)], strict=True))
    counts: dict[str, int] = {}
    for own in names.values():
        counts[own] = counts.get(own, 0) + 1
    return KnownPosts(
        called=called,
        parts=parts,
        ids={own: post for post, own in names.items() if counts[own] == 1},
        texts=dict(zip(judged["id"], judged["text"], strict=True)),
        names=names,
    )


def _id_column(run: RunSummary) -> str | None:
    """The column that the corpus of a run has its ids in. None: it has none of them."""
    path, files = run.setting("data", "path"), run.setting("data", "files")
    if not isinstance(path, str):
        return None
    (file, _), *_others = files_to_read(path, files, run.setting("data", "encoding"))
    header = list(open_table(file).columns)
    named = (run.setting("data", "columns") or {}).get("id")
    if isinstance(named, list):
        named = named[0] if len(named) == 1 else ""
    column = column_of_role("id", header) if named is None else str(named)
    return column if column in header else None


def posts_of_file(read: LabelledPosts) -> KnownPosts:
    """Posts that were read from a file, see `read_labelled_posts`."""
    corpus, task = read.corpus, read.corpus.task
    hashes = corpus.posts["id"].tolist()
    even = np.full(task.num_classes, 1 / task.num_classes)
    parts = {
        part: corpus.predictions(part, np.tile(even, (len(corpus.part(part)), 1)))
        for part in PARTS
        if len(corpus.part(part))
    }
    are_unique = len(set(read.ids)) == len(read.ids)
    return KnownPosts(
        called=corpus.name,
        parts=parts,
        ids=dict(zip(read.ids, hashes, strict=True)) if are_unique else {},
        texts=dict(zip(hashes, corpus.posts["text"], strict=True)),
        names=dict(zip(hashes, read.rows, strict=True)),
        are_parts_open=not read.are_parts_given,
    )


def record_beside_run(
    found: ForeignPredictions,
    run: RunSummary,
    directory: Path,
    *,
    refers_missing: bool = False,
    **asked: Any,
) -> None:
    """Makes a run of its own of predictions for posts of another run, which are judged as that one
    was, beside the same yardstick.

    Args:
        found: from `read_foreign_predictions`, for the classes of `task_of(run)`.
        directory: of the new run; must not hold one.
        refers_missing: see `match`.
        asked: `name`, `description`, `tags`, `seed`, see `recorded_run`; and `prompt`, what the
            questions are called, if they were of a person's own.

    Raises:
        InputError: see `match`.
    """
    known, unproven = _posts_named_by(found, run)
    predictions, referred, notes = match(found, known, refers_missing=refers_missing)
    notes += unproven
    settings = {**SETTINGS, **run.configuration["evaluation"]}
    yardstick = beside_yardstick(run, predictions["test"], settings)
    _record(
        found,
        predictions,
        directory,
        config={
            "data": run.configuration["data"],
            "evaluation": settings,
            "num_threads": run.configuration.get("num_threads"),
        },
        data={key: value for key, value in run.data.items() if key != "schema_version"},
        looks=read_assessment(run.directory, "reference"),
        facts={"referred": referred, "notes": [*found.notes, *notes], "beside": run.id},
        yardstick=yardstick,
        of_yardstick=stored_yardstick(run) if yardstick else {},
        **asked,
    )


def _posts_named_by(found: ForeignPredictions, run: RunSummary) -> tuple[KnownPosts, list[str]]:
    """The posts of a run as the rows name them, and what of that could not be checked."""
    known = posts_of_run(run, with_corpus=False)
    deciding, *others = found.keys
    hashes = {post for given in known.parts.values() for post in given.post_ids}
    is_by_hash = deciding == "post" or all(cell in hashes for cell in found.keys[deciding])
    if is_by_hash and not others:
        return known, []
    try:
        return posts_of_run(run, with_corpus=True), []
    except InputError:
        if not is_by_hash or "text" in others:
            raise
        return known, ["Column id was not compared: the posts of the run are not at hand."]


def record_on_posts(
    found: ForeignPredictions,
    read: LabelledPosts,
    directory: Path,
    *,
    refers_missing: bool = False,
    **asked: Any,
) -> None:
    """The same for posts in a file, beside no run.

    Raises:
        InputError: see `match`.
    """
    predictions, referred, notes = match(found, posts_of_file(read), refers_missing=refers_missing)
    part_of = {post: part for part, given in predictions.items() for post in given.post_ids}
    posts = read.corpus.posts
    parts = [part_of.get(post, part) for post, part in zip(posts["id"], posts["part"], strict=True)]
    corpus = replace(read.corpus, posts=posts.assign(part=np.array(parts, dtype=object)))
    looks = looks_of(corpus.part("calibration")["text"]) if "calibration" in predictions else None
    _record(
        found,
        predictions,
        directory,
        config={
            "data": {"name": corpus.name, "task_name": corpus.task.name},
            "evaluation": SETTINGS,
        },
        data=corpus.describe(),
        looks=looks,
        facts={"referred": referred, "notes": [*found.notes, *notes]},
        **asked,
    )


def _record(
    found: ForeignPredictions,
    predictions: Mapping[str, Predictions],
    directory: Path,
    *,
    config: Mapping[str, Any],
    data: Mapping[str, Any],
    looks: Mapping[str, Any] | None,
    facts: Mapping[str, Any],
    yardstick: Mapping[str, Any] | None = None,
    of_yardstick: Mapping[str, Predictions] | None = None,
    name: str,
    description: str = "",
    tags: Sequence[str] = (),
    seed: int | None = None,
    prompt: str = "",
) -> None:
    settings = config["evaluation"]
    given: dict[str, Any] = {"predictions": found.kind, "parts": list(predictions)}
    if found.asked:  # other questions are another configuration
        given["asked"] = found.asked
    if prompt:
        given["prompt"] = prompt
    if seed is None:  # nobody said that others of this name are the same model
        values = (each.probabilities.tobytes() for each in predictions.values())
        given["sha256"] = hashlib.sha256(b"".join(values)).hexdigest()
    record = recorded_run(
        directory,
        name=name,
        description=description or f"predictions of another program, from {found.name}",
        tags=tags,
        seed=seed,
        model=name,
        config={EXTERNAL: given, "model": {"name": name}, **config},
        argv=sys.argv,
    )
    with record:
        record.write_data(data)
        with record.phase("prediction"):
            for each in predictions.values():
                record.write_predictions(each)
            for each in (of_yardstick or {}).values():
                record.write_predictions(each, folder=FOLDER)
        with record.phase("evaluation"):
            _evaluate(record, predictions, settings, looks, yardstick)
        record.note_model(**{EXTERNAL: {"file": found.name, "answers": found.answers, **facts}})


def _evaluate(
    record: RunRecord,
    predictions: Mapping[str, Predictions],
    settings: Mapping[str, Any],
    looks: Mapping[str, Any] | None,
    yardstick: Mapping[str, Any] | None,
) -> None:
    evaluation = evaluate(
        predictions,
        specificity_floor=settings["specificity_floor"],
        bootstrap_draws=settings["bootstrap_draws"],
        point=OperatingPoint.without_val(predictions),
    )
    point = OperatingPoint.recorded_in(evaluation.metrics)
    write_assessments(record.directory, assess(predictions, settings, looks=looks, point=point))
    record.finish(metrics=evaluation.metrics, intervals=evaluation.intervals, yardstick=yardstick)


def said_by_run(
    run: RunSummary, parts: Sequence[str], *, of_yardstick: bool, with_ids: bool
) -> tuple[list[Predictions], Mapping[str, str]]:
    """What a run's model, or its yardstick, said of its posts, and what these are called.

    Args:
        parts: empty: all that were predicted.
        with_ids: read the posts again for their own ids.

    Raises:
        InputError: there is no such part or yardstick, or the posts have no ids or are not at hand.
    """
    own = parts_of(run) or PARTS[1:]
    if unknown := [part for part in parts if part not in own]:
        raise InputError(f"--part {unknown[0]}: run {run.id} has predictions for {', '.join(own)}.")
    stored = stored_yardstick(run) if of_yardstick else stored_predictions(run, parts or own)
    if not stored:
        raise InputError(f"Run {run.id} has no predictions of a yardstick.")
    names = posts_of_run(run, with_corpus=True).names if with_ids else {}
    if with_ids and not names:
        raise InputError(
            f"The posts of run {run.id} have no column of ids. Leave --ids out: column post "
            "names them by keyed hashes."
        )
    return [given for part, given in stored.items() if part in (parts or own)], names
