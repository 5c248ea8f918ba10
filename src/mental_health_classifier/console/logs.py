"""Logging of runs that `mhc` starts, to where Hydra logs: the screen and logs/train.log."""

from __future__ import annotations

import logging
import os
import sys
from io import TextIOWrapper
from pathlib import Path

from mental_health_classifier.console.wording import printable_lines


class PrintableFormatter(logging.Formatter):
    """Escapes what labels and names of files hold that would steer a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        return printable_lines(super().format(record))


class ScreenFilter(logging.Filter):
    """Keeps from the screen what is for the log alone, because the command itself prints it."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not getattr(record, "is_for_the_log", False)


def warnings_alone() -> None:
    """Keeps from the screen, from now on, whatever is no warning."""
    for handler in logging.getLogger().handlers:
        if any(isinstance(each, ScreenFilter) for each in handler.filters):
            handler.setLevel(logging.WARNING)


class RunLogFile(logging.FileHandler):
    """A log whose disk can be full: the run itself says so, once, and not every line of its log.
    No link is followed to it."""

    def _open(self) -> TextIOWrapper:
        descriptor = os.open(
            self.baseFilename, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o666
        )
        return open(descriptor, "a", encoding=self.encoding, errors=self.errors)

    def handleError(self, record: logging.LogRecord) -> None:
        if not isinstance(sys.exc_info()[1], OSError):
            super().handleError(record)


def log_into(file: Path) -> None:
    """Prints messages and adds them to the log of a run, as conf/hydra/job_logging has it.

    Where this process sends its messages somewhere already, that stays so.
    """
    from mental_health_classifier.console.screen import ScreenHandler

    if logging.getLogger().handlers:
        return
    file.parent.mkdir(exist_ok=True)
    to_file = RunLogFile(file, encoding="utf-8")
    to_file.setFormatter(PrintableFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    to_screen = ScreenHandler()
    to_screen.addFilter(ScreenFilter())
    to_screen.setFormatter(PrintableFormatter("%(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[to_screen, to_file])
