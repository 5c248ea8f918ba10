import gzip
import json
import os
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mental_health_classifier.contracts import InputError
from mental_health_classifier.data.reading.table_formats import TableFile, count_rows
from mental_health_classifier.data.reading.tables import ROLES, files_to_read, read_rows

COLUMNS = {"text": ["title", "body"], "label": "y"}
ROWS = [
    {"title": "One", "body": "first", "y": "a", "extra": 1},
    {"title": "Two", "body": "zweite\nZeile", "y": "b", "extra": 2},
]


def read(path: Path, columns=COLUMNS) -> list[tuple[int, tuple[str, str] | str]]:
    """Number of each row with its text and label, or with what is wrong."""
    rows = []
    for number, cells in read_rows(TableFile(path, path.name), columns, {}):
        named = cells if isinstance(cells, str) else dict(zip(ROLES, cells, strict=True))
        rows.append((number, named if isinstance(named, str) else (named["text"], named["label"])))
    return rows


def lines(path: Path, *records: object) -> Path:
    text = "\n".join(r if isinstance(r, str) else json.dumps(r) for r in records)
    path.write_text(text + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("ending", ["csv", "tsv", "jsonl", "ndjson", "parquet"])
def test_every_format_gives_the_same_rows(tmp_path: Path, ending: str) -> None:
    path, frame = tmp_path / f"posts.{ending}", pd.DataFrame(ROWS)
    if ending == "parquet":
        frame.to_parquet(path)
    elif "json" in ending or "nd" in ending:
        lines(path, *ROWS)
    else:
        frame.to_csv(path, index=False, sep="," if ending == "csv" else "\t")
    rows = [cells for _, cells in read(path)]
    assert rows == [("One\nfirst", "a"), ("Two\nzweite\nZeile", "b")]
    assert count_rows(path) == 2


def test_a_json_line_cut_in_half_is_dropped_with_its_number(tmp_path: Path) -> None:
    path = lines(
        tmp_path / "posts.jsonl",
        {"text": "one", "label": "a"},
        "",
        '{"text": "tw',
        "[1, 2]",
        "[" * 100_000,
        {"text": ["a", "list"], "label": "a"},
        {"label": "b", "text": "three"},
    )
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes() + b'{"text": "caf\xe9", "label": "a"}')
    assert read(path, {}) == [
        (1, ("one", "a")),
        (3, "not a JSON object"),
        (4, "not a JSON object"),
        (5, "not a JSON object"),
        (6, "a list or object where text was expected"),
        (7, ("three", "b")),
        (8, "not UTF-8 text, whose encoding data.encoding could name"),
    ]


def test_values_that_are_not_text_become_what_a_person_would_write(tmp_path: Path) -> None:
    values = [1, 1.0, 1.5, True, None, "\ud800x"]
    path = lines(tmp_path / "posts.jsonl", *({"text": "t", "label": value} for value in values))
    assert [row[1][1] for row in read(path, {})] == ["1", "1", "1.5", "true", "", "?x"]
    frame = pd.DataFrame({"text": ["t"] * 3, "label": [1, None, 0]})
    frame.to_parquet(tmp_path / "posts.parquet")
    assert [row[1][1] for row in read(tmp_path / "posts.parquet", {})] == ["1", "", "0"]


def test_a_json_key_that_comes_late_is_found_and_one_that_never_comes_is_named(
    tmp_path: Path,
) -> None:
    path = lines(tmp_path / "posts.jsonl", {"text": "a"}, {"label": "x", "text": "b"})
    assert read(path, {}) == [(1, ("a", "")), (2, ("b", "x"))]
    with pytest.raises(InputError, match="no column 'who'"):
        read(path, {"author": "who"})


@pytest.mark.parametrize("end", [b"PAR1", b"text,label\na,b\n", b""])
def test_a_parquet_file_that_is_something_else_or_cut_short_is_refused(
    tmp_path: Path, end: bytes
) -> None:
    path = tmp_path / "posts.parquet"
    path.write_bytes(end)
    expected = "something else under that name" if end.startswith(b"text") else "was cut short"
    with pytest.raises(InputError, match=f"posts.parquet cannot be read as.*{expected}"):
        read(path, {})


@pytest.mark.parametrize(
    ("cells", "what"),
    [
        (pa.array([b"i am sad", b"i sleep badly"]), "bytes"),
        (pa.array([b"abc", None], pa.binary(3)), "bytes"),
        (pa.array([b"a", b"b"], pa.large_binary()).dictionary_encode(), "bytes"),
        (pa.array([["i", "am"], []]), "lists"),
        (pa.array([{"a": "i am"}, {"a": "b"}]), "records"),
    ],
)
def test_a_parquet_column_of_no_text_is_told_by_its_kind(
    tmp_path: Path, cells: pa.Array, what: str
) -> None:
    path = tmp_path / "posts.parquet"
    pq.write_table(pa.table({"text": cells, "label": ["a", "b"], "other": cells}), path)
    with pytest.raises(InputError, match=f"Column 'text' of posts.parquet holds {what}. Write it"):
        read(path, {})


