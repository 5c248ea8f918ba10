"""Headline: the number that ranks models, and how near two of them are as good as one another."""

from __future__ import annotations

EQUIVALENCE_MARGIN = 0.02
"""Differences up to here make a tie, if no greater one is compatible with what was seen."""


def headline_of(priority_class: str | None) -> str:
    """Recall of the priority class at specificity 0.80; macro F1 where no class matters most.

    A ranking needs a number that no choice of threshold can flatter: alerting every post has full
    recall and is worth nothing.
    """
    return "f1_macro" if priority_class is None else "recall_at_spec80"
