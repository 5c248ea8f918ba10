"""Language model that a configuration names, checked before posts are read."""

from __future__ import annotations

from mental_health_classifier.data.causal_language_model import CausalLanguageModel


def check_language_model(folder: str, sha256: str | None) -> str:
    """The hash of its files.

    Args:
        sha256: what it was when the run was configured. None: it is new.

    Raises:
        InputError: it is not there, has changed, or is no causal language model.
    """
    model = CausalLanguageModel(folder=folder, max_tokens=1, sha256=sha256)
    model.require_causal()
    return model.sha256
