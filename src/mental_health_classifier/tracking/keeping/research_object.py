"""RO-Crate metadata of an exported run: what it is, in terms that repositories read.

Derived from the record whenever a run is packed, and not kept when it is unpacked.

Source: RO-Crate Metadata Specification 1.1, https://w3id.org/ro/crate/1.1.
"""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from mental_health_classifier.tracking.record.run_summary import RunSummary

METADATA = "ro-crate-metadata.json"

_SPECIFICATION = "https://w3id.org/ro/crate/1.1"
_SOFTWARE = "#mental-health-classifier"
_TRAINING = "#training"


def research_object(run: RunSummary) -> str:
    """The metadata file, JSON-LD."""
    files = list(_files(run))
    measured = list(_measured(run))
    described = run.description or f"Run {run.id} of {run.model} on {run.posts_called}."
    root = {
        "@id": "./",
        "@type": "Dataset",
        "identifier": str(run.id),
        "name": str(run.name or run.id),
        "description": f"{described} Not for clinical use.",
        "datePublished": str(run.created_at),
        "license": "Not stated here: ask whoever made the run.",
        "keywords": ", ".join(map(str, run.tags)) or "text classification, mental health",
        "hasPart": _links(files),
        "mentions": {"@id": _TRAINING},
    }
    training = {
        "@id": _TRAINING,
        "@type": "CreateAction",
        "name": f"{run.model} on {run.posts_called}, seed {run.seed}",
        "startTime": str(run.created_at),
        "endTime": run.end.get("ended_at"),
        "actionStatus": "http://schema.org/CompletedActionStatus"
        if run.status == "completed"
        else "http://schema.org/FailedActionStatus",
        "instrument": {"@id": _SOFTWARE},
        "result": _links([*files, *measured]),
    }
    software = {
        "@id": _SOFTWARE,
        "@type": "SoftwareApplication",
        "name": "mental-health-classifier",
        "version": run.commit or "not known",
    }
    about = {
        "@id": METADATA,
        "@type": "CreativeWork",
        "about": {"@id": "./"},
        "conformsTo": {"@id": _SPECIFICATION},
    }
    whole = [about, root, _without_nothing(training), software, *files, *measured]
    crate = {"@context": f"{_SPECIFICATION}/context", "@graph": whole}
    # ASCII, because names can hold halves of characters, which UTF-8 has not.
    return json.dumps(crate, indent=1)


def _files(run: RunSummary) -> Iterator[dict[str, Any]]:
    for name, facts in run.end.get("artefacts", {}).items():
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        yield _without_nothing(
            {
                "@id": quote(name, errors="surrogateescape"),
                "@type": "File",
                "name": name,
                "encodingFormat": kind,
                "contentSize": str(facts.get("bytes")),
                "sha256": facts.get("sha256"),
            }
        )


def _measured(run: RunSummary) -> Iterator[dict[str, Any]]:
    for name, value in run.metrics.items():
        if name.startswith("test/") and value is not None:
            ends = run.intervals.get(name)
            yield _without_nothing(
                {
                    "@id": f"#{quote(name, errors='backslashreplace')}",
                    "@type": "PropertyValue",
                    "name": name,
                    "value": value,
                    "minValue": ends[0] if ends else None,
                    "maxValue": ends[1] if ends else None,
                }
            )


def _links(entities: list[dict[str, Any]]) -> list[dict[str, str]]:
    return [{"@id": each["@id"]} for each in entities]


def _without_nothing(entity: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in entity.items() if value is not None}
