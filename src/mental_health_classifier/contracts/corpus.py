"""Corpus: posts that are checked and divided into parts."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mental_health_classifier.contracts.predictions import AuxiliaryPredictions, Predictions
from mental_health_classifier.contracts.tasks import Task

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

PARTS = ("train", "val", "calibration", "test")
"""val chooses checkpoints and thresholds, calibration serves the risk certificate alone."""


GROUP_PREFIX = "group_"
"""In front of the name of a group, where its values are a column of posts or predictions."""

SEVERITY = "severity"

TRAINING_DYNAMICS = "training_dynamics"
"""Folder of a run with one table an epoch, `post,probability`: how probable the network found the
label of each training post. A later run can take the posts' difficulty from it."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """Checked posts, divided into parts, with the account of what became of every row that was
    read."""

    name: str
    posts: pd.DataFrame
    """One row a post: `id` (keyed hash), `text` (scrubbed), `label` (class index), `author` (keyed
    hash or missing), `part` (one of PARTS), `leak_group` (number shared by posts of one author and
    by near-duplicates), and where the corpus has it `severity` (level from 0, -1 for not known) and
    `group_NAME` for each of the groups that results are broken down by (a few values, or missing).
    Texts may lie on disk until they are looked at."""
    task: Task
    fingerprint: str
    """Hash of what the posts are, equal for equal posts in any order; it holds no text."""
    key: str
    """Names these posts, their order and their parts: what is worked out from them is cached under
    it."""
    account: Mapping[str, object]
    """Rows read and kept, rows dropped by reason, what was scrubbed: numbers and row references."""
    warnings: Sequence[str]
    """What a reader of the results has to know about the data, leaks that could not be removed
    among it."""
    is_synthetic: bool
    truncate: str
    """Which end of a post longer than a model reads is kept: head, tail, or head_tail, half of
    each; windows: all of it."""
    ceilings: Mapping[str, float] | None = None
    """Accuracy that no model can exceed, where the posts come with it: keys `sequence` and
    `bag_of_words`."""
    auxiliary_tasks: Sequence[Task] = ()
    """What else is learned beside `task`."""
    auxiliary_labels: Mapping[str, np.ndarray] = field(default_factory=dict)
    """For each auxiliary task the labels of all posts, as its kind says."""

    def part(self, name: str) -> pd.DataFrame:
        return self.posts[self.posts["part"] == name]

    def _without_text(self, name: str) -> pd.DataFrame:
        known = [c for c in self.posts if c == SEVERITY or str(c).startswith(GROUP_PREFIX)]
        return self.posts.loc[self.posts["part"] == name, ["id", "label", "author", *known]]

    @property
    def has_authors(self) -> bool:
        return bool(self.posts["author"].notna().any())

    def predictions(self, part: str, probabilities: np.ndarray) -> Predictions:
        """Joins `probabilities`, shape `(n, C)` in the order of the part's rows, with what is known
        of the posts."""
        posts = self._without_text(part)
        return Predictions(
            part=part,
            task=self.task,
            post_ids=posts["id"].tolist(),
            authors=self._authors(posts),
            labels=posts["label"].to_numpy(),
            probabilities=probabilities.round(6),
            groups={
                str(column).removeprefix(GROUP_PREFIX): _as_text(posts[column])
                for column in posts.columns[3:]
            },
        )

    def auxiliary_predictions(
        self, part: str, outputs: Mapping[str, np.ndarray]
    ) -> list[AuxiliaryPredictions]:
        """The same for every auxiliary task, from its outputs in the order of the part's rows."""
        posts = self._without_text(part)
        is_in_part = (self.posts["part"] == part).to_numpy()
        return [
            AuxiliaryPredictions(
                part=part,
                task=task,
                post_ids=posts["id"].tolist(),
                authors=self._authors(posts),
                labels=self.auxiliary_labels[task.name][is_in_part],
                outputs=outputs[task.name].round(6),
            )
            for task in self.auxiliary_tasks
        ]

    def _authors(self, posts: pd.DataFrame) -> list[str] | None:
        # A post of an unknown author stands for itself.
        authors = posts["author"].where(posts["author"].notna(), posts["id"])
        return authors.tolist() if self.has_authors else None

    def describe(self) -> dict[str, object]:
        """What a run records of its data: counts of posts, authors and classes by part, never a
        post."""
        parts = {}
        for name in PARTS:
            posts = self._without_text(name)
            counts = posts["label"].value_counts()
            parts[name] = {
                "posts": len(posts),
                "authors": int(posts["author"].nunique()) if self.has_authors else None,
                "classes": {c: int(counts.get(i, 0)) for i, c in enumerate(self.task.class_names)},
            }
        return {
            "fingerprint": self.fingerprint,
            "name": self.name,
            "is_synthetic": self.is_synthetic,
            "classes": list(self.task.class_names),
            "priority_class": self.task.priority_class,
            "parts": parts,
            "account": dict(self.account),
            "warnings": list(self.warnings),
            "ceilings": None if self.ceilings is None else dict(self.ceilings),
            "auxiliary_tasks": {
                task.name: self._describe_auxiliary(task) for task in self.auxiliary_tasks
            },
        }

    def _describe_auxiliary(self, task: Task) -> dict[str, object]:
        from mental_health_classifier.contracts.task_kinds import are_known, describe_kind

        labels = self.auxiliary_labels[task.name]
        known = self.posts["part"][are_known(labels)].value_counts()
        return {
            "labels": describe_kind(task.kind),
            "weight": task.weight,
            "posts_with_label": {part: int(known.get(part, 0)) for part in PARTS},
            "sha256": hashlib.sha256(labels.tobytes()).hexdigest(),
        }


def _as_text(values: pd.Series) -> list[str]:
    """Values of a group, empty where one is not known; a level of severity below 0 is none."""
    if values.dtype.kind == "i":
        return ["" if level < 0 else str(level) for level in values.tolist()]
    return values.fillna("").astype(str).tolist()
