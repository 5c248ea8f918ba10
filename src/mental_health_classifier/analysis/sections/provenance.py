"""Sections on the posts of a run, and on its source and machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mental_health_classifier.analysis.sections.performance import READERS, classes_in_order
from mental_health_classifier.analysis.sections.pieces import Measure, Piece, number_of
from mental_health_classifier.analysis.sections.section import Section
from mental_health_classifier.console.wording import (
    amount,
    count,
    duration,
    moment,
    number,
)
from mental_health_classifier.tracking.record.annotations import Annotation
from mental_health_classifier.tracking.record.run_summary import EXPORTED, RunSummary

PACKAGES = ("torch", "numpy", "scikit-learn")
_OF_JUDGE = ("command", "commit", "started", "python", *PACKAGES)
NOT_VALIDATED = (
    "Not for clinical use as it is: no record of a run can show that a model works where it would "
    "be used; that takes a prospective study."
)
SYNTHETIC = "These posts are synthetic: whatever learned from them is not for clinical use."


def posts(run: RunSummary) -> Section:
    """Which posts the run learned from and was tested on, and every row that was left out."""
    if not run.data:
        return Section(title="Data", missing="No posts were read.")
    account = list(_account(run.data))
    parts: Mapping[str, Mapping[str, Any]] = run.data.get("parts") or {}
    names = classes_in_order(run)
    rows: list[list[Piece]] = []
    for part, facts in parts.items():
        of_class = facts.get("classes") or {}
        counts = (facts.get("posts"), facts.get("authors"), *map(of_class.get, names))
        rows.append([part, *(Measure(number_of(each), decimals=0) for each in counts)])
    account += _read_by_encoder(run)
    warnings = list(run.data.get("warnings", ()))
    ceilings = (run.data.get("ceilings") or {}).items()
    listed = ", ".join(f"{part} {amount(facts.get('posts'))}" for part, facts in parts.items())
    return Section(
        title="Data",
        sentences=account,
        caption="Posts by part and class; no author and no near-duplicate is in two parts unless a "
        "warning says so",
        header=["part", "posts", "authors", *names],
        rows=rows,
        notes=[
            f"Ceiling of accuracy: {number(ceiling)}, {READERS.get(kind, kind)}."
            for kind, ceiling in ceilings
        ],
        warnings=[*warnings, *([SYNTHETIC] if run.data.get("is_synthetic") else [])],
        brief=[*account, f"Parts: {listed}"],
    )


def _read_by_encoder(run: RunSummary) -> Iterator[str]:
    """Which posts the encoder has read without labels, in this run or in those before it."""
    texts: list[Mapping[str, Any]] = [*(run.setting("model", "pretrained_on") or ())]
    if isinstance(own := run.setting("objective", "parts"), list):
        texts.append({"corpus": run.data.get("name"), "parts": own, "run": run.id})
    for each in texts:
        which = f"{' and '.join(each['parts'])} of {each['corpus']} (run {each['run']})"
        yield f"The encoder has learned from masked tokens of {which}, without labels"


def _account(data: Mapping[str, Any]) -> Iterator[str]:
    account = data.get("account") or {}
    yield (
        f"Posts: {data.get('name')}, {amount(account.get('rows_read'))} rows read, "
        f"{amount(account.get('rows_kept'))} kept (fingerprint {data.get('fingerprint')})"
    )
    for reason, rows in (account.get("dropped") or {}).items():
        first = rows.get("first", [])
        more = ", ..." if rows["rows"] > len(first) else ""
        where = f" ({', '.join(first)}{more})" if first else ""
        yield f"Dropped: {count(rows['rows'], 'row')}, {reason}{where}"
    if scrubbed := account.get("scrubbed"):
        yield "Scrubbed: " + ", ".join(f"{what} {amount(n)}" for what, n in scrubbed.items())


def making(run: RunSummary) -> dict[str, str]:
    """What a run was asked for and by what it was made, by label; what is not known is left out."""
    environment: Mapping[str, Any] = run.run.get("environment", {})
    packages = environment.get("packages", {})
    members = run.setting("ensemble", "members")
    changes = ", with changes that were not committed" if run.is_dirty else ""
    facts = {
        "model": " + ".join(filter(None, (run.model, *run.variants))),
        "parameters": amount(run.model_facts.get("parameters")),
        "seed": run.seed,
        "description": run.description,
        "hypothesis": run.hypothesis,
        "tags": ", ".join(map(str, run.tags)),
        "command": " ".join(map(str, run.run.get("argv", ()))),
        "commit": f"{run.commit}{changes}" if run.commit else "not known",
        "configuration": run.configuration_hash,
        "started": run.created_at and f"{moment(run.created_at)} UTC",
        "took": duration(run.duration_seconds),
        "python": environment.get("python"),
        **{name: packages.get(name) for name in PACKAGES},
    }
    if teacher := run.setting("objective", "teacher"):
        sha256 = str(run.setting("objective", "teacher_sha256"))
        facts["teacher"] = f"{teacher} (weights {sha256[:12]}…)"
    if source := run.setting(EXPORTED, "from"):
        kind = "ONNX, matrices of 8 bits" if run.setting(EXPORTED, "is_int8") else "ONNX"
        facts["exported from"] = f"run {source}, as {kind}{_parity(run.model_facts.get('parity'))}"
    if isinstance(members, list):
        # Val has fitted the weights, where members have any.
        named = [
            f"{each.get('id')} ({each.get('model')}"
            + (f", weight {number(each['weight'])})" if "weight" in each else ")")
            for each in members
            if isinstance(each, Mapping)
        ]
        facts["members"] = ", ".join(named)
    if run.is_external:  # what is known is of the program that judged them
        facts = {f"judged by: {n}" if n in _OF_JUDGE else n: said for n, said in facts.items()}
    return {label: str(said) for label, said in facts.items() if said not in (None, "", "-")}


def _parity(found: Any) -> str:
    """About how many posts an exported model decides otherwise than the network it was made of."""
    if not isinstance(found, Mapping):
        return ""
    said = [
        f"{amount(each.get('changed'))} of {amount(each.get('posts'))} posts of {part}"
        for part, each in found.items()
        if isinstance(each, Mapping)
    ]
    return f"; it decides differently about {' and '.join(said)}"


def said_later(run: RunSummary) -> Iterator[tuple[str, str]]:
    """What people said of a run after it began, each with a label."""
    said = run.annotations
    if said.name is not None:
        yield "Recorded as", f"{run.recorded_name}; renamed {_signature(said.name)}"
    if said.archive is not None:
        yield "Archived", f"{_signature(said.archive)}; mhc archive {run.id} --undo lists it again"
    for place, note in enumerate(said.notes, start=1):
        yield f"Note {place}, {_signature(note)}", note.text


def _signature(said: Annotation) -> str:
    return f"{moment(said.at)} UTC by {said.by}"


def verdict(run: RunSummary | None) -> str:
    """What may be said of any use with people: no record can show that it is safe."""
    if run is None or not run.data.get("is_synthetic"):
        return NOT_VALIDATED
    return f"Not for clinical use: the model of run {run.id} learned from synthetic posts."
