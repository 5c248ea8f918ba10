"""Task: a question asked of every post."""

from __future__ import annotations

from dataclasses import dataclass

from mental_health_classifier.contracts.errors import InputError
from mental_health_classifier.contracts.task_kinds import Categorical, TaskKind


@dataclass(frozen=True, slots=True)
class Task:
    """One question asked of every post: the main one, a categorical one, or one learned beside it
    from the posts whose answer is known."""

    name: str
    kind: TaskKind
    priority_class: str | None = None
    """The class whose misses cost most. None: no class matters more than the others."""
    weight: float = 1.0
    """What its loss counts for where weights are fixed; that of the main task is 1."""

    def __post_init__(self) -> None:
        if self.priority_class is not None and self.priority_class not in self.class_names:
            raise InputError(
                f"data.priority_class={self.priority_class} is not a class of this corpus, which "
                f"has {', '.join(self.class_names)}. Name one of them, or set "
                "data.priority_class=null where no class matters more than the others."
            )

    @classmethod
    def categorical(
        cls, name: str, class_names: tuple[str, ...], priority_class: str | None
    ) -> Task:
        """A task that is answered with one of `class_names`, as the main one is."""
        return cls(name, Categorical(class_names), priority_class)

    @property
    def class_names(self) -> tuple[str, ...]:
        return self.kind.names

    @property
    def num_classes(self) -> int:
        return len(self.class_names)

    @property
    def num_logits(self) -> int:
        return self.kind.num_logits

    @property
    def priority_index(self) -> int | None:
        return None if self.priority_class is None else self.class_names.index(self.priority_class)

    @property
    def display_order(self) -> tuple[str, ...]:
        """Class names with the priority class first, the order of every table."""
        return tuple(sorted(self.class_names, key=lambda name: name != self.priority_class))