def test_a_parquet_file_damaged_in_the_middle_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "posts.parquet"
    frame = pd.DataFrame({"text": [f"post {i}" for i in range(9000)], "label": "a"})
    frame.to_parquet(path)
    content = bytearray(path.read_bytes())
    content[4:2000] = b"x" * 1996
    path.write_bytes(content)
    with pytest.raises(InputError, match="damaged or was cut short"):
        read(path, {})


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (pa.array([2**40, 1], pa.timestamp("s")), "of no calendar"),
        (pa.array([2**50, 1], pa.timestamp("ms", "Europe/Berlin")), "of no calendar"),
        (pa.array([2**30, 1], pa.date32()), "of no calendar"),
        (pa.array([1, 1], pa.timestamp("us", "Mars/Base")), "zone 'Mars/Base', which is not known"),
        (pa.array([1, 1], pa.timestamp("us", "a canary sang in the zone today")), "of no cal"),
    ],
)
def test_times_that_cannot_be_written_down_are_refused_by_their_column(
    tmp_path: Path, values: pa.Array, message: str
) -> None:
    path = tmp_path / "posts.parquet"
    pq.write_table(pa.table({"text": ["a", "b"], "label": ["x", "y"], "when": values}), path)
    with pytest.raises(InputError, match=f"Column 'when' of posts.parquet.*{message}"):
        read(path, {"groups": ["when"]})
    assert [row[1] for row in read(path, {})] == [("a", "x"), ("b", "y")]


def test_a_csv_cut_inside_a_quoted_cell_loses_that_row(tmp_path: Path) -> None:
    path = tmp_path / "posts.csv"
    path.write_text('label,text\na,"one\nmore"\nb,"two, but the end is mis')
    assert read(path, {}) == [(2, ("one\nmore", "a")), (3, "cut short")]
    path.write_text('label,text\na,one\nb,"two"')  # whole, only without a last line end
    assert read(path, {})[1] == (3, ("two", "b"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("text,label\ncafé,ok\n".encode("latin-1"), r"posts.csv is not UTF-8 text \(byte 14 "),
        ("text,label\n".encode("utf-16")[:-1], "posts.csv is not utf-16 text"),
        (gzip.compress(b"text,label\na,b\n", mtime=0), "is not UTF-8 text"),
    ],
)
def test_a_file_in_another_encoding_is_refused(
    tmp_path: Path, content: bytes, message: str
) -> None:
    path = tmp_path / "posts.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        read(path, {})


def test_the_bad_byte_is_found_far_into_a_file(tmp_path: Path) -> None:
    start = b"text,label\n" + b"something longer,ok\n" * 10_000
    (tmp_path / "posts.csv").write_bytes(start + b"caf\xe9,ok\n")
    with pytest.raises(InputError, match=rf"byte {len(start) + 3} cannot"):
        read(tmp_path / "posts.csv", {})


def test_a_quote_that_is_never_closed_does_not_fill_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "posts.csv"
    path.write_text('text,label\n"never closed,ok\n' + "a line,ok\n" * 7_000_000)
    with pytest.raises(InputError, match=r"near line .*Is a quote never closed"):
        read(path, {})


def test_a_first_row_that_is_a_post_is_not_quoted(tmp_path: Path) -> None:
    path = tmp_path / "posts.csv"
    path.write_text("a canary sings in a sentence as long as a post would be,sad\nmore,ok\n")
    with pytest.raises(InputError, match=r"no column 'text'.*first row") as error:
        read(path, {})
    assert "canary" not in str(error.value)


@pytest.mark.parametrize(
    "first",
    [
        ["I like canary tea with honey.", "sad", "u/anna"],
        ["canary songs", "sad", "u/anna"],  # its label and its author come again
        ["canary", "sad", "who"],
        ["canary", "7", ""],
        ["a canary in the garden", "3", "who"],
    ],
)
@pytest.mark.parametrize("ending", ["csv", "tsv"])
def test_the_first_post_of_a_file_without_a_header_is_not_quoted(
    tmp_path: Path, first: list[str], ending: str
) -> None:
    path = tmp_path / f"posts.{ending}"
    separator = "," if ending == "csv" else "\t"
    others = [[f"post {i}", ["sad", "fine"][i % 2], f"u/{i % 3}"] for i in range(9)]
    path.write_text("".join(separator.join(row) + "\n" for row in [first, *others]))
    with pytest.raises(InputError, match=r"no column 'text'.*first row.* 3 cells") as error:
        read(path, {})
    assert not any(cell in str(error.value) for cell in first if len(cell) > 3)


