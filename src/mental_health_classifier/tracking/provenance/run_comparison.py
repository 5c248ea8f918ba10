"""Bitwise comparison of two records."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

from mental_health_classifier.storage.json_lines import read_records
from mental_health_classifier.tracking.provenance.configuration_hash import (
    compared_configuration,
    flattened,
)
from mental_health_classifier.tracking.record.prediction_files import rows_of
from mental_health_classifier.tracking.record.run_summary import RunSummary
from mental_health_classifier.tracking.record.settled_choices import settled_choices


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not the same."""

    kind: str
    """configuration, data, metric, result, prediction or tensor."""
    name: str
    amount: float | None
    """Largest difference; None where it is not one of numbers of the same things."""

    def __str__(self) -> str:
        by = "" if self.amount is None else f" by up to {self.amount:.3g}"
        return f"{self.kind} {self.name} differs{by}"


def differences_between(first: RunSummary, second: RunSummary) -> list[Difference]:
    """What differs between two completed runs, causes before effects; empty where nothing does."""
    return [
        *_between_configurations(first, second),
        *_between_mappings("data", first.data, second.data),
        *_between_metrics(first.directory, second.directory),
        *_between_mappings("result", first.metrics, second.metrics),
        *_between_predictions(first.directory, second.directory),
        *_between_weights(first.directory, second.directory),
    ]


def _between_configurations(first: RunSummary, second: RunSummary) -> Iterator[Difference]:
    a, b = (
        {
            **flattened(compared_configuration(run.configuration)),
            **settled_choices(run.directory),
            "seed": run.seed,
        }
        for run in (first, second)
    )
    yield from _between_mappings("configuration", a, b)


def _between_mappings(
    kind: str, a: Mapping[str, Any], b: Mapping[str, Any], *, place: str = ""
) -> Iterator[Difference]:
    for key in sorted(a.keys() | b.keys()):
        if key not in a or key not in b or a[key] != b[key]:
            yield Difference(kind, f"{key}{place}", _distance(a.get(key), b.get(key)))


def _between_metrics(first: Path, second: Path) -> Iterator[Difference]:
    # A model that is fitted in one step has no such file.
    ours, theirs = (
        read_records(path).records if path.exists() else []
        for path in (first / "metrics.jsonl", second / "metrics.jsonl")
    )
    for number, (a, b) in enumerate(zip_longest(ours, theirs), start=1):
        if a is None or b is None:
            yield Difference("metric", f"of line {number} and those below it", None)
            return
        place = f" of step {a.get('step')} (line {number} of metrics.jsonl)"
        yield from _between_mappings("metric", a, b, place=place)


def _between_predictions(first: Path, second: Path) -> Iterator[Difference]:
    for name, a, b in _differing_files("predictions/**/*.csv", first, second):
        distance = _distance_of_tables(a, b) if a.is_file() and b.is_file() else None
        yield Difference("prediction", f"file {name}", distance)


def _between_weights(first: Path, second: Path) -> Iterator[Difference]:
    for name, a, b in _differing_files("checkpoints/*", first, second):
        if name.endswith(".safetensors") and a.is_file() and b.is_file():
            yield from _between_tensors(name, a, b)
        else:
            yield Difference("tensor", f"file {name}", None)


def _differing_files(pattern: str, first: Path, second: Path) -> Iterator[tuple[str, Path, Path]]:
    """Files that two folders do not both have with the same bytes: name and both places."""
    folders = (first, second)
    names = {path.relative_to(each).as_posix() for each in folders for path in each.glob(pattern)}
    for name in sorted(names):
        a, b = first / name, second / name
        if not (a.is_file() and b.is_file() and a.read_bytes() == b.read_bytes()):
            yield name, a, b


def _between_tensors(name: str, first: Path, second: Path) -> Iterator[Difference]:
    # Imported here, so that commands that read no weights start fast.
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        a, b = load_file(first), load_file(second)
    except SafetensorError:
        yield Difference("tensor", f"file {name}", None)
        return
    for key in sorted(a.keys() | b.keys()):
        if key not in a or key not in b or a[key].shape != b[key].shape:
            yield Difference("tensor", f"{key} of {name}", None)
            continue
        bits = [each.contiguous().reshape(-1).view(torch.uint8) for each in (a[key], b[key])]
        if a[key].dtype != b[key].dtype or not torch.equal(*bits):
            distance = float((a[key].double() - b[key].double()).abs().max())
            yield Difference("tensor", f"{key} of {name}", distance)


def _distance_of_tables(first: Path, second: Path) -> float | None:
    a, b = rows_of(first), rows_of(second)
    if a[0] != b[0]:
        return None
    probabilities = [place for place, name in enumerate(a[0]) if name.startswith("p_")]
    facts = [place for place in range(len(a[0])) if place not in probabilities]
    if [[row[i] for i in facts] for row in a] != [[row[i] for i in facts] for row in b]:
        return None  # other posts, labels or groups
    cells = zip(a[1:], b[1:], strict=True)
    return max(abs(float(p[place]) - float(q[place])) for p, q in cells for place in probabilities)


def _distance(a: Any, b: Any) -> float | None:
    if isinstance(a, int | float) and isinstance(b, int | float):
        distance = abs(float(a) - float(b))
        return distance if math.isfinite(distance) else None
    return None
