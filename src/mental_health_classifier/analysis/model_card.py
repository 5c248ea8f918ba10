"""A run's model card: what it may be used for, what is known of it, and what is not.

Generated from the record alone: nothing is claimed that is not in it, and what was not measured is
said not to have been.

Source: Mitchell et al., Model Cards for Model Reporting, FAT* 2019; Collins et al., TRIPOD+AI, BMJ
2024.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from mental_health_classifier.analysis.pages.behaviour import seen_texts
from mental_health_classifier.analysis.pages.certificate import certificate_sentences
from mental_health_classifier.analysis.pages.explanation_page import PARTS
from mental_health_classifier.analysis.pages.groups import group_notes, group_rows
from mental_health_classifier.analysis.pages.shortcuts import warnings_of
from mental_health_classifier.console.wording import amount, is_interval, number, printable
from mental_health_classifier.contracts import InputError
from mental_health_classifier.storage.files import write_atomically
from mental_health_classifier.tracking.provenance.source_rebuild import why_not_rebuilt
from mental_health_classifier.tracking.record.assessments import read_assessment
from mental_health_classifier.tracking.record.run_summary import RunSummary

FILE = "model_card.md"
NOT_MEASURED = "Not measured."
INTENDED = (
    "Intended: an aid for trained reviewers who decide which posts to read first, and research on "
    "such aids. Every alert is read by a person; whatever is in doubt is referred to one."
)
EXCLUDED = (
    "Excluded: diagnosis, automatic contact with authors, denial of care or service, surveillance, "
    "and any use without people who read the alerts and know what to do next."
)
SYNTHETIC = "**Not for clinical use: this model learned from synthetic posts.**"
NOT_VALIDATED = (
    "**Not for clinical use as it is:** no record of a run can show that it works where it would "
    "be used; that takes a prospective study."
)

# The items by their number and topic, and where this card answers them; the others need people.
TRIPOD_ITEMS = {
    "5 Data": "Data",
    "7 Data preparation": "Data",
    "10 Sample size": "Data",
    "11 Missing data": "Data",
    "12 Analytical methods": "How it was made",
    "14 Fairness": "Groups",
    "15 Model output": "Certificate",
    "16 Training versus evaluation": "Data",
    "18 Open science": "How it was made",
    "20 Participants (results)": "Data",
    "21 Model development": "Data",
    "22 Model specification": "How it was made",
    "23 Model performance": "Performance, Groups",
    "26 Limitations": "Limits",
}
TRIPOD_FOR_PEOPLE = (
    "1 Title, 2 Abstract, 3 Background, 4 Objectives, 6 Participants (methods), 8 Outcome, "
    "9 Predictors, 13 Class imbalance, 17 Ethical approval, 19 Patient and public involvement, "
    "24 Model updating, 25 Interpretation, 27 Usability of the model in the context of current care"
)


def write_model_card(run: RunSummary) -> None:
    """Writes model_card.md into the run's directory, replacing an older one."""
    write_atomically(run.directory / FILE, model_card(run))


def model_card(run: RunSummary) -> str:
    """The card as Markdown."""
    sections = {
        "Use": _use(run),
        "Data": _data(run),
        "Performance": _performance(run),
        "Certificate": _certificate(run),
        "Calibration": _calibration(run),
        "Behaviour": _behaviour(run),
        "Groups": _groups(run),
        "Explanations": _explanations(run),
        "Shortcuts": _shortcuts(run),
        "Limits": _limits(run),
        "How it was made": _making(run),
        "TRIPOD+AI": _tripod(),
    }
    title = f"# Model card: {_plain(run.name)} (run {_plain(run.id)})"
    parts = [f"## {name}\n\n" + "\n".join(_whole(lines)) for name, lines in sections.items()]
    return "\n\n".join((title, *parts)) + "\n"


def _whole(lines: Iterator[str]) -> Iterator[str]:
    """The lines of a section, or why its assessment cannot be read: the others are none the
    worse for it."""
    try:
        yield from lines
    except InputError as error:
        yield _plain(error)


def _use(run: RunSummary) -> Iterator[str]:
    yield SYNTHETIC if run.data.get("is_synthetic") else NOT_VALIDATED
    yield ""
    yield f"- {INTENDED}"
    yield f"- {EXCLUDED}"


