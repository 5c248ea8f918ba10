"""Phrases of sample posts, read from a file and held to its rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
import yaml


@dataclass(frozen=True, kw_only=True)
class SamplePhrases:
    """Everything a sample post can say. The class of a post shows in its cues alone."""

    version: int
    notice: str
    priority_class: str
    class_names: tuple[str, ...]
    opposites: tuple[str, ...]
    """For each class, the class that its denied cues speak for."""
    cues: Mapping[str, tuple[str, ...]]
    confusions: tuple[tuple[str, str, float], ...]
    """Pairs of classes whose labels people mix up, and how often compared with the other pairs."""
    negators: tuple[str, ...]
    carriers: tuple[str, ...]
    intensifiers: tuple[str, ...]
    openings: tuple[str, ...]
    fillers: tuple[str, ...]
    sign_off_first: tuple[str, ...]
    sign_off_second: tuple[str, ...]
    endings: tuple[str, ...]

    def __post_init__(self) -> None:
        assert set(self.opposites) == set(self.class_names), "every class is the opposite of one"
        occurrences = Counter(word for phrase in self.all_phrases for word in set(phrase.split()))
        for phrase in (*self.cue_texts, *self.negators):
            assert any(occurrences[word] == 1 for word in phrase.split()), (
                f"{phrase!r} has no word of its own: a bag of words could not tell that it was said"
            )

    @property
    def cue_texts(self) -> tuple[str, ...]:
        """All cues, class after class."""
        return tuple(cue for name in self.class_names for cue in self.cues[name])

    @property
    def all_phrases(self) -> tuple[str, ...]:
        return (
            *self.cue_texts,
            *self.negators,
            *self.carriers,
            *self.intensifiers,
            *self.openings,
            *self.fillers,
            *self.sign_off_first,
            *self.sign_off_second,
            "and",
        )

    @property
    def affirmed_classes(self) -> np.ndarray:
        """Index of the class that each cue speaks for when affirmed, shape `(V,)` for V cues."""
        counts = [len(self.cues[name]) for name in self.class_names]
        return np.repeat(np.arange(len(self.class_names)), counts)

    @property
    def denied_classes(self) -> np.ndarray:
        """Index of the class that each cue speaks for when denied, shape `(V,)`."""
        opposites = np.array([self.class_names.index(name) for name in self.opposites])
        return opposites[self.affirmed_classes]


@cache
def read_sample_phrases() -> SamplePhrases:
    """The phrases that ship with the package."""
    source = resources.files("mental_health_classifier.data.sample").joinpath("phrases.yaml")
    content = yaml.safe_load(source.read_text(encoding="utf-8"))
    classes = content["classes"]
    lists = ("negators", "carriers", "intensifiers", "openings", "fillers", "endings")
    return SamplePhrases(
        version=content["version"],
        notice=content["notice"],
        priority_class=content["priority_class"],
        class_names=tuple(classes),
        opposites=tuple(entry["opposite"] for entry in classes.values()),
        cues={name: tuple(entry["cues"]) for name, entry in classes.items()},
        confusions=tuple((one, other, weight) for one, other, weight in content["confusions"]),
        sign_off_first=tuple(content["sign_off"]["first"]),
        sign_off_second=tuple(content["sign_off"]["second"]),
        **{name: tuple(content[name]) for name in lists},
    )
