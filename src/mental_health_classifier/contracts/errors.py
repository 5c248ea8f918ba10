"""InputError: input that cannot be used; Pruned: a run that a search ends early."""

from __future__ import annotations


class InputError(ValueError):
    """Something that the user gave cannot be used.

    The message says what was expected, what came and what to do, with the configuration key. It
    names posts by row number or id, never by their text, because it is printed, logged and
    recorded as it is.
    """


class Pruned(Exception):
    """A search has seen enough of a run, and ends it before its time.

    The message says when and why, and nothing of any post; it is recorded as it is.
    """
