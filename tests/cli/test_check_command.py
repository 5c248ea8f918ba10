from __future__ import annotations

import json
import os
import shlex
import signal
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from openpyxl import Workbook
from typer.testing import CliRunner, Result

from mental_health_classifier.cli.app import app
from mental_health_classifier.configuration.build import build_corpus
from mental_health_classifier.configuration.check import checked
from mental_health_classifier.contracts import InputError
from mental_health_classifier.data.preparing import row_chunks, survey


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
        "suicidal, at risk: 50 (33.3 %)",
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
    assert done.exit_code == 1 and "None of its 18 rows can be used" in done.output
    path.write_text("I felt like a canary today.,sad\n" * 9)
    done = check(path)
    assert done.exit_code == 1 and "canary" not in done.output
    assert check(path, "--column", "groups=x").exit_code == 1
    assert check(path, "--column", "text=nowhere").exit_code == 1


@pytest.mark.parametrize(
    "line",
    [
        # Four posts of one author; of four authors; twelve almost equal; and twelve that are not.
        lambda i: ("suicide,one" if i % 50 == 0 else f"control,u{i % 40}", i),
        lambda i: ("suicide" if i % 50 == 0 else "control", i),
        lambda i: ("suicide", 1) if i % 16 == 0 else ("control", i),
        lambda i: ("suicide" if i % 8 == 0 else "control", i),
    ],
)
def test_no_command_is_printed_that_training_would_refuse(
    line: Callable[[int], tuple[str, int]],
    tmp_path: Path,
    compose_config: Callable[..., Any],
) -> None:
    rows = [
        f"{(words := 'a b c d e f g h i j k l m n o p q r s t u v w x y')} {number * 7919} {words} "
        f"{number * 7907}{'' if number != 1 else ' ' * i + f'{i}'},{label}"
        for i, (label, number) in enumerate(map(line, range(200)))
    ]
    header = "text,label,author" if rows[0].count(",") == 2 else "text,label"
    (path := tmp_path / "posts.csv").write_text("\n".join([header, *rows]))
    done = check(path)
    overrides = ["data=file", f"data.path={path}"]
    try:
        build_corpus(checked(compose_config(overrides)))
    except InputError as error:
        assert done.exit_code == 1 and "train.py" not in done.output
        assert str(error).partition(" has ")[2].partition(". Give")[0] in done.output
    else:
        assert done.exit_code == 0 and "train.py" in done.output


def test_rows_that_are_lost_are_counted_by_class(tmp_path: Path) -> None:
    rows = [f"i felt like number {i * 7919} today,{'ab'[i % 2]}" for i in range(120)]
    lost = [*[",a"] * 30, *[",c"] * 2, rows[1], ",d", "x" * 100_001 + ",b"]
    (path := tmp_path / "posts.csv").write_text("\n".join(["text,label", *rows, *lost]))
    said = check(path).output
    assert "a: 60 (50.0 %); left out: 30 of 90 rows" in said
    assert "b: 60 (50.0 %); left out: 2 of 62 rows" in said
    assert "c: 0 (0.0 %); left out: 2 of 2 rows" in said and "  d:" not in said


def test_sheets_and_files_that_are_not_read_are_named(tmp_path: Path) -> None:
    book = Workbook()
    for title, rows in {"March": 60, "April": 3, "Notes": 0}.items():
        sheet = book.create_sheet(title)
        for row in [["text", "label"], *([f"post number {i * 7919}", i % 2] for i in range(rows))]:
            sheet.append(row if rows else [])
    book.save(path := tmp_path / "posts.xlsx")
    assert "sheets not read: April\n" in check(path).output
    with zipfile.ZipFile(path := tmp_path / "posts.zip", "w") as archive:
        archive.writestr("train.csv", "text,label\n")
        archive.writestr("test.csv", "text,label\n")
    assert "holds 2 files; one file of posts was expected. Unpack it and give the folder." in (
        check(path).output
    )


def test_labels_in_lists_of_their_own_are_noted(tmp_path: Path) -> None:
    path = write(tmp_path / "posts.csv", "text,label", lambda i: f"[{i % 2}]")
    assert "noted 120: label that stands in a list of its own" in check(path).output


