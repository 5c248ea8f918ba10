import numpy as np
import pytest

from mental_health_classifier.analysis.pages.explained_text import (
    explained_on_terminal,
    explained_page,
)
from mental_health_classifier.contracts.explained_text import ExplainedText


def explained(text: str, places: list[list[int]], attributions: list[float]) -> ExplainedText:
    return ExplainedText(
        text=text,
        class_name="suicide",
        probabilities={"suicide": 0.25, "control": 0.75},
        places=np.array(places),
        attributions=np.array(attributions),
    )


def test_a_text_is_cut_into_its_tokens_and_what_the_model_did_not_read() -> None:
    pieces = explained("no hope left today", [[0, 2], [3, 5], [5, 7]], [0.5, -1.0, 0.25]).pieces
    assert pieces == [
        ("no", 0.5),
        (" ", None),
        ("ho", -1.0),
        ("pe", 0.25),
        (" left today", None),
    ]


def test_tokens_that_spell_one_character_together_are_one_piece() -> None:
    pieces = explained("a \N{CAT}", [[0, 1], [2, 3], [2, 3]], [0.5, 1.0, 2.0]).pieces
    assert pieces == [("a", 0.5), (" ", None), ("\N{CAT}", 3.0)]


def test_what_speaks_for_the_class_is_red_and_what_speaks_against_it_blue() -> None:
    shown = explained_on_terminal(explained("up down", [[0, 2], [3, 7]], [2.0, -1.0]))
    assert shown.plain == "up down"
    assert [str(span.style) for span in shown.spans] == [
        "black on rgb(255,120,120)",
        "black on rgb(188,188,255)",
    ]


def test_what_a_person_wrote_does_nothing_to_terminal_or_page() -> None:
    text = "<script>alert(1)</script> \x1b[2J"
    one = explained(text, [[0, 8], [8, len(text)]], [1.0, 0.5])
    assert "\x1b" not in explained_on_terminal(one).plain
    page = explained_page(one, run_id="<b>")
    assert "<script" not in page and "&lt;script&gt;" in page and "<b>" not in page
    assert "default-src 'none'" in page


def test_a_page_holds_the_post_its_colours_and_the_probabilities() -> None:
    page = explained_page(explained("up down", [[0, 2], [3, 7]], [2.0, -1.0]), run_id="abc")
    assert 'style="background: rgb(255, 120, 120)" title="+2.000">up</span> <span' in page
    assert page.index("suicide</td>") < page.index("0.250") < page.index("0.750")


@pytest.mark.parametrize("attributions", [[0.0, 0.0], [1e-9, 0.0]])
def test_a_text_that_nothing_speaks_for_can_be_shown(attributions: list[float]) -> None:
    assert explained_on_terminal(explained("up down", [[0, 2], [3, 7]], attributions)).plain
