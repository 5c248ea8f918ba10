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
    "checklist says what each item asks for. D: studies that develop a model, E: those that "
    "evaluate one. What the record of the run shows is filled in, to be checked and moved into the "
    "text; the rest only its authors know."
)
_BOTH, _MADE, _EVALUATED = "D;E", "D", "E"
"""Development, evaluation: which of the two an item is about."""
_SECTIONS: dict[str, dict[str, tuple[str, str]]] = {
    "Title": {"1": (_BOTH, "prediction model, made or evaluated, people and outcome named")},
    "Abstract": {"2": (_BOTH, "summary as TRIPOD+AI for abstracts has it")},
    "Introduction": {
        "3a": (_BOTH, "health context, diagnosis or prognosis, why a model, what there is already"),
        "3b": (_BOTH, "people it is for, its place in care, who uses it"),
        "3c": (_BOTH, "known inequalities of health between groups of people"),
        "4": (_BOTH, "aims; whether a model is made, evaluated or both"),
    },
    "Methods": {
        "5a": (_BOTH, "sources of both data sets, why these, whom they stand for"),
        "5b": (_BOTH, "dates of the data"),
        "6a": (_BOTH, "setting, number and place of centres"),
        "6b": (_BOTH, "who was eligible"),
        "6c": (_BOTH, "treatments, and how they were handled"),
        "7": (_BOTH, "preparation and quality checks, and whether alike in all groups"),
        "8a": (
            _BOTH,
            "outcome and its time; why, how and when assessed; whether alike in all groups",
        ),
        "8b": (_BOTH, "who judged the outcome: qualification and demographics"),
        "8c": (_BOTH, "blinding of those who judged the outcome"),
        "9a": (_MADE, "choice of predictors before modelling"),
        "9b": (_BOTH, "predictors, how and when measured, and blinding"),
        "9c": (_BOTH, "who judged predictors that need judgement: qualification and demographics"),
        "10": (_BOTH, "how the number of people was arrived at, and why it is enough"),
        "11": (_BOTH, "missing data, and why any data were left out"),
        "12a": (_MADE, "how the data were divided and used"),
        "12b": (_MADE, "form of the predictors in the model"),
        "12c": (_MADE, "kind of model and why; how it was built, tuned and validated internally"),
        "12d": (_BOTH, "how differences between clusters, such as centres, were handled"),
        "12e": (_BOTH, "measures and plots of performance and of comparisons, and why"),
        "12f": (_EVALUATED, "updating of the model after evaluation"),
        "12g": (_EVALUATED, "how predictions were calculated for evaluation"),
        "13": (_BOTH, "what was done about class imbalance and why; recalibration after it"),
        "14": (_BOTH, "what was done for fairness, and why"),
        "15": (_MADE, "output of the model; its thresholds, and how they were found"),
        "16": (_BOTH, "differences between making and evaluation data"),
        "17": (_BOTH, "ethics approval, and consent or its waiver"),
    },
    "Open science": {
        "18a": (_BOTH, "funding, and the funders' part"),
        "18b": (_BOTH, "conflicts of interest"),
        "18c": (_BOTH, "where the protocol is, or that there is none"),
        "18d": (_BOTH, "registration, or that there is none"),
        "18e": (_BOTH, "whether the data can be had"),
        "18f": (_BOTH, "whether the code of the analysis can be had"),
    },
    "Patient and public involvement": {
        "19": (_BOTH, "who was involved in what, or that nobody was")
    },
    "Results": {
        "20a": (_BOTH, "flow of people, with and without the outcome"),
        "20b": (_BOTH, "their characteristics by source and group, with missing data"),
        "20c": (_EVALUATED, "predictors and outcome here beside the data of making"),
        "21": (_BOTH, "people and outcome events in each analysis"),
        "22": (_MADE, "the model in full, so that others can predict, and who may use it"),
        "23a": (_BOTH, "performance with intervals, also by group"),
        "23b": (_BOTH, "differences of performance between clusters, if examined"),
        "24": (_EVALUATED, "the updated model and its performance"),
    },
    "Discussion": {
        "25": (_BOTH, "interpretation, fairness and earlier studies among it"),
        "26": (_BOTH, "limitations, and what they do to bias, certainty and generality"),
        "27a": (_MADE, "how poor or missing input is handled when the model is used"),
        "27b": (_MADE, "what users do, and what they must know"),
        "27c": (_BOTH, "next steps towards use elsewhere"),
    },
}


def tripod(run: RunSummary) -> list[Column]:
    """The list as columns: section, item, whether it is about development or evaluation, topic,
    what the record shows, and where it is reported, which is left to the authors.

    Raises:
        InputError: the run judges no posts, did not complete, or was imported without predictions.
    """
    task_of(run)  # which a run has that judges posts
    if run.status != "completed":
        raise InputError(f"Run {run.id} is {run.status}: only a completed run has a list to fill.")
    shown = _shown(run)
    rows = [
        (section, item, about, topic, " ".join(shown.get(item, ())), "")
        for section, items in _SECTIONS.items()
        for item, (about, topic) in items.items()
    ]
    headers = ("section", "item", "for", "topic", "from the record", "reported where, or why not")
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
        "11": [each for each in account if " dropped: " in each],
        "12a": _division(data),
        "12c": _learning(run),
        "12e": [
            *([f"Headline: {called}."] if called else []),
            *([f"95 % intervals from {amount(draws)} bootstrap draws."] if draws else []),
        ],
        "12g": ["The predictions were made by another program."] if run.is_external else [],
        "13": [*_weighting(run), *_recalibration(calibration)],
        "15": list(_output(run, certificate)),
        "18f": [f"{key}: {made[key]}." for key in ("commit", "configuration") if key in made],
        "20a": account,
        "21": list(_counted(parts)),
        "22": [f"{key}: {made[key]}." for key in ("model", "parameters", "seed") if key in made],
        "23a": list(_reached(run)),
    }
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


def _weighting(run: RunSummary) -> Iterator[str]:
    exponent = (run.configuration.get("objective") or {}).get("exponent")
    if not run.is_external and is_number(exponent) and exponent > 0:
        yield f"Classes weigh in training as the inverse of their share to the power {exponent:g}."


def _recalibration(calibration: Mapping[str, Any]) -> Iterator[str]:
    if is_number(temperature := calibration.get("temperature")):
        yield f"Recalibrated by one temperature chosen on val: {temperature:.4g}."


def _output(run: RunSummary, certificate: Mapping[str, Any] | None) -> Iterator[str]:
    if not run.is_external:
        yield "A probability of each class."
    if certificate:
        yield certificate_summary(certificate)


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
