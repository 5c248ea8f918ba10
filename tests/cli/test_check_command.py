from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from typer.testing import CliRunner, Result

from mental_health_classifier.cli.app import app
from mental_health_classifier.configuration.build import build_corpus
from mental_health_classifier.configuration.check import checked


def check(path: Path, *more: str) -> Result:
    return CliRunner().invoke(app, ["check", str(path), *more])


@pytest.fixture
def posts(tmp_path: Path) -> Path:
    rows = [
        f"{i},i felt like number {i * 7919} word{i} more{i} today,"
        f"{['Suicidal, at risk', 'non suicide', 'non-suicide'][i % 3]!r},"
        f"{['u/anna', 'Anna', '[deleted]'][i % 3]}{i // 3 if i % 3 < 2 else ''}"
        for i in range(150)
    ]
    rows.append(rows[0])
    lines = ["nr,body,class,user", *(row.replace("'", '"') for row in rows), ",,,"]
    path = tmp_path / "posts.csv"
    path.write_text("\n".join([*lines, "9,,non suicide,x"]))
    return path


def test_a_file_is_described_and_nothing_is_stored(
    posts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    done = check(posts)
    assert done.exit_code == 0, done.output
    for said in (
        "posts.csv: 152 rows, of which 150 stay",
        "text: column body (a usual name)",
        "label: column class (a usual name)",
        "author: column user (a usual name)",
        "columns not used: nr",
        "left out 1: duplicate (posts.csv:152)",
        "left out 1: empty text (posts.csv:154)",
        "suicidal, at risk: 50 (33.3%)",
        "one class? 'non suicide' and 'non-suicide'",
        "50 posts of nobody known; 50 spelled in several ways",
    ):
        assert said in done.output, said
    assert sorted(tmp_path.rglob("*")) == before


def test_the_command_that_is_named_reads_the_posts(
    posts: Path, compose_config: Callable[..., Any]
) -> None:
    done = check(posts, "--label", "non suicide=control", "--label", "Suicidal, at risk=risk")
    command = next(line for line in done.output.splitlines() if "train.py" in line)
    overrides = shlex.split(command)[2:]
    OverridesParser.create().parse_overrides(overrides)
    corpus = build_corpus(checked(compose_config(overrides)))
    assert corpus.task.class_names == ("control", "risk")
    assert corpus.task.priority_class == "risk"
    assert corpus.has_authors


def test_what_no_command_can_train_on_is_said(tmp_path: Path) -> None:
    (path := tmp_path / "posts.csv").write_text("text,label\n" + "a canary sang,ok\n" * 9)
    done = check(path)
    assert done.exit_code == 1 and "cannot be trained on" in done.output
    path.write_text("text,label\n" + "a canary sang,ok\na canary sang,sad\n" * 9)
    done = check(path)
    assert done.exit_code == 1 and "labels are 0 different ones" in done.output
    path.write_text("I felt like a canary today.,sad\n" * 9)
    done = check(path)
    assert done.exit_code == 1 and "canary" not in done.output
    assert check(path, "--column", "groups=x").exit_code == 1
    assert check(path, "--column", "text=nowhere").exit_code == 1


def test_texts_without_spaces_are_counted_and_told(tmp_path: Path) -> None:
    signs = [chr(0x4E00 + place) for place in range(4000)]
    rows = ["".join(signs[i * 40 : i * 40 + 40]) + f",{'ab'[i % 2]}" for i in range(60)]
    (path := tmp_path / "posts.csv").write_text("\n".join(["text,label", *rows]), encoding="utf-8")
    done = check(path)
    assert "noted 60: text without spaces between words" in done.output
    assert "words in a post: median 40" in done.output


def test_a_rare_class_is_no_priority_class_and_may_be_misspelt(tmp_path: Path) -> None:
    classes = ["suicidal", "control"] * 40 + ["suicdal"]
    rows = [f"post {i} of {i * 7919},{name}" for i, name in enumerate(classes)]
    (path := tmp_path / "posts.csv").write_text("\n".join(["text,label", *rows]))
    done = check(path)
    assert "one class? 'suicdal' and 'suicidal'" in done.output
    assert "data.priority_class=suicidal" in done.output
    path.write_text("\n".join(["text,label", *rows[1::2], rows[0]]))
    assert "data.priority_class=null" in check(path).output


@pytest.mark.parametrize(
    ("names", "named"),
    [
        (("non_suicidal", "suicidal"), "suicidal"),
        (("nonsuicide", "suicide"), "suicide"),
        (("absence of suicide risk", "suicide attempt"), '"suicide attempt"'),
        (("at risk", "suicidal ideation"), '"suicidal ideation"'),
        # People have to say which.
        (("no_risk", "low_risk", "some_risk", "high_risk"), "null"),
        (("suicidal ideation", "suicide attempt"), "null"),
    ],
)
def test_the_class_whose_misses_cost_most_is_not_one_of_the_others(names, named, tmp_path) -> None:
    rows = [f"i felt like number {i * 7919} today,{names[i % len(names)]}" for i in range(120)]
    path = tmp_path / "posts.csv"
    path.write_text("\n".join(["text,label", *rows]))
    assert f"data.priority_class={named}" in check(path).output.replace("'", "") or (
        named == "suicide" and "priority_class" not in check(path).output
    )


def test_a_column_without_a_name_is_passed_over(tmp_path) -> None:
    rows = [f"{i},i felt like number {i * 7919} today,{'ab'[i % 2]}" for i in range(60)]
    path = tmp_path / "posts.csv"
    path.write_text("\n".join([",text,label", *rows]))  # as pandas writes row numbers
    done = check(path)
    assert done.exit_code == 0 and "60 rows, of which 60 stay" in done.output, done.output
