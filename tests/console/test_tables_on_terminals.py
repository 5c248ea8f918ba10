from dataclasses import replace

from rich.text import Text

from mental_health_classifier.console.tables import (
    Column,
    TextTable,
    names_that_fit,
    new_console,
    text,
)


def test_markup_and_emoji_codes_in_cells_are_shown_as_they_are():
    console = new_console()
    with console.capture() as capture:
        console.print(TextTable([Column("[b]n[/]", ["[red]x[/]", Text(":smile:"), "\x1b[1m"])]))
    lines = [line.rstrip() for line in capture.get().splitlines()]
    assert lines[0] == "[b]n[/]"
    assert lines[2:] == ["[red]x[/]", ":smile:", r"\x1b[1m"]


def test_long_cells_are_cut_where_a_column_says_so_and_never_elsewhere():
    console = new_console()
    console.width = 30
    with console.capture() as capture:
        console.print(
            TextTable([Column("name", ["n" * 40], max_width=8), Column("v", [".812 [.78, .84]"])])
        )
    assert capture.get().splitlines()[2] == "nnnnnnn…  .812 [.78, .84]"


def test_the_most_important_columns_that_fit_are_kept():
    columns = {"a": Column("a", ["1234"]), "b": Column("b", ["x" * 20]), "c": Column("c", ["1"])}
    assert names_that_fit(columns, width=28) == ["a", "b"]
    assert names_that_fit(columns, width=29) == ["a", "b", "c"]
    assert names_that_fit(columns, width=10) == ["a", "c"]


def test_a_table_that_fits_looks_like_one_that_rich_has_to_lay_out():
    console = new_console()
    console.width = 60
    columns = [
        Column("two\nlines", ["a", text("名前は長い", "bold"), ""], max_width=8),
        Column("n", ["1", "1,000", "-"], is_number=True),
    ]
    wrapped = replace(columns[0], max_width=None, is_wrapped=True)
    with console.capture() as capture:
        console.print(TextTable([wrapped, columns[1]]))
        console.print(TextTable([replace(columns[0], max_width=None), columns[1]]))
        console.print(TextTable(columns))
    lines = capture.get().splitlines()
    assert lines[:6] == lines[6:12]
    assert [line.rstrip() for line in lines[12:]] == [
        *("two", "lines         n", "───────────────"),
        *("a             1", "名前は …  1,000", "              -"),
    ]
