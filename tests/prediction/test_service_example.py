"""docs/service.py does what it says, with stand-ins for the web framework."""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "service.py"


class FastApi:
    def __init__(self, **_: object) -> None:
        self.paths: dict[str, object] = {}

    def post(self, path: str):
        return lambda function: self.paths.setdefault(path, function)


def test_the_example_decides_about_posts(runs, monkeypatch: pytest.MonkeyPatch) -> None:
    framework = ModuleType("fastapi")
    framework.FastAPI = FastApi  # pyright: ignore[reportAttributeAccessIssue]
    monkeypatch.setitem(sys.modules, "fastapi", framework)
    monkeypatch.setenv("RUN", str(runs["tfidf_logistic"].directory))
    spec = spec_from_file_location("service", EXAMPLE)
    assert spec is not None and spec.loader is not None
    service = module_from_spec(spec)
    spec.loader.exec_module(service)
    posts = service.Posts(texts=["i want to die", ""])
    answers = service.app.paths["/decide"](posts)
    assert [each["decision"] for each in answers] != [] and answers[1]["decision"] == "refer"
    for answer in answers:
        assert answer["certified"] is True
        assert sum(answer["probabilities"].values()) == pytest.approx(1, abs=1e-5)
    with pytest.raises(ValueError, match="at least 1 item"):
        service.Posts(texts=[])
    assert len(EXAMPLE.read_text().splitlines()) <= 45
