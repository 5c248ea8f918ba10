"""Overrides of a configuration that come from a record, which is data."""

from __future__ import annotations

import re


def is_of_a_run(override: str) -> bool:
    """Whether `KEY=VALUE` is about a run alone, and neither about Hydra nor an option.

    Hydra itself builds what stands below hydra/, without a list of what may be built.
    """
    return re.match(r"[+~]*(?!hydra\b)\w", override) is not None
