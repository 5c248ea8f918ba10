"""What may be said about an exception: never its message, which can quote a post."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Any

from mental_health_classifier.console.storage_failures import describe_storage_failure
from mental_health_classifier.contracts import InputError

# Not resolved: frames carry the path by which the package was found, links included.
PACKAGE = Path(__file__).parent.parent
DATA = PACKAGE / "data"
SIGNAL_HANDLERS = PACKAGE / "tracking" / "record" / "interruption.py"


def describe_error(error: BaseException | None) -> dict[str, Any]:
    """Type and place of an exception. Its message can hold the text of a post and is left out.

    Only `InputError` promises to name posts by row number or id; its message is kept.
    """
    if error is None:
        message = "The run ended without handing over results: finish() was not called."
        return {"type": "NotFinished", "place": None, "message": message}
    kind = type(error)
    has_known_name = kind.__module__ in ("builtins", InputError.__module__)
    return {
        "type": kind.__qualname__ if has_known_name else f"{kind.__module__}.{kind.__qualname__}",
        "place": _place_of(error),
        "message": str(error) if isinstance(error, InputError) else None,
    }


def message_about(error: Exception) -> str | None:
    """What a command prints of an exception in place of its traceback. None: nothing in its place,
    because it is a fault of this project."""
    if isinstance(error, InputError):
        return str(error)
    return describe_storage_failure(error) or trace_without_message(error)


def trace_without_message(error: BaseException) -> str | None:
    """The traceback of an error that came up while data were read, by its lines and its type alone.

    What pandas, pyarrow and others then say can quote a post. None: it came from elsewhere.
    """
    frames = traceback.extract_tb(error.__traceback__)
    if not any(Path(frame.filename).is_relative_to(DATA) for frame in frames):
        return None
    kind = type(error)
    return (
        "Traceback (most recent call last):\n"
        + "".join(traceback.format_list(frames))
        + f"{kind.__module__}.{kind.__qualname__}: its message is not shown, because it may quote "
        "a post. This is a fault of the program: HYDRA_FULL_ERROR=1 shows the message to those who "
        "may read the posts."
    )


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
