"""Clinical variants: the keys that each changes, and which of them can be combined."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import yaml

from mental_health_classifier.contracts import InputError
from mental_health_classifier.tracking.provenance.source_files import PROJECT

OVERLAYS = PROJECT / "conf" / "clinical"
HANDED_ON = {"tasks": "data.tasks"}
"""Keys that conf/data/ takes over as they are."""


def check_model(model: Mapping[str, Any], variants: Collection[str]) -> None:
    """Refuses variants of a model that has no parts which they could change.

    Args:
        model: what conf/model/ chose; one with a `_target_` is built whole.

    Raises:
        InputError: the record would claim a variant that changed nothing.
    """
    if variants and "_target_" in model:
        raise InputError(
            f"model={model['name']} clinical=[{','.join(variants)}]: a clinical variant changes "
            f"parts of a network, and {model['name']} has none. Leave out clinical=, or choose "
            "another model."
        )


def check_variants(variants: Iterable[str], *, overlays: Path = OVERLAYS) -> None:
    """Refuses variants of which two replace the same part: Hydra would take the last in silence.

    Args:
        variants: as they note themselves in `clinical.variants`.
        overlays: the folder with a file of that name for each.

    Raises:
        InputError: two replace the same part; the message names both and the part.
    """
    for first, second in combinations(variants, 2):
        replaced = replaced_parts(overlays / f"{second}.yaml")
        both = [part for part in replaced_parts(overlays / f"{first}.yaml") if part in replaced]
        if both:
            raise InputError(
                f"clinical=[{first},{second}]: both replace {' and '.join(both)}, so they cannot "
                "be combined. Choose one of them."
            )


def replaced_parts(overlay: Path) -> list[str]:
    """The groups that an overlay chooses anew, as its defaults list says: `sampler`,
    `network/embedding`. What lies elsewhere than in conf/clinical/ is not known, and replaces
    none."""
    keys = _choices(_read(overlay))
    return [key.split()[-1].strip("/") for key in keys if key.startswith("override ")]


def changed_keys(variant: str, *, overlays: Path = OVERLAYS) -> set[str]:
    """Where in a configuration an overlay changes anything: `sampler`, `network.embedding`,
    `token_streams.concepts`; everything below those keys too."""
    content = _read(overlays / f"{variant}.yaml")
    changed = {"clinical"}
    for key in _choices(content):
        group, _, package = key.split()[-1].strip("/").partition("@")
        changed.add(package or group.replace("/", "."))
    for key, value in content.items():
        if key != "defaults":
            changed |= {f"{key}.{name}" for name in value} if isinstance(value, dict) else {key}
    return changed | {HANDED_ON[key] for key in changed & HANDED_ON.keys()}


@cache
def _read(overlay: Path) -> dict[str, Any]:
    # A variant of another project can have any name, one that no file may have too.
    if not os.path.isfile(overlay):
        return {}
    return yaml.safe_load(overlay.read_text(encoding="utf-8")) or {}


def _choices(content: Mapping[str, Any]) -> list[str]:
    """The groups in a defaults list, as they are written there."""
    entries = content.get("defaults", [])
    return [key for entry in entries if isinstance(entry, dict) for key in entry]
