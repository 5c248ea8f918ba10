"""Sentence that says which of two configurations is better: the same on every page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mental_health_classifier.analysis.sections.pieces import (
    Measure,
    RunLink,
    Sentence,
    interval_of,
)
from mental_health_classifier.console.wording import count, posts_by
from mental_health_classifier.contracts.decimals import decimals
from mental_health_classifier.evaluation.verdict import Verdict

NUMBERS = {
    "recall_at_spec80": "recall at specificity .80",
    "partial_auc": "partial AUC",
    "accuracy": "accuracy",
    "f1_macro": "macro F1",
}
"""What the numbers are called by which configurations are judged."""

_SAID = {
    "better": "is better than",
    "worse": "is worse than",
    "tie": "is as good as",
    "not shown": "is not shown to be better or worse than",
}


def verdict_facts(verdict: Verdict) -> dict[str, Any]:
    """What is told of a verdict, as it is printed and written to JSON."""
    return {
        "verdict": verdict.word,
        "explanation": verdict.explanation,
        "difference": verdict.difference,
        "interval": verdict.interval,
        "confidence": verdict.confidence,
        "num_comparisons": verdict.questions,
        "margin": verdict.margin,
        "num_models": verdict.num_models,
        "seeds_needed": verdict.seeds_needed,
        "num_posts": verdict.posts_and_authors[0],
        "num_authors": verdict.posts_and_authors[1],
    }


def verdict_sentence(
    first: str | RunLink,
    second: str | RunLink,
    found: Mapping[str, Any],
    *,
    key: str,
    anchor: str | None = None,
) -> Sentence:
    """The verdict on the first one, with the difference of the means over seeds.

    Args:
        found: from `verdict_facts`.
        key: of the number that they were judged by, as `NUMBERS` has it.
        anchor: where in a report the first one is described.
    """
    word, questions = found["verdict"], found["num_comparisons"]
    interval = interval_of(found["interval"])
    difference = Measure(found["difference"], interval, anchor=anchor, is_signed=True)
    posts = posts_by(found["num_posts"], found["num_authors"])
    seeds = f"{count(found['num_models'][0], 'seed')} beside {found['num_models'][1]}"
    told = [f" ({posts}; {seeds})."]
    if interval is not None and word == "tie":
        told.append(f"The whole interval lies within {decimals(found['margin'], 2)} of zero.")
    if interval is not None and questions > 1:
        told.append(
            f"The interval is one of {100 * found['confidence']:.3g} %, as wide as {questions} "
            "comparisons ask for."
        )
    if found["explanation"]:
        told.append(f"{found['explanation']}.")
    return (first, f" {_SAID[word]} ", second, f": {NUMBERS[key]} ", difference, " ".join(told))
