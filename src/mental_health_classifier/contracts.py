"""What crosses folders: tasks, batches, model outputs, predictions, and the error for bad input.

Legend of shapes: B posts, N tokens of all posts of a batch, D width, H heads, C classes.

Nothing here imports torch, so that the commands that only read records start fast.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import torch
    from torch import Tensor

    from mental_health_classifier.task_kinds import TaskKind

PARTS = ("train", "val", "calibration", "test")
"""val chooses checkpoints and thresholds, calibration serves the risk certificate alone."""


GROUP_PREFIX = "group_"
"""In front of the name of a group, where its values are a column of posts or predictions."""

SEVERITY = "severity"

TRAINING_DYNAMICS = "training_dynamics"
"""Folder of a run with one table an epoch, `post,probability`: how probable the network found the
label of each training post. A later run can take the posts' difficulty from it."""


class InputError(ValueError):
    """Something that the user gave cannot be used.

    The message says what was expected, what came and what to do, with the configuration key. It
    names posts by row number or id, never by their text, because it is printed, logged and
    recorded as it is.
    """


@dataclass(frozen=True, slots=True)
class Task:
    """One question asked of every post, answered with one of `class_names`."""

    name: str
    class_names: tuple[str, ...]
    priority_class: str | None
    """The class whose misses cost most. None: no class matters more than the others."""

    def __post_init__(self) -> None:
        if self.priority_class is not None and self.priority_class not in self.class_names:
            raise InputError(
                f"data.priority_class={self.priority_class} is not a class of this corpus, which "
                f"has {', '.join(self.class_names)}. Name one of them, or set "
                "data.priority_class=null where no class matters more than the others."
            )

    @property
    def num_classes(self) -> int:
        return len(self.class_names)

    @property
    def num_logits(self) -> int:
        return self.num_classes

    @property
    def priority_index(self) -> int | None:
        return None if self.priority_class is None else self.class_names.index(self.priority_class)

    @property
    def display_order(self) -> tuple[str, ...]:
        """Class names with the priority class first, the order of every table."""
        return tuple(sorted(self.class_names, key=lambda name: name != self.priority_class))


@dataclass(frozen=True, slots=True)
class AuxiliaryTask:
    """A further question, learned beside the main one from the posts whose answer is known."""

    name: str
    kind: TaskKind
    weight: float
    """What its loss counts for where weights are fixed; that of the main task is 1."""

    @property
    def num_logits(self) -> int:
        return self.kind.num_logits


class EqualLengthRun(NamedTuple):
    """Consecutive posts of a batch that have the same number of tokens."""

    first_token: int
    num_posts: int
    num_tokens: int
    """Tokens of each post; the run covers `num_posts * num_tokens` tokens."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Posts as one stream of tokens without padding, shortest post first."""

    token_ids: Tensor
    """All tokens of all posts, int64, shape `(N,)`."""
    offsets: Tensor
    """Post b holds tokens `offsets[b]:offsets[b + 1]`, int64, shape `(B + 1,)`."""
    positions: Tensor
    """Place of each token within its own post, int64, shape `(N,)`."""
    labels: Mapping[str, Tensor]
    """For each task the label of every post: of the main task the class index, int64, shape
    `(B,)`; of others as their kind says in task_kinds.py."""
    post_indices: Tensor
    """Row of each post in its corpus, int64, shape `(B,)`."""
    runs: Sequence[EqualLengthRun]
    """The partition of `offsets`, grouped by length and kept on the host: attention is one call
    for each run."""
    token_streams: Mapping[str, Tensor] = field(default_factory=dict)
    """What else is known of each token, by the names in the configuration's `token_streams`, int64,
    each of shape `(N,)`."""

    def to(self, device: torch.device | str, non_blocking: bool = False) -> Batch:
        return replace(
            self,
            token_ids=self.token_ids.to(device, non_blocking=non_blocking),
            offsets=self.offsets.to(device, non_blocking=non_blocking),
            positions=self.positions.to(device, non_blocking=non_blocking),
            labels={
                task: labels.to(device, non_blocking=non_blocking)
                for task, labels in self.labels.items()
            },
            post_indices=self.post_indices.to(device, non_blocking=non_blocking),
            token_streams={
                name: values.to(device, non_blocking=non_blocking)
                for name, values in self.token_streams.items()
            },
        )

    def __len__(self) -> int:
        return len(self.offsets) - 1


@dataclass(frozen=True, slots=True)
class ModelOutput:
    logits: Mapping[str, Tensor]
    """For each task, shape `(B, C)`, of others than the main one with as many columns as its
    `num_logits`."""
    token_weights: Tensor | None = None
    """Share of each token in its post's vector where pooling is weighted, shape `(N,)`."""


@dataclass(frozen=True, slots=True)
class Predictions:
    """What a model said about one part: one row a post, no text.

    Every metric, table and certificate is a function of these.
    """

    part: str
    task: Task
    post_ids: Sequence[str]
    """Keyed hashes, unique within the corpus, length n."""
    authors: Sequence[str] | None
    """Keyed hashes of the posts' authors, length n. None: the corpus does not name them."""
    labels: np.ndarray
    """Class indices, int64, shape `(n,)`."""
    probabilities: np.ndarray
    """Rows sum to one up to rounding to 6 decimals, float64, shape `(n, C)`. A post's logits depend
    on its neighbours by rounding errors; these decimals keep them out of every comparison."""
    groups: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """By name of what posts are told apart by (gender, source, severity): for each post its value,
    empty where it is not known, length n."""

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def priority_scores(self) -> np.ndarray:
        """Probability of the priority class, shape `(n,)`."""
        assert self.task.priority_index is not None
        return self.probabilities[:, self.task.priority_index]

    @property
    def is_priority(self) -> np.ndarray:
        """Whether each post belongs to the priority class, bool, shape `(n,)`."""
        return self.labels == self.task.priority_index


@dataclass(frozen=True, slots=True)
class AuxiliaryPredictions:
    """What a model said about one part in answer to an auxiliary task: one row a post, no text."""

    part: str
    task: AuxiliaryTask
    post_ids: Sequence[str]
    authors: Sequence[str] | None
    """As in `Predictions`."""
    labels: np.ndarray
    """As the task's kind says, some of them missing, length n."""
    outputs: np.ndarray
    """As the task's kind says, rounded to 6 decimals, float64, shape `(n, outputs)`."""

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, slots=True)
class Corpus:
    """Checked posts, divided into parts, with the account of what became of every row that was
    read."""

    name: str
    posts: pd.DataFrame
    """One row a post: `id` (keyed hash), `text` (scrubbed), `label` (class index), `author` (keyed
    hash or missing), `part` (one of PARTS), `group` (number shared by posts of one author and by
    near-duplicates), and where the corpus has it `severity` (level from 0, -1 for not known) and
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
    each."""
    ceilings: Mapping[str, float] | None = None
    """Accuracy that no model can exceed, where the posts come with it: keys `sequence` and
    `bag_of_words`."""
    auxiliary_tasks: Sequence[AuxiliaryTask] = ()
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

    def _describe_auxiliary(self, task: AuxiliaryTask) -> dict[str, object]:
        from mental_health_classifier.task_kinds import are_known, describe_kind

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
