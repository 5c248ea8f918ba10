"""One explained post as an HTML page."""

from __future__ import annotations

from mental_health_classifier.analysis.documents import html_page
from mental_health_classifier.analysis.sections.section import Section
from mental_health_classifier.console.decisions import WORDS_ARE_SUMS, headline, reasons
from mental_health_classifier.console.wording import number
from mental_health_classifier.contracts.explained_text import ExplainedText

_PALEST, _STRONGEST = 8, 60
"""Percent of colour behind a word that adds hardly anything, and behind the one that adds most."""


def explained_page(
    explained: ExplainedText, *, run_id: str | None, worth: Section | None = None
) -> str:
    """One HTML page that asks nothing of any network; whatever a person wrote is escaped.

    Args:
        worth: what explanations of the run are worth, as measured on its test posts.
    """
    return html_page(
        "explanation.html.j2",
        run_id=run_id,
        headline=headline(explained.decided),
        reasons=reasons(explained.decided),
        class_name=explained.class_name,
        probabilities={name: number(each) for name, each in explained.probabilities.items()},
        words=[
            (word, value, None if value is None else _depth(value / explained.scale))
            for word, value in explained.words
        ],
        strongest=explained.strongest,
        words_are_sums=WORDS_ARE_SUMS,
        worth=worth,
    )


def _depth(strength: float) -> int:
    """Percent of colour behind a word."""
    return round(_PALEST + (_STRONGEST - _PALEST) * min(abs(strength), 1.0))
