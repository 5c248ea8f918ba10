"""Windows of long posts, as a configuration asks for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mental_health_classifier.contracts import InputError

if TYPE_CHECKING:
    from mental_health_classifier.data.tokens.windows import Windows

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
    from mental_health_classifier.data.tokens.windows import MAX_WINDOWS, Windows

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
    asked = {
        "data.window_overlap": values["data"].get("window_overlap"),
        "network.windows": values["network"].get("windows"),
    }
    given = [key for key, value in asked.items() if value is not None]
    if given and values["data"]["truncate"] != CHOICE:
        raise InputError(
            f"{given[0]} is about windows, and data.truncate={values['data']['truncate']} cuts "
            "long posts instead. Choose data.truncate=windows, or leave it out."
        )
    windows_of(values, around=(0, 0))
