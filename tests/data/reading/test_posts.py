from pathlib import Path

import pytest

from mental_health_classifier.contracts import PARTS, InputError
from mental_health_classifier.data.reading.account import Account
from mental_health_classifier.data.reading.posts import MAX_CHARACTERS, Post, clean_rows
from mental_health_classifier.data.reading.source import Source

LABELS = {"ok": "control", "SI": "suicide", "self-harm": "suicide"}


OPTIONS = {
    "files": None,
    "columns": {},
    "labels": None,
    "severity_levels": None,
    "kept_columns": {},
}


def read(path: Path, **changes) -> tuple[list[Post], Account]:
    source = Source.of(str(path), **{**OPTIONS, **changes})
    clean = clean_rows(list(source.rows(Account())), source)
    return clean.posts, clean.account


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def test_columns_are_found_by_name_in_any_order(tmp_path: Path) -> None:
    path = write(
        tmp_path / "posts.csv", "label,author,text,id\nok,ann,first post,a1\nsi,bob,second,b2\n"
    )
    posts, account = read(path, labels=LABELS)
    assert [(p.id, p.text, p.label, p.author) for p in posts] == [
        ("a1", "first post", "control", "ann"),
        ("b2", "second", "suicide", "bob"),
    ]
    assert account.describe()["dropped"] == {}


def test_text_columns_are_joined_and_other_names_mapped(tmp_path: Path) -> None:
    path = write(
        tmp_path / "posts.tsv", "title\tbody\ty\tuser\nA title\tthe body\tok\tu1\nB\tmore\tSI\tu2\n"
    )
    columns = {"text": ["title", "body"], "label": "y", "author": "user"}
    posts, _ = read(path, columns=columns, labels=LABELS)
    assert [p.text for p in posts] == ["A title the body", "B more"]


def test_every_dropped_row_is_counted_with_its_reason(tmp_path: Path) -> None:
    path = write(
        tmp_path / "posts.csv",
        "text,label\n"
        "kept one,ok\n"  # row 2
        "  ,ok\n"  # 3 empty text
        "no label,\n"  # 4
        "strange,other\n"  # 5 unknown label
        "a,b,c\n"  # 6 too many cells
        f"{'x' * (MAX_CHARACTERS + 1)},ok\n"  # 7
        "kept two,SI\n",
    )
    posts, account = read(path, labels=LABELS)
    assert [p.row for p in posts] == [2, 8]
    assert account.rows_read == 7
    assert {reason: d["first"] for reason, d in account.describe()["dropped"].items()} == {
        "empty text": ["posts.csv:3"],
        "missing label": ["posts.csv:4"],
        "text of more than 100,000 characters": ["posts.csv:7"],
        "unknown label": ["posts.csv:5"],
        "wrong number of cells": ["posts.csv:6"],
    }


def test_quoted_line_breaks_mixed_line_ends_and_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    path = write(
        tmp_path / "posts.csv",
        'text,label\r\n"one\nstill one",ok\n"a ""quoted"" word, with comma",SI\r\nlast,ok',
        encoding="utf-8-sig",
    )
    posts, _ = read(path, labels=LABELS)
    assert [p.text for p in posts] == ["one still one", 'a "quoted" word, with comma', "last"]
    assert [p.row for p in posts] == [2, 3, 4]


def test_labels_without_a_map_are_the_classes_in_lower_case(tmp_path: Path) -> None:
    path = write(tmp_path / "posts.csv", "text,label\na,Control\nb, control \nc,SUICIDE\n")
    posts, _ = read(path)
    assert [p.label for p in posts] == ["control", "control", "suicide"]


def test_a_split_column_is_kept_and_its_spellings_are_known(tmp_path: Path) -> None:
    path = write(
        tmp_path / "posts.csv", "text,label,split\na,ok,train\nb,SI,dev\nc,ok,Test\nd,ok,\n"
    )
    posts, _ = read(path, labels=LABELS)
    assert [p.part for p in posts] == [PARTS.index("train"), 1, PARTS.index("test"), -1]


