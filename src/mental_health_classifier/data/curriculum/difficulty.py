"""Difficulty of training posts, known before a run begins, and orders that follow from it.

Everything is worked out from the training part alone: difficulty that knew val would leak it.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mental_health_classifier.contracts import TRAINING_DYNAMICS, InputError
from mental_health_classifier.data.batching import BatchDataset
from mental_health_classifier.storage.files import open_text_to_read

_EPOCHS_AT_LEAST = 2


@dataclass(frozen=True, slots=True)
class Difficulty:
    values: np.ndarray
    """The higher, the harder, shape `(n,)`."""
    is_suspect: np.ndarray
    """Whether the label is probably wrong rather than hard, bool, shape `(n,)`."""


def by_length(posts: BatchDataset) -> Difficulty:
    """Longer posts are harder."""
    return _without_suspects(posts.lengths.astype(np.float64))


def by_rarity(posts: BatchDataset) -> Difficulty:
    """Posts of rarer tokens are harder, and longer ones: `-sum log p(token)`.

    Source: Platanios et al., Competence-based Curriculum Learning, NAACL 2019, equation 2; p is the
    share of a token among all tokens of the training part.
    """
    size = 1 + max(int(token_ids.max()) for token_ids, _ in posts.token_chunks())
    of_chunks = [np.bincount(ids, minlength=size) for ids, _ in posts.token_chunks()]
    counts = np.sum(of_chunks, axis=0)
    surprise = np.log(counts.sum()) - np.log(np.maximum(counts, 1))
    values = []
    for token_ids, lengths in posts.token_chunks():
        post_of_token = np.repeat(np.arange(len(lengths)), lengths)
        values.append(np.bincount(post_of_token, surprise[token_ids], minlength=len(lengths)))
    return _without_suspects(np.concatenate(values))


def by_training_dynamics(
    posts: BatchDataset, *, run: str | None, suspect_confidence: float, suspect_variability: float
) -> Difficulty:
    """Posts whose label an earlier run found less probable are harder: 1 - confidence.

    Confidence is the mean over epochs of the probability of the label, variability its standard
    deviation. Where both are low the run was sure of another class all along, which is what wrong
    labels look like.

    Args:
        run: directory of a run on the same posts, trained with callbacks=training_dynamics.
        suspect_confidence, suspect_variability: labels below both are suspect.

    Source: Swayamdipta et al., Dataset Cartography, EMNLP 2020.

    Raises:
        InputError: the run did not record its dynamics, or learned from other posts.
    """
    if run is None:
        raise InputError(
            "sampler.difficulty.run is not given: name the directory of a run on the same posts "
            "that was trained with callbacks=training_dynamics."
        )
    probabilities = read_training_dynamics(Path(run), posts.post_ids)
    confidence, variability = probabilities.mean(axis=1), probabilities.std(axis=1)
    is_suspect = (confidence < suspect_confidence) & (variability < suspect_variability)
    return Difficulty(1 - confidence, is_suspect)


def read_training_dynamics(run: Path, post_ids: list[str]) -> np.ndarray:
    """Probability that a run gave the label of each post after each epoch, shape `(n, epochs)`.

    Raises:
        InputError: as `by_training_dynamics`.
    """
    files = sorted((run / TRAINING_DYNAMICS).glob("*.csv"))
    if len(files) < _EPOCHS_AT_LEAST:
        raise InputError(
            f"sampler.difficulty.run={run}: expected the training dynamics of "
            f"{_EPOCHS_AT_LEAST} epochs or more, found {len(files)}. Train that run with "
            "callbacks=training_dynamics, or choose sampler/difficulty=rarity."
        )
    epochs = []
    for file in files:
        with open_text_to_read(file) as stream:
            rows = csv.reader(stream)
            next(rows, None)
            try:
                known = {post: float(probability) for post, probability in rows}
            except ValueError:
                raise InputError(f"{file} is damaged. Repeat that run.") from None
        num_missing = sum(post not in known for post in post_ids)
        if num_missing or len(known) != len(post_ids):
            raise InputError(
                f"sampler.difficulty.run={run} learned from other posts: {num_missing} of "
                f"{len(post_ids)} training posts are not among its {len(known)}. Give a run with "
                "the same data and data.split_seed."
            )
        epochs.append([known[post] for post in post_ids])
    return np.array(epochs).T


def easiest_first(values: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """The curriculum: what posts are sorted by."""
    return values


def hardest_first(values: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """The anti-curriculum, a control."""
    return -values


def in_random_order(values: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """The same pacing without any curriculum, the control that a curriculum has to beat."""
    return generator.permutation(len(values))


def _without_suspects(values: np.ndarray) -> Difficulty:
    return Difficulty(values, np.zeros(len(values), dtype=bool))
