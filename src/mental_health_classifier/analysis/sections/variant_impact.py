"""Section on the impact of a clinical variant: a sentence, and the numbers behind it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mental_health_classifier.analysis.sections.pieces import (
    DASH,
    Measure,
    interval_of,
    number_of,
    plain,
    shortened,
)
from mental_health_classifier.analysis.sections.section import Section
from mental_health_classifier.analysis.sections.verdicts import NUMBERS, verdict_sentence
from mental_health_classifier.console.wording import count, number
from mental_health_classifier.contracts.decimals import decimals
from mental_health_classifier.evaluation.spread import POWER

MEASURES = {
    **NUMBERS,
    "with_hit": "... posts with a vocabulary hit",
    "without_hit": "... posts without (placebo)",
}
VARIANTS = {
    "umls_enhanced": "Clinical vocabulary",
    "curriculum": "Curriculum",
    "multitask": "Several tasks at once",
    "interpretable": "Interpretable attention",
}
"""Those that every report answers for, by what they add."""


def variant_impact(entry: Mapping[str, Any], anchors: Mapping[str | None, str]) -> Section:
    """A row for each contrast and measure.

    Args:
        entry: of `variant_impacts`.
        anchors: of runs by their id, where a report describes them.
    """
    rows = []
    for contrast in entry["contrasts"]:
        first = contrast["runs"][0][0] if contrast["runs"] else None
        impacts = contrast["measures"] | (contrast["by_vocabulary_hit"] or {})
        for key, impact in impacts.items():
            rows.append(
                [
                    _against(entry, contrast),
                    MEASURES[key],
                    Measure(
                        number_of(impact["mean"]),
                        interval_of(impact["interval"]),
                        anchor=anchors.get(first),
                        is_signed=True,
                    ),
                    Measure(impact["spread"]),
                    Measure(impact["num_pairs"], decimals=0),
                    Measure(impact["pairs_needed"], decimals=0),
                    impact["verdict"] or DASH,
                ]
            )
    return Section(
        title=shortened(entry["variant"]),
        sentences=[conclusion(entry)],
        caption="The variant minus what it stands beside, with intervals over other authors and "
        "seeds as wide as a question for each row of the headline asks for. Only of the headline "
        f"is it asked which is better; seeds needed are those for a power of {decimals(POWER, 2)}",
        header=["beside", "on test", "difference", "spread", "pairs", "needed", "it"],
        rows=rows,
        notes=list(_notes(entry)),
    )


def variants_not_tried(tried: set[str]) -> list[str]:
    """What no run has tried, with the choice that would."""
    return [
        f"{title}: not shown, since no comparable run has it (clinical={name})."
        for name, title in VARIANTS.items()
        if name not in tried
    ]


def conclusion(entry: Mapping[str, Any]) -> str:
    """One sentence or two: better, worse, a tie, not shown, or not measured, by how much, and what
    it would take to know.

    Args:
        entry: of `variant_impacts`.
    """
    contrast = entry["contrasts"][0]
    impact = contrast["measures"][entry["headline"]]
    name, against = _name(entry), _against(entry, contrast)
    pairs = count(impact["num_pairs"], "pair")
    if impact["verdict"] == "not measured":
        return (
            f"{name}: not measured beside {against}. Two pairs of seeds are the least, and there "
            f"are none; python train.py -m sweep=impact model={entry['model']} runs them."
        )
    if impact["facts"] is None:
        difference = number(impact["mean"], signed=True)
        return (
            f"{name}: not shown to be better or worse than {against}, "
            f"{MEASURES[entry['headline']]} {difference} in {pairs} of seeds. "
            f"{impact['explanation']}."
        )
    return plain(verdict_sentence(name, against, impact["facts"], key=entry["headline"]))


def _notes(entry: Mapping[str, Any]) -> Iterator[str]:
    """What a reader of the table has to know."""
    for contrast in entry["contrasts"]:
        against = _against(entry, contrast)
        if min(contrast["measures"][entry["headline"]]["num_models"] or (2, 2)) == 1:
            yield (
                f"Beside {_against(entry, contrast)}, a side is one trained model: intervals are "
                "over authors alone, and other seeds may change the sign."
            )
        if number_of := contrast["num_pairs_of_different_commits"]:
            yield f"Beside {against}, {count(number_of, 'pair')} of different commits."
        for reason, seeds in _seeds_by_reason(contrast["unpaired"]).items():
            yield (
                f"Not paired beside {against}, seed {', '.join(map(str, seeds))}: "
                f"{shortened(reason, 160)}."
            )
    for stream, coverage in (entry["coverage"] or {}).items():
        shares = ", ".join(
            f"{name} {number(each['posts_with_mark_share'])}" for name, each in coverage.items()
        )
        yield f"Share of posts with a mark of {stream}: {shares}."


def _name(entry: Mapping[str, Any]) -> str:
    model = "+".join(map(str, (entry["model"], *entry["other_variants"])))
    return f"{shortened(entry['variant'])} ({shortened(model)}, {shortened(entry['data_name'])})"


def _against(entry: Mapping[str, Any], contrast: Mapping[str, Any]) -> str:
    return shortened(contrast["against"] or f"no {entry['variant']}")


def _seeds_by_reason(unpaired: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for each in unpaired:
        found.setdefault(each["reason"].removesuffix(f" has seed {each['seed']}"), []).append(
            each["seed"]
        )
    return found