def _data(run: RunSummary) -> Iterator[str]:
    account: Mapping[str, Any] = run.data.get("account", {})
    yield (
        f"{_plain(run.data.get('name'))}: {amount(account.get('rows_read'))} rows read, "
        f"{amount(account.get('rows_kept'))} kept (fingerprint {run.data.get('fingerprint')})."
    )
    for reason, rows in account.get("dropped", {}).items():
        yield f"- left out: {amount(rows['rows'])}, {_plain(reason)}"
    for warning in run.data.get("warnings", ()):
        yield f"- warning: {_plain(warning)}"
    yield ""
    classes = run.data.get("classes", [])
    rows = [
        [part, amount(facts["posts"]), amount(facts.get("authors"))]
        + [amount(facts["classes"].get(name)) for name in classes]
        for part, facts in run.data.get("parts", {}).items()
    ]
    yield from _table(["part", "posts", "authors", *map(_plain, classes)], rows)


def _performance(run: RunSummary) -> Iterator[str]:
    if "test/n" not in run.metrics:
        yield NOT_MEASURED
        return
    yield (
        f"Of {amount(run.metrics['test/n'])} test posts, with 95 % intervals; names of numbers as "
        "in the record."
    )
    yield ""
    counts = ("test/n", "test/support/", "test/predicted/")
    rows = [
        [_key(key.removeprefix("test/")), _number(key, value, run.intervals.get(key), counts)]
        for key, value in run.metrics.items()
        if key.startswith("test/")
    ]
    yield from _table(["number", "test"], rows)


def _key(key: str) -> str:
    """A number's name, of which what follows the last slash may be a class."""
    number, slash, name = key.partition("/")
    return f"{number}{slash}{_plain(name)}"


def _number(key: str, value: Any, interval: Any, counts: tuple[str, ...]) -> str:
    if key.startswith(counts):
        return amount(value)
    if "precision_at_prevalence" in key and value is not None:
        ends = f" [{interval[0]:.2g}, {interval[1]:.2g}]" if is_interval(interval) else ""
        return f"{value:.3g}{ends}"
    return number(value, interval)


def _certificate(run: RunSummary) -> Iterator[str]:
    certificate = read_assessment(run.directory, "certificate")
    if certificate is None:
        yield "None: nothing is promised about missed posts."
        return
    for sentence in certificate_sentences(certificate):
        limit = sentence.removeprefix("- ")
        yield f"\n{_plain(sentence)}" if limit == sentence else f"- {_plain(limit)}"


def _calibration(run: RunSummary) -> Iterator[str]:
    calibration = read_assessment(run.directory, "calibration")
    if calibration is None:
        yield NOT_MEASURED
        return
    yield f"Temperature {calibration['temperature']:.3f}, chosen on val; numbers of test."
    yield ""
    rows = [
        [name, *(f"{calibration[when][key]:.4f}" for when in ("before", "after"))]
        for name, key in (
            ("calibration error", "ece"),
            ("Brier", "brier"),
            ("log loss", "log_loss"),
        )
    ]
    for key in ("slope", "intercept"):
        values = [calibration[when].get("priority") or {} for when in ("before", "after")]
        rows.append(
            [key, *(_signed(each.get(key), each.get(f"{key}_interval")) for each in values)]
        )
    yield from _table(["", "before", "after"], rows)


def _signed(value: Any, interval: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.2f}" + (
        f" [{interval[0]:.2f}, {interval[1]:.2f}]" if is_interval(interval) else ""
    )


def _behaviour(run: RunSummary) -> Iterator[str]:
    behaviour = read_assessment(run.directory, "behaviour")
    if behaviour is None:
        yield f"{NOT_MEASURED} `mhc behaviour {run.id}` measures it."
        return
    rows = []
    for name, row in (*behaviour["capabilities"].items(), ("all", behaviour["total"])):
        counts = [amount(row[key]) for key in ("n", "misses", "false_alarms")]
        rows.append([name, *counts, number(row["failure_rate"], row["interval"])])
    yield from _table(["capability", "cases", "misses", "false alarms", "failure rate"], rows)
    yield ""
    yield seen_texts(behaviour)


def _groups(run: RunSummary) -> Iterator[str]:
    groups = read_assessment(run.directory, "groups")
    if groups is None or not groups["groups"]:
        yield f"{NOT_MEASURED} No columns were named in data.columns.groups."
        return
    header, rows = group_rows(groups)
    yield from _table(header, [[_plain(cell) for cell in row] for row in rows])
    yield ""
    yield from (_plain(note) for note in group_notes(groups))


