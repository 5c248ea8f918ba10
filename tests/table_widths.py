"""What a command prints at the widths that terminals have: no number may be cut."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from typer.testing import CliRunner

from mental_health_classifier.cli.app import app

NUMBER = re.compile(r"(?<![\w.,/-])[-+\u2212]?(?:\d[\d,]*\.?\d*|\.\d+)(?![\w/])")


def assert_no_number_is_cut(
    command: Sequence[str],
    monkeypatch: pytest.MonkeyPatch,
    *,
    widths: Sequence[int] = (60, 80, 120),
) -> None:
    known = set(NUMBER.findall(_printed(command, 400, monkeypatch)))
    assert known
    for width in widths:
        shown = _printed(command, width, monkeypatch)
        assert "…" not in shown
        assert set(NUMBER.findall(shown)) <= known
        assert max(map(len, shown.splitlines())) <= width


def _printed(command: Sequence[str], width: int, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("COLUMNS", str(width))
    result = CliRunner().invoke(app, list(command))
    assert result.exit_code == 0, result.output
    return result.stdout
