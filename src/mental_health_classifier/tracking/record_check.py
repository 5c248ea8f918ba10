"""Whether a record still is what its run left behind."""

from __future__ import annotations

from mental_health_classifier.tracking.files import sha256_of
from mental_health_classifier.tracking.run_summary import RunSummary


def changed_files(run: RunSummary) -> list[str]:
    """Files of a run that are gone or no longer have the SHA-256 that its end recorded."""
    changed = []
    for name, facts in run.end.get("artefacts", {}).items():
        path = run.directory / name
        if not path.is_file() or sha256_of(path) != facts["sha256"]:
            changed.append(name)
    return changed
