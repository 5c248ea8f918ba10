"""One explained post in colour, on a terminal or as a page."""

from __future__ import annotations

from rich.text import Text

from mental_health_classifier.analysis.documents import html_page
from mental_health_classifier.console.tables import Column, TextTable
from mental_health_classifier.console.wording import printable
from mental_health_classifier.contracts.explained_text import ExplainedText


def explained_on_terminal(explained: ExplainedText) -> Text:
    """Red speaks for the class, blue against it, the stronger the more."""
    shown, scale = Text(), _scale(explained)
    for piece, value in explained.pieces:
        style = "" if value is None else f"black on rgb({','.join(map(str, _rgb(value / scale)))})"
        shown.append(printable(piece), style)
    return shown


def strongest_table(explained: ExplainedText) -> TextTable:
    rows = explained.strongest
    return TextTable(
        [
            Column("token", [printable(piece) for piece, _ in rows]),
            Column("adds to the logit", [f"{value:+.3f}" for _, value in rows], is_number=True),
        ]
    )


def explained_page(explained: ExplainedText, *, run_id: str | None) -> str:
    """One HTML page that asks nothing of any network; whatever a person wrote is escaped."""
    scale = _scale(explained)
    return html_page(
        "explanation.html.j2",
        run_id=run_id,
        class_name=explained.class_name,
        probabilities=explained.probabilities,
        pieces=[
            (piece, value, None if value is None else _rgb(value / scale))
            for piece, value in explained.pieces
        ],
        strongest=explained.strongest,
    )


def _scale(explained: ExplainedText) -> float:
    return max((abs(value) for _, value in explained.strongest), default=0.0) or 1.0


def _rgb(strength: float) -> tuple[int, int, int]:
    """From white to red for 1 and to blue for -1, all of them light enough for black letters."""
    faded = round(255 - 135 * min(abs(strength), 1.0))
    return (255, faded, faded) if strength > 0 else (faded, faded, 255)
