"""Where messages go when a run is started by `mhc` and not by Hydra: where Hydra sends them."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

from mental_health_classifier.console.wording import printable_lines


class PrintableFormatter(logging.Formatter):
    """Escapes what labels and names of files hold that would steer a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        return printable_lines(super().format(record))


class RunLogFile(logging.FileHandler):
    """A log whose disk can be full: the run itself says so, once, and not every line of its log."""

    def handleError(self, record: logging.LogRecord) -> None:
        if not isinstance(sys.exc_info()[1], OSError):
            super().handleError(record)


def log_into(run_directory: Path) -> None:
    """Prints messages and adds them to logs/train.log, as conf/hydra/job_logging has it.

    Where this process sends its messages somewhere already, that stays so.
    """
    from rich.logging import RichHandler

    if logging.getLogger().handlers:
        return
    (run_directory / "logs").mkdir(exist_ok=True)
    to_file = RunLogFile(run_directory / "logs" / "train.log", encoding="utf-8")
    to_file.setFormatter(PrintableFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    to_screen = RichHandler(show_time=False, show_level=False, show_path=False)
    to_screen.setFormatter(PrintableFormatter("%(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[to_screen, to_file])
