"""Differences between the configurations of runs in little room: every value once."""

from __future__ import annotations

import json
from typing import Any

from mental_health_classifier.analysis.report.evidence import Evidence
from mental_health_classifier.analysis.sections.pieces import shortened
from mental_health_classifier.tracking.provenance.configuration_hash import flattened
from mental_health_classifier.tracking.provenance.former_names import SHORT_NAMES, renamed
from mental_health_classifier.tracking.record.run_summary import RunSummary

VALUE_LENGTH = 300
ABSENT = "(not there)"


def differences(evidence: Evidence) -> dict[str, Any]:
    """What the page's script compares two runs by.

    Returns:
        `runs`: of each its `name` and `anchor`; `keys`: those that at least two runs differ in;
        `values`: every distinct value as text; `places`: for each run the place of its value for
        each key.
    """
    flat = [_facts(run) for run in evidence.runs]
    keys = [key for key in {key: None for of in flat for key in of} if _differs(flat, key)]
    values: dict[str, int] = {}
    places = []
    for of in flat:
        shown = (of.get(key, ABSENT) for key in keys)
        places.append([values.setdefault(value, len(values)) for value in shown])
    return {
        "runs": [
            {"name": _title(evidence, run), "anchor": evidence.anchor(run)} for run in evidence.runs
        ],
        "keys": [shortened(key, VALUE_LENGTH) for key in keys],
        "values": list(values),
        "places": places,
    }


def _differs(flat: list[dict[str, str]], key: str) -> bool:
    return len({of.get(key) for of in flat}) > 1


def _title(evidence: Evidence, run: RunSummary) -> str:
    seed = "" if run.seed is None else f", seed {run.seed}"
    return f"{evidence.name(run)}{seed} ({(run.id or run.directory.name)[:8]}, {run.status})"


def _facts(run: RunSummary) -> dict[str, str]:
    facts = {
        "commit": run.commit,
        "uncommitted changes": run.is_dirty,
        "posts (fingerprint)": run.data.get("fingerprint"),
        **flattened(renamed(run.configuration, SHORT_NAMES)),
    }
    return {key: _shown(value) for key, value in facts.items()}


def _shown(value: Any) -> str:
    written = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return shortened(written, VALUE_LENGTH)
