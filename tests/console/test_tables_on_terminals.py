from rich.text import Text

from mental_health_classifier.console.tables import Column, names_that_fit, new_console, table_of


def test_markup_and_emoji_codes_in_cells_are_shown_as_they_are():
    console = new_console()
    with console.capture() as capture:
        console.print(table_of([Column("[b]n[/]", ["[red]x[/]", Text(":smile:"), "\x1b[1m"])]))
    lines = [line.rstrip() for line in capture.get().splitlines()]
    assert lines[0] == "[b]n[/]"
    assert lines[2:] == ["[red]x[/]", ":smile:", r"\x1b[1m"]


def test_long_cells_are_cut_where_a_column_says_so_and_never_elsewhere():
    console = new_console()
    console.width = 30
    with console.capture() as capture:
        console.print(
            table_of([Column("name", ["n" * 40], max_width=8), Column("v", [".812 [.78, .84]"])])
        )
    assert capture.get().splitlines()[2] == "nnnnnnn…  .812 [.78, .84]"


def test_the_most_important_columns_that_fit_are_kept():
    columns = {"a": Column("a", ["1234"]), "b": Column("b", ["x" * 20]), "c": Column("c", ["1"])}
    assert names_that_fit(columns, width=28) == ["a", "b"]
    assert names_that_fit(columns, width=29) == ["a", "b", "c"]
    assert names_that_fit(columns, width=10) == ["a", "c"]
