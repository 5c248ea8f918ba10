"""Section on ways around the task."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mental_health_classifier.analysis.sections.section import Section
from mental_health_classifier.console.wording import amount, number

TELLING_AUC = 0.8
"""Above it, words tell communities apart well enough to be a way around the task."""


def shortcuts(found: Mapping[str, Any]) -> Section:
    """Ways around the task that a model may take, and warnings of those that it takes."""
    sentences = [
        f"With diagnoses and classes masked ({number(found.get('masked_share'))} of posts name "
        f"one), {found['metric']} is {number(found['masked'])} instead of "
        f"{number(found['unmasked'])}, a loss of "
        f"{number(found['unmasked'] - found['masked'], found['loss_interval'], signed=True)}. A "
        "list of words reaches "
        f"{number(found['keyword_recall_at_spec80'])} at specificity .80."
    ]
    if source := found.get("source"):
        sentences.append(
            f"A bag of words tells {source['kinds']} communities apart with AUC "
            f"{number(source['auc'], source['interval'])} ({amount(source['n'])} posts)."
        )
    if splits := found.get("splits"):
        shown = {kind: number(each["value"], each["interval"]) for kind, each in splits.items()}
        sentences.append(
            f"The yardstick reaches {shown['grouped']} on these parts and {shown['random']} on "
            "parts drawn at random."
        )
    warnings = list(_shortcuts_taken(found))
    return Section(
        title="Shortcuts",
        sentences=[*sentences, *([] if warnings else ["There is nothing to warn of."])],
        warnings=warnings,
    )


def _shortcuts_taken(found: Mapping[str, Any]) -> Iterator[str]:
    interval = found["loss_interval"]
    if interval is not None and interval[0] > 0:
        yield (
            f"With diagnoses and classes no longer named, {found['metric']} falls from "
            f"{number(found['unmasked'])} to {number(found['masked'])}: part of the score is the "
            "name of the label."
        )
    source = found.get("source")
    if source and source["interval"] and source["interval"][0] > TELLING_AUC:
        yield (
            f"Words tell which of {source['kinds']} communities a post is from (AUC "
            f"{number(source['auc'], source['interval'])} on {amount(source['n'])} posts): the "
            "model may read topics of communities, which other communities do not share."
        )
    splits = found.get("splits")
    if splits and splits["random"]["value"] > (splits["grouped"]["interval"] or [1, 1])[1]:
        shown = {kind: number(each["value"], each["interval"]) for kind, each in splits.items()}
        yield (
            f"Split at random, the yardstick would reach {shown['random']} instead of "
            f"{shown['grouped']}: posts of one author, or alike, help each other. Only the second "
            "speaks of new authors."
        )
    keyword = found["keyword_recall_at_spec80"]
    if keyword is not None and keyword >= found["unmasked"]:
        yield (
            f"A list of words reaches a recall of {number(keyword)} at specificity .80, and the "
            f"model {number(found['unmasked'])}: it adds nothing to the list."
        )
