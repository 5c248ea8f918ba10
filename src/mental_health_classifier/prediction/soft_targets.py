"""Soft targets: what a finished model says of the posts that another one learns from."""

from __future__ import annotations

import logging

import numpy as np

from mental_health_classifier.configuration.teacher import find_teacher
from mental_health_classifier.contracts import PARTS, Corpus, InputError
from mental_health_classifier.prediction.predictor import Predictor
from mental_health_classifier.tracking.record.assessments import stored_predictions, task_of
from mental_health_classifier.tracking.record.run_summary import RunSummary

log = logging.getLogger(__name__)

TAUGHT = ("train", "val")
"""Parts of which an objective is asked."""


def soft_targets(teacher: str, sha256: str, *, corpus: Corpus) -> np.ndarray:
    """Class probabilities of a teacher for the posts of train and val, shape `(n, C)` for all n
    posts of the corpus; other rows are NaN.

    Args:
        teacher, sha256: see `find_teacher`.

    Raises:
        InputError: the teacher cannot be loaded, or may have learned from posts on which another
            model is to be tested.
    """
    run = find_teacher(teacher, sha256)
    _refuse_other_posts(run, corpus)
    predictor = Predictor.load(run)
    is_taught = corpus.posts["part"].isin(TAUGHT).to_numpy()
    log.info("Asking the teacher (run %s) about %d posts.", run.id, is_taught.sum())
    targets = np.full((len(corpus.posts), corpus.task.num_classes), np.nan)
    targets[is_taught] = predictor.predict_scrubbed(corpus.posts["text"][is_taught].tolist())
    return targets


def _refuse_other_posts(run: RunSummary, corpus: Corpus) -> None:
    if task_of(run) != corpus.task:
        raise InputError(
            f"objective.teacher: run {run.id} has other classes than these posts. Give a run on "
            "the same posts."
        )
    for part, given in stored_predictions(run, PARTS[1:]).items():
        if list(given.post_ids) != corpus.part(part)["id"].tolist():
            raise InputError(
                f"objective.teacher: run {run.id} has another {part} part than these posts, so it "
                "may have learned from what its pupil is tested on. Give a run with the same "
                "data, data.split_seed and data.fold."
            )