def _explanations(run: RunSummary) -> Iterator[str]:
    found = read_assessment(run.directory, "explain")
    if found is None:
        yield f"{NOT_MEASURED} `mhc explain {run.id}` measures them."
        return
    yield (
        f"Interpretability score of {amount(found['n'])} test posts, the mean of its parts; 0 is "
        "chance, 1 as good as greedy search. What a model reacts to is no evidence of why a person "
        "is unwell, and attention weights are contested as explanations."
    )
    yield ""
    names = [name for name in PARTS if name in found]
    rows = [
        [name.replace("_", " "), number(found[name], found["intervals"].get(name))]
        for name in names
    ]
    yield from _table(["part", "value"], rows)


def _shortcuts(run: RunSummary) -> Iterator[str]:
    shortcuts = read_assessment(run.directory, "shortcuts")
    if shortcuts is None:
        yield f"{NOT_MEASURED} `mhc shortcuts {run.id}` measures them."
        return
    yield (
        f"With diagnoses and classes masked ({number(shortcuts['masked_share'])} of posts name "
        f"one), {_plain(shortcuts['metric'])} is {number(shortcuts['masked'])} instead of "
        f"{number(shortcuts['unmasked'])}. A list of words reaches "
        f"{number(shortcuts['keyword_recall_at_spec80'])} at specificity .80."
    )
    source, splits = shortcuts.get("source"), shortcuts.get("splits")
    if source:
        yield (
            f"A bag of words tells {source['kinds']} communities apart with AUC "
            f"{number(source['auc'], source['interval'])} ({amount(source['n'])} posts)."
        )
    if splits:
        shown = {kind: number(each["value"], each["interval"]) for kind, each in splits.items()}
        yield (
            f"The yardstick reaches {shown['grouped']} on these parts and {shown['random']} on "
            "parts drawn at random."
        )
    yield from (f"- warning: {_plain(warning)}" for warning in warnings_of(shortcuts))


def _limits(run: RunSummary) -> Iterator[str]:
    yield "- Numbers speak of posts like the test posts, not of other communities, years or labels."
    yield "- Labels say what was labelled, not what a person went through."
    yield "- Precision where priority posts are rarer is far lower: see precision_at_prevalence."
    if run.is_dirty:
        yield "- The source had changes that were not committed."


def _making(run: RunSummary) -> Iterator[str]:
    environment = run.run.get("environment", {})
    packages = environment.get("packages", {})
    names = [name for name in ("torch", "numpy", "scikit-learn") if name in packages]
    facts = {
        "model": " + ".join(map(_plain, (run.model, *run.variants))),
        "parameters": amount(run.model_facts.get("parameters")),
        "seed": run.seed,
        "commit": run.commit or "not known",
        "configuration": run.configuration_hash,
        "started": run.created_at,
        "python": environment.get("python"),
        **{name: packages[name] for name in names},
        "command": " ".join(map(_plain, run.run.get("argv", []))),
    }
    members = run.setting("ensemble", "members")
    if isinstance(members, list):
        named = [each.get("id") for each in members if isinstance(each, Mapping)]
        facts["members"] = ", ".join(map(str, named))
    yield from (f"- {key}: {_plain(value)}" for key, value in facts.items())
    if (obstacle := why_not_rebuilt(run)) is not None:
        yield f"- {_plain(obstacle)}"


def _tripod() -> Iterator[str]:
    yield (
        "Items that this card answers in part or whole, by the numbers and topics of the "
        "statement; what an item asks for in full is in the statement itself (BMJ 2024, 385, "
        "e078378). Of open science it answers which code was run, and no more."
    )
    yield ""
    yield from _table(["item", "section"], [list(item) for item in TRIPOD_ITEMS.items()])
    yield ""
    yield f"Items that only people can answer: {TRIPOD_FOR_PEOPLE}."


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(header)} |"
    yield f"|{'---|' * len(header)}"
    yield from (f"| {' | '.join(row)} |" for row in rows)


def _plain(value: object) -> str:
    """What a user named, on one line and without what Markdown or HTML would make of it."""
    shown = printable(value).replace("\\", "\\\\")
    for character in "|<>*_`[]#":
        shown = shown.replace(character, f"\\{character}")
    return shown
