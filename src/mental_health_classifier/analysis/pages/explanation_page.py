"""What explanations are worth, as a table, and one explained post in colour, on a terminal or as a
page."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from rich.text import Text

from mental_health_classifier.console.tables import Column, TextTable
from mental_health_classifier.console.wording import amount, number, printable
from mental_health_classifier.contracts.explained_text import ExplainedText

PARTS = ("interpretability_score", "comprehensiveness", "sufficiency", "stability", "plausibility")


def interpretability_table(assessment: Mapping[str, Any]) -> TextTable:
    """The score and its parts with intervals and the share of posts that had nothing to gain."""
    names = [name for name in PARTS if name in assessment]
    intervals, dropped = assessment["intervals"], assessment["dropped_share"]
    values = [number(assessment[name], intervals.get(name)) for name in names]
    shares = [number(dropped[name]) if name in dropped else "" for name in names]
    counts = [
        amount(assessment["n_plausibility" if name == "plausibility" else "n"]) for name in names
    ]
    return TextTable(
        [
            Column("part", [name.replace("_", " ") for name in names]),
            Column("value", values, is_number=True),
            Column("posts", counts, is_number=True),
            Column("left out", shares, is_number=True),
        ]
    )


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
    return (
        _templates()
        .get_template("explanation.html.j2")
        .render(
            run_id=run_id,
            class_name=explained.class_name,
            probabilities=explained.probabilities,
            pieces=[
                (piece, value, None if value is None else _rgb(value / scale))
                for piece, value in explained.pieces
            ],
            strongest=explained.strongest,
        )
    )


@cache
def _templates() -> Any:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("mental_health_classifier.analysis"),
        autoescape=True,
        undefined=StrictUndefined,
    )


def _scale(explained: ExplainedText) -> float:
    return max((abs(value) for _, value in explained.strongest), default=0.0) or 1.0


def _rgb(strength: float) -> tuple[int, int, int]:
    """From white to red for 1 and to blue for -1, all of them light enough for black letters."""
    faded = round(255 - 135 * min(abs(strength), 1.0))
    return (255, faded, faded) if strength > 0 else (faded, faded, 255)
