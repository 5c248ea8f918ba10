"""How far a run has come, by its files alone."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from mental_health_classifier.contracts import InputError
from mental_health_classifier.contracts.headline import headline_of
from mental_health_classifier.storage.files import read_json
from mental_health_classifier.storage.json_lines import read_records
from mental_health_classifier.tracking.record.attempts import latest_attempt
from mental_health_classifier.tracking.record.run_summary import ENDED, RunSummary
from mental_health_classifier.tracking.record.signs_of_life import BEAT_SECONDS, is_overdue

_MISSED_BEATS = 4
"""After so many a process on another machine is not taken for running any more."""


@dataclass(frozen=True, slots=True)
class RunProgress:
    """How far a run has come. What its files do not say is None, or empty."""

    metric: str | None = None
    """The headline as it is measured on val: `val/recall_at_spec80`, or `val/f1_macro`."""
    values: tuple[float, ...] = ()
    """The headline at each validation, in [0, 1]."""
    epoch: int | None = None
    """Epochs that were validated."""
    epochs: int | None = None
    """As many as there are to be at most; early stopping can end it sooner."""
    elapsed_seconds: float | None = None
    """Of the latest attempt, to its end or to now, or to its last sign of life."""
    remaining_seconds: float | None = None
    """Of training, if it goes on at its present speed and is not stopped early."""
    processor_percent: float | None = None
    """When it was last sampled; 100 is one processor."""
    memory_bytes: float | None = None
    gpu_memory_bytes: float | None = None
    host: str | None = None


def progress_of(run: RunSummary, *, now: datetime | None = None) -> RunProgress:
    """How far a run has come; never fails.

    Args:
        now: in UTC. None: this moment.
    """
    metric = f"val/{headline_of(run.data.get('priority_class'))}" if run.data else None
    validated = _validated(run.directory, metric) if metric else ()
    samples = _samples_of_attempt(run.directory)
    latest = samples[-1] if samples else {}
    epochs, steps = (_whole(run.setting("trainer", f"max_{key}")) for key in ("epochs", "steps"))
    if run.setting("model", "_target_") is not None:
        epochs = steps = None  # a model that is fitted whole
    start = _start(run.directory)
    return RunProgress(
        metric=metric,
        values=tuple(value for _, _, value in validated),
        epoch=validated[-1][0] + 1 if validated else None,
        epochs=epochs,
        elapsed_seconds=_elapsed(run, start, now or datetime.now(UTC)),
        remaining_seconds=(
            _remaining(validated, samples, epochs, steps) if is_alive(run) else None
        ),
        processor_percent=_number(latest.get("processor_percent")),
        memory_bytes=_megabytes(latest.get("memory_megabytes")),
        gpu_memory_bytes=_megabytes(latest.get("gpu_memory_megabytes")),
        host=str(start["host"]) if "host" in start else None,
    )


def is_alive(run: RunSummary) -> bool:
    """Whether the process of a run lives, or gave a sign of life a moment ago from where its lock
    is not seen here."""
    if run.status != "unknown":
        return run.status == "running"
    with suppress(OSError):
        attempt = latest_attempt(run.directory)
        return attempt is not None and not is_overdue(attempt, _MISSED_BEATS * BEAT_SECONDS)
    return False


def _validated(directory: Path, metric: str) -> tuple[tuple[int, int, float], ...]:
    """Epoch, step and value of each validation."""
    path = directory / "metrics.jsonl"
    try:
        state = path.stat()
        return _validations_in(path, metric, state.st_mtime_ns, state.st_size)
    except (OSError, InputError):
        return ()


@lru_cache(maxsize=1024)
def _validations_in(
    path: Path, metric: str, _changed: int, _size: int
) -> tuple[tuple[int, int, float], ...]:
    """As long as the file is the same, it is read once."""
    lines = read_records(path, holding=f'"{metric}"'.encode()).records
    facts = ((_whole(line.get("epoch")), _whole(line.get("step")), line[metric]) for line in lines)
    return tuple(
        (epoch, step, float(value))
        for epoch, step, value in facts
        if epoch is not None and step is not None and _number(value) is not None
    )


def _samples_of_attempt(directory: Path) -> list[dict[str, Any]]:
    """Samples of resource use with their step and time, of the latest attempt: in each the time
    begins anew."""
    try:
        lines = read_records(directory / "resources.jsonl", holding=b'"memory_megabytes"').records
    except (OSError, InputError):
        return []
    samples = [line for line in lines if all(_number(line.get(key)) for key in ("time", "step"))]
    beginnings = [
        place
        for place, (before, after) in enumerate(pairwise(samples), start=1)
        if after["time"] < before["time"]
    ]
    return samples[beginnings[-1] :] if beginnings else samples


def _remaining(
    validated: tuple[tuple[int, int, float], ...],
    samples: list[dict[str, Any]],
    epochs: int | None,
    most_steps: int | None,
) -> float | None:
    """Seconds of training that are left. None: too little was measured yet to say."""
    if not samples:
        return None
    first, last = samples[0], samples[-1]
    # One sample alone has the time of preparing the posts in it, so that it comes to too much.
    steps, seconds = (
        (last["step"] - first["step"], last["time"] - first["time"])
        if last["step"] > first["step"]
        else (last["step"], last["time"])
    )
    ends = [most_steps] if most_steps is not None and most_steps > 0 else []
    if validated and epochs is not None and epochs > 0:
        epoch, step, _ = validated[-1]
        ends.append(round((step + 1) / (epoch + 1) * epochs))
    if not ends:
        return None
    return max(0.0, (min(ends) - last["step"]) * seconds / steps)


def _elapsed(run: RunSummary, start: Mapping[str, Any], now: datetime) -> float | None:
    if run.status in ENDED:
        return run.duration_seconds
    try:
        began = datetime.fromisoformat(start["started_at"])
        end = now if is_alive(run) else _last_sign(run.directory)
        return max(0.0, (end - began).total_seconds())
    except (KeyError, TypeError, ValueError, OSError):
        return None


def _last_sign(directory: Path) -> datetime:
    """When a process last wrote or touched something.

    Raises:
        OSError: it cannot be told.
    """
    attempt = latest_attempt(directory)
    places = [directory / "metrics.jsonl", directory / "resources.jsonl"]
    places += [attempt / "lock", attempt / "start.json"] if attempt else []
    times = [place.stat().st_mtime for place in places if place.exists()]
    if not times:
        raise FileNotFoundError(directory)
    return datetime.fromtimestamp(max(times), UTC)


def _start(directory: Path) -> Mapping[str, Any]:
    with suppress(OSError, InputError):
        if attempt := latest_attempt(directory):
            return read_json(attempt / "start.json")
    return {}


def _number(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if is_number else None


def _whole(value: Any) -> int | None:
    return value if type(value) is int and value >= 0 else None


def _megabytes(value: Any) -> float | None:
    number = _number(value)
    return None if number is None else number * 2**20
