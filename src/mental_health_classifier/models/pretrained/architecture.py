"""Architecture of a pretrained model, from its config.json to a configuration of transformers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mental_health_classifier.contracts import InputError

_NOT_FOLLOWED = ("implementation", "kernel", "auto_map", "quantization", "dtype")
"""Parts of names of settings that choose code or precision, which is not for a file to choose."""


def configuration_of(architecture: Mapping[str, Any], *, key: str) -> Any:
    """What transformers builds a model from.

    Args:
        architecture: what config.json says; `model_type` is the family.
        key: of the setting that names the model, for messages.

    Raises:
        InputError: transformers is not installed or does not know the family, or the settings do
            not fit it.
    """
    try:
        import transformers
    except ImportError:
        raise InputError(
            f"{key}: a pretrained model needs the package transformers. Install it with "
            "`make pretrained`, or pip install -c requirements.lock -e '.[pretrained]'."
        ) from None
    transformers.utils.logging.set_verbosity_error()  # loading prints a report
    transformers.utils.logging.disable_progress_bar()
    family = architecture["model_type"]
    if family not in transformers.CONFIG_MAPPING:
        raise InputError(
            f"{key}: transformers {transformers.__version__} does not know the family {family}, "
            "and code that comes with a model is never run. Choose another model."
        )
    settings = {
        name: value for name, value in _followed(architecture).items() if name != "model_type"
    }
    try:
        return transformers.AutoConfig.for_model(family, **settings)
    except Exception as error:  # each family checks its settings in its own way
        raise InputError(
            f"{key}: config.json has a setting that {family} does not take "
            f"({type(error).__name__}). Restore it from a copy."
        ) from None


def _followed(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that a file may choose, also those of parts of a model."""
    return {
        name: _followed(value) if isinstance(value, Mapping) else value
        for name, value in settings.items()
        if not any(part in name for part in _NOT_FOLLOWED)
    }
