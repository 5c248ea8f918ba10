"""The posts of a run: which of them a pretrained model has read, and whether they can be measured
as asked."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
from omegaconf import DictConfig

from mental_health_classifier.configuration.check import refuse_metric
from mental_health_classifier.configuration.teacher import find_teacher
from mental_health_classifier.contracts import PARTS, Corpus, InputError
from mental_health_classifier.contracts.pretraining import is_pretraining
from mental_health_classifier.data.seen_posts import copy_read_posts, read_before
from mental_health_classifier.data.tokens.encoder_folder import find_recorded_encoder
from mental_health_classifier.evaluation.auxiliary_metrics import evaluate_auxiliary
from mental_health_classifier.evaluation.evaluate import MIN_DRAWS, metric_names

_UNKNOWN_READING = (
    "What the language model has read is not known: published posts can be among it, with their "
    "labels, and numbers on them are then better than they are on new posts."
)


def with_warnings_of_read_posts(config: DictConfig, corpus: Corpus, directory: Path) -> Corpus:
    """The same posts with a warning of each part, train aside, that the encoder of the run, or that
    of its teacher, has read; or one that nobody knows what its language model has read."""
    readers = ["encoder"] if is_pretraining(config) else []
    model = config.model
    if model.get("encoder") is not None:
        readers = ["encoder"]
        with suppress(InputError):  # once training has begun, a run goes on without its encoder
            folder = find_recorded_encoder(
                model.encoder, download=False, sha256=model.encoder_sha256
            )
            copy_read_posts(folder, directory)
    if "teacher" in config.get("objective", {}):
        readers.append("teacher")
        teacher = find_teacher(config.objective.teacher, config.objective.teacher_sha256)
        copy_read_posts(teacher.directory, directory)
    if "language_model" in model:
        return replace(corpus, warnings=[*corpus.warnings, _UNKNOWN_READING])
    if not readers:
        return corpus
    counts = read_before(directory, corpus)
    if is_pretraining(config):
        counts |= {part: len(corpus.part(part)) for part in config.objective.parts}
    warnings = [
        f"The {' or the '.join(readers)} has read, without labels, {counts[part]:,} of the "
        f"{len(corpus.part(part)):,} posts of {part}: numbers on them may be better than they are "
        "on new posts."
        for part in PARTS[1:]
        if counts[part]
    ]
    return replace(corpus, warnings=[*corpus.warnings, *warnings])


def check_metric(config: DictConfig, corpus: Corpus) -> None:
    """Refuses to optimise a number that the validation part will not have, now that its classes
    and labels are known.

    Raises:
        InputError: as said.
    """
    num_posts = len(corpus.part("val"))
    outputs = {
        task.name: np.zeros((num_posts, len(task.kind.output_names)))
        for task in corpus.auxiliary_tasks
    }
    others = evaluate_auxiliary(
        corpus.auxiliary_predictions("val", outputs), bootstrap_draws=MIN_DRAWS
    )
    known = [*(f"val/{name}" for name in metric_names(corpus.task)), *others.metrics]
    if config.optimized_metric not in known:
        refuse_metric(config, known)
