"""Which runs differ in a clinical variant and in nothing else."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mental_health_classifier.tracking.clinical_variants import changed_keys
from mental_health_classifier.tracking.configuration_hash import compared_configuration
from mental_health_classifier.tracking.run_summary import RunSummary

MAX_KEYS_TOLD = 3


@dataclass(slots=True)
class Pairs:
    """Runs with a variant beside runs of the same seed without it, or with another."""

    pairs: list[tuple[RunSummary, RunSummary]] = field(default_factory=list)
    """The run with the variant first, by seed."""
    unpaired: list[tuple[RunSummary, str]] = field(default_factory=list)
    """Runs with the variant that have no other side, and why."""


def groups_with(variant: str, runs: Sequence[RunSummary]) -> list[list[RunSummary]]:
    """Completed runs with a variant, those of one configuration and the same posts together, by
    seed; of a seed that ran twice the latest run."""
    groups: dict[tuple[object, ...], dict[int | None, RunSummary]] = {}
    for run in sorted(_completed(runs), key=_began):
        if variant in run.variants:
            key = (run.configuration_hash, run.parts_fingerprint, run.variants)
            groups.setdefault(key, {})[run.seed] = run
    return [
        sorted(group.values(), key=lambda run: (run.seed is None, run.seed))
        for group in groups.values()
    ]


def pair(
    treated: Sequence[RunSummary],
    runs: Sequence[RunSummary],
    *,
    variant: str,
    control: str | None,
) -> Pairs:
    """Finds the other side of each run: equal seed, posts and configuration.

    Configurations are compared key by key. What the overlays of the two change may differ, but not
    the settings below it that both sides have.

    Args:
        treated: runs with the variant.
        runs: all there are.
        control: the variant that the other side has in its place. None: no variant in its place.
    """
    changed = changed_keys(variant) | (changed_keys(control) if control else set())
    found = Pairs()
    others = _Others(runs)
    for run in treated:
        variants = {*run.variants} - {variant} | ({control} if control else set())
        candidates = others.of(run.seed, variants)
        on_same_posts = [
            other for other in candidates if other.parts_fingerprint == run.parts_fingerprint
        ]
        differing = {other.directory: _differing(run, other, changed) for other in on_same_posts}
        equal = [other for other in on_same_posts if not differing[other.directory]]
        if equal:
            found.pairs.append((run, max(equal, key=_began)))
        elif on_same_posts:
            keys = min(differing.values(), key=len)
            told = ", ".join(keys[:MAX_KEYS_TOLD])
            more = f" and {len(keys) - MAX_KEYS_TOLD} more" if len(keys) > MAX_KEYS_TOLD else ""
            found.unpaired.append((run, f"the other side differs in {told}{more}"))
        elif candidates:
            found.unpaired.append((run, "the other side was tested on other posts"))
        else:
            what = f"with {control}" if control else f"without {variant}"
            found.unpaired.append((run, f"no completed run {what} has seed {run.seed}"))
    return found


class _Others:
    """Completed runs by seed and variants."""

    def __init__(self, runs: Sequence[RunSummary]) -> None:
        self._runs: dict[tuple[int | None, frozenset[str]], list[RunSummary]] = {}
        for run in _completed(runs):
            self._runs.setdefault((run.seed, frozenset(run.variants)), []).append(run)

    def of(self, seed: int | None, variants: Collection[str]) -> list[RunSummary]:
        return self._runs.get((seed, frozenset(variants)), [])


def _completed(runs: Sequence[RunSummary]) -> list[RunSummary]:
    return [run for run in runs if run.status == "completed"]


def _began(run: RunSummary) -> tuple[str, str]:
    return run.created_at or "", run.id or ""


def _differing(run: RunSummary, other: RunSummary, changed: set[str]) -> list[str]:
    """Keys in which two configurations differ beyond what the overlays change."""
    a, b = (_flat(compared_configuration(each.configuration)) for each in (run, other))
    return [
        key
        for key in sorted(a.keys() | b.keys())
        if (key not in a or key not in b or a[key] != b[key])
        and not _may_differ(key, changed, is_on_both_sides=key in a and key in b)
    ]


def _may_differ(key: str, changed: set[str], *, is_on_both_sides: bool) -> bool:
    parts = [part for part in changed if key == part or key.startswith(f"{part}.")]
    if not parts:
        return False
    part = max(parts, key=len)
    # A part that was exchanged keeps the settings that both have; a variant's own notes need not.
    is_own = part.startswith(("clinical", "token_streams."))
    return is_own or not is_on_both_sides or key in (part, f"{part}._target_")


def _flat(value: Any, key: str = "") -> dict[str, Any]:
    """The leaves of nested mappings by their dotted keys; an empty mapping has none."""
    if not isinstance(value, Mapping):
        return {key: value}
    leaves = {}
    for name, inner in value.items():
        leaves |= _flat(inner, f"{key}.{name}" if key else str(name))
    return leaves
