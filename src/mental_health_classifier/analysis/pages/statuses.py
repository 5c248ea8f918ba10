"""Colours of what became of a run; nothing else on a terminal has one but warnings."""

from __future__ import annotations

from rich.text import Text

_STYLES = {
    **dict.fromkeys(("running", "starting"), "cyan"),
    "completed": "green",
    **dict.fromkeys(("failed", "killed", "damaged"), "red"),
    **dict.fromkeys(("interrupted", "unknown", "missing"), "yellow"),
}


def status_text(status: str) -> Text:
    """The status in its colour."""
    return Text(status, style=_STYLES.get(status, ""))
