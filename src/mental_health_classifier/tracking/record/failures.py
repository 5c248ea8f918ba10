"""Type and place of the exception that ended a run, for its record."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mental_health_classifier.contracts import InputError
from mental_health_classifier.contracts.errors import Pruned

# Not resolved: frames carry the path by which the package was found, links included.
PACKAGE = Path(__file__).parents[2]
SIGNAL_HANDLERS = Path(__file__).with_name("interruption.py")


def describe_error(error: BaseException | None) -> dict[str, Any]:
    """Type and place of an exception. Its message can hold the text of a post and is left out.

    Only `InputError` promises to name posts by row number or id, and `Pruned` to name none; their
    messages are kept.
    """
    if error is None:
        message = "The run ended without handing over results: finish() was not called."
        return {"type": "NotFinished", "place": None, "message": message}
    kind = type(error)
    has_known_name = kind.__module__ in ("builtins", InputError.__module__)
    return {
        "type": kind.__qualname__ if has_known_name else f"{kind.__module__}.{kind.__qualname__}",
        "place": _place_of(error),
        "message": str(error) if isinstance(error, InputError | Pruned) else None,
    }


def problem_in_words(described: Mapping[str, Any]) -> str:
    """What `describe_error` found, in one line."""
    kind, message, place = (described.get(key) for key in ("type", "message", "place"))
    if message:
        return f"{kind}: {' '.join(message.split())}"
    return f"{kind} at {place}" if place else str(kind)


def _place_of(error: BaseException) -> str | None:
    """The innermost line of our own code, which says where the run was."""
    place = None
    for frame, line in traceback.walk_tb(error.__traceback__):
        path = Path(frame.f_code.co_filename)
        if path == SIGNAL_HANDLERS:
            # It ran in between, wherever the run was.
            continue
        if path.is_relative_to(PACKAGE):
            shown = path.relative_to(PACKAGE.parent).as_posix()
        elif path.name == "train.py":
            shown = path.name
        else:
            continue
        place = f"{shown}:{line} in {frame.f_code.co_qualname}"
    return place
