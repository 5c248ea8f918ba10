"""What a run says on the screen and in its log."""

from __future__ import annotations

import contextlib
import logging
import logging.config
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from mental_health_classifier.console.logs import RunLogFile

ROOT = Path(__file__).resolve().parents[2]
STEERING = "posts\x1b[2J.csv: 7 rows\rread\n  dropped 1"


def test_names_that_would_steer_a_terminal_are_escaped_in_log_and_on_screen(
    tmp_path: Path, capsys
) -> None:
    read = OmegaConf.load(ROOT / "conf" / "hydra" / "job_logging" / "run.yaml")
    OmegaConf.update(read, "handlers.file.filename", str(tmp_path / "train.log"))
    config = OmegaConf.to_container(read, resolve=True)
    assert isinstance(config, dict)
    # What pytest itself listens with stays.
    config["loggers"] = {"of_this_test": {**config.pop("root"), "propagate": False}}
    logging.config.dictConfig(config)
    logger = logging.getLogger("of_this_test")
    logger.info(STEERING)
    logger.error("It failed.", extra={"is_for_the_log": True})
    for handler in logger.handlers:
        handler.close()
    logger.handlers.clear()
    shown = "posts\\x1b[2J.csv: 7 rows\\rread\n  dropped 1"
    assert shown in (tmp_path / "train.log").read_text()
    assert "It failed." in (tmp_path / "train.log").read_text()
    printed = capsys.readouterr()
    assert "It failed." not in printed.out + printed.err  # the command itself prints it
    assert "\\x1b[2J" in printed.out + printed.err and "\x1b[2J" not in printed.out + printed.err


def test_a_log_on_a_full_disk_prints_no_tracebacks(capsys: pytest.CaptureFixture[str]) -> None:
    handler = RunLogFile("/dev/full")
    handler.emit(logging.LogRecord("a", logging.INFO, "f.py", 1, "a line", None, None))
    with contextlib.suppress(OSError):
        handler.close()
    assert capsys.readouterr().err == ""
