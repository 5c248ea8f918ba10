"""What a reader of a run's numbers has to know of its shortcuts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mental_health_classifier.console.wording import amount, number
from mental_health_classifier.contracts import InputError
from mental_health_classifier.tracking.record.assessments import read_assessment

if TYPE_CHECKING:
    import pandas as pd


TELLING_AUC = 0.8
"""Above it, words tell communities apart well enough to be a way around the task."""


def warnings_of(shortcuts: Mapping[str, Any]) -> list[str]:
    """A sentence for each shortcut that `assess_shortcuts` found the model to take."""
    warnings = []
    interval = shortcuts["loss_interval"]
    if interval is not None and interval[0] > 0:
        warnings.append(
            f"With diagnoses and classes no longer named, {shortcuts['metric']} falls from "
            f"{shortcuts['unmasked']:.3f} to {shortcuts['masked']:.3f}: part of the score is the "
            "name of the label."
        )
    source = shortcuts.get("source")
    if source and source["interval"] and source["interval"][0] > TELLING_AUC:
        warnings.append(
            f"Words tell which of {source['kinds']} communities a post is from (AUC "
            f"{number(source['auc'], source['interval'])} on {amount(source['n'])} posts): the "
            "model may read topics of communities, which other communities do not share."
        )
    splits = shortcuts.get("splits")
    if splits and splits["random"]["value"] > (splits["grouped"]["interval"] or [1, 1])[1]:
        shown = {kind: number(each["value"], each["interval"]) for kind, each in splits.items()}
        warnings.append(
            f"Split at random, the yardstick would reach {shown['random']} instead of "
            f"{shown['grouped']}: posts of one author, or alike, help each other. Only the second "
            "speaks of new authors."
        )
    keyword = shortcuts["keyword_recall_at_spec80"]
    if keyword is not None and keyword >= shortcuts["unmasked"]:
        warnings.append(
            f"A list of words reaches a recall of {keyword:.3f} at specificity .80, and the model "
            f"{shortcuts['unmasked']:.3f}: it adds nothing to the list."
        )
    return warnings


def warnings_about_shortcuts(table: pd.DataFrame) -> Iterator[str]:
    """The same for the runs of a `run_table` whose shortcuts were assessed, each with its id."""
    for run_id, directory in zip(table["run_id"], table["directory"], strict=True):
        try:
            found = read_assessment(Path(directory), "shortcuts")
        except InputError as error:
            yield str(error)
            continue
        if found:
            yield from (f"Run {run_id}: {warning}" for warning in warnings_of(found))
