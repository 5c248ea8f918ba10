"""Whether a record has the shape that the report reads: other versions write other ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mental_health_classifier.analysis.terminal import is_interval, is_number
from mental_health_classifier.tracking.run_summary import RunSummary

NUMBER = (int, float)
OR_NOTHING = type(None)

# By dotted key; what is not there is nothing wrong in a record.
_RUN: Mapping[str, Any] = {
    "id": str,
    "seed": (int, str, OR_NOTHING),
    **dict.fromkeys(("model", "configuration_hash"), (str, OR_NOTHING)),
    "argv": list,
    "git.commit": (str, OR_NOTHING),
    "git.is_dirty": (bool, OR_NOTHING),
    "config.data": dict,
    "config.evaluation.required_recall": (*NUMBER, OR_NOTHING),
}
_DATA: Mapping[str, Any] = {
    "priority_class": (str, OR_NOTHING),
    "ceilings": (dict, OR_NOTHING),
    **dict.fromkeys(("parts", "account", "account.dropped", "account.scrubbed"), dict),
    "warnings": list,
}
_END: Mapping[str, Any] = {
    **dict.fromkeys(("yardstick", "selection", "error"), (dict, OR_NOTHING)),
    **dict.fromkeys(
        (f"yardstick.{name}" for name in ("metrics", "differences", "difference_intervals")),
        dict,
    ),
}

_CERTIFIED = {
    "guaranteed": str,
    "not_guaranteed": list,
    "false_alarm_interval": list,
    **dict.fromkeys(
        ("threshold", "n", "misses", "allowed_misses", "false_alarm_rate"),
        NUMBER,
    ),
}
_ASSESSMENTS: Mapping[str, Mapping[str, Any]] = {
    "certificate": {
        "is_certified": bool,
        "priority_class": str,
        **dict.fromkeys(("required_recall", "confidence"), NUMBER),
    },
    "calibration": {
        **dict.fromkeys(("before", "after"), dict),
        **dict.fromkeys(("before.priority", "after.priority"), (dict, OR_NOTHING)),
        "before.priority.reliability_curve": (list, OR_NOTHING),
        "after.priority.reliability_curve": (list, OR_NOTHING),
        "decision_curve": (list, OR_NOTHING),
    },
    "triage": {"curve": list, "shares_needed": dict},
    "groups": {"groups": dict, "gaps": dict, "min_posts": NUMBER},
    "behaviour": {"passes": bool, "capabilities": dict, "total": dict},
    "shortcuts": {
        "metric": str,
        "loss_interval": (list, OR_NOTHING),
        "keyword_recall_at_spec80": (*NUMBER, OR_NOTHING),
        **dict.fromkeys(("masked", "unmasked"), NUMBER),
    },
    "explain": {"intervals": dict, "n": NUMBER},
    "replay": {"verdict": str, "differences": list},
}


def with_its_problems(run: RunSummary) -> RunSummary:
    """The run, as damaged where its record is not of the shape that can be read."""
    problems = [
        *(f"run.json: {each}" for each in (*_wrong(run.run, _RUN), *_wrong_names(run))),
        *(f"data.json: {each}" for each in (*_wrong(run.data, _DATA), *_wrong_parts(run))),
        *(f"end.json: {each}" for each in (*_wrong(run.end, _END), *_wrong_numbers(run))),
    ]
    if not problems:
        return run
    return RunSummary(
        directory=run.directory,
        status="damaged",
        problems=(*run.problems, f"Of the wrong kind: {', '.join(problems)}."),
    )


def problem_of_assessment(name: str, content: Mapping[str, Any]) -> str | None:
    """What is missing in an assessment, or of the wrong kind; None: nothing is."""
    kinds = dict(_ASSESSMENTS[name])
    if name == "certificate":
        kinds |= _CERTIFIED if content.get("is_certified") is True else {"reason": str}
    wrong = [key for key, kind in kinds.items() if not isinstance(_at(content, key, None), kind)]
    return f"{name}.json lacks {', '.join(wrong)}, or has it of another kind." if wrong else None


def _wrong(content: Mapping[str, Any], kinds: Mapping[str, Any]) -> list[str]:
    found = {key: _at(content, key, _ABSENT) for key in kinds}
    return [
        key
        for key, value in found.items()
        if value is not _ABSENT and not isinstance(value, kinds[key])
    ]


_ABSENT = object()


def _at(content: Any, key: str, absent: Any) -> Any:
    for name in key.split("."):
        if not isinstance(content, Mapping) or name not in content:
            return absent
        content = content[name]
    return content


def _wrong_names(run: RunSummary) -> list[str]:
    return [
        name
        for name in ("tags", "variants")
        if not all(isinstance(each, str) for each in run.run.get(name, ()))
    ]


def _wrong_parts(run: RunSummary) -> list[str]:
    wrong = []
    if not all(isinstance(name, str) for name in run.data.get("classes", ())):
        wrong.append("classes")
    parts = run.data.get("parts") or {}
    for part, facts in parts.items() if isinstance(parts, Mapping) else ():
        classes = facts.get("classes") if isinstance(facts, Mapping) else facts
        if not isinstance(facts, Mapping) or not isinstance(classes, (Mapping, OR_NOTHING)):
            wrong.append(f"parts.{part}")
    return wrong


def _wrong_numbers(run: RunSummary) -> list[str]:
    return [
        *(
            f"metrics.{key}"
            for key, value in run.metrics.items()
            if value is not None and not is_number(value)
        ),
        *(f"intervals.{key}" for key, ends in run.intervals.items() if not is_interval(ends)),
    ]
