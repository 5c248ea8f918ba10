"""Phrases of sample posts, read from a file and held to its rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
import yaml


@dataclass(frozen=True, kw_only=True)
class SamplePhrases:
    """Everything a sample post can say. The class of a post shows in its cues alone."""

    version: int
    notice: str
    priority_class: str
    classes: Mapping[str, Mapping[str, Any]]
    """By name, its `cues`, and as `opposite` the class that they speak for when denied."""
    confusions: Sequence[tuple[str, str, float]]
    """Pairs of classes whose labels people mix up, and how often compared with the other pairs."""
    negators: Sequence[str]
    carriers: Sequence[str]
    intensifiers: Sequence[str]
    openings: Sequence[str]
    fillers: Sequence[str]
    sign_off: Mapping[str, Sequence[str]]
    """The `first` and the `second` words with which authors sign."""
    endings: Sequence[str]

    def __post_init__(self) -> None:
        opposites = {entry["opposite"] for entry in self.classes.values()}
        assert opposites == set(self.class_names), "every class is the opposite of one"
        occurrences = Counter(word for phrase in self.all_phrases for word in set(phrase.split()))
        for phrase in (*self.cue_texts, *self.negators):
            assert any(occurrences[word] == 1 for word in phrase.split()), (
                f"{phrase!r} has no word of its own: a bag of words could not tell that it was said"
            )

    @property
    def class_names(self) -> tuple[str, ...]:
        return tuple(self.classes)

    @property
    def cue_texts(self) -> tuple[str, ...]:
        """All cues, class after class."""
        return tuple(cue for entry in self.classes.values() for cue in entry["cues"])

    @property
    def all_phrases(self) -> tuple[str, ...]:
        return (
            *self.cue_texts,
            *self.negators,
            *self.carriers,
            *self.intensifiers,
            *self.openings,
            *self.fillers,
            *self.sign_off["first"],
            *self.sign_off["second"],
            "and",
        )

    @property
    def affirmed_classes(self) -> np.ndarray:
        """Index of the class that each cue speaks for when affirmed, shape `(V,)` for V cues."""
        counts = [len(entry["cues"]) for entry in self.classes.values()]
        return np.repeat(np.arange(len(counts)), counts)

    @property
    def denied_classes(self) -> np.ndarray:
        """Index of the class that each cue speaks for when denied, shape `(V,)`."""
        places = [self.class_names.index(entry["opposite"]) for entry in self.classes.values()]
        return np.array(places)[self.affirmed_classes]


@cache
def read_sample_phrases() -> SamplePhrases:
    """The phrases that ship with the package."""
    source = resources.files("mental_health_classifier.data.sample").joinpath("phrases.yaml")
    return SamplePhrases(**yaml.safe_load(source.read_text(encoding="utf-8")))
