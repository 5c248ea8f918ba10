"""Further labels of the sample posts: severity, urgency, emotions, and places of their cues.

Each has a stream of random numbers of its own, so that the posts of a seed are the same with any of
them or none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import NamedTuple

import numpy as np
import yaml

from mental_health_classifier.data.sample.ceilings import NO_CUE
from mental_health_classifier.data.sample.drafts import Drafts
from mental_health_classifier.data.sample.phrases import SamplePhrases

MAX_URGENCY = 100
_STREAMS = ("severity", "urgency", "emotions", "cue_spans")
"""In the order of their streams; every other column of a post comes from the seed itself."""


@dataclass(frozen=True, kw_only=True)
class SampleLabelling:
    """How further labels follow from a post's true class and from what it says."""

    version: int
    severity_within: Sequence[float]
    """Of posts of the priority class, by the number of slots that speak for it: the probability of
    each of two steps above the level at which such posts begin."""
    severity_elsewhere: float
    urgency_start: Mapping[str, float]
    urgency_step: float
    urgency_spread: float
    emotions: Mapping[str, Mapping[str, float]]
    """Probability of each emotion by class."""

    @property
    def emotion_names(self) -> tuple[str, ...]:
        return tuple(next(iter(self.emotions.values())))


@cache
def read_sample_labelling() -> SampleLabelling:
    """The numbers that ship with the package."""
    source = resources.files("mental_health_classifier.data.sample").joinpath("labels.yaml")
    return SampleLabelling(**yaml.safe_load(source.read_text(encoding="utf-8")))


class Labels(NamedTuple):
    """Further labels, one row a post, and which of them are known.

    Legend of shapes: n posts, E emotions.
    """

    severity: np.ndarray  # (n,), levels from 0
    urgency: np.ndarray  # (n,), 0 to MAX_URGENCY
    emotions: np.ndarray  # (n, E), bool
    is_known: np.ndarray  # (n, 4), bool: severity, urgency, emotions, places of the cues

    def columns(self, cue_spans: Sequence[str]) -> dict[str, list[str]]:
        """The cells of a table, empty where a label is not known.

        Args:
            cue_spans: where the cues of each post stand, as the table is to say it.
        """
        names = np.array(read_sample_labelling().emotion_names, dtype=object)
        cells = {
            "severity": self.severity.astype(str).tolist(),
            "urgency": self.urgency.astype(str).tolist(),
            "emotions": [";".join(names[has]) or "none" for has in self.emotions],
            "cue_spans": cue_spans,
        }
        return {
            name: [cell if known else "" for cell, known in zip(cells[name], is_known, strict=True)]
            for name, is_known in zip(_STREAMS, self.is_known.T.tolist(), strict=True)
        }


def draw_labels(
    drafts: Drafts, source: np.ndarray, phrases: SamplePhrases, *, seed: int, missing_share: float
) -> Labels:
    """Lets chance decide about everything but the posts.

    Args:
        drafts: what the posts say.
        source: the earlier post that each repeats, with its labels, or itself, shape `(n,)`.
        seed: of the posts.
        missing_share: probability that a post lacks a label, for each of them by itself.
    """
    labelling = read_sample_labelling()
    size = len(source)
    streams = {name: np.random.default_rng([seed, k]) for k, name in enumerate(_STREAMS, start=1)}

    priority = phrases.class_names.index(phrases.priority_class)
    spoken_for = np.where(
        drafts.is_denied, phrases.denied_classes[drafts.cues], phrases.affirmed_classes[drafts.cues]
    )
    num_speaking = ((spoken_for == priority) & (drafts.cues != NO_CUE)).sum(axis=1)
    within = np.array(labelling.severity_within)
    chances = streams["severity"].random((size, 3))
    steps = chances[:, :2] < within[np.minimum(num_speaking, len(within) - 1), None]
    severity = np.where(
        drafts.true_classes == priority,
        2 + steps.sum(axis=1),
        chances[:, 2] < labelling.severity_elsewhere,
    )[source]

    starts = np.array([labelling.urgency_start[name] for name in phrases.class_names])
    noise = streams["urgency"].normal(0, labelling.urgency_spread, size)[source]
    urgency = starts[drafts.true_classes] + labelling.urgency_step * severity + noise

    by_class = np.array([list(labelling.emotions[name].values()) for name in phrases.class_names])
    chances = streams["emotions"].random((size, by_class.shape[1]))[source]
    is_known = np.stack([streams[name].random(size) >= missing_share for name in _STREAMS], axis=1)
    return Labels(
        severity=severity,
        urgency=urgency.round().clip(0, MAX_URGENCY).astype(int),
        emotions=chances < by_class[drafts.true_classes],
        is_known=is_known,
    )
