"""Windows of long posts, as a configuration asks for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mental_health_classifier.contracts import InputError
from mental_health_classifier.data.tokens.windows import MAX_WINDOWS, Windows

CHOICE = "windows"
"""The value of data.truncate that stands for them."""


def windows_of(config: Mapping[str, Any] | Any, *, around: tuple[int, int]) -> Windows | None:
    """How posts that are too long for the network are cut into windows. None: they are not.

    Args:
        config: resolved, or the configuration of a run.
        around: special tokens before and after a post.

    Raises:
        InputError: the overlap leaves no room for anything new.
    """
    data = config["data"]
    if data["truncate"] != CHOICE:
        return None
    return Windows.of(
        max_tokens=config["model"]["max_tokens"],
        overlap=data.get("window_overlap"),
        most=data.get("max_windows", MAX_WINDOWS),
        around=around,
    )


def check_windows(values: Mapping[str, Any]) -> None:
    """Refuses settings of windows where posts are cut, and windows that could not go on.

    Raises:
        InputError: as said.
    """
    data = values["data"]
    asked = {
        "data.window_overlap": data.get("window_overlap") is not None,
        "data.max_windows": data.get("max_windows", MAX_WINDOWS) != MAX_WINDOWS,
        "network.windows": values["network"].get("windows") is not None,
    }
    given = [key for key, is_asked in asked.items() if is_asked]
    if given and data["truncate"] != CHOICE:
        raise InputError(
            f"{given[0]} is about windows, and data.truncate={data['truncate']} cuts "
            "long posts instead. Choose data.truncate=windows, or leave it out."
        )
    windows_of(values, around=(0, 0))
