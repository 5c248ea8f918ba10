"""Every row of a file is read or dropped with a reason, counted by others than our readers."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import strategies as st

from mental_health_classifier.data.preparing.survey import survey_posts
from mental_health_classifier.data.reading.account import Account
from mental_health_classifier.data.reading.delimited import QUOTE_OPENED, RUNS_OVER
from mental_health_classifier.data.reading.posts_to_judge import read_unlabelled
from mental_health_classifier.data.reading.source import Source

HEADERS = (["text", "label"], ["label", "text"], ["id", "text", "label", "author", "note"])
SEPARATORS = {"csv": (",", ",", ";", "|"), "tsv": ("\t",)}
PIECES = (
    *(
        "i feel low",
        "she said",
        "a",
        "1,5",
        " ",
        "\u00a0",
        "\u200b",
        "\ufeff",
        "🐟",
        "é",
        "x" * 300,
    ),
    *('"', '"', '""', "'", '" ', ' "', "\\", "\x00", "\x1b[2J", "\u2028", "\x85", "\x0b"),
    *("sad", "fine", "[deleted]", "nan", "https://a.example/b", "[1, 2]", "{", "=1+1", "#"),
)
BREAKS = ("\n", "\r\n", "\n\n", ",", ";", "\t", "|")
"""What only quotes keep in a cell."""
LABELS = ("sad", "fine", "sad", "fine", "SAD ", "1.0", "nan", "")
PACKED: dict[str, Callable[[bytes], bytes]] = {
    ".gz": lambda data: gzip.compress(data, 1),
    ".bz2": lambda data: bz2.compress(data, 1),
    ".zst": lambda data: pa.compress(data, codec="zstd", asbytes=True),
    ".zip": lambda data: zipped(data),
}


class Content(NamedTuple):
    name: str
    data: bytes
    num_rows: int
    """Counted without our readers."""


def zipped(data: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("posts.csv", data)
    return stream.getvalue()


@st.composite
def tables(draw: Callable[..., Any], pieces: tuple[str, ...]) -> list[list[str]]:
    """Rows, of which the first is the header."""
    header = draw(st.sampled_from(HEADERS))
    cells = {
        name: st.sampled_from(LABELS)
        if name == "label"
        else st.lists(st.sampled_from(pieces), max_size=7).map("".join)
        for name in header
    }
    rows = draw(st.lists(st.tuples(*cells.values()).map(list), max_size=12))
    plain = {"text": "i slept badly", "id": "7", "author": "anna", "note": "none"}
    for number in range(draw(st.sampled_from([0, 4, 4]))):
        row = [plain.get(name, LABELS[number]) for name in header]
        rows.insert(draw(st.integers(0, len(rows))), row)
    return [header, *rows]


@st.composite
def quoted(draw: Callable[..., Any]) -> Content:
    """What a writer that quotes leaves, counted by Python's own reader."""
    ending = draw(st.sampled_from([*SEPARATORS]))
    separator = draw(st.sampled_from(SEPARATORS[ending]))
    stream = io.StringIO(newline="")
    writer = csv.writer(
        stream,
        delimiter=separator,
        lineterminator=draw(st.sampled_from(["\n", "\r\n"])),
        quoting=draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC])),
    )
    table = draw(tables((*PIECES, *BREAKS)))
    writer.writerows(table)
    text = draw(st.sampled_from(["", "", "\ufeff"])) + stream.getvalue()
    rows = csv.reader(io.StringIO(text.lstrip("\ufeff"), newline=""), delimiter=separator)
    return Content(f"posts.{ending}", text.encode(), sum(map(any, rows)) - 1)


@st.composite
def unquoted(draw: Callable[..., Any]) -> Content:
    """What a writer that does not quote leaves, a line a row."""
    ending = draw(st.sampled_from([*SEPARATORS]))
    separator = draw(st.sampled_from(SEPARATORS[ending]))
    pieces = tuple(piece for piece in PIECES if separator not in piece)
    table = draw(tables(pieces))
    lines = [separator.join(row) for row in table]
    end = draw(st.sampled_from(["\n", "\r\n"]))
    text = end.join(lines) + draw(st.sampled_from(["", end]))
    # Nothing between quotes is nothing to either kind of writer.
    num_rows = sum(any(cell not in ("", '""') for cell in row) for row in table[1:])
    return Content(f"posts.{ending}", text.encode(), num_rows)


