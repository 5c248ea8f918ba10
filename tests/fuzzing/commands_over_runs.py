"""Commands over folders with a run in which one thing is wrong."""

from __future__ import annotations

import os
import traceback
from collections.abc import Sequence
from pathlib import Path
from unittest.mock import patch

from typer.testing import CliRunner

from mental_health_classifier.cli.app import app
from mental_health_classifier.contracts import InputError
from mental_health_classifier.tracking.provenance.environment import DETERMINISM

OVER_ALL = (
    *(("runs",), ("runs", "--json"), ("compare",), ("compare", "--json"), ("best",)),
    *(("report", "--force", "--output", "report.html"), ("clean", "--keep-last", "1")),
    *(("compare", "--csv", "-"), ("plot", "efficiency", "--force")),
)
"""Commands that go on with all other runs, whatever is wrong with one."""


def run_command(folder: Path, arguments: Sequence[str]) -> None:
    """Runs a command of `mhc` in a folder.

    Raises:
        InputError: it refused with a message.
        AssertionError: it ended in any other way, or was stopped by one run of many.
    """
    before = os.getcwd()
    os.chdir(folder)
    try:
        # Set already, they do not make `mhc resume` start Python, and with it the tests, once more.
        with patch.dict(os.environ, DETERMINISM):
            result = CliRunner().invoke(app, list(arguments))
    finally:
        os.chdir(before)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        trace = "".join(traceback.format_exception(result.exception)[-4:])
        raise AssertionError(f"{' '.join(arguments)}\n{trace}") from None
    assert result.exit_code in (0, 1), result.stderr
    assert "Traceback" not in result.output
    if result.exit_code:
        assert tuple(arguments) not in OVER_ALL, result.stderr
        raise InputError(result.stderr)
