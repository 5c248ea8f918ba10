"""Files as people have them: packed, in spreadsheets, in arrays, as `datasets` writes them."""

from __future__ import annotations

import bz2
import gzip
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from mental_health_classifier.contracts import InputError
from mental_health_classifier.data.reading.account import Account
from mental_health_classifier.data.reading.posts import clean_rows
from mental_health_classifier.data.reading.posts_to_judge import columns_in, read_unlabelled
from mental_health_classifier.data.reading.source import Source

FRAME = pd.DataFrame(
    {
        "text": [f"post {i}, of somebody" for i in range(6)],
        "label": ["sad", "fine"] * 3,
        "severity": [0.0, 1.0, 2.0, 3.0, None, 1.0],
    }
)
CSV = FRAME.to_csv(index=False).encode()


def zipped(path: Path, **files: bytes) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "."), content)
        archive.writestr("__MACOSX/._posts.csv", b"what systems leave behind")


def zstd(path: Path) -> None:
    with pa.output_stream(str(path), compression="zstd") as stream:
        stream.write(CSV)


def as_stream(path: Path) -> None:
    table = pa.Table.from_pandas(FRAME)
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)


def records() -> list[dict[str, object]]:
    return json.loads(FRAME.to_json(orient="records"))


WRITERS: dict[str, Callable[[Path], object]] = {
    "posts.csv.gz": lambda path: path.write_bytes(gzip.compress(CSV, mtime=0)),
    "posts.csv.bz2": lambda path: path.write_bytes(bz2.compress(CSV)),
    "posts.csv.zst": zstd,
    "posts.zip": lambda path: zipped(path, posts__csv=CSV),
    "posts.xlsx": lambda path: FRAME.to_excel(path, index=False),
    "posts.json": lambda path: path.write_text(json.dumps(records(), indent=1)),
    "posts.jsonl": lambda path: path.write_text(json.dumps(records())),
    "lines.json": lambda path: path.write_text("\n".join(map(json.dumps, records()))),
    "posts.arrow": as_stream,
    "posts.feather": lambda path: FRAME.to_feather(path),
    "posts.parquet": lambda path: FRAME.to_parquet(path),
    "posts.csv": lambda path: FRAME.to_csv(path, index=False, sep=";", decimal=","),
}


def posts_of(path: Path, **options: object) -> list[tuple[str, str, int]]:
    account = Account()
    source = Source.of(str(path), **options)  # pyright: ignore[reportArgumentType]
    clean = clean_rows(list(source.rows(account)), source)
    return [(post.text, post.label, post.severity) for post in clean.posts]


@pytest.mark.parametrize("name", WRITERS)
def test_the_same_posts_come_out_of_every_format(name: str, tmp_path: Path) -> None:
    WRITERS[name](tmp_path / name)
    assert posts_of(tmp_path / name) == [
        (f"post {i}, of somebody", ["sad", "fine"][i % 2], [0, 1, 2, 3, -1, 1][i]) for i in range(6)
    ]


@pytest.mark.parametrize("name", ["posts.csv.gz", "posts.csv.bz2", "posts.csv.zst", "posts.zip"])
def test_a_packed_file_that_was_cut_is_refused(name: str, tmp_path: Path) -> None:
    WRITERS[name](tmp_path / name)
    (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:-12])
    with pytest.raises(InputError, match="cannot be unpacked"):
        posts_of(tmp_path / name)


@pytest.mark.parametrize("name", ["posts.xlsx", "posts.arrow", "posts.csv.gz", "posts.zip"])
def test_something_else_under_a_name_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(CSV)
    with pytest.raises(InputError, match=r"cannot be (read|unpacked)"):
        posts_of(tmp_path / name)


def test_an_archive_of_several_files_is_refused(tmp_path: Path) -> None:
    zipped(tmp_path / "posts.zip", a__csv=CSV, b__csv=CSV)
    with pytest.raises(InputError, match="holds 2 files"):
        posts_of(tmp_path / "posts.zip")
    zipped(tmp_path / "posts.zip", posts__docx=CSV)
    with pytest.raises(InputError, match="none of the endings"):
        posts_of(tmp_path / "posts.zip")


def test_one_object_of_columns_is_refused_with_the_way(tmp_path: Path) -> None:
    FRAME.to_json(tmp_path / "posts.json")
    with pytest.raises(InputError, match="orient='records'"):
        posts_of(tmp_path / "posts.json")


def test_parts_of_a_folder_are_told_by_the_names_of_its_files(tmp_path: Path) -> None:
    for name in ("train-00000-of-00002", "train-00001-of-00002", "validation-0", "test"):
        FRAME.to_parquet(tmp_path / f"{name}.parquet")
    assert [part for _, part in Source.of(str(tmp_path)).files] == ["test", "train", "train", "val"]
    FRAME.to_parquet(tmp_path / "more.parquet")
    with pytest.raises(InputError, match=r"1 of its 5 files.* test, train, val"):
        Source.of(str(tmp_path))