@st.composite
def json_lines(draw: Callable[..., Any]) -> Content:
    """Objects a line with others among them, counted by the lines that hold anything; or in one
    array."""
    header, *rows = draw(tables((*PIECES, *BREAKS, "\ud800")))
    records: list[Any] = [dict(zip(header, row, strict=True)) for row in rows]
    for odd in draw(st.lists(st.sampled_from([7, None, [], {}, {"text": [1]}, "\ud800"]))):
        records.insert(draw(st.integers(0, len(records))), odd)
    if draw(st.integers(0, 3)) == 0:
        return Content("posts.json", json.dumps(records).encode(), len(records))
    lines = [json.dumps(each, ensure_ascii=draw(st.booleans())) for each in records]
    for broken in draw(st.lists(st.sampled_from(["", " \t", "{", '{"text": "a', "nan", "]"]))):
        lines.insert(draw(st.integers(0, len(lines))), broken)
    text = draw(st.sampled_from(["\n", "\r\n"])).join(lines)
    data = text.encode(errors="surrogatepass")
    ending = draw(st.sampled_from(["jsonl", "ndjson", "json"]))
    return Content(f"posts.{ending}", data, sum(1 for line in data.split(b"\n") if line.strip()))


@st.composite
def parquet(draw: Callable[..., Any]) -> Content:
    """A table whose own metadata count its rows."""
    header, *rows = draw(tables((*PIECES, *BREAKS)))
    is_null = draw(st.sets(st.integers(0, 20)))
    columns = {
        name: [None if i in is_null else row[place] for i, row in enumerate(rows)]
        for place, name in enumerate(header)
    }
    kind = draw(st.sampled_from([pa.string(), pa.large_string()]))
    table = pa.table({name: pa.array(cells, kind) for name, cells in columns.items()})
    if draw(st.booleans()):
        place, name = header.index("label"), "label"
        table = table.set_column(place, name, table[name].dictionary_encode())
    stream = io.BytesIO()
    pq.write_table(table, stream, row_group_size=draw(st.integers(1, 9)))
    return Content("posts.parquet", stream.getvalue(), pq.read_metadata(stream).num_rows)


@st.composite
def packed(draw: Callable[..., Any]) -> Content:
    """One of the others, compressed."""
    content = draw(quoted() | unquoted())
    ending = draw(st.sampled_from([*PACKED]))
    data = PACKED[ending](content.data)
    name = "posts.zip" if ending == ".zip" else f"{content.name}{ending}"
    return content._replace(name=name, data=data)


FILES = st.one_of(quoted(), unquoted(), json_lines(), parquet(), packed())


class Counter:
    """Compares what is read of a file with its rows."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.tried = 0
        self.told = 0
        """Files of other numbers of rows, of which the lines that may be rows are named."""

    def __call__(self, content: Content) -> None:
        self.tried += 1
        (folder := self._folder / str(self.tried)).mkdir()
        path = folder / content.name
        path.write_bytes(content.data)
        account = survey_posts(Source.of(str(path)), lambda _: None).account
        dropped = sum(reason.rows for reason in account.dropped.values())
        assert account.rows_read == account.rows_kept + dropped
        if account.rows_read != content.num_rows:
            # A label that stands nowhere else tells no row from a line in quotes.
            assert {RUNS_OVER, QUOTE_OPENED} & {*account.noted}
            self.told += 1
        judged = list(read_unlabelled(path, columns={}, account=Account()))
        assert len(judged) == account.rows_read


@pytest.fixture
def count(tmp_path: Path) -> Counter:
    return Counter(tmp_path)


def test_every_row_is_accounted_for(try_many: Callable[..., Any], count: Counter) -> None:
    tally = try_many(FILES, count, number=100)
    assert tally.accepted >= 50 and count.told <= 2


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_row_of_thousands_of_files_is_accounted_for(
    try_many: Callable[..., Any], count: Counter, show: Callable[[str], None]
) -> None:
    tally = try_many(FILES, count, number=3000)
    show(f"{count.told} of {count.tried} files: other rows, and the lines are named")
    assert tally.accepted >= tally.tried / 2 and count.told <= 0.03 * count.tried
