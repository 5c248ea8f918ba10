"""Errors of `train.py`, each as one clear message."""

from __future__ import annotations

import os
import re
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from hydra.errors import HydraException, OverrideParseException
from omegaconf import Container
from omegaconf.errors import OmegaConfBaseException

from mental_health_classifier.console.errors import message_about
from mental_health_classifier.console.wording import alternatives, printable_lines

INTERRUPTED = 130
"""The exit code by which shells report a process that Ctrl-C ended."""

_CHOOSES_FILES = "hydra._internal.defaults_list"
"""The module of Hydra that reads the choices of groups, and trips over one that is no text."""


_CHOSEN_BY_NAME = ("yardstick", "regularizer", "experiment", "sweep", "debug")
"""Groups whose files go elsewhere, so that no key is called like them."""


@contextmanager
def explaining_errors() -> Iterator[None]:
    """Ends the process with exit code 1 and a message where the user can do something about it,
    and without a traceback where the user ended it.

    Everything else is a fault of this project and keeps its traceback, though not the words of an
    error from reading data. HYDRA_FULL_ERROR=1 keeps every traceback as it is.
    """
    if "HYDRA_FULL_ERROR" in os.environ:
        yield
        return
    os.environ["HYDRA_FULL_ERROR"] = "1"  # otherwise Hydra prints a shortened traceback and exits
    try:
        yield
        # Not as Python ends, when nobody can catch what a pipe that was closed gives.
        sys.stdout.flush()
    except (HydraException, OmegaConfBaseException) as error:
        print(explain(error), file=sys.stderr)
        raise SystemExit(1) from None
    except BrokenPipeError:
        # `| head` has read enough. What is left in the buffer has nowhere to go as Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None
    except Exception as error:  # a fault has no message, and goes on with its traceback
        is_chosen = _is_of_choosing_files(error)
        if (message := _about_a_group(error) if is_chosen else message_about(error)) is None:
            raise
        complain(message)
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        print("Interrupted. Prepared data stay, and the same command goes on with them.")
        raise SystemExit(INTERRUPTED) from None
    finally:
        del os.environ["HYDRA_FULL_ERROR"]


def complain(message: str) -> None:
    """Prints a message to standard error, with nothing in it that a terminal would act upon."""
    print(printable_lines(message), file=sys.stderr)


_LABELS = (
    "A label with an apostrophe, a comma or the like goes into a list, in double quotes: "
    'data.labels=["I\'m fine, thanks=control", "İntihar=suicide"], and the whole in those of the '
    "shell."
)


def explain(error: Exception) -> str:
    """The error's own words, and for a key that does not exist those that do."""
    # Hydra lists choices line by line, and then where it looked for them.
    found = (message_about(error) or str(error)).partition("\nConfig search path")[0]
    lines = [re.sub(r":?\n\t", ": ", found, count=1).replace("\n\t", ", ")]
    if isinstance(error, OverrideParseException):
        lines[0] = f"{error.override} cannot be read as KEY=VALUE: {error}"
        if "labels=" in str(error.override):
            lines.append(_LABELS)
    cause = error if isinstance(error, OmegaConfBaseException) else error.__cause__
    if isinstance(cause, OmegaConfBaseException):
        parent, name = cause.parent_node, cause.full_key or ""
        if isinstance(parent, Container) and "is not in struct" in str(cause):
            # Hydra would have it added with a plus, where a word was misspelt.
            known = [*map(str, parent), *(() if "." in name else _CHOSEN_BY_NAME)]
            there = alternatives(name.rpartition(".")[2], known, most=len(known))
            return printable_lines(f"There is no {name}.{there}")
        if cause is not error:
            lines.append(str(cause))
        if isinstance(parent, Container) and name:
            where = name.rpartition(".")[0] or "the configuration"
            lines.append(f"Keys of {where}: {', '.join(map(str, parent))}")
    return printable_lines("\n".join(lines))


def _about_a_group(error: Exception) -> str:
    given = " ".join(each for each in sys.argv[1:] if each.endswith(("=null", "=None", "]")))
    reason = str(error) if isinstance(error, ValueError) else "a name of a file was expected"
    without = " To train without one: evaluation.yardstick=null." if "yardstick=" in given else ""
    return f"{given}: {reason}. Name a file of that group instead.{without}"


def _is_of_choosing_files(error: Exception) -> bool:
    """Whether Hydra met a value that is no name as it looked for the files of groups."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    return bool(frames) and frames[-1].f_globals.get("__name__") == _CHOOSES_FILES
