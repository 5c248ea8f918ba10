"""Differences between a run's software and machine and those at hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mental_health_classifier.tracking.provenance.environment import (
    DETERMINISM,
    read_environment,
    read_hardware,
)
from mental_health_classifier.tracking.record.run_summary import RunSummary

HARDWARE = ("machine", "cpu_model", "cpu_flags")
"""What decides which kernels run. GPUs are compared by the replay itself: only a process that uses
them knows them."""


def environment_differences(run: RunSummary) -> list[str]:
    """In sentences, what is not as the run recorded it; a replay sets the variables of
    `DETERMINISM` itself."""
    recorded, now = run.run.get("environment", {}), read_environment()
    found = [
        f"{key} was {recorded.get(key)} and is {now[key]}"
        for key in ("python", "implementation", "platform")
        if recorded.get(key) != now[key]
    ]
    found += _between("package", recorded.get("packages", {}), now["packages"])
    found += _between("variable", recorded.get("variables", {}), now["variables"] | DETERMINISM)
    return found + hardware_differences(run)


def hardware_differences(run: RunSummary) -> list[str]:
    recorded, now = run.run.get("hardware", {}), read_hardware()
    return [
        f"{key} was {recorded.get(key)} and is {now[key]}"
        for key in HARDWARE
        if recorded.get(key) != now[key]
    ]


def _between(kind: str, recorded: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    return [
        f"{kind} {name} was {recorded.get(name, 'absent')} and is {now.get(name, 'absent')}"
        for name in sorted(recorded.keys() | now.keys())
        if recorded.get(name) != now.get(name)
    ]
