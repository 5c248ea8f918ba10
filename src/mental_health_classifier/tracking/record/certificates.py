"""Certificates of a run: their names, and which of them may decide.

The certificate that a run made itself is part of its record, which has the checksum of it. One that
was made later has no such witness, so it says which weights it is about, and one on the run's own
posts is worked out again from the predictions in the record before it is believed.

What cannot be proven: a later certificate on posts from elsewhere rests on predictions that are
not kept. That it is for these weights, whole, and stored under the name that its content gives is
checked; whether its threshold was really measured is not. Who can write into the record can forge
one, as they could rewrite the record with all its checksums. It decides only where it is asked for
by name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from mental_health_classifier.contracts import InputError, Predictions
from mental_health_classifier.storage.files import parse_json, read_content
from mental_health_classifier.tracking.record.assessments import (
    FOLDER,
    as_stored,
    require_judge,
    stored_predictions,
    write_assessment,
)
from mental_health_classifier.tracking.record.external_runs import (
    has_probabilities,
    hash_of_model,
    require_parts,
)
from mental_health_classifier.tracking.record.record_check import (
    read_recorded,
    read_recorded_json,
    recorded_hash,
)
from mental_health_classifier.tracking.record.run_summary import RunSummary

OWN = "certificate"
"""The name of the certificate that a run makes itself."""
WEIGHTS = "weights_sha256"
"""Its key that says which weights it is about."""
PROMISE = ("required_recall", "confidence")


def setting_of(run: RunSummary, key: str) -> Any:
    """The number that the run was configured with in `evaluation`, or None.

    Raises:
        InputError: it is no number.
    """
    chosen = run.setting("evaluation", key)
    if chosen is not None and (isinstance(chosen, bool) or not isinstance(chosen, int | float)):
        raise InputError(
            f"Run {run.id} records evaluation.{key} as {type(chosen).__name__}, expected a number: "
            "its run.json was changed."
        )
    return chosen


def looked_at_of(run: RunSummary) -> int:
    """Models among which a run was chosen when it was made: an ensemble's members and itself."""
    ensemble = run.configuration.get("ensemble") or {}
    return ensemble.get("looked_at", 1)


def certificate_name(
    run: RunSummary,
    promise: Mapping[str, float],
    *,
    posts: str = "",
    looked_at: int | None = None,
) -> str:
    """Under which name a certificate of a run is stored: its own, or another promise.

    Args:
        promise: `required_recall` and `confidence`.
        looked_at: models among which the run is chosen. None: as when it was made.
        posts: fingerprint of posts from elsewhere that it was made on.
    """
    parts = [OWN, *([posts[:12]] if posts else ())]
    if promise != {key: setting_of(run, key) for key in promise}:
        parts += [f"{promise['required_recall']:g}", f"{promise['confidence']:g}"]
    if looked_at not in (None, looked_at_of(run)):
        parts.append(f"of_{looked_at}")
    return "-".join(parts)


def certificate_of_run(
    run: RunSummary, *, required_recall: float, confidence: float, looked_at: int | None = None
) -> dict[str, Any]:
    """The certificate on the calibration part of a run, from the predictions in its record.

    Args:
        looked_at: models among which the run is chosen. None: as when it was made.

    Raises:
        InputError: they are missing or were changed, or the promise cannot be made of them.
    """
    from mental_health_classifier.evaluation.intervals import DRAWS
    from mental_health_classifier.evaluation.risk_certificate import certificate_of

    if not has_probabilities(run):
        raise InputError(
            f"Run {run.id} was made of bare classes: there is no threshold to choose, and so "
            "nothing to certify. Give mhc assess probabilities or scores."
        )
    predictions = recorded_predictions(run, ("val", "calibration", "test"))
    return certificate_of(
        predictions,
        required_recall=required_recall,
        confidence=confidence,
        looked_at=looked_at or looked_at_of(run),
        temperature=deciding_temperature(run),
        specificity_floor=setting_of(run, "specificity_floor"),
        bootstrap_draws=round(setting_of(run, "bootstrap_draws") or DRAWS),
    )


