"""TRIPOD+AI list of a run as a table to fill in: what its record shows stands there already.

Source: Collins et al., TRIPOD+AI statement, BMJ 2024;385:e078378, whose 27 items with their parts
are named here in other, shorter words. Its own checklist says in full what each one asks for:
https://www.tripod-statement.org
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from mental_health_classifier.analysis.sections.certificate import certificate_summary
from mental_health_classifier.analysis.sections.performance import labels
from mental_health_classifier.analysis.sections.provenance import making
from mental_health_classifier.console.tables import Column
from mental_health_classifier.console.wording import amount, count, is_number, number
from mental_health_classifier.contracts import InputError
from mental_health_classifier.contracts.headline import headline_of
from mental_health_classifier.tracking.record.assessments import read_assessment, task_of
from mental_health_classifier.tracking.record.run_summary import RunSummary

CAPTION = (
    "TRIPOD+AI (Collins et al., BMJ 2024;385:e078378) in short words; the statement's own "
    "checklist says what each item asks for. What the record of the run shows is filled in, to be "
    "checked and moved into the text; the rest only its authors know."
)
_SECTIONS: dict[str, dict[str, str]] = {
    "Title": {"1": "prediction model, people and outcome named"},
    "Abstract": {"2": "summary as TRIPOD+AI for abstracts has it"},
    "Introduction": {
        "3a": "health context, why a model, what there is already",
        "3b": "people it is for, its place in care, who uses it",
        "3c": "known inequalities between groups of people",
        "4": "aims; whether a model is made, evaluated or both",
    },
    "Methods": {
        "5a": "sources of the data and why they stand for the people meant",
        "5b": "dates of the data",
        "6a": "setting, number and place of centres",
        "6b": "who was eligible",
        "6c": "treatments, and how they were handled",
        "7": "preparation and quality checks, also by group",
        "8a": "outcome, its time, how and why it was assessed so",
        "8b": "who judged the outcome and how qualified they are",
        "8c": "whether the outcome was judged without knowing the predictors",
        "9a": "choice of predictors before modelling",
        "9b": "predictors and how they were measured",
        "9c": "who judged predictors that need judgement",
        "10": "how the number of people was arrived at",
        "11": "missing data",
        "12a": "how the data were divided and used",
        "12b": "form of the predictors in the model",
        "12c": "kind of model, how it was built, tuned and validated internally",
        "12d": "differences between clusters such as centres or countries",
        "12e": "measures and plots of performance, and why",
        "12f": "updating of the model after evaluation",
        "12g": "how predictions were calculated for evaluation",
        "13": "class imbalance, and recalibration after it",
        "14": "what was done for fairness, and why",
        "15": "output of the model, and its thresholds",
        "16": "differences between making and evaluation data",
        "17": "ethics approval, and consent or its waiver",
    },
    "Open science": {
        "18a": "funding, and the funders' part",
        "18b": "conflicts of interest",
        "18c": "where the protocol is",
        "18d": "registration",
        "18e": "whether the data can be had",
        "18f": "whether the code can be had",
    },
    "Patient and public involvement": {"19": "who was involved, in what"},
    "Results": {
        "20a": "flow of people, with and without the outcome",
        "20b": "their characteristics, with missing data and groups",
        "20c": "predictors and outcome here beside the data of making",
        "21": "people and outcome events in each analysis",
        "22": "the model in full, so that others can predict",
        "23a": "performance with intervals, also by group",
        "23b": "differences of performance between clusters",
        "24": "result of updating",
    },
    "Discussion": {
        "25": "interpretation, fairness and earlier studies among it",
        "26": "limitations, and what they do to bias and generality",
        "27a": "poor or missing input when it is used",
        "27b": "what users do and must know",
        "27c": "next steps",
    },
}


def tripod(run: RunSummary) -> list[Column]:
    """The list as columns: section, item, topic, what the record shows, and where it is reported,
    which is left to the authors.

    Raises:
        InputError: the run judges no posts, did not complete, or was imported without predictions.
    """
    task_of(run)  # which a run has that judges posts
    if run.status != "completed":
        raise InputError(f"Run {run.id} is {run.status}: only a completed run has a list to fill.")
    shown = _shown(run)
    rows = [
        (section, item, topic, " ".join(shown.get(item, ())), "")
        for section, items in _SECTIONS.items()
        for item, topic in items.items()
    ]
    headers = ("section", "item", "topic", "from the record", "reported where, or why not")
    return [
        Column(header, cells)
        for header, cells in zip(headers, zip(*rows, strict=True), strict=True)
    ]


def _shown(run: RunSummary) -> dict[str, Sequence[str]]:
    """Sentences by item; an item of which the record shows nothing is left out."""
    judged: Mapping[str, Any] = run.configuration.get("evaluation") or {}
    data: Mapping[str, Any] = run.configuration.get("data") or {}
    certificate = read_assessment(run.directory, "certificate")
    calibration = read_assessment(run.directory, "calibration") or {}
    groups = (read_assessment(run.directory, "groups") or {}).get("groups")
    parts: Mapping[str, Any] = run.data.get("parts") or {}
    account = list(_account(run.data))
    made = making(run)
    called = labels(run).get(f"test/{headline_of(run.data.get('priority_class'))}")
    draws = judged.get("bootstrap_draws")
    found = {
        "5a": account[:1],
        "7": [*account[1:], *run.data.get("warnings", ())],
        "8a": _outcome(run),
        "11": [each for each in account if "missing" in each or "empty" in each],
        "12a": _division(data),
        "12c": _learning(run),
        "12e": [
            *([f"Headline: {called}."] if called else []),
            *([f"95 % intervals from {amount(draws)} bootstrap draws."] if draws else []),
        ],
        "12g": ["The predictions were made by another program."] if run.is_external else [],
        "15": [certificate_summary(certificate)] if certificate else [],
        "18f": [f"{key}: {made[key]}." for key in ("commit", "configuration") if key in made],
        "20a": account,
        "21": list(_counted(parts)),
        "22": [f"{key}: {made[key]}." for key in ("model", "parameters", "seed") if key in made],
        "23a": list(_reached(run)),
    }
    if is_number(temperature := calibration.get("temperature")):
        found["13"] = [f"Recalibrated by one temperature chosen on val: {temperature:.4g}."]
    if groups:
        found["14"] = [f"Recall and false alarms were counted by {', '.join(map(str, groups))}."]
    return {item: said for item, said in found.items() if said}


def _account(data: Mapping[str, Any]) -> Iterator[str]:
    account: Mapping[str, Any] = data.get("account") or {}
    kept = amount(account.get("rows_kept"))
    yield f"{data.get('name')}: {amount(account.get('rows_read'))} rows read, {kept} kept."
    for reason, rows in (account.get("dropped") or {}).items():
        yield f"{count(rows['rows'], 'row')} dropped: {reason}."
    if scrubbed := account.get("scrubbed"):
        listed = ", ".join(f"{what} {amount(n)}" for what, n in scrubbed.items())
        yield f"Replaced in texts: {listed}."


def _outcome(run: RunSummary) -> list[str]:
    classes, priority = run.data.get("classes") or (), run.data.get("priority_class")
    said = [f"Label of a post, one of {', '.join(map(str, classes))}."] if classes else []
    return [*said, f"The class that must not be missed: {priority}."] if priority else said


def _division(data: Mapping[str, Any]) -> list[str]:
    kept = ["No author and no near-duplicate is in two parts, unless a warning says so."]
    shares, columns = data.get("shares"), data.get("columns") or {}
    if (
        not isinstance(shares, Mapping)
        or columns.get("split")
        or "all" not in data.get("files", ())
    ):
        return kept
    listed = ", ".join(f"{part} {number(share)}" for part, share in shares.items())
    return [f"Parts drawn with seed {data.get('split_seed')}: {listed}.", *kept]


def _learning(run: RunSummary) -> list[str]:
    if run.is_external:
        return []
    selection: Mapping[str, Any] = run.end.get("selection") or {}
    chosen = [f"Chosen by {selection['monitor']}."] if selection.get("monitor") else []
    yardstick: Mapping[str, Any] = run.end.get("yardstick") or {}
    beside = [f"Beside it on the same posts: {yardstick['name']}."] if "name" in yardstick else []
    return [f"Model {run.model}, seed {run.seed}.", *chosen, *beside]


def _counted(parts: Mapping[str, Any]) -> Iterator[str]:
    for part, facts in parts.items():
        classes: Iterable[tuple[str, Any]] = (facts.get("classes") or {}).items()
        events = ", ".join(f"{name} {amount(n)}" for name, n in classes)
        by = f" by {count(facts['authors'], 'author')}" if facts.get("authors") else ""
        yield f"{part}: {count(facts.get('posts'), 'post')}{by} ({events})."


def _reached(run: RunSummary) -> Iterator[str]:
    for key, called in labels(run).items():
        if is_number(run.metrics.get(key)):
            said = number(run.metrics[key], run.intervals.get(key))
            yield f"{called.replace('...', 'operating point:')}: {said}."