def test_severity_levels_are_mapped_beside_the_label(tmp_path: Path) -> None:
    path = write(tmp_path / "posts.csv", "text,label\na,ok\nb,si\nc,Self-Harm\n")
    posts, _ = read(
        path,
        columns={"severity": "label"},
        labels=LABELS,
        severity_levels={"SI": 2, "self-harm": 1},
    )
    assert [(p.label, p.severity) for p in posts] == [
        ("control", -1),
        ("suicide", 2),
        ("suicide", 1),
    ]


def test_severity_without_a_map_is_the_whole_numbers_of_its_column(tmp_path: Path) -> None:
    path = write(tmp_path / "posts.csv", "text,label,severity\na,ok,3\nb,ok,\nc,ok,high\nd,ok,-2\n")
    assert [p.severity for p in read(path)[0]] == [3, -1, -1, -1]


def test_texts_that_differ_in_case_share_a_hash_and_other_posts_none(tmp_path: Path) -> None:
    path = write(tmp_path / "posts.csv", "text,label\nSame words,a\nsame WORDS,b\nother,a\n")
    one, two, three = read(path)[0]
    assert one.text_hash == two.text_hash != three.text_hash
    assert len({one.content, two.content, three.content}) == 3


@pytest.mark.parametrize(
    ("content", "changes", "message"),
    [
        ("", {}, "no column 'text'"),
        ("body,label\na,ok\n", {}, r"no column 'text'.*Its columns: body, label.*columns.text"),
        ("text,label\na,ok\n", {"columns": {"author": "user"}}, "no column 'user'"),
        ("text,label,split\na,ok,tomorrow\n", {}, "'split' has another .* 1 of 1 rows.*csv:2"),
        ("text,text,label\na,b,ok\n", {}, "more than one column 'text'"),
        ("text,label\na,ok\n", {"labels": {"ok": "a", "OK": "b"}}, "two classes to 'ok'"),
        ("text,label\na,ok\n", {"severity_levels": {"ok": -1}}, "'ok' the level -1"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_explained(
    tmp_path: Path, content: str, changes: dict, message: str
) -> None:
    path = write(tmp_path / "posts.csv", content)
    with pytest.raises(InputError, match=message):
        read(path, **changes)


def test_groups_are_read_beside_each_other_and_leave_the_content_as_it_is(tmp_path: Path) -> None:
    path = write(
        tmp_path / "posts.csv",
        "text,label,sub,gender,age\none,ok,r/Help, Female ,18-25\ntwo,si,r/Help,,26-35\n",
    )
    plain, _ = read(path, labels=LABELS)
    columns = {"source": "sub", "groups": ["gender", "age"]}
    posts, _ = read(path, labels=LABELS, columns=columns)
    assert [p.groups for p in posts] == [("r/help", "female", "18-25"), ("r/help", "", "26-35")]
    assert [p.content for p in posts] == [p.content for p in plain]
    assert [p.groups for p in plain] == [(), ()]
    (first, _), _ = read(path, labels=LABELS, columns={"groups": "gender,age"})
    assert first.groups == ("female", "18-25")


def test_a_group_without_its_column_or_named_twice_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "posts.csv", "text,label,gender\none,ok,f\n")
    with pytest.raises(InputError, match=r"no column 'age' for groups"):
        read(path, columns={"groups": ["age"]})
    with pytest.raises(InputError, match=r"data\.columns\.groups names 'gender'"):
        read(path, columns={"groups": ["gender", "gender"]})


def test_a_spelling_that_is_taken_for_no_label_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "posts.csv", "text,label\na,None\nb,none\nc,ok\n")
    posts, account = read(path)
    assert [p.label for p in posts] == ["none", "ok"]
    assert list(account.describe()["dropped"]) == ["missing label, written None"]


@pytest.mark.parametrize(("role", "column"), [("author", "label"), ("label", "text")])
def test_a_column_that_holds_something_else_already_is_refused(
    tmp_path: Path, role: str, column: str
) -> None:
    path = write(tmp_path / "posts.csv", "text,label\na,ok\n")
    columns = {"text": "text", "label": "label", role: column}
    with pytest.raises(InputError, match=rf"data\.columns\.{role}={column}: that column holds"):
        read(path, columns=columns)
