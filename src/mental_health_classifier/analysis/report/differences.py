"""Differences between the configurations of runs in little room: every value once."""

from __future__ import annotations

import json
from typing import Any

from mental_health_classifier.analysis.report.evidence import Evidence
from mental_health_classifier.analysis.report.side_by_side import side_by_side
from mental_health_classifier.analysis.sections.pieces import shortened
from mental_health_classifier.tracking.provenance.configuration_hash import flattened
from mental_health_classifier.tracking.provenance.former_names import SHORT_NAMES, renamed
from mental_health_classifier.tracking.record.run_summary import RunSummary

VALUE_LENGTH = 300
ABSENT = "(not there)"


def differences(evidence: Evidence) -> dict[str, Any]:
    """What the page's script compares two runs by.

    Returns:
        `runs`: of each its `name`, `anchor` and `id`; `keys`: those that at least two runs differ
        in; `values`: every distinct value as text; `places`: for each run the place of its value
        for each key; and what `side_by_side` adds.
    """
    flat = [_facts(run) for run in evidence.runs]
    beside = side_by_side(evidence)
    keys = [key for key in {key: None for of in flat for key in of} if _differs(flat, key)]
    values: dict[str, int] = {}
    places = []
    for of in flat:
        shown = (of.get(key, ABSENT) for key in keys)
        places.append([values.setdefault(value, len(values)) for value in shown])
    return {
        **beside,
        "runs": [
            {
                "name": _title(evidence, run),
                "anchor": evidence.anchor(run),
                "id": shortened(run.id or run.directory.name),
                **of_run,
            }
            for run, of_run in zip(evidence.runs, beside["runs"], strict=True)
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
        "seed": run.seed,
        **settings_of(run),
    }
    return {key: _shown(value) for key, value in facts.items()}


def settings_of(run: RunSummary) -> dict[str, Any]:
    """What was chosen for a run, by dotted key: without its seed, and without the classes that
    choices are built with."""
    chosen = flattened(renamed(run.configuration, SHORT_NAMES))
    return {
        key: value
        for key, value in chosen.items()
        if key.rpartition(".")[2] not in ("_target_", "_partial_") and key != "seed"
    }


def _shown(value: Any) -> str:
    written = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return shortened(written, VALUE_LENGTH)
