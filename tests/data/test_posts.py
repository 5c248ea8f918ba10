from pathlib import Path

import pytest

from mental_health_classifier.contracts import InputError
from mental_health_classifier.data.posts import read_posts

LABELS = {"ok": "control", "SI": "suicide", "self-harm": "suicide"}


def read(path: Path, **changes):
    return read_posts(str(path), **{"files": None, "columns": {}, "labels": None, **changes})


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
        "kept ONE,ok\n"  # 6 duplicate of row 2
        "two faces,ok\n"  # 7 and 8 conflict
        "two faces,SI\n"
        "a,b,c\n"  # 9 too many cells
        "kept two,SI\n",
    )
    posts, account = read(path, labels=LABELS)
    assert [p.row for p in posts] == ["posts.csv:2", "posts.csv:10"]
    assert account.rows_read == 9 and account.rows_kept == 2
    dropped = account.describe()["dropped"]
    assert {reason: d["first"] for reason, d in dropped.items()} == {
        "conflicting labels for one text": ["posts.csv:7", "posts.csv:8"],
        "duplicate": ["posts.csv:6"],
        "empty text": ["posts.csv:3"],
        "missing label": ["posts.csv:4"],
        "unknown label": ["posts.csv:5"],
        "wrong number of cells": ["posts.csv:9"],
    }


def test_quoted_line_breaks_mixed_line_ends_and_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    path = write(
        tmp_path / "posts.csv",
        'text,label\r\n"one\nstill one",ok\n"a ""quoted"" word, with comma",SI\r\nlast,ok',
        encoding="utf-8-sig",
    )
    posts, _ = read(path, labels=LABELS)
    assert [p.text for p in posts] == ["one still one", 'a "quoted" word, with comma', "last"]
    assert [p.row for p in posts] == ["posts.csv:2", "posts.csv:3", "posts.csv:4"]


def test_labels_without_a_map_are_the_classes_in_lower_case(tmp_path: Path) -> None:
    path = write(tmp_path / "posts.csv", "text,label\na,Control\nb, control \nc,SUICIDE\n")
    posts, _ = read(path)
    assert [p.label for p in posts] == ["control", "control", "suicide"]


def test_a_shipped_test_part_keeps_the_post_that_training_also_has(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", "text,label\nshared,ok\nonly train,SI\n")
    write(tmp_path / "b.csv", "label,text\nok,shared\nSI,only test\n")
    posts, account = read(tmp_path, files={"train": "a.csv", "test": "b.csv"}, labels=LABELS)
    assert [(p.text, p.part) for p in posts] == [
        ("only train", "train"),
        ("shared", "test"),
        ("only test", "test"),
    ]
    assert account.dropped["duplicate of a post in another part"] == ["a.csv:2"]


def test_a_split_column_is_kept_and_its_spellings_are_known(tmp_path: Path) -> None:
    path = write(
        tmp_path / "posts.csv", "text,label,split\na,ok,train\nb,SI,dev\nc,ok,Test\nd,ok,\n"
    )
    posts, _ = read(path, labels=LABELS)
    assert [p.part for p in posts] == ["train", "val", "test", None]


def test_ids_that_repeat_are_replaced_by_rows(tmp_path: Path) -> None:
    path = write(tmp_path / "posts.csv", "id,text,label\n1,a,ok\n1,b,SI\n")
    posts, _ = read(path, labels=LABELS)
    assert [p.id for p in posts] == ["posts.csv:2", "posts.csv:3"]


@pytest.mark.parametrize(
    ("content", "changes", "message"),
    [
        ("text,label\n", {}, "holds no posts"),
        ("", {}, "no column 'text'"),
        ("body,label\na,ok\n", {}, r"no column 'text'.*Its columns: body, label.*columns.text"),
        ("text,label\na,ok\n", {"columns": {"author": "user"}}, "no column 'user'"),
        ("text,label\na,ok\nb,ok\n", {}, "one label; two classes"),
        ("text,label\na,x\nb,x\nc,y\n", {"labels": LABELS}, r"None of the 3.* column holds x\."),
        ("text,label,split\na,ok,tomorrow\n", {}, "split column of row posts.csv:2"),
        ("text,text,label\na,b,ok\n", {}, "more than one column 'text'"),
        ("text,label\na,ok\n", {"labels": {"ok": "a", "OK": "b"}}, "two classes to 'ok'"),
        ("text,label\n" + "".join(f"post {i},l{i}\n" for i in range(60)), {}, "60 different"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_explained(
    tmp_path: Path, content: str, changes: dict, message: str
) -> None:
    path = write(tmp_path / "posts.csv", content)
    with pytest.raises(InputError, match=message):
        read(path, **changes)


def test_a_text_column_taken_for_labels_is_never_quoted(tmp_path: Path) -> None:
    path = write(tmp_path / "posts.csv", "text,label\nok,my secret diary\nsi,another canary\n")
    with pytest.raises(InputError) as error:
        read(path, labels=LABELS)
    assert "secret" not in str(error.value) and "canary" not in str(error.value)


def test_missing_files_and_unknown_formats_are_explained(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="path is not set"):
        read_posts(None, files=None, columns={}, labels=None)
    with pytest.raises(InputError, match="does not exist"):
        read(tmp_path / "nothing.csv")
    with pytest.raises(InputError, match="is a folder"):
        read(tmp_path)
    write(tmp_path / "there.csv", "text,label\na,ok\n")
    with pytest.raises(InputError, match=r"data.files names gone.csv.*there.csv"):
        read(tmp_path, files={"train": "gone.csv"})
    with pytest.raises(InputError, match=r"neither \.csv nor \.tsv"):
        read(write(tmp_path / "posts.xlsx", "text,label\n"))


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "posts.csv", "text,label\ncafé,ok\n", encoding="latin-1")
    with pytest.raises(InputError, match=r"posts.csv is not UTF-8 text \(byte 14"):
        read(path)
