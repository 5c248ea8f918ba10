"""Exceptions as messages that quote no post and say what to do."""

from __future__ import annotations

import errno
import os
import shutil
import traceback
from pathlib import Path

from mental_health_classifier.contracts import InputError

# Not resolved: frames carry the path by which the package was found, links included.
DATA = Path(__file__).parent.parent / "data"

_FAILURES = {
    errno.ENOSPC: ("the disk is full", "Make room"),
    errno.EDQUOT: ("your quota of the disk is used up", "Make room"),
    errno.EFBIG: ("the file would be larger than this system allows", "Raise the limit (ulimit)"),
    errno.EROFS: ("the file system is read-only", "Choose another folder"),
    errno.EACCES: ("permission was denied", "Change the permissions, or choose another folder"),
    errno.EPERM: ("permission was denied", "Change the permissions, or choose another folder"),
    errno.EIO: ("the disk reports an error", "Check the disk"),
    errno.ESTALE: ("the network folder has gone", "Check the mount"),
    errno.EMFILE: ("too many files are open", "Raise the limit (ulimit -n)"),
    errno.ENFILE: ("too many files are open on this machine", "Close other programs"),
    errno.ENAMETOOLONG: ("the name is too long for this file system", "Choose a shorter one"),
    errno.ENOTDIR: ("a file lies where a folder belongs", "Move it, or choose another folder"),
    errno.EISDIR: ("a folder lies where a file belongs", "Move it, or choose another name"),
    errno.ELOOP: ("its links lead in a circle", "Mend the link"),
}

_OF_WRITING = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)


def message_about(error: Exception) -> str | None:
    """What a command prints of an exception in place of its traceback. None: nothing in its place,
    because it is a fault of this project."""
    if isinstance(error, InputError):
        return str(error)
    return describe_storage_failure(error) or trace_without_message(error)


def describe_storage_failure(error: BaseException) -> str | None:
    """Says what the disk or folder refused and what to do. None: the error is of another kind.

    Every file is written whole or not at all, so that nothing which was there is lost by one.
    """
    number, place = getattr(error, "errno", None), getattr(error, "filename", None)
    if number in _OF_WRITING:
        # Of a copy the second name is what was written.
        place = getattr(error, "filename2", None) or place
    if isinstance(error, shutil.Error) and error.args and isinstance(error.args[0], list):
        # What copying a folder could not copy: (source, destination, text of the error).
        source, destination, reason = error.args[0][0]
        number = next((n for n in _FAILURES if f"[Errno {n}]" in str(reason)), None)
        place = destination if number in _OF_WRITING else source
    if number in (errno.ENOENT, errno.EEXIST) and isinstance(place, str | Path | None):
        return _describe_missing_place(None if place is None else Path(place))
    if not isinstance(error, OSError) or number not in _FAILURES:
        return None
    what, advice = _FAILURES[number]
    where = f"{place}: " if place is not None else "A file could not be written: "
    return f"{where}{what}. {advice}, then give the same command again; nothing else was changed."


def _describe_missing_place(place: Path | None) -> str | None:
    """Says what is wrong with a place that is not there, or cannot be made where it should be."""
    then = "then give the same command again; nothing else was changed."
    try:
        os.getcwd()
    except FileNotFoundError:
        return f"The present folder was deleted meanwhile. Change to another one, {then}"
    for each in () if place is None else (place, *place.parents):
        if each.is_symlink() and not each.exists():
            return (
                f"{each} is a link to nothing: mount the disk that it leads to or mend it, {then}"
            )
    if place is not None and place.is_file():
        return f"{place}: there is a file of that name. Move it, or choose another name, {then}"
    return None


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
