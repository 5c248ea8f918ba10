"""CSV and TSV: cells between delimiters, with quotes that writers use in different ways.

A writer that quotes begins a cell with a quote where it has to, doubles the quotes inside, and ends
the cell with one: such cells may run over several lines. Some put a space before each cell but the
first, or a backslash before quotes inside: see `manner_of`. A writer that does not quote leaves
them as people typed them, and a post that begins with a quote would swallow all that follows it.
Which of the two a row is from shows in the row itself: see `_Rows._is_first_alone`.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice

from mental_health_classifier.contracts import InputError
from mental_health_classifier.data.reading.spellings import folded
from mental_health_classifier.data.reading.table_files import (
    HEADER_AGAIN,
    Note,
    Row,
    Table,
    TableFile,
    column_name,
)
from mental_health_classifier.data.reading.writers_manner import (
    LINES_BEYOND_CHANCE,
    Manner,
    delimiter_of,
    is_of_width,
    manner_of,
)

QUOTE_OPENED = "quote that never ends in its row, taken for a plain sign"
RUNS_OVER = "row over several lines that may be rows themselves: has a quote swallowed them?"
WRONG_NUMBER = "wrong number of cells"
_MAX_CELL_BYTES = 64 * 2**20  # no post is that long: a quote was opened and never closed
_LINES_THAT_TELL = 1000
_MOST_KINDS = 50
"""A column of more different values than that is no column of labels."""
_LEAST_REPEATED = 0.6
"""Share of its cells that have a value which comes again."""
_NAMES_DELIMITER = re.compile("sep=.", re.IGNORECASE)
_UNCLOSED = "unexpected end of data"

csv.field_size_limit(_MAX_CELL_BYTES)


def open_delimited(usual: str) -> Callable[[TableFile], Table]:
    """Opens files whose cells are usually separated by one delimiter."""

    def open_file(file: TableFile) -> Table:
        first = _first_lines(file)
        try:
            manner = manner_of(first, delimiter_of(first, usual))
            header = next(manner.reader(first), [])
        except csv.Error as error:
            raise _unreadable(file, 1, error) from None
        columns = [column_name(name) for name in header]

        def read(names: Sequence[str], note: Note) -> Iterator[Row]:
            places = [columns.index(name) for name in names]
            for number, cells in _delimited_rows(file, manner, len(columns), first, note):
                if isinstance(cells, str):
                    yield number, cells
                elif cells == header:
                    yield number, HEADER_AGAIN
                elif is_of_width(cells, len(columns)):
                    yield number, [cells[place] for place in places]
                else:
                    yield number, WRONG_NUMBER

        return Table(columns, read)

    return open_file


def _first_lines(file: TableFile) -> list[str]:
    with _text_of(file) as lines:
        return list(islice(lines, _LINES_THAT_TELL))


@contextmanager
def _text_of(file: TableFile) -> Iterator[Iterator[str]]:
    """The lines of a file as text, without the signs that mark the order of bytes, of which some
    writers set several."""
    try:
        with file.binary() as stream, io.TextIOWrapper(stream, "utf-8", newline="") as lines:
            yield _without_marks(lines)
    except UnicodeDecodeError:
        raise InputError(
            f"{file.name} is not UTF-8 text (byte {_first_bad_byte(file)} cannot be read). "
            "Save it as UTF-8, or name its encoding: data.encoding=cp1252"
        ) from None


def _without_marks(lines: Iterable[str]) -> Iterator[str]:
    for number, line in enumerate(lines):
        shown = line if number else line.lstrip("\ufeff")
        # Excel writes the delimiter into a line above the header, and shows no such row.
        if number or not _NAMES_DELIMITER.fullmatch(shown.strip()):
            yield shown


def _first_bad_byte(file: TableFile) -> int:
    """Place in the file of the first byte that is not UTF-8."""
    place = 0
    with file.binary() as stream:
        for line in stream:
            try:
                line.decode()
            except UnicodeDecodeError as error:
                return place + error.start
            place += len(line)
    return place


def _delimited_rows(
    file: TableFile, manner: Manner, width: int, first: Sequence[str], note: Note
) -> Iterator[Row]:
    """Rows below the header that hold anything."""
    with _text_of(file) as lines:
        rows = _Rows(lines, manner, width, first, note)
        try:
            yield from rows
        except csv.Error as error:
            raise _unreadable(file, rows.lines.number, error) from None


def _unreadable(file: TableFile, line: int, error: csv.Error) -> InputError:
    return InputError(
        f"{file.name} cannot be read as a table near line {line}: {error}. Is a quote never closed "
        "there?"
    )


class _Lines:
    """Lines of which some can be put back."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._returned: list[str] = []
        self.taken: list[str] = []
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._returned.pop() if self._returned else next(self._lines)
        self.number += 1
        self.taken.append(line)
        return line

    def put_back(self, lines: Sequence[str]) -> None:
        self._returned += reversed(lines)
        self.number -= len(lines)


