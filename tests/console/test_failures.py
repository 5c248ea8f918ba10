from __future__ import annotations

from pathlib import Path

import pytest

from mental_health_classifier.console.failures import describe_error, trace_without_message
from mental_health_classifier.data.reading import posts

WORDS = "a canary sang"


def raised_while_reading(path: Path, monkeypatch: pytest.MonkeyPatch) -> Exception:
    def fail(text: str) -> None:
        raise ValueError(f"could not convert string to float: {text!r}")

    monkeypatch.setattr(posts, "scrub", fail)
    path.write_text(f"text,label\n{WORDS},sad\n")
    options = {"files": None, "columns": {}, "labels": None, "severity_levels": None}
    source = posts.Source.of(str(path), **options, kept_columns={})
    with pytest.raises(ValueError, match=WORDS) as caught:
        posts.clean_rows(list(source.rows()), source)
    return caught.value


def test_an_error_from_reading_data_keeps_its_place_and_not_its_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = raised_while_reading(tmp_path / "posts.csv", monkeypatch)
    trace = trace_without_message(error)
    assert trace is not None
    assert "in clean_rows" in trace and "ValueError: its message is not shown" in trace
    assert WORDS not in trace and WORDS not in str(describe_error(error))


def test_an_error_from_elsewhere_keeps_its_words() -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        _ = 1 / 0
    assert trace_without_message(caught.value) is None