def test_the_keys_of_records_are_shown_where_they_are_names(tmp_path: Path) -> None:
    path = lines(tmp_path / "posts.jsonl", {"body": "canary", "tag": "canary"})
    with pytest.raises(InputError, match="Its columns: body, tag"):
        read(path, {})
    path = lines(tmp_path / "posts.jsonl", {"the canary sang this morning": {"label": "sad"}})
    with pytest.raises(InputError, match="first row") as error:
        read(path, {})
    assert "canary" not in str(error.value)


def test_of_many_columns_the_first_are_shown(tmp_path: Path) -> None:
    (path := tmp_path / "posts.csv").write_text(",".join(f"c{i}" for i in range(5000)) + "\n")
    with pytest.raises(InputError, match=r"Its columns: c0, .* and 4960 more\. Say"):
        read(path, {})


def test_a_column_that_is_there_twice_is_named(tmp_path: Path) -> None:
    (path := tmp_path / "posts.csv").write_text("text,label,title,title\na,b,c,d\n")
    with pytest.raises(InputError, match="more than one column 'title'"):
        read(path, {"text": ["text", "title"]})


def test_a_folder_is_read_file_by_file_in_the_order_of_names(tmp_path: Path) -> None:
    for name in ("b.jsonl", "a.jsonl", "_SUCCESS", ".hidden.crc"):
        (tmp_path / name).write_text("")
    files = [file for file, _ in files_to_read(str(tmp_path), None)]
    assert [file.path.name for file in files] == ["a.jsonl", "b.jsonl"]
    # Files of a folder can be named after people.
    assert [file.name for file in files] == ["file 1", "file 2"]
    (tmp_path / "c.csv").write_text("")
    with pytest.raises(InputError, match=r"files of the kinds \.csv, \.jsonl"):
        files_to_read(str(tmp_path), None)


def test_a_folder_whose_posts_lie_in_a_folder_of_it_is_explained(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("x")
    (tmp_path / "data").mkdir()
    with pytest.raises(InputError, match=r"holds files of the kinds \.md.*the folder within it"):
        files_to_read(str(tmp_path), None)


def test_missing_files_and_unknown_formats_are_explained(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="path is not set"):
        files_to_read(None, None)
    with pytest.raises(InputError, match="does not exist"):
        files_to_read(str(tmp_path / "nothing.csv"), None)
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(InputError, match=r"pipe\.csv is a pipe or a device"):
        files_to_read(str(tmp_path / "pipe.csv"), None)
    with pytest.raises(InputError, match="it holds none"):
        files_to_read(str(tmp_path), None)
    (tmp_path / "there.csv").write_text("text,label\na,ok\n")
    with pytest.raises(InputError, match=r"data.files names gone.csv.*posts there: 2\)"):
        files_to_read(str(tmp_path), {"train": "gone.csv"})
    with pytest.raises(InputError, match="unknown part 'exam'"):
        files_to_read(str(tmp_path), {"exam": "there.csv"})
    (tmp_path / "posts.docx").write_text("text,label\n")
    with pytest.raises(InputError, match=r"none of the endings \.csv, "):
        files_to_read(str(tmp_path / "posts.docx"), None)


def test_rows_of_a_file_that_cannot_be_read_are_not_counted(tmp_path: Path) -> None:
    (tmp_path / "posts.parquet").write_bytes(b"PAR1 and no more")
    (tmp_path / "posts.csv").write_bytes(b"text\ncaf\xe9\n")
    assert count_rows(tmp_path / "posts.parquet") is None
    assert count_rows(tmp_path / "posts.csv") is None
    assert count_rows(tmp_path / "missing.jsonl") is None


def test_a_column_called_like_a_role_is_found_in_any_spelling(tmp_path: Path) -> None:
    (path := tmp_path / "posts.csv").write_text("Text,LABEL,Author\na,b,c\n")
    file = TableFile(path, path.name)
    ((_, cells),) = read_rows(file, {}, {})
    assert cells == ["", "a", "b", "c", "", ""]
    ((_, cells),) = read_rows(file, {"author": []}, {})
    assert cells == ["", "a", "b", "", "", ""]
    path.write_text("text,label,Author,AUTHOR\na,b,c,d\n")
    ((_, cells),) = read_rows(file, {}, {})
    assert cells == ["", "a", "b", "", "", ""]


def test_a_packed_file_in_a_packed_file_is_told(tmp_path: Path) -> None:
    (path := tmp_path / "posts.csv.gz.gz").write_bytes(gzip.compress(gzip.compress(b"text,label")))
    with pytest.raises(InputError, match=r"posts\.csv\.gz\.gz is packed twice"):
        files_to_read(str(path), None)
