"""What a clinical variant is worth, for a terminal: a sentence, then the numbers behind it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mental_health_classifier.console.tables import Column, TextTable
from mental_health_classifier.console.wording import amount, count, number

SEEDS_FOR_A_CLAIM = 5
MEASURES = {
    "recall_at_spec80": "recall at specificity .80",
    "partial_auc": "partial AUC",
    "accuracy": "accuracy",
    "f1_macro": "macro F1",
    "with_hit": "... posts with a vocabulary hit",
    "without_hit": "... posts without (placebo)",
}


def conclusion(entry: Mapping[str, Any]) -> str:
    """One sentence or two: helps, hurts, not shown, or not measured, by how much, and what it would
    take to know.

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
            f"{'is' if impact['num_pairs'] == 1 else 'are'} {impact['num_pairs'] or 'none'}; "
            f"python train.py -m sweep=impact model={entry['model']} runs them."
        )
    difference = number(impact["mean"], impact["interval"], signed=True)
    told = f"{MEASURES[entry['headline']]} {difference} beside {against}, {pairs} of seeds"
    if impact["verdict"] == "not shown":
        needed = impact["pairs_needed"]
        more = (
            f"; at this difference and spread it would take {amount(needed)} pairs"
            if needed is not None
            else ""
        )
        return f"{name}: not shown that it helps or hurts. {told}{more}."
    hint = "" if impact["num_pairs"] >= SEEDS_FOR_A_CLAIM else " So few seeds are a hint, no more."
    return f"{name} {impact['verdict']}. {told}.{hint}"


def impact_table(entry: Mapping[str, Any]) -> TextTable:
    """A row for each contrast and measure."""
    rows = [
        (_against(entry, contrast), MEASURES[key], impact)
        for contrast in entry["contrasts"]
        for key, impact in (contrast["measures"] | (contrast["by_vocabulary_hit"] or {})).items()
    ]
    impacts = [impact for *_, impact in rows]
    return TextTable(
        [
            Column("beside", _once([against for against, *_ in rows]), max_width=30),
            Column("test part", [measure for _, measure, _ in rows]),
            Column(
                "difference",
                [number(each["mean"], each["interval"], signed=True) for each in impacts],
                is_number=True,
            ),
            Column("spread", [number(each["spread"]) for each in impacts], is_number=True),
            Column("pairs", [amount(each["num_pairs"]) for each in impacts], is_number=True),
            Column("needed", [amount(each["pairs_needed"]) for each in impacts], is_number=True),
            Column("", [each["verdict"] for each in impacts]),
        ]
    )


def impact_notes(entry: Mapping[str, Any]) -> Iterator[str]:
    """What a reader of the table has to know."""
    for contrast in entry["contrasts"]:
        against = _against(entry, contrast)
        if number_of := contrast["num_pairs_of_different_commits"]:
            yield f"Beside {against}, {count(number_of, 'pair')} of different commits."
        for reason, seeds in _seeds_by_reason(contrast["unpaired"]).items():
            yield f"Not paired beside {against}, seed {', '.join(map(str, seeds))}: {reason}."
    for stream, coverage in (entry["coverage"] or {}).items():
        shares = ", ".join(
            f"{name} {number(each['posts_with_mark_share'])}" for name, each in coverage.items()
        )
        yield f"Share of posts with a mark of {stream}: {shares}."


def _name(entry: Mapping[str, Any]) -> str:
    others = "".join(f"+{each}" for each in entry["other_variants"])
    return f"{entry['variant']} ({entry['model']}{others}, {entry['data_name']})"


def _against(entry: Mapping[str, Any], contrast: Mapping[str, Any]) -> str:
    return contrast["against"] or f"no {entry['variant']}"


def _once(names: Sequence[str]) -> list[str]:
    """Each name where it first stands, since rows below belong to it."""
    before = ("", *names)
    return ["" if name == last else name for name, last in zip(names, before, strict=False)]


def _seeds_by_reason(unpaired: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for each in unpaired:
        found.setdefault(each["reason"].removesuffix(f" has seed {each['seed']}"), []).append(
            each["seed"]
        )
    return found
