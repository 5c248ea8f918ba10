"""Every line that is a row is read as one, whatever quotes stand in it."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest

from mental_health_classifier.data.reading.delimited import QUOTE_OPENED, RUNS_OVER
from mental_health_classifier.data.reading.table_files import HEADER_AGAIN, TableFile
from mental_health_classifier.data.reading.tables import ROLES, read_rows

TEXT, LABEL = ROLES.index("text"), ROLES.index("label")


def read(path: Path, content: str, **columns: Any) -> tuple[list[object], list[tuple[str, int]]]:
    """Text and label of each row, or what is wrong with it; and what is noted."""
    path.write_text(content, encoding="utf-8", newline="")
    noted: list[tuple[str, int]] = []
    rows: list[object] = []
    for _, cells in read_rows(
        TableFile(path, path.name), columns, {}, lambda reason, row: noted.append((reason, row))
    ):
        rows.append(cells if isinstance(cells, str) else (cells[TEXT], cells[LABEL]))
    return rows, noted


def posts(number: int, separator: str = ",", **changed: str) -> list[str]:
    """Lines of a writer that does not quote, some of them changed by their place."""
    lines = [
        f"post {i} of somebody{separator}{['suicide', 'control'][i % 2]}" for i in range(number)
    ]
    for place, line in changed.items():
        lines[int(place.removeprefix("at"))] = line
    return lines


@pytest.mark.parametrize(("ending", "separator"), [("csv", ","), ("tsv", "\t")])
def test_a_quote_that_is_never_closed_swallows_nothing(
    tmp_path: Path, ending: str, separator: str
) -> None:
    lines = posts(
        40,
        separator,
        at5=f'"why me, he said{separator}suicide'.replace(", he", " he"),
        at25=f'"again and again{separator}control',
        at30=f'and a last one"{separator}control',
        at39=f'"the end{separator}control',
    )
    rows, noted = read(
        tmp_path / f"posts.{ending}", "\n".join([f"text{separator}label", *lines]) + "\n"
    )
    assert len(rows) == 40
    assert rows[5] == ('"why me he said', "suicide")
    assert rows[30] == ('and a last one"', "control")
    assert {reason for reason, _ in noted} == {QUOTE_OPENED}
    assert [row for _, row in noted] == [7, 27, 41]


def test_a_quote_in_the_middle_of_a_row_is_kept(tmp_path: Path) -> None:
    lines = posts(10, at3='"why?" she asked,control', at4='he said "no",control')
    rows, noted = read(tmp_path / "posts.csv", "\n".join(["text,label", *lines]))
    assert rows[3:5] == [('"why?" she asked', "control"), ('he said "no"', "control")]
    assert not noted


def test_quoted_cells_over_several_lines_stay_whole(tmp_path: Path) -> None:
    texts = [f'one {i}, and\nanother, line\n\n"quoted"\nend {i}' for i in range(50)]
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows(
        [["text", "label"], *([text, ["sad", "fine"][i % 2]] for i, text in enumerate(texts))]
    )
    rows, noted = read(tmp_path / "posts.csv", stream.getvalue())
    assert rows == [(text, ["sad", "fine"][i % 2]) for i, text in enumerate(texts)]
    assert not noted


def test_lines_that_may_be_rows_are_told_where_no_label_can_tell(tmp_path: Path) -> None:
    rows, noted = read(
        tmp_path / "posts.csv", 'text\none\n"two\nthree\nfour"\nfive\n', label="text"
    )
    assert len(rows) == 3
    assert noted == [(RUNS_OVER, 3)]


def test_many_lines_that_are_rows_each_are_no_cell_by_chance(tmp_path: Path) -> None:
    lines = [f"{i},post {i}" for i in range(9)]
    lines[2], lines[6] = '2,"post 2', '6,post 6"'
    rows, noted = read(tmp_path / "posts.csv", "\n".join(["id,text", *lines]), label="text")
    assert len(rows) == 9
    assert noted == [(QUOTE_OPENED, 4)]
    rows, noted = read(
        tmp_path / "posts.csv", 'id,text\n0,a\n1,"well, b\nor, c\nd"\n2,e\n', label="text"
    )
    assert len(rows) == 3 and not noted


def test_a_line_between_tabs_is_a_row_where_no_label_can_tell(tmp_path: Path) -> None:
    path = tmp_path / "posts.tsv"
    rows, noted = read(path, 'text\none\n"two\nthree\nfour"\nfive\n', label="text")
    assert len(rows) == 5
    assert noted == [(QUOTE_OPENED, 3)]
    rows, noted = read(path, 'text\none\n"two\n""three""\nfour"\nfive\n', label="text")
    assert len(rows) == 3
    assert noted == [(RUNS_OVER, 3)]


def test_quoted_cells_over_lines_do_not_hide_the_delimiter(tmp_path: Path) -> None:
    lines = [f'"i feel well,\nor not\nat all {i}";ok' for i in range(9)]
    rows, _ = read(tmp_path / "posts.csv", "\n".join(["text;label", *lines]))
    assert rows == [(f"i feel well,\nor not\nat all {i}", "ok") for i in range(9)]


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_another_delimiter_is_seen_by_the_header_and_the_rows(
    tmp_path: Path, separator: str
) -> None:
    lines = [f"i feel well, or not {i}{separator}ok" for i in range(9)]
    content = "\n".join([f"text{separator}label", *lines])
    rows, _ = read(tmp_path / "posts.csv", content)
    assert rows == [(f"i feel well, or not {i}", "ok") for i in range(9)]


def test_signs_that_cannot_be_seen_are_no_part_of_a_column_s_name(tmp_path: Path) -> None:
    rows, _ = read(tmp_path / "posts.csv", "\ufeff\ufefftext\u200b,\u00a0label\na,b\n")
    assert rows == [("a", "b")]


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_the_line_in_which_excel_names_the_delimiter_is_no_header(
    tmp_path: Path, mark: str
) -> None:
    content = "\r\n".join([f"{mark}sep=;", "text;label", *posts(20, ";")])
    rows, noted = read(tmp_path / "posts.csv", content)
    assert len(rows) == 20 and rows[0] == ("post 0 of somebody", "suicide") and not noted


@pytest.mark.parametrize("header", ["text, label", '"text", "label"', "text,label"])
def test_a_space_before_a_quoted_cell_is_no_part_of_it(tmp_path: Path, header: str) -> None:
    lines = [f'"slept, badly, and {i}\nwoke", "sad"' for i in range(2)]
    lines += [f'"slept badly, and {i}", "sad"' for i in range(9)]
    rows, noted = read(tmp_path / "posts.csv", "\n".join([header, *lines]))
    assert len(rows) == 11 and not noted
    assert rows[0] == ("slept, badly, and 0\nwoke", "sad") and rows[10][1] == "sad"


def test_a_space_before_a_cell_is_kept_where_the_writer_sets_none(tmp_path: Path) -> None:
    lines = [*posts(8), ' "why" he asked,control', '"so, ""no"" he said", sad']
    rows, _ = read(tmp_path / "posts.csv", "\n".join(["text,label", *lines]))
    assert rows[8:] == [(' "why" he asked', "control"), ('so, "no" he said', " sad")]


def test_quotes_after_a_backslash_are_part_of_the_cell(tmp_path: Path) -> None:
    lines = [f'"he said \\"no, never\\" {i}",sad' for i in range(6)]
    rows, noted = read(tmp_path / "posts.csv", "\n".join(["text,label", *posts(9), *lines]))
    assert rows[9:] == [(f'he said "no, never" {i}', "sad") for i in range(6)] and not noted
    stream = io.StringIO()
    texts = [f'a path: C:\\ and "\\" {i}\\' for i in range(9)]  # of a writer that doubles quotes
    csv.writer(stream).writerows([["text", "label"], *([text, "sad"] for text in texts)])
    rows, noted = read(tmp_path / "posts.csv", stream.getvalue())
    assert rows == [(text, "sad") for text in texts] and not noted


def test_delimiters_at_the_end_of_each_row_make_no_cells(tmp_path: Path) -> None:
    lines = [f"{line},," for line in posts(9, at4='"why me he said,control')]
    rows, noted = read(tmp_path / "posts.csv", "\n".join(["text,label", *lines, "one,sad,more"]))
    assert len(rows) == 10 and rows[:2] == [
        ("post 0 of somebody", "suicide"),
        ("post 1 of somebody", "control"),
    ]
    assert rows[9] == "wrong number of cells" and noted == [(QUOTE_OPENED, 6)]


def test_the_row_of_names_is_no_post_where_it_comes_again(tmp_path: Path) -> None:
    lines = ["text,label", *posts(3), "text,label", *posts(3)]
    rows, _ = read(tmp_path / "posts.csv", "\n".join(lines))
    assert len(rows) == 7 and rows[3] == HEADER_AGAIN


def test_lines_that_a_last_quote_may_have_swallowed_are_told(tmp_path: Path) -> None:
    lines = ["7,slept,fine,x", "7,slept,sad,x", "7,slept,fine,x", ',,sad,"', ",,sad,"]
    rows, noted = read(tmp_path / "posts.csv", "\n".join(["id,text,label,note", *lines]))
    assert rows[3:] == ["cut short"] and noted == [(RUNS_OVER, 5)]


def test_quotes_around_nothing_are_a_row_of_a_single_column(tmp_path: Path) -> None:
    rows, noted = read(tmp_path / "a.csv", 'text\na b c\n""\nd e f\n\n', text="text", label=[])
    assert rows == [("a b c", ""), ("", ""), ("d e f", "")]
    assert noted == []