def test_names_that_only_hold_the_word_of_a_part_say_nothing(tmp_path: Path) -> None:
    for name in ("latest", "trained", "contest"):
        FRAME.to_csv(tmp_path / f"{name}.csv", index=False)
    assert {part for _, part in Source.of(str(tmp_path)).files} == {None}


def test_a_folder_of_datasets_is_read_with_its_parts(tmp_path: Path) -> None:
    (tmp_path / "dataset_dict.json").write_text('{"splits": ["train", "test"]}')
    for part in ("train", "test"):
        (tmp_path / part).mkdir()
        (tmp_path / part / "state.json").write_text("{}")
        (tmp_path / part / "dataset_info.json").write_text("{}")
        as_stream(tmp_path / part / "data-00000-of-00001.arrow")
    source = Source.of(str(tmp_path))
    assert [part for _, part in source.files] == ["test", "train"]
    assert len(posts_of(tmp_path)) == 12


def test_a_column_that_only_late_records_have_is_read(tmp_path: Path) -> None:
    early = [{"text": f"post {i}", "label": "sad"} for i in range(1500)]
    late = [{"text": f"late {i}", "label": "sad", "split": "test", "who": "x"} for i in range(5)]
    path = tmp_path / "posts.jsonl"
    path.write_text("\n".join(map(json.dumps, [*early, *late])))
    source = Source.of(str(path), columns={"author": "who"})
    clean = clean_rows(list(source.rows(Account())), source)
    assert sum(post.part >= 0 for post in clean.posts) == 5
    assert sum(post.author == "x" for post in clean.posts) == 5


@pytest.mark.parametrize("ending", ["jsonl", "parquet", "csv"])
def test_a_list_of_one_label_is_that_label_and_of_several_is_told(
    ending: str, tmp_path: Path
) -> None:
    frame = pd.DataFrame({"text": ["one", "two", "three"], "label": [["sad"], ["sad", "fine"], []]})
    path = tmp_path / f"posts.{ending}"
    if ending == "jsonl":
        frame.to_json(path, orient="records", lines=True)
    elif ending == "csv":
        frame.to_csv(path, index=False)
    else:
        frame.to_parquet(path)
    source = Source.of(str(path))
    clean = clean_rows(list(source.rows(Account())), source)
    assert [post.label for post in clean.posts] == ["sad"]
    dropped = clean.account.describe()["dropped"]
    assert sum(rows["rows"] for rows in dropped.values()) == 2


@pytest.mark.parametrize("name", ["posts.csv", "posts.jsonl", "posts.json", "posts.csv.gz"])
@pytest.mark.parametrize(
    ("written", "stated"),
    [
        ("utf-16", None),
        ("utf-32", None),
        ("utf-8-sig", None),
        ("utf-16-le", "utf-16-le"),
        ("cp1252", "cp1252"),
        ("cp1252", "CP1252"),
        ("utf-8", "utf8"),
        ("utf-16", "utf-16"),
    ],
)
def test_a_text_is_read_by_its_first_bytes_or_as_it_is_stated(
    name: str, written: str, stated: str | None, tmp_path: Path
) -> None:
    rows = [{"text": "Das wär schön … €", "label": "ok"}, {"text": "Zweite", "label": "sad"}]
    rows *= 5000  # more than is decoded at once
    of_json = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    text = {
        "posts.jsonl": of_json,
        "posts.json": f"[{of_json.replace(chr(10), ',')}]",
    }.get(name, "text,label\r\n" + "".join(f"{r['text']},{r['label']}\r\n" for r in rows))
    content = text.encode(written)
    (path := tmp_path / name).write_bytes(gzip.compress(content) if "gz" in name else content)
    source = Source.of(str(path), encoding=stated)
    posts = clean_rows(list(source.rows(Account())), source).posts
    assert [post.text for post in posts] == [row["text"] for row in rows]
    columns = columns_in(path, given={}, recorded={}, roles=("id", "text"), encoding=stated)
    read = list(read_unlabelled(path, columns=columns, account=Account()))
    assert [post.text for post in read] == [row["text"] for row in rows]


def test_another_encoding_than_is_stated_is_told(tmp_path: Path) -> None:
    (path := tmp_path / "posts.csv").write_bytes("text,label\ncafé,ok\n".encode("latin-1"))
    with pytest.raises(InputError, match=r"not UTF-8 .* name its encoding: data\.encoding=cp1252"):
        list(Source.of(str(path)).rows(Account()))
    with pytest.raises(InputError, match=r"posts\.csv is not ascii text, as it should be"):
        list(Source.of(str(path), encoding="ascii").rows(Account()))
    with pytest.raises(InputError, match=r"data\.encoding=latin-99: the name of an encoding"):
        Source.of(str(path), encoding="latin-99")


def test_the_columns_of_a_file_are_named_where_the_one_asked_for_is_not_there(tmp_path) -> None:
    (path := tmp_path / "posts.csv").write_text("body\nfirst post\nsecond post\n")
    said = r"no column 'text' for text\. Its columns: body\. Say which .* --column text=NAME"
    with pytest.raises(InputError, match=said):
        columns_in(path, given={}, recorded={}, roles=("id", "text"))
