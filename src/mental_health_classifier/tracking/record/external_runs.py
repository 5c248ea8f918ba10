"""Runs whose predictions another program made: how one is known, and what it cannot do."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from mental_health_classifier.contracts import PARTS, InputError
from mental_health_classifier.tracking.record.record_check import recorded_hash
from mental_health_classifier.tracking.record.run_summary import EXTERNAL, RunSummary
from mental_health_classifier.tracking.record.weight_files import hash_of_weights

PROBABILITIES, SCORES, LABELS = "probabilities", "scores", "labels"
"""What such predictions are: scores became probabilities by softmax, labels allow no ranking."""

MADE_ELSEWHERE = (
    "Another program made its predictions: nobody here can say which posts its model learned from, "
    "and it may have read these."
)
"""What is said wherever such a run is called good."""


def facts_of_external(run: RunSummary) -> Mapping[str, Any]:
    """What its configuration says of where its predictions come from; empty for all other runs."""
    facts = run.configuration.get(EXTERNAL)
    return facts if run.is_external and isinstance(facts, Mapping) else {}


def has_probabilities(run: RunSummary) -> bool:
    """Whether posts can be ranked by its predictions, as they can by those of every other run."""
    return facts_of_external(run).get("predictions") != LABELS


def parts_of(run: RunSummary) -> tuple[str, ...]:
    """Parts that such predictions are of."""
    named = facts_of_external(run).get("parts")
    return tuple(part for part in PARTS if isinstance(named, list) and part in named)


def require_parts(run: RunSummary, parts: Iterable[str]) -> None:
    """Raises InputError where an external run has no predictions of a part that is asked for."""
    own = parts_of(run)
    for part in parts:
        if run.is_external and part not in own:
            raise InputError(
                f"Run {run.id} was made of predictions for {' and '.join(own)}, and this takes "
                f"those for {part} too: give mhc assess a file that has them."
            )


def require_model(run: RunSummary) -> None:
    """Raises InputError where a run has no model because its predictions were made elsewhere."""
    if run.is_external:
        raise InputError(
            f"Run {run.id} holds predictions that another program made ({run.model}). Its model is "
            "not here: it judges no other posts, has nothing to explain, and is part of no "
            "ensemble. mhc compare, plot, report, certify and card take it."
        )


def hash_of_model(run: RunSummary) -> str:
    """SHA-256 of what a certificate of a run is about: its weights, or predictions alone.

    Raises:
        InputError: the run left neither.
    """
    if not run.is_external:
        return hash_of_weights(run)
    names = [f"predictions/{part}.csv" for part in parts_of(run)]
    hashes = [recorded_hash(run, name) for name in names]
    if not hashes or None in hashes:
        raise InputError(f"Run {run.id} left no predictions in {run.directory / 'predictions'}.")
    return hashlib.sha256("".join(map(str, hashes)).encode()).hexdigest()