def deciding_temperature(run: RunSummary) -> float | None:
    """The temperature at which probabilities of a run's model decide.

    None: they decide as the model gives them, in records of before: how later posts compare with
    those that a certificate rests on is recorded of those.
    """
    name = f"{FOLDER}/reference.json"
    if recorded_hash(run, name) is None and not (run.directory / name).exists():
        return None
    return read_recorded_json(run, name).get("temperature")


def recorded_predictions(run: RunSummary, parts: Iterable[str]) -> dict[str, Predictions]:
    """What the run's model said about some of its parts, if that is what the run left behind.

    Raises:
        InputError: a part was not predicted, or its file was changed.
    """
    require_judge(run)
    parts = list(parts)
    require_parts(run, parts)
    for part in parts:
        read_recorded(run, f"predictions/{part}.csv")
    return stored_predictions(run, parts)


def write_certificate(run: RunSummary, name: str, certificate: Mapping[str, Any]) -> None:
    """Stores a certificate that was made after the run's end, bound to the weights it is about.

    The one in the record stays as it is where it says the same.
    """
    path = f"{FOLDER}/{name}.json"
    document = _document(run, name)
    if document is not None and _is_recorded(run, path, document):
        recorded = parse_json(document, run.directory / path)
        if recorded == as_stored(certificate):
            return
    write_assessment(run.directory, name, {**certificate, WEIGHTS: hash_of_model(run)})


def read_certificate(run: RunSummary, name: str = OWN) -> dict[str, Any] | None:
    """A certificate of a run that may decide. None: there is none of that name.

    Raises:
        InputError: the run made one that is gone; or the file is damaged; or it was written after
            the run's end and is not for these weights, belongs under another name, or does not
            follow from the predictions in the record.
    """
    path = f"{FOLDER}/{name}.json"
    document = _document(run, name)
    if document is None:
        if recorded_hash(run, path) is not None:
            read_recorded(run, path)
        return None
    certificate = parse_json(document, run.directory / path)
    if not _is_recorded(run, path, document):
        _check_later(run, name, certificate)
    return certificate


def _check_later(run: RunSummary, name: str, certificate: Mapping[str, Any]) -> None:
    """Refuses a certificate without the record's checksum, unless it can be believed."""
    where = f"{run.directory / FOLDER / name}.json"
    anew = f"Delete it, and make it anew with `mhc certify {run.id}`."
    late = f"{where} was written after run {run.id} ended"
    given = dict(certificate)
    weights = given.pop(WEIGHTS, None)
    if weights is None:
        raise InputError(f"{late} and does not say which weights it is about. {anew}")
    if weights != hash_of_model(run):
        raise InputError(f"{late} and is about the weights of another model. {anew}")
    try:
        promise = {key: given[key] for key in PROMISE}
        posts = given.get("posts")
        looked_at = given.get("looked_at")
        expected = certificate_name(
            run, promise, posts=posts["fingerprint"] if posts else "", looked_at=looked_at
        )
    except (KeyError, TypeError, ValueError):
        raise InputError(f"{where} is not what `mhc certify` writes. {anew}") from None
    if expected != name:
        raise InputError(f"{where} holds the certificate {expected} under another name. {anew}")
    if not posts and given != as_stored(certificate_of_run(run, **promise, looked_at=looked_at)):
        raise InputError(
            f"{late} and does not follow from its predictions: it was changed, or an earlier "
            f"version made it. {anew}"
        )


def _document(run: RunSummary, name: str) -> bytes | None:
    if name != Path(name).name:  # no way out of the folder
        return None
    try:
        return read_content(run.directory / FOLDER / f"{name}.json")
    except FileNotFoundError:
        return None


def _is_recorded(run: RunSummary, path: str, document: bytes) -> bool:
    return recorded_hash(run, path) == hashlib.sha256(document).hexdigest()
