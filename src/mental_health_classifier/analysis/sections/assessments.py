"""Sections on the assessments of a run: certificate, calibration, triage, behaviour, groups,
explanations and shortcuts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from mental_health_classifier.analysis.sections.certificate import certificate
from mental_health_classifier.analysis.sections.external import (
    IF_UNSEEN,
    ITS_CALIBRATION,
    why_not_assessed,
)
from mental_health_classifier.analysis.sections.pieces import (
    Measure,
    Piece,
    interval_of,
    number_of,
)
from mental_health_classifier.analysis.sections.section import Section
from mental_health_classifier.analysis.sections.shortcuts import shortcuts
from mental_health_classifier.console.wording import amount, count, number
from mental_health_classifier.contracts import InputError
from mental_health_classifier.tracking.record.assessments import read_assessment
from mental_health_classifier.tracking.record.run_summary import RunSummary

Assessment = Mapping[str, Any]

TOO_FEW = "too few"
RATES = {"recall": "recall", "false_alarm_rate": "false alarms", "accuracy": "accuracy"}
EXPLAINED = (
    *("interpretability_score", "comprehensiveness", "sufficiency", "stability", "plausibility"),
)
_NOT_MEASURED = "Not measured."
_MISSING = {
    "certificate": Section(
        title="Certificate",
        missing="None: nothing is promised about missed posts.",
        command="mhc certify",
    ),
    "calibration": Section(title="Calibration", missing=_NOT_MEASURED),
    "triage": Section(title="Triage", missing=_NOT_MEASURED),
    "behaviour": Section(
        title="Behaviour",
        missing=_NOT_MEASURED,
        command="mhc behaviour",
        notes=["It tries negation, idiom, typos and identity swaps."],
    ),
    "groups": Section(
        title="Groups",
        missing=f"{_NOT_MEASURED} No columns were named in data.columns.groups.",
    ),
    "explain": Section(title="Explanations", missing=_NOT_MEASURED, command="mhc explain"),
    "shortcuts": Section(
        title="Shortcuts",
        missing=_NOT_MEASURED,
        command="mhc shortcuts",
        notes=["It compares with a list of words, and masks diagnoses."],
    ),
}


def calibration(found: Assessment) -> Section:
    """Whether probabilities mean what they say, before and after the temperature."""
    sides = [found[when] for when in ("before", "after")]
    rows: list[list[Piece]] = [
        [label, *(_measure(side, key, f"{key}_interval") for side in sides)]
        for key, label in (
            ("ece", "calibration error"),
            ("brier", "Brier score"),
            ("log_loss", "log loss"),
        )
    ]
    for key, label in (
        ("ece_noise_floor", "calibration error of so few posts if every probability is right"),
        ("brier_noise_floor", "Brier score if every probability is right"),
    ):
        if any(key in side for side in sides):
            rows.append([label, *(_measure(side, key) for side in sides)])
    of_priority = [side.get("priority") or {} for side in sides]
    for key, label in (
        ("slope", "slope for the priority class (1 is right)"),
        ("intercept", "intercept (0 is right)"),
    ):
        if any(of_priority):
            rows.append([label, *(_measure(each, key, f"{key}_interval") for each in of_priority)])
    before, after = (number(side["ece"]) for side in sides)
    return Section(
        title="Calibration",
        caption="On test, before and after the temperature "
        f"({number(found['temperature'])}) chosen on validation",
        header=["", "before", "after"],
        rows=rows,
        brief=[
            f"Calibration error {before} on test, {after} at the temperature chosen on val "
            f"({number(found['temperature'])})."
        ],
    )


def triage(found: Assessment) -> Section:
    """How many posts have to be read, highest probability first."""
    rows: list[list[Piece]] = []
    for key, needed in found["shares_needed"].items():
        noticed, wanted = (f"{100 * float(share):g} %" for share in key.split("/"))
        rows.append(
            [
                f"{wanted} found, by reviewers who notice {noticed}",
                _measure(needed, "share") if needed else "not with such reviewers",
            ]
        )
    return Section(
        title="Triage",
        caption="Share of all posts that has to be read, highest probability first",
        header=["priority posts", "share to read"],
        rows=rows,
    )


def behaviour(found: Assessment) -> Section:
    """What sentences that any model should get right showed, a row a capability."""
    # A miss is worse than a false alarm.
    capabilities = sorted(found["capabilities"].items(), key=lambda row: -row[1]["misses"])
    total, seen = found["total"], found.get("texts_seen")
    learned = (
        "Whether the model learned from texts of the suite is not known."
        if seen is None
        else f"The model learned from {amount(seen)} of the suite's {amount(found['texts'])} texts."
    )
    return Section(
        title="Behaviour",
        sentences=[
            "Passed: no miss."
            if found["passes"]
            else "Not passed: it misses what any model should find."
        ],
        caption="Sentences that any model should get right, most misses first",
        header=["capability", "cases", "misses", "false alarms", "failure rate"],
        rows=[
            [
                name,
                *(Measure(row[key], decimals=0) for key in ("n", "misses", "false_alarms")),
                _measure(row, "failure_rate"),
            ]
            for name, row in (*capabilities, ("all", total))
        ],
        notes=[] if seen else [learned],
        warnings=[learned] if seen else [],
        brief=[
            f"Behaviour suite: {count(total['misses'], 'miss', 'misses')} and "
            f"{count(total['false_alarms'], 'false alarm')} in {count(total['n'], 'case')}."
        ],
    )


def groups(found: Assessment) -> Section:
    """Recall and false alarms of each value of each group."""
    named = {
        key: None
        for values in found["groups"].values()
        for rates in values.values()
        for key in rates
        if key != "n"
    }
    if not found["groups"] and not found.get("not_known"):
        return _MISSING["groups"]
    if not named:
        why = "Without a threshold, or without a known value of a group, there is nothing to count."
        return Section(title="Groups", missing=f"{_NOT_MEASURED} {why}")
    notes = [
        f"95 % intervals; a rate of fewer than {found['min_posts']} posts is not shown. Alerts "
        "begin at the threshold frozen on val."
    ]
    rows: list[list[Piece]] = [
        [
            f"{group}: {value}",
            Measure(rates["n"], decimals=0),
            *(_rate(rates[key]) for key in named),
        ]
        for group, values in found["groups"].items()
        for value, rates in values.items()
    ]
    # Records of before do not count them.
    rows += [
        [f"{group}: not known", Measure(n, decimals=0), *("" for _ in named)]
        for group, n in found.get("not_known", {}).items()
        if n
    ]
    for group, gaps in found["gaps"].items():
        if gaps:
            listed = ", ".join(f"{RATES[key]} {number(gap)}" for key, gap in gaps.items())
            notes.append(f"Largest difference by {group}, which may be chance: {listed}.")
    return Section(
        title="Groups",
        caption="Whom it finds and whom it alerts wrongly, by group, on part "
        f"{found.get('part', 'test')}",
        header=["group", "posts", *(RATES[key] for key in named)],
        rows=rows,
        notes=notes,
    )


def explanations(found: Assessment) -> Section:
    """The score of explanations and its parts, with the share of posts left out."""
    names = [name for name in EXPLAINED if name in found]
    left_out = found.get("dropped_share") or {}
    shares = [f"{number(share)} for {name}" for name, share in left_out.items()]
    score = number(
        found["interpretability_score"], found["intervals"].get("interpretability_score")
    )
    return Section(
        title="Explanations",
        sentences=[
            "What a model reacts to is no evidence of why a person is unwell, and attention "
            "weights are contested as explanations."
        ],
        caption="What explanations of its answers to test posts are worth: 0 is chance, 1 as good "
        "as greedy search. Left out: posts that leave nothing to gain between the two",
        header=["part", "value", "posts", "left out"],
        rows=[
            [
                name.replace("_", " "),
                Measure(number_of(found[name]), interval_of(found["intervals"].get(name))),
                Measure(found.get("n_plausibility" if name == "plausibility" else "n"), decimals=0),
                Measure(number_of(left_out[name])) if name in left_out else "",
            ]
            for name in names
        ],
        brief=[
            f"Interpretability score: {score} on {found['n']} test posts"
            + (f" (left out of them: {', '.join(shares)})." if shares else ".")
        ],
    )


SECTIONS: Mapping[str, Callable[[Assessment], Section]] = {
    "certificate": certificate,
    "calibration": calibration,
    "triage": triage,
    "behaviour": behaviour,
    "groups": groups,
    "explain": explanations,
    "shortcuts": shortcuts,
}
"""By name of the assessment."""


def section_of(name: str, found: Assessment | None) -> Section:
    """What an assessment says, or what is said where there is none."""
    return _MISSING[name] if found is None else SECTIONS[name](found)


def section_for(run: RunSummary, name: str, found: Assessment | None) -> Section:
    """The same for one run, which may be one that cannot have it."""
    is_foreign = run.is_external or run.imported_from is not None
    reason = why_not_assessed(run, name) if is_foreign and found is None else ""
    if reason:
        return Section(title=_MISSING[name].title, missing=reason)
    section = section_of(name, found)
    if run.is_external and name == "certificate" and found and found["is_certified"]:
        brief = [f"{said} {IF_UNSEEN}" for said in map(str, section.brief)]
        return replace(section, notes=[ITS_CALIBRATION, *section.notes], brief=brief)
    return section


def assessment_sections(run: RunSummary) -> list[Section]:
    """What is known of a run's worth; of a damaged assessment that it is."""
    sections = []
    for name in SECTIONS:
        try:
            sections.append(section_for(run, name, read_assessment(run.directory, name)))
        except InputError as error:
            sections.append(Section(title=_MISSING[name].title, warnings=[str(error)]))
    return sections


def _measure(found: Assessment, key: str, interval: str = "interval") -> Measure:
    return Measure(number_of(found.get(key)), interval_of(found.get(interval)))


def _rate(rate: Assessment) -> Piece:
    if rate["value"] is None:
        return f"{TOO_FEW} (n = {amount(rate['n'])})"
    # Records of before do not count authors.
    return Measure(
        rate["value"], interval_of(rate["interval"]), rate["n"], authors=rate.get("authors")
    )
