"""What is known of a run apart from its numbers."""

from __future__ import annotations

from typing import Any

from mental_health_classifier.tracking.run_index import RunSummary


def facts_of(run: RunSummary) -> dict[str, Any]:
    """What is known of a run, by the name of its column; None where it is not.

    Texts can be written as UTF-8: what a name or a folder has of other bytes is escaped.
    """
    parameters = run.model_facts.get("parameters")
    is_readable = bool(run.run)
    facts = {
        "experiment_name": run.name,
        "run_id": run.id,
        "status": run.status,
        "problem": run.problem,
        "model": run.model,
        "variants": "+".join(map(str, run.variants)) if is_readable else None,
        "seed": run.seed,
        "parameters": parameters,
        "parameters_millions": parameters / 1e6 if isinstance(parameters, int) else None,
        "duration_seconds": run.duration_seconds,
        "peak_memory_bytes": run.end.get("peak_memory_bytes"),
        "commit": run.commit,
        "branch": run.branch,
        "is_dirty": run.is_dirty,
        "tags": ", ".join(map(str, run.tags)) if is_readable else None,
        "description": run.description,
        "hypothesis": run.hypothesis,
        "created_at": run.created_at,
        "configuration_hash": run.configuration_hash,
        "data_name": run.data.get("name"),
        "data_fingerprint": run.data.get("fingerprint"),
        "parts_fingerprint": run.parts_fingerprint,
        "priority_class": run.data.get("priority_class"),
        "directory": str(run.directory),
    }
    return {key: writable(fact) if isinstance(fact, str) else fact for key, fact in facts.items()}


def writable(value: str) -> str:
    """The text with what is not UTF-8 in it written as escapes, so that tables can hold it."""
    return value if value.isascii() else value.encode(errors="backslashreplace").decode()
