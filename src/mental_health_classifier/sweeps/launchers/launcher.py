"""What launchers have in common: work is done for each of many items, several at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol, TypeAlias

from mental_health_classifier.contracts import InputError

Work: TypeAlias = Callable[[Any, Mapping[str, str]], None]
"""A function at the top of a module, since other processes import it. It gets an item and the
variables of the environment that processes started for it need, and writes down what it finds."""

Ended: TypeAlias = tuple[Any, str | None]
"""An item, and how its worker ended where that died before it was done."""


class Launcher(Protocol):
    """Does work for items in processes of its own, here or elsewhere."""

    jobs: int | None
    """How many at once. None: as many as there is room for."""

    def each(self, work: Work, items: Iterable[Any], folder: Path) -> Iterator[Ended]:
        """Every item as its work ends, in no order. A worker that dies ends its item alone.

        Args:
            items: can be pickled; each is asked for no earlier than it has to be.
            folder: seen by all workers, for what the launcher itself writes.

        Raises:
            InputError: there is no room for even one.
        """
        ...

    def stop(self, number: int) -> None:
        """Ends the work that is being done. May be called by a signal handler, within `each`.

        Args:
            number: the signal that asked for it.
        """
        ...


def library(name: str, *, extra: str) -> ModuleType:
    """A library that only this launcher needs.

    Raises:
        InputError: it is not installed.
    """
    try:
        return import_module(name)
    except ImportError:
        raise InputError(
            f"hydra/launcher={extra} needs {name}, which is not installed: "
            f"pip install 'mental-health-classifier[{'ray' if extra == 'ray' else 'launchers'}]'."
        ) from None
