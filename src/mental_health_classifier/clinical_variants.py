"""Which clinical variants can be combined: those that replace different parts."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations
from pathlib import Path

import yaml

from mental_health_classifier.contracts import InputError
from mental_health_classifier.tracking.source_files import PROJECT

OVERLAYS = PROJECT / "conf" / "clinical"


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
    if not overlay.is_file():
        return []
    defaults = (yaml.safe_load(overlay.read_text(encoding="utf-8")) or {}).get("defaults", [])
    keys = [key for entry in defaults if isinstance(entry, dict) for key in entry]
    return [key.split()[-1].strip("/") for key in keys if key.startswith("override ")]
