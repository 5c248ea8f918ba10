"""Records of valid JSON in which one value is another than any run writes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from commands_over_runs import OVER_ALL, run_command
from hypothesis import strategies
from written_predictions import complete_run
from written_runs import write_run, yardstick_of

FILES = ("run.json", "data.json", "attempts/001/end.json", "assessments/calibration.json")
ODD: tuple[Any, ...] = (
    *(None, True, 0, -1, 1.5, 10**30, 1e308, -1e308, "", "x", "1", "\ud800", "\x1b[2J\n"),
    *([], {}, [1, "a", None], [[1]], {"a": {"b": [None]}}, {"\udcff": 1}, ["a", "a"], [None, None]),
    *("9999-12-31T23:59:59+00:00", "2026-01-01", "../../x", "x" * 300_000),
)
OVER_ONE = (
    *(("show", "outputs/odd"), ("show", "outputs/odd", "--json"), ("card", "outputs/odd")),
    *(("diff", "outputs/odd", "outputs/good"), ("diff", "outputs/good", "outputs/odd", "--json")),
    *(("evaluate", "outputs/odd"), ("certify", "outputs/odd"), ("impact", "curriculum")),
    *(("plot", kind, "--force") for kind in ("seeds", "curves", "clinical", "decision")),
    *(("compare", "--test", "outputs/good", "outputs/odd"), ("export", "outputs/odd", "odd.tar")),
)


class Situation(NamedTuple):
    file: str
    turns: tuple[int, ...]
    """Which key to follow at each level, and how deep."""
    value: Any
    command: tuple[str, ...]


SITUATIONS = strategies.builds(
    Situation,
    strategies.sampled_from(FILES),
    strategies.lists(strategies.integers(0, 40), min_size=1, max_size=4).map(tuple),
    strategies.sampled_from([*ODD, "(left out)", "(deep)"]),
    strategies.sampled_from([*OVER_ALL, *OVER_ONE]),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    yardstick = yardstick_of({"test/accuracy": (0.05, 0.01, 0.09)})
    # Whatever the odd run loses, two are left that differ in cost: there is a figure of them.
    for name, parameters in (("good", 1_000), ("larger", 2_000), ("odd", 3_000)):
        directory = tmp_path / "outputs" / name
        end = {"yardstick": yardstick, "model": {"parameters": parameters}}
        run = {"seed": 1, "model": name, "configuration_hash": name}
        complete_run(write_run(directory, run=run, end=end))
    return tmp_path


def changed(content: Any, turns: tuple[int, ...], value: Any) -> Any:
    """The same with another value at one place."""
    if isinstance(content, list):
        content = dict(enumerate(content))
        return list(changed(content, turns, value).values()) if content else value
    if not isinstance(content, dict) or not content:
        return value
    key = list(content)[turns[0] % len(content)]
    if len(turns) > 1:
        return {**content, key: changed(content[key], turns[1:], value)}
    if value == "(left out)":
        return {name: each for name, each in content.items() if name != key}
    return {**content, key: value}


def attempt_in(folder: Path) -> Callable[[Situation], None]:
    def attempt(situation: Situation) -> None:
        path = folder / "outputs" / "odd" / situation.file
        whole = path.read_bytes()
        value: Any = situation.value
        if value == "(deep)":
            for _ in range(600):
                value = [value]
        content = changed({**json.loads(whole), "crc32": None}, situation.turns, value)
        # Of the first version, which had no checksums.
        content.pop("crc32", None)
        content.setdefault("schema_version", 1)
        if content["schema_version"] == 2:
            content["schema_version"] = 1
        path.write_text(json.dumps(content), encoding="utf-8")
        try:
            run_command(folder, situation.command)
        finally:
            path.write_bytes(whole)
            (folder / "odd.tar").unlink(missing_ok=True)

    return attempt


def test_a_wrong_value_in_a_record_ends_no_command_in_a_traceback(folder: Path, try_many) -> None:
    assert try_many(SITUATIONS, attempt_in(folder), number=12).accepted


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_many_wrong_values_in_records_end_no_command_in_a_traceback(folder, try_many) -> None:
    assert try_many(SITUATIONS, attempt_in(folder), number=20).accepted
