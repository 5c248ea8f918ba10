"""Handler of log messages that are for a person at a terminal."""

from __future__ import annotations

import logging

from rich.console import ConsoleRenderable
from rich.logging import RichHandler
from rich.text import Text


class ScreenHandler(RichHandler):
    """Prints messages above a progress bar, where a plain handler would write into it. Numbers have
    no colour: on a terminal that is for what became of a run. The part of a message that its
    record has as `emphasised` is bold."""

    def __init__(self, level: int | str = logging.NOTSET) -> None:
        super().__init__(level, show_time=False, show_level=False, show_path=False)

    def render_message(self, record: logging.LogRecord, message: str) -> ConsoleRenderable:
        shown = Text(message)
        if part := getattr(record, "emphasised", None):
            shown.highlight_words([str(part)], "bold")
        return shown
