"""Pairs of runs that differ in a clinical variant and in nothing else."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mental_health_classifier.tracking.clinical_variants import changed_keys
from mental_health_classifier.tracking.provenance.configuration_hash import (
    compared_configuration,
    flattened,
)
from mental_health_classifier.tracking.record.run_summary import RunSummary
from mental_health_classifier.tracking.selection.candidates import candidates_among

MAX_KEYS_TOLD = 3
MAX_LOOKED_AT = 20
"""Of runs that could have been the other side, the latest, for what kept them from being it."""


@dataclass(slots=True)
class Pairs:
    """Runs with a variant beside runs of the same seed without it, or with another."""

    pairs: list[tuple[RunSummary, RunSummary]] = field(default_factory=list)
    """The run with the variant first, by seed."""
    unpaired: list[tuple[RunSummary, str]] = field(default_factory=list)
    """Runs with the variant that have no other side, and why."""


_Variants = tuple[int | None, frozenset[str]]
"""A seed, and all variants of a run."""


class RunPairs:
    """Finds the runs that belong together among completed ones.

    Args:
        runs: all there are; those that did not complete are not looked at.
    """

    def __init__(self, runs: Sequence[RunSummary]) -> None:
        self._completed = sorted((run for run in runs if run.status == "completed"), key=_began)
        self._by_variants: dict[_Variants, dict[str | None, list[RunSummary]]] = {}
        for run in self._completed:
            on_posts = self._by_variants.setdefault((run.seed, frozenset(run.variants)), {})
            on_posts.setdefault(run.parts_fingerprint, []).append(run)
        self._leaves: dict[Path, dict[str, Any]] = {}
        self._by_configuration: dict[object, dict[int, list[RunSummary]]] = {}

    def groups_with(self, variant: str) -> list[list[RunSummary]]:
        """Runs with a variant, those of one configuration and the same posts together, by seed; of
        a seed that ran twice the latest run."""
        groups: dict[tuple[object, ...], dict[int | None, RunSummary]] = {}
        for run in self._completed:
            if variant in run.variants:
                key = (run.configuration_hash, run.parts_fingerprint, run.variants)
                groups.setdefault(key, {})[run.seed] = run
        return [
            sorted(group.values(), key=lambda run: (run.seed is None, run.seed))
            for group in groups.values()
        ]

    def pair(self, treated: Sequence[RunSummary], *, variant: str, control: str | None) -> Pairs:
        """Finds the other side of each run: equal seed, posts and configuration.

        Configurations are compared key by key. What the overlays of the two change may differ, but
        not the settings below it that both sides have.

        Args:
            treated: runs with the variant.
            control: the variant that the other side has in its place. None: none in its place.
        """
        changed = frozenset(changed_keys(variant) | (changed_keys(control) if control else set()))
        found = Pairs()
        for run in treated:
            sought = frozenset(run.variants) - {variant} | ({control} if control else set())
            candidates = self._by_variants.get((run.seed, sought), {})
            on_same_posts = candidates.get(run.parts_fingerprint, [])
            place = (run.seed, sought, run.parts_fingerprint, changed)
            if place not in self._by_configuration:
                self._by_configuration[place] = self._grouped(on_same_posts, changed)
            alike = self._by_configuration[place].get(self._unchanged(run, changed), [])
            equal = [other for other in alike if not self._differing(run, other, changed)]
            if equal:
                found.pairs.append((run, equal[-1]))
            elif on_same_posts:
                looked_at = on_same_posts[-MAX_LOOKED_AT:]
                differing = [self._differing(run, other, changed) for other in looked_at]
                found.unpaired.append((run, _told(min(differing, key=len))))
            elif candidates:
                found.unpaired.append((run, "the other side was tested on other posts"))
            else:
                what = f"with {control}" if control else f"without {variant}"
                found.unpaired.append((run, f"no completed run {what} has seed {run.seed}"))
        return found

    def all_seeds_of(self, runs: Sequence[RunSummary]) -> Sequence[RunSummary]:
        """Runs of one configuration with its other seeds on the same posts; runs of several as they
        are."""
        if len({run.configuration_hash for run in runs}) != 1:
            return runs
        first = runs[0]
        return candidates_among(
            run
            for run in self._completed
            if run.configuration_hash == first.configuration_hash
            and run.parts_fingerprint == first.parts_fingerprint
        )[0].runs

    def _grouped(
        self, runs: Sequence[RunSummary], changed: frozenset[str]
    ) -> dict[int, list[RunSummary]]:
        groups: dict[int, list[RunSummary]] = {}
        for run in runs:
            groups.setdefault(self._unchanged(run, changed), []).append(run)
        return groups

    def _unchanged(self, run: RunSummary, changed: frozenset[str]) -> int:
        """Equal for runs that are the same outside of what the overlays change."""
        leaves = self._leaves_of(run).items()
        return hash(frozenset(leaf for leaf in leaves if not _part(leaf[0], changed)))

    def _differing(self, run: RunSummary, other: RunSummary, changed: frozenset[str]) -> list[str]:
        """Keys in which two configurations differ beyond what the overlays change."""
        a, b = self._leaves_of(run), self._leaves_of(other)
        return sorted(
            key
            for key in {key for key, _ in a.items() ^ b.items()}
            if not _may_differ(key, changed, is_on_both_sides=key in a and key in b)
        )

    def _leaves_of(self, run: RunSummary) -> dict[str, Any]:
        if run.directory not in self._leaves:
            leaves = flattened(compared_configuration(run.configuration))
            self._leaves[run.directory] = {
                key: json.dumps(value) if isinstance(value, list) else value
                for key, value in leaves.items()
                if value != {}
            }
        return self._leaves[run.directory]


def _told(keys: Sequence[str]) -> str:
    more = f" and {len(keys) - MAX_KEYS_TOLD} more" if len(keys) > MAX_KEYS_TOLD else ""
    return f"the other side differs in {', '.join(keys[:MAX_KEYS_TOLD])}{more}"


def _began(run: RunSummary) -> tuple[str, str]:
    return run.created_at or "", run.id or ""


def _may_differ(key: str, changed: frozenset[str], *, is_on_both_sides: bool) -> bool:
    part = _part(key, changed)
    if part is None:
        return False
    # A part that was exchanged keeps the settings that both have; a variant's own notes need not.
    is_own = part.startswith(("clinical", "token_streams."))
    return is_own or not is_on_both_sides or key in (part, f"{part}._target_")


def _part(key: str, changed: frozenset[str]) -> str | None:
    """The innermost changed part that a key stands in."""
    names = key.split(".")
    for length in range(len(names), 0, -1):
        if (part := ".".join(names[:length])) in changed:
            return part
    return None
