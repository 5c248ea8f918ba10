import pytest
from explained_posts import explained
from rich.console import Console


def test_what_speaks_for_the_class_is_red_and_what_speaks_against_it_blue() -> None:
    shown = explained("up down", [[0, 2], [3, 7]], [2.0, -1.0]).coloured
    assert shown.plain == "up down"
    assert [str(span.style) for span in shown.spans] == [
        "black on rgb(255,120,120)",
        "black on rgb(188,188,255)",
    ]


def test_what_a_person_wrote_does_nothing_to_a_terminal() -> None:
    text = "\x1b[2J and more"
    console = Console(width=60)
    with console.capture() as shown:
        console.print(explained(text, [[0, 8], [8, len(text)]], [1.0, 0.5]))
    assert "\x1b" not in shown.get() and "adds to the logit" in shown.get()


@pytest.mark.parametrize("attributions", [[0.0, 0.0], [1e-9, 0.0]])
def test_a_text_that_nothing_speaks_for_can_be_shown(attributions: list[float]) -> None:
    assert explained("up down", [[0, 2], [3, 7]], attributions).coloured.plain
