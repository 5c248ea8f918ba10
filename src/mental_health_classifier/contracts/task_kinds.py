"""Kinds of answers that a task can ask for.

Each knows how a cell of a table becomes a label, how many logits answer it, what a wrong answer
costs, and what the logits then say. A missing label is MISSING where labels are whole numbers and
NaN where they are not; it costs nothing and moves nothing.

Legend of shapes: B posts, C classes or levels, L labels of which a post may have several. Torch and
NumPy are imported by the methods that need them, so that commands which only read records start
fast.
"""

from __future__ import annotations

import math
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

MISSING = -100
"""The label that torch's own losses leave out."""


class TaskKind(ABC):
    names_key: ClassVar[str | None] = None
    """Under which key a declaration may name the possible answers. None: they have no names."""
    recorded_key: ClassVar[str] = "names"
    """Under which key a record holds them."""
    names: tuple[str, ...] = ()
    """The possible answers in their order."""

    @classmethod
    @abstractmethod
    def fit(cls, cells: Sequence[str], counts: np.ndarray, names: Sequence[str] | None) -> Self:
        """Learns from the training part what labels there are.

        Args:
            cells: different cells, none empty.
            counts: posts that have each, shape `(V,)` for V cells.
            names: the possible answers in their order. None: those in `cells`.

        Raises:
            ValueError: what cells were expected, where they are not of this kind.
        """

    @property
    def num_logits(self) -> int:
        return len(self.names)

    @property
    def output_names(self) -> tuple[str, ...]:
        """What each number is that `outputs` returns."""
        return self.names

    def encode(self, cell: str) -> Any:
        """The label in a cell, a number or a list of them; a missing one where it is empty.

        Raises:
            ValueError: the cell does not hold a label of this kind.
        """
        return self.names.index(cell) if cell else MISSING

    def decode(self, label: Any) -> str:
        """The cell that a label comes from."""
        return "" if label == MISSING else self.names[label]

    @abstractmethod
    def loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Mean over what is known, a scalar; zero where nothing is."""

    @abstractmethod
    def outputs(self, logits: Tensor) -> Tensor:
        """What the logits say: probabilities, or numbers in the unit of the labels."""


@dataclass(frozen=True)
class NamedKind(TaskKind):
    """Answers that have names."""

    names: tuple[str, ...]
    names_key = "classes"
    recorded_key = "class_names"

    @classmethod
    def fit(cls, cells: Sequence[str], counts: np.ndarray, names: Sequence[str] | None) -> Self:
        return cls(tuple(names or sorted(cells)))


class Categorical(NamedKind):
    """One of several classes. Labels are int64 of shape `(B,)`, outputs their probabilities."""

    def loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        from torch.nn import functional

        total = functional.cross_entropy(logits, labels, ignore_index=MISSING, reduction="sum")
        return total / (labels != MISSING).sum().clamp(min=1)

    def outputs(self, logits: Tensor) -> Tensor:
        return logits.softmax(-1)


class Binary(NamedKind):
    """No or yes, named in this order. Labels are 0 or 1, int64 of shape `(B,)`; the output is the
    probability of 1."""

    @classmethod
    def fit(cls, cells: Sequence[str], counts: np.ndarray, names: Sequence[str] | None) -> Self:
        if len(names or cells) != 2:
            found = len(names or cells)
            raise ValueError(f"two classes were expected, no and yes, there are {found}")
        return super().fit(cells, counts, names)

    @property
    def num_logits(self) -> int:
        return 1

    @property
    def output_names(self) -> tuple[str, ...]:
        return self.names[1:]

    def loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        return _mean_cross_entropy(logits[:, 0], labels == 1, labels != MISSING)

    def outputs(self, logits: Tensor) -> Tensor:
        return logits.sigmoid()


class Ordinal(NamedKind):
    """One of several levels, lowest first. Labels are places of levels, int64 of shape `(B,)`.

    Logit j asks whether a post that reaches level j goes beyond it, and learns from such posts
    alone: P(y > j) is the product of the answers up to j. Outputs are the probabilities of the
    levels.

    Source: Shi, Cao and Raschka, Deep neural networks for rank-consistent ordinal regression based
        on conditional probabilities, Pattern Analysis and Applications 2023 (CORN).
    """

    names_key = "levels"
    recorded_key = "level_names"

    @classmethod
    def fit(cls, cells: Sequence[str], counts: np.ndarray, names: Sequence[str] | None) -> Self:
        if names is None and not all(re.fullmatch(r"-?\d{1,9}", cell) for cell in cells):
            raise ValueError("whole numbers were expected, or `levels` in their order")
        return cls(tuple(names or sorted(cells, key=int)))

    @property
    def num_logits(self) -> int:
        return len(self.names) - 1

    def loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        import torch

        thresholds = torch.arange(self.num_logits, device=labels.device)
        # MISSING reaches no level, so it is in no set of posts that a logit learns from.
        reaches = labels[:, None] >= thresholds  # (B, C - 1)
        return _mean_cross_entropy(logits, labels[:, None] > thresholds, reaches)

    def outputs(self, logits: Tensor) -> Tensor:
        from torch.nn import functional

        beyond = logits.sigmoid().cumprod(-1)  # P(y > j), (B, C - 1)
        return functional.pad(beyond, (1, 0), value=1.0) - functional.pad(beyond, (0, 1))


@dataclass(frozen=True)
class Regression(TaskKind):
    """A number. Labels are float32 of shape `(B,)` in their own unit, and so is the output.

    The network learns it standardised, so that its loss is 1 for a model that knows the mean alone.
    """

    mean: float
    """Of the training part, as is `spread`, the standard deviation."""
    spread: float

    @classmethod
    def fit(cls, cells: Sequence[str], counts: np.ndarray, names: Sequence[str] | None) -> Self:
        import numpy as np

        try:
            numbers = np.array([_number(cell) for cell in cells])
        except ValueError:
            raise ValueError("numbers were expected") from None
        mean = float(np.average(numbers, weights=counts))
        return cls(mean, float(np.sqrt(np.average((numbers - mean) ** 2, weights=counts))))

    @property
    def num_logits(self) -> int:
        return 1

    @property
    def output_names(self) -> tuple[str, ...]:
        return ("value",)

    def encode(self, cell: str) -> float:
        return _number(cell) if cell else math.nan

    def decode(self, label: float) -> str:
        import numpy as np

        return "" if math.isnan(label) else str(np.float32(label))

    def loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        is_known = ~labels.isnan()
        standardised = (labels.nan_to_num() - self.mean) / self.spread
        errors = (logits[:, 0] - standardised).square().where(is_known, 0)
        return errors.sum() / is_known.sum().clamp(min=1)

    def outputs(self, logits: Tensor) -> Tensor:
        return logits * self.spread + self.mean


class MultiLabel(NamedKind):
    """Any number of labels at once, in a cell separated by semicolons, commas or bars; `none` is a
    post that has no label. Labels are 0 or 1, float32 of shape `(B, L)`, outputs the probability of
    each."""

    recorded_key = "label_names"

    @classmethod
    def fit(cls, cells: Sequence[str], counts: np.ndarray, names: Sequence[str] | None) -> Self:
        return cls(tuple(names or sorted({name for cell in cells for name in _names_in(cell)})))

    def encode(self, cell: str) -> list[float]:
        given = _names_in(cell)
        if not given <= set(self.names):
            raise ValueError("unknown label")
        return [float(name in given) if cell else math.nan for name in self.names]

    def decode(self, label: Sequence[float]) -> str:
        if math.isnan(label[0]):
            return ""
        names = [name for name, has in zip(self.names, label, strict=True) if has]
        return ";".join(names) or _NO_LABEL

    def loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        return _mean_cross_entropy(logits, labels == 1, ~labels.isnan())

    def outputs(self, logits: Tensor) -> Tensor:
        return logits.sigmoid()


_NO_LABEL = "none"

KINDS: Mapping[str, type[TaskKind]] = {
    "categorical": Categorical,
    "binary": Binary,
    "ordinal": Ordinal,
    "regression": Regression,
    "multi_label": MultiLabel,
}
"""By the name that a declaration gives them."""


def describe_kind(kind: TaskKind) -> dict[str, Any]:
    """A kind as a record holds it."""
    name = next(name for name, each in KINDS.items() if type(kind) is each)
    fields = asdict(kind)  # pyright: ignore[reportArgumentType]
    if "names" in fields:
        return {"kind": name, kind.recorded_key: list(fields["names"])}
    return {"kind": name, **fields}


def read_kind(described: Mapping[str, Any]) -> TaskKind:
    """The kind that `describe_kind` described."""
    kind = KINDS[described["kind"]]
    fields = {name: value for name, value in described.items() if name != "kind"}
    if kind.recorded_key in fields:
        fields = {"names": tuple(fields[kind.recorded_key])}
    return kind(**fields)


def are_known(labels: np.ndarray) -> np.ndarray:
    """Which posts have a label, bool, shape `(n,)`."""
    import numpy as np

    if np.issubdtype(labels.dtype, np.integer):
        return np.asarray(labels != MISSING)
    return np.asarray(~np.isnan(labels.reshape(len(labels), -1)).any(axis=1))


def _number(cell: str) -> float:
    number = float(cell)
    if not math.isfinite(number):
        raise ValueError("not finite")
    return number


def _names_in(cell: str) -> set[str]:
    names = {name.strip() for name in re.split(r"[;,|]", cell)}
    return names - {"", _NO_LABEL}


def _mean_cross_entropy(logits: Tensor, is_true: Tensor, is_known: Tensor) -> Tensor:
    """Binary cross entropy over what is known; all three of one shape."""
    from torch.nn import functional

    losses = functional.binary_cross_entropy_with_logits(
        logits, is_true.to(logits.dtype), reduction="none"
    )
    # Not a product with zero: a logit that is not finite must not come back as NaN.
    return losses.where(is_known, 0).sum() / is_known.sum().clamp(min=1)
