"""What posts are told apart by when a model is judged: a few short values a column."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from mental_health_classifier.contracts import GROUP_PREFIX, InputError
from mental_health_classifier.data.reading.names import LONGEST_NAME, MOST_WORDS, is_name

MAX_KINDS = 20


def told_apart_by(values: pa.ChunkedArray | pa.Array, names: Sequence[str]) -> dict[str, pa.Array]:
    """What each post is by name of the group, missing where it is not known.

    Args:
        values: a list for each post, in the order of the names.

    Raises:
        InputError: a column is not one of few short values.
    """
    found = {}
    for place, name in enumerate(names):
        column = pa.array([groups[place] or None for groups in values.to_pylist()], pa.string())
        kinds = [kind for kind in column.unique().to_pylist() if kind is not None]
        longest = max(map(len, kinds), default=0)
        # Few and short: anything else may be text, and these values are recorded as they are.
        if len(kinds) > MAX_KINDS or not all(map(is_name, kinds)):
            raise InputError(
                f"The column of data.columns.groups or data.columns.source for {name} holds "
                f"{len(kinds)} different values, the longest of {longest} characters; "
                f"{MAX_KINDS} values of {LONGEST_NAME} characters at most, {MOST_WORDS} words and "
                "no sentence, were expected, since they are recorded as they are. Put values "
                "together in the file (such as age into ranges), or leave the column out."
            )
        found[name] = column
    return found


def group_column(name: str) -> str:
    """Column of the posts that holds what each is in one of the groups."""
    return f"{GROUP_PREFIX}{name}"
