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


def printed(*columns: Column, width: int) -> list[str]:
    console = new_console()
    console.width = width
    with console.capture() as capture:
        console.print(TextTable(columns))
    return capture.get().splitlines()


NUMBERS = Column("recall", [".812 [.78, .84]", "-"], is_number=True)


def test_long_text_goes_on_in_the_next_line_between_words():
    names = Column("name", ["learning_rate=0.001 seed=1", "b"], max_width=20)
    assert [line.split() for line in printed(names, NUMBERS, width=40)[2:]] == [
        ["learning_rate=0.001", ".812", "[.78,", ".84]"],
        ["seed=1"],
        ["b", "-"],
    ]


def test_text_is_narrowed_before_a_column_of_numbers_is_left_out_and_named():
    names = Column("name", ["learning_rate=0.001 seed=1", "b"])
    other = Column("above\nyardstick", ["+.100", "-"], is_number=True)
    lines = printed(names, NUMBERS, other, width=48)
    assert lines[3].split() == ["learning_rate=0.001", ".812", "[.78,", ".84]", "+.100"]
    lines = printed(names, NUMBERS, other, width=40)
    assert lines[-1] == "No room for: above yardstick."
    assert ".812 [.78, .84]" in lines[2] and "+.100" not in "".join(lines)
    assert max(map(len, lines)) <= 40


def test_a_long_word_is_folded_before_others_are_left_out_and_a_number_never():
    lines = printed(Column("", ["n" * 40, "b"]), NUMBERS, width=34)
    assert [line.split() for line in lines[2:5]] == [
        ["n" * 17, ".812", "[.78,", ".84]"],
        ["n" * 17],
        ["n" * 6],
    ]


def test_a_long_header_is_wrapped_and_nothing_of_it_is_lost():
    column = Column("share of all posts", [".500"], is_number=True, max_width=6)
    assert [line.strip() for line in printed(column, width=30)[:3]] == ["share", "of all", "posts"]


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
    with console.capture() as capture:
        console.print(TextTable([replace(columns[0], max_width=None), columns[1]]))
        console.print(TextTable(columns))
    lines = capture.get().splitlines()
    assert [line.rstrip() for line in lines[6:]] == [
        *("two", "lines         n", "───────────────"),
        *("a             1", "名前は長  1,000", "い", "              -"),
    ]
