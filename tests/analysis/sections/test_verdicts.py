"""What is said of two configurations."""

from __future__ import annotations

from mental_health_classifier.analysis.sections.pieces import plain
from mental_health_classifier.analysis.sections.verdicts import verdict_sentence


def said(**changes) -> str:
    facts = {
        **{"verdict": "tie", "explanation": "", "difference": 0.0, "interval": (-0.01, 0.015)},
        **{"confidence": 1 - 0.05 / 3, "num_comparisons": 3, "margin": 0.02},
        **{"num_models": (5, 5), "num_posts": 300, "num_authors": 100, **changes},
    }
    return plain(verdict_sentence("one", "other", facts, key="accuracy"))


def test_authors_that_nobody_knows_are_not_counted() -> None:
    assert "(300 posts whose authors are not known; 5 seeds" in said(num_authors=None)


def test_an_interval_is_explained_where_it_is_printed_and_nowhere_else() -> None:
    shown = said()
    assert "[\u2212.01, .01]" in shown
    assert "lies within .02 of zero" in shown and "one of 98.3 %, as wide as 3 comp" in shown
    without = said(interval=None)
    assert (
        without
        == "one is as good as other: accuracy +.000 (300 posts by 100 authors; 5 seeds beside 5)."
    )
