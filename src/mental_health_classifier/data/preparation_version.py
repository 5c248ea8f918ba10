"""Version of all that turns posts into prepared data."""

from __future__ import annotations

from importlib.metadata import version

from mental_health_classifier.storage.cache import cache_key

PREPARATION = 6
"""Raised with every change after which posts, ids, parts, vocabulary or tokens come out otherwise,
so that nobody's prepared data are taken for what they are not. A comment prepares nothing anew.
tests/data/test_preparation_version.py notices what was forgotten."""

_LIBRARIES = ("datasketch", "scikit-learn", "tokenizers")


def preparation_version() -> str:
    """Changes with PREPARATION and with the libraries that preparing asks."""
    return cache_key(str(PREPARATION), *(f"{name} {version(name)}" for name in _LIBRARIES))