def test_messages_name_the_options_of_the_command(tmp_path: Path) -> None:
    (folder := tmp_path / "posts").mkdir()
    write(folder / "a.csv", "text,label", lambda i: "ab"[i % 2])
    write(folder / "b.csv", "body,label", lambda i: "ab"[i % 2])
    said = check(folder).output
    assert "file 2 has no column 'text' for text. Its columns: body, label." in said
    assert "--column text=NAME" in said and "data." not in said
    assert f"{tmp_path}/none.csv does not exist" in check(tmp_path / "none.csv").output
    assert "--label ok: expected SPELLING=CLASS." in check(folder, "--label", "ok").output


def test_texts_without_spaces_are_counted_and_told(tmp_path: Path) -> None:
    signs = [chr(0x4E00 + place) for place in range(4000)]
    rows = ["".join(signs[i * 40 : i * 40 + 40]) + f",{'ab'[i % 2]}" for i in range(60)]
    (path := tmp_path / "posts.csv").write_text("\n".join(["text,label", *rows]), encoding="utf-8")
    done = check(path)
    assert "noted 60: text without spaces between words" in done.output
    assert "words in a post: median 40" in done.output


def test_a_rare_class_is_no_priority_class_and_may_be_misspelt(tmp_path: Path) -> None:
    classes = ["suicidal", "control"] * 40 + ["suicdal"] * 8
    parts = ("train", "val", "calibration", "test")
    rows = [f"post {i} of {i * 7919},{name},{parts[i // 2 % 4]}" for i, name in enumerate(classes)]
    (path := tmp_path / "posts.csv").write_text("\n".join(["text,label,split", *rows]))
    done = check(path)
    assert "one class? 'suicdal' and 'suicidal'" in done.output
    assert "data.priority_class=suicidal" in done.output
    assert "fewer than 20 posts may be too few to learn from: suicdal 8" in done.output
    path.write_text("\n".join(["text,label,split", *rows[1:80:2], *rows[0:8:2]]))
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


def write(path: Path, header: str, cell: Callable[[int], str]) -> Path:
    """Posts, each with further cells by its number."""
    rows = [f"i felt like number {i * 7919} today,{cell(i)}" for i in range(120)]
    path.write_text("\n".join([header, *rows]))
    return path


def test_what_is_misspelt_on_the_command_line_is_named_with_what_there_is(tmp_path: Path) -> None:
    path = write(tmp_path / "posts.csv", "text,label", lambda i: ["suicidal", "control"][i % 2])
    done = check(path, "--label", "suicdal=risk", "--label", "control=others")
    assert done.exit_code == 1
    assert "--label suicdal=risk: no post is labelled so. Similar: suicidal." in done.output
    done = check(path, "--label", "suicidal=risk")
    assert "labels of no class: control" in done.output
    assert "All posts have one label, and two classes were expected" in done.output
    done = check(path, "--column", "text=txt")
    assert "no column 'txt' for text. Similar: text.\nThere are: text, label." in done.output


def test_files_without_posts_say_so(tmp_path: Path) -> None:
    for name, content in {"a.csv": "", "b.tsv": "\n\n", "c.jsonl": "", "d.json": "[]"}.items():
        (path := tmp_path / name).write_text(content)
        assert f"{name} is empty: names of columns" in check(path).output
    (path := tmp_path / "e.csv").write_text("text,label\n")
    assert "It holds no posts, there is no row below the names" in check(path).output


def test_signs_that_are_no_class_are_named(tmp_path: Path) -> None:
    path = write(tmp_path / "posts.csv", "text,label", lambda i: ["sad", "fine", "?"][i % 3])
    done = check(path)
    assert done.exit_code == 1 and "looks like the name of a class: '?'." in done.output
    done = check(path, "--label", "sad=sad", "--label", "fine=fine")
    assert done.exit_code == 0 and "left out 40: unknown label" in done.output


@pytest.mark.parametrize(
    "name", ["User Name", "user_id", "UserID", "posted by", "Author", "Participant ID"]
)
def test_usual_names_are_known_in_any_spelling(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / "posts.csv", f"Text,Label,{name}", lambda i: f"{'ab'[i % 2]},u{i % 9}")
    assert f"author: column {name} (a usual name)" in check(path).output