class _Rows:
    """Rows of delimited text, each from as many lines as its quotes ask for."""

    def __init__(
        self, lines: Iterator[str], manner: Manner, width: int, first: Sequence[str], note: Note
    ) -> None:
        self.lines = _Lines(lines)
        self._manner = manner
        self._width = width
        self._note = note
        self._known = _known_values(first, manner, width)
        self._spaced = re.compile(rf'" +(?:{re.escape(manner.delimiter)}|\r?\n?$)')

    def __iter__(self) -> Iterator[Row]:
        """The rows below the header that hold anything."""
        strict = self._manner.reader(self.lines, strict=True)
        lenient = self._manner.reader(self.lines)
        next(lenient, None)
        number, taken = 1, self.lines.taken
        while True:
            taken.clear()
            error = None
            cells: list[str] | str | None = None
            try:
                cells = next(strict)
            except StopIteration:
                return
            except csv.Error as raised:
                error = raised
            number += 1
            if error is not None or len(taken) > 1:
                cells = self._judged(number, list(taken), cells, error)
            if cells is None:
                taken.clear()
                cells = next(lenient, [])
                self._note_rows(number, taken)
            # Of a single column, quotes around nothing are what writers make of an empty cell.
            is_empty_cell = self._width == 1 and any('"' in line for line in taken)
            if isinstance(cells, str) or any(cells) or is_empty_cell:
                yield number, cells

    def _judged(
        self, number: int, taken: list[str], cells: list[str] | None, error: csv.Error | None
    ) -> list[str] | str | None:
        """The cells of a row whose quotes are not in order or that runs over several lines. None:
        it is to be read again, leniently."""
        is_unclosed = _UNCLOSED in str(error)
        if error is not None and "field larger" in str(error):
            raise error
        if self._is_first_alone(taken, error):
            self.lines.put_back(taken[1:])
            if len(taken) > 1 or is_unclosed:
                self._note(QUOTE_OPENED, number)
            return self._manner.plain(taken[0])
        if is_unclosed or error is None:
            self._note_rows(number, taken)
            return "cut short" if is_unclosed else cells
        self.lines.put_back(taken)
        return None

    def _note_rows(self, number: int, taken: Sequence[str]) -> None:
        if len(taken) > 1 and self._are_rows(taken):
            self._note(RUNS_OVER, number)

    def _is_first_alone(self, taken: Sequence[str], error: csv.Error | None) -> bool:
        """Whether the first line is a row in which a quote is a plain sign, and so swallowed the
        others, which are rows themselves.

        In a quoted cell that runs over lines these are pieces of a post: they hold what is known of
        no column. Where no column has values that come again, a quote out of order has to tell.
        """
        first, *others = taken
        if not others:
            is_cut = _UNCLOSED in str(error) and not first.endswith(("\n", "\r"))
            return self._is_row(first) and not is_cut and not self._spaced.search(first)
        # Who separates by tabs hardly ever quotes, and then a line is a row.
        is_doubled = any('""' in line for line in taken)
        if self._manner.delimiter == "\t" and not is_doubled and self._are_rows(taken):
            return True
        if error is None and not self._known:
            is_chance = self._width == 1 or len(taken) < LINES_BEYOND_CHANCE
            return not is_chance and self._are_rows(taken)
        is_like_row = self._holds_known_values if self._known else self._is_row
        # Where the quotes are in order the last line ends the cell, and holds a label itself.
        is_like_first = is_like_row if error is None else self._is_row
        others = [line for line in others if line.strip()]
        return is_like_first(first) and 2 * sum(map(is_like_row, others)) >= len(others)

    def _are_rows(self, lines: Sequence[str]) -> bool:
        return all(self._is_row(line) for line in lines if line.strip())

    def _is_row(self, line: str) -> bool:
        return is_of_width(self._manner.plain(line), self._width)

    def _holds_known_values(self, line: str) -> bool:
        cells = self._manner.plain(line)
        if not is_of_width(cells, self._width):
            return False
        known = sum(folded(cells[place]) in values for place, values in self._known.items())
        return 2 * known >= len(self._known)


def _known_values(lines: Sequence[str], manner: Manner, width: int) -> dict[int, set[str]]:
    """Values of each column that holds hardly any that come but once, such as labels."""
    rows = []
    for line in lines[1:]:
        try:
            cells = next(manner.reader([line], strict=True), [])
        except csv.Error:
            continue
        if is_of_width(cells, width):
            rows.append(cells)
    known = {}
    for place in range(width):
        counts = Counter(folded(cells[place]) for cells in rows)
        repeated = [count for value, count in counts.items() if value and count > 1]
        is_usual = sum(repeated) >= _LEAST_REPEATED * len(rows)
        if repeated and len(repeated) <= _MOST_KINDS and is_usual:
            known[place] = {value for value in counts if value}
    return known
