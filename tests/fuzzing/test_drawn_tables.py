"""Tables of every kind are read, or refused in words that quote none of their cells."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from typer.testing import CliRunner

from mental_health_classifier.cli.app import app
from mental_health_classifier.contracts import InputError, Task
from mental_health_classifier.data.preparing.prepared_posts import prepare_posts
from mental_health_classifier.data.preparing.splits import divide_posts
from mental_health_classifier.data.reading import posts_to_judge
from mental_health_classifier.data.reading.account import Account
from mental_health_classifier.data.reading.source import Source

CANARY = "quokkafish"
SHARES = {"train": 0.7, "val": 0.1, "calibration": 0.1, "test": 0.1}
HEADERS = (
    ["text", "label", "author", "split", "severity"],
    ["text", "label"],
    ["body", "tag", "who"],
    ["text", "text", "label"],
    ["text", "label", ""],
    ["label", "text", "text\ufeff"],
    [],
    None,  # the first post stands there
)


class Content(NamedTuple):
    ending: str
    data: bytes
    columns: dict[str, Any]
    labels: dict[str, str] | None


def cells() -> SearchStrategy[str]:
    """What stands in a cell, with the canary in it, short and long, plain and odd."""
    odd = st.sampled_from(
        [
            *("", "\x00", "\ufeff", '"', '""', "\n", "\r", ",", "\t", "\u2028", "\x1b[2J", "🐟"),
            *("a sentence with some words, and more of them.", "word " * 50, "x" * 3000),
        ]
    )
    return st.builds(
        # A single word in a first row is taken for a name of a column, which no reader can tell
        # from one; a post is more.
        lambda before, number, after: f"{before}then i said {CANARY}{number} to my mother {after}",
        st.sampled_from(["", "", '"', "\ufeff"]),
        st.integers(0, 5),
        odd,
    )


def labels_of() -> SearchStrategy[str]:
    known = st.sampled_from(["sad", "fine", "SAD ", "nan", "", "1", "1.0", "0"])
    return st.one_of(known, known, known, cells())


def rows() -> SearchStrategy[list[list[str]]]:
    row = st.builds(
        lambda cell, label, *rest: [cell, label, *rest],
        cells(),
        labels_of(),
        cells(),
        st.sampled_from(["train", "test", "", "dev"]) | cells(),
        st.sampled_from(["0", "3", "-1", "9999999", "1e309"]) | cells(),
    )
    # One odd row is enough for a table to be refused: some have none.
    few = st.one_of(st.just([]), st.just([]), st.lists(row, max_size=8))
    many = st.builds(
        lambda start, size: [
            [
                # No two of them are near-duplicates.
                f"{CANARY} " + " ".join(f"word{start}{i}{j}" for j in range(9)),
                ["sad", "fine"][i % 2],
                f"{CANARY}{i}",
                "",
                "1",
            ]
            for i in range(size)
        ],
        st.integers(0, 9),
        st.integers(20, 60),
    )
    return st.builds(
        lambda *several: [row for each in several for row in each],
        few,
        st.one_of(st.just([]), many),
        few,
    )


def slipped(table: list[list[str]], places: list[int], by: int) -> list[list[str]]:
    """Some rows have their cells elsewhere, or more or fewer of them."""
    table = [list(row) for row in table]
    for place in places:
        if place < len(table):
            row = table[place]
            table[place] = [row[1:] + row[:1], row[-1:] + row[:-1], row[:-1], [*row, CANARY]][by]
    return table


def delimited(
    header: list[str] | None, table: list[list[str]], separator: str, is_quoted: bool
) -> bytes:
    lines = [*([] if header is None else [header]), *table]
    if is_quoted:
        stream = io.StringIO()
        csv.writer(stream, delimiter=separator).writerows(lines)
        text = stream.getvalue()
    else:
        text = "\n".join(separator.join(line) for line in lines)
    return text.encode(errors="replace")


def json_lines(header: list[str] | None, table: list[list[str]], oddity: Any) -> bytes:
    # A key of a word is taken for a name, so that none of the canary's stands alone.
    names = header or [f"{CANARY} sang in the garden this morning", "text"]
    records: list[Any] = [dict(zip(names, row, strict=False)) for row in table]
    records.insert(len(records) // 2, oddity)
    return "\n".join(json.dumps(record) for record in records).encode()


def parquet(header: list[str] | None, table: list[list[str]], extra: pa.Array) -> bytes:
    names = header or ["text", "label", "author", "split", "severity"]
    wide = [(row + [""] * len(names))[: len(names)] for row in table]
    columns = [pa.array([row[i] for row in wide], pa.string()) for i in range(len(names))]
    place = len(table) % (len(names) + 1)
    kind = extra.type
    values = pa.array((extra.to_pylist() * (len(table) + 1))[: len(table)], kind)
    columns.insert(place, values)
    sink = io.BytesIO()
    pq.write_table(pa.table(columns, names=[*names[:place], "label", *names[place:]]), sink)
    return sink.getvalue()


ODDITIES = st.sampled_from(
    [
        [CANARY],
        CANARY,
        7,
        None,
        {"text": [CANARY], "label": "sad"},
        {"text": {CANARY: CANARY}, "label": "sad"},
        {"text": CANARY, "label": float("nan")},
        {"text": CANARY, "label": 10**400},
        {"text": "\ud800" + CANARY, "label": True},
        {CANARY * 9: CANARY},
    ]
)
COLUMNS = st.sampled_from(
    [
        pa.array(["sad", "fine"]),
        pa.array([f"{CANARY} sings", None]),
        pa.array([CANARY.encode(), b"\xff"]),
        pa.array([[CANARY], []]),
        pa.array([{"a": CANARY}, None]),
        pa.array([1.5, float("nan")]),
        pa.array([True, None]),
        pa.array([1, 2], pa.decimal128(9, 2)),
        pa.array(["sad", CANARY]).dictionary_encode(),
        pa.nulls(2),
    ]
)
TIMES = st.sampled_from(
    [
        pa.array([2**40, 1], pa.timestamp("s")),
        pa.array([1, 1], pa.timestamp("us", "Mars/Base")),
        pa.array([2**30, 1], pa.date32()),
        pa.array([2**62, 1], pa.duration("s")),
        pa.array([5, 1], pa.time64("ns")),
    ]
)


def times_as_parquet(table: list[list[str]], values: pa.Array) -> bytes:
    columns = {"text": pa.array([f"{CANARY} {i}" for i in range(len(values))]), "label": values}
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue()


def damaged(data: bytes, kind: int, at: float) -> bytes:
    place = int(len(data) * at)
    return [
        data,
        data,
        data,
        data[:place],
        data[:place] + b"\xff\xfe\x00" + data[place:],
        b"\xef\xbb\xbf" + data,
        b"\xef\xbb\xbf\xef\xbb\xbf" + data,
        data.decode(errors="replace").encode("utf-16"),
        data[place:],
        data.replace(b"\n", b"\r\n"),
    ][kind]


@st.composite
def contents(draw: Callable[..., Any]) -> Content:
    header = draw(st.sampled_from(HEADERS))
    width = 5 if header is None else len(header)
    table = slipped(
        [row[: width or None] for row in draw(rows())],
        draw(st.just([]) | st.lists(st.integers(0, 40), max_size=3)),
        draw(st.integers(0, 3)),
    )
    ending = draw(st.sampled_from(["csv", "csv", "tsv", "jsonl", "ndjson", "parquet"]))
    if ending in ("csv", "tsv"):
        separator = draw(st.sampled_from([",", "\t", ";"]))
        data = delimited(header, table, separator, draw(st.booleans()))
    elif ending == "parquet":
        data = (
            times_as_parquet(table, draw(TIMES))
            if draw(st.integers(0, 3)) == 0
            else parquet(header, table, draw(COLUMNS))
        )
    else:
        data = json_lines(header, table, draw(ODDITIES))
    columns: dict[str, Any] = draw(
        st.sampled_from(
            [
                *({}, {}, {}, {"text": "body", "label": "tag"}, {"text": ["text", "author"]}),
                *({"groups": ["severity"]}, {"label": "author"}, {"id": "author"}),
            ]
        )
    )
    labels = draw(st.sampled_from([None, None, {"sad": "sad", "fine": "control"}]))
    data = damaged(data, draw(st.integers(0, 9)), draw(st.floats(0, 1)))
    return Content(ending, data, columns, labels)


@st.composite
def readable(draw: Callable[..., Any]) -> Content:
    """Tables without a fault, so that reading to the end is tried too."""
    size, start = draw(st.integers(40, 80)), draw(st.integers(0, 9))
    # No two of them are near-duplicates.
    texts = [f"{CANARY} " + " ".join(f"word{start}{i}{j}" for j in range(9)) for i in range(size)]
    table = [[text, ["sad", "fine"][i % 2], f"{CANARY}{i}"] for i, text in enumerate(texts)]
    header = ["text", "label", "author"]
    ending = draw(st.sampled_from(["csv", "tsv", "jsonl"]))
    if ending == "jsonl":
        lines = [json.dumps(dict(zip(header, row, strict=True))) for row in table]
        data = "\n".join(lines).encode()
    else:
        data = delimited(header, table, "," if ending == "csv" else "\t", draw(st.booleans()))
    return Content(ending, damaged(data, draw(st.sampled_from([0, 5, 9])), 0), {}, None)


@pytest.fixture
def read(tmp_path: Path) -> Callable[[Content], None]:
    numbers = iter(range(10**9))
    task = Task.categorical("condition", ("fine", "sad"), "sad")

    def reading(content: Content) -> None:
        folder = tmp_path / str(next(numbers))
        (prepared := folder / "prepared").mkdir(parents=True)
        (divided := folder / "divided").mkdir()
        path = folder / f"posts.{content.ending}"
        path.write_bytes(content.data)
        try:
            _unlabelled = list(
                posts_to_judge.read_unlabelled(path, columns=content.columns, account=Account())
            )
            posts_to_judge.read_external_corpus(
                path,
                task=task,
                columns=content.columns,
                labels=content.labels,
                are_seen=lambda texts: pa.array([False] * len(texts)).to_numpy(False),
            )
        except InputError as error:
            refuse_quotes(error)
        try:
            source = Source.of(
                str(path),
                files=None,
                columns=content.columns,
                labels=content.labels,
                severity_levels=None,
                kept_columns={},
            )
            prepare_posts(prepared, source, num_workers=1)
            divide_posts(divided, prepared, shares=SHARES, split_seed=0)
        except InputError as error:
            refuse_quotes(error)
            raise

    return reading


def refuse_quotes(error: InputError) -> None:
    message = str(error)
    if CANARY in message.casefold():
        raise AssertionError(f"It quotes a cell: {message[:500]}")
    assert len(message) < 3000 and "\n" not in message


def test_every_table_is_read_or_refused_without_a_word_of_it(
    try_many: Callable[..., Any], read: Callable[[Content], None]
) -> None:
    tally = try_many(contents() | readable(), read, number=40)
    assert tally.clear >= 5 and tally.accepted >= 3


def test_check_describes_every_table_without_a_word_of_it(
    try_many: Callable[..., Any], tmp_path: Path
) -> None:
    runner, roles = CliRunner(), ("text", "label")

    def check(content: Content) -> None:
        path = tmp_path / f"posts.{content.ending}"
        path.write_bytes(content.data)
        # Authors who are taken for classes are shown as what they are taken for.
        given = {role: content.columns.get(role) for role in roles}
        named = [f"{role}={name}" for role, name in given.items() if name in ("body", "tag")]
        done = runner.invoke(app, ["check", str(path), *(f"--column={each}" for each in named)])
        assert done.exception is None or isinstance(done.exception, SystemExit)
        assert CANARY not in done.output.casefold(), done.output

    try_many(contents() | readable(), check, number=60)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_thousands_of_tables_are_read_or_refused_without_a_word_of_them(
    try_many: Callable[..., Any], read: Callable[[Content], None]
) -> None:
    try_many(contents() | readable(), read, number=200)