def test_authors_in_several_parts_of_a_shipped_split_are_counted(tmp_path: Path) -> None:
    path = write(
        tmp_path / "posts.csv",
        "text,label,author,Split",
        # Of ten authors with twelve posts each, three have posts on both sides.
        lambda i: f"{'ab'[i % 2]},u{i // 12},{'train' if i < 84 or i % 12 < 6 else 'test'}",
    )
    done = check(path)
    assert "parts shipped: train 102, test 18" in done.output
    assert "authors with posts in more than one part: 3" in done.output
    path = write(tmp_path / "posts.csv", "text,label,set", lambda i: f"{'ab'[i % 2]},{i % 5}")
    assert "columns not used: set" in check(path).output


def test_a_split_column_of_something_else_can_be_passed_over(
    tmp_path: Path, compose_config: Callable[..., Any]
) -> None:
    path = write(tmp_path / "posts.csv", "text,label,split", lambda i: f"{'ab'[i % 2]},{i % 5}")
    done = check(path)
    assert done.exit_code == 1 and "--column split=[]" in done.output
    done = check(path, "--column", "split=[]")
    assert "columns not used: split" in done.output
    command = next(line for line in done.output.splitlines() if "train.py" in line)
    corpus = build_corpus(checked(compose_config(shlex.split(command)[2:])))
    assert set(corpus.posts["part"]) == {"train", "val", "calibration", "test"}


@pytest.mark.parametrize(
    ("cell", "what"),
    [
        (lambda i: f"2021-03-{i % 28 + 1:02d}", "dates"),
        (lambda i: f"{i % 28 + 1}/3/2021 10:15", "dates"),
        (lambda i: f"{i % 5 / 4}", "numbers with fractions"),
    ],
)
def test_dates_and_scores_are_told_from_classes(
    cell: Callable[[int], str], what: str, tmp_path: Path
) -> None:
    path = write(tmp_path / "posts.csv", "text,label", cell)
    assert f"they look like {what}" in check(path).output
    path = write(tmp_path / "posts.csv", "text,written", cell)
    assert "looks as if it held labels" in check(path).output


def test_columns_that_may_hold_the_labels_as_well_are_named(tmp_path: Path) -> None:
    path = write(tmp_path / "posts.csv", "text,risk,anger", lambda i: f"{i % 2},{i % 3 % 2}")
    assert "come again and again, like those of anger)" in check(path).output


@pytest.mark.parametrize("above", ["# exported today", "A table of posts"])
def test_lines_above_the_names_are_told(tmp_path: Path, above: str) -> None:
    path = write(tmp_path / "posts.csv", f"{above}\ntext,label", lambda i: "ab"[i % 2])
    done = check(path)
    assert done.exit_code == 1
    assert "in 121 of the first 121, where the first row has 1 cell. Does it" in done.output


def test_folders_beside_the_files_are_counted(tmp_path: Path) -> None:
    for name in ("a.csv", "older/b.csv", "_hidden/c.csv"):
        (path := tmp_path / "posts" / name).parent.mkdir(parents=True, exist_ok=True)
        write(path, "text,label", lambda i: "ab"[i % 2])
    done = check(tmp_path / "posts")
    assert "noted 1: folder beside the files, of which nothing is read\n" in done.output
    assert "120 rows, of which 120 stay" in done.output


def test_objects_in_a_column_that_nobody_reads_are_in_nobody_s_way(tmp_path: Path) -> None:
    rows = [
        {"text": f"i felt like number {i * 7919}", "label": "ab"[i % 2], "about": {"likes": i}}
        for i in range(60)
    ]
    (path := tmp_path / "posts.jsonl").write_text("\n".join(map(json.dumps, rows)))
    done = check(path)
    assert done.exit_code == 0 and "60 rows, of which 60 stay" in done.output
    path.write_text("".join(map(json.dumps, rows)))
    assert "cannot be read: not a JSON object, in 1 of the first 1." in check(path).output


def test_a_process_that_was_killed_is_explained(
    posts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object, **__: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    monkeypatch.setattr(row_chunks, "_WORTH_A_POOL", 0)
    monkeypatch.setattr(row_chunks, "num_processes", lambda number: 2)
    monkeypatch.setattr(survey, "_look_at", die)
    done = check(posts)
    assert done.exit_code == 1
    assert done.stderr.startswith("A process that cleaned posts was killed")
    assert "taskset --cpu-list 0 mhc check" in done.stderr
