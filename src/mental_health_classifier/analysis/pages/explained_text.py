"""One explained post as an HTML page."""

from __future__ import annotations

from mental_health_classifier.analysis.documents import html_page
from mental_health_classifier.console.shades import shade
from mental_health_classifier.contracts.explained_text import ExplainedText


def explained_page(explained: ExplainedText, *, run_id: str | None) -> str:
    """One HTML page that asks nothing of any network; whatever a person wrote is escaped."""
    return html_page(
        "explanation.html.j2",
        run_id=run_id,
        class_name=explained.class_name,
        probabilities=explained.probabilities,
        pieces=[
            (piece, value, None if value is None else shade(value / explained.scale))
            for piece, value in explained.pieces
        ],
        strongest=explained.strongest,
    )
