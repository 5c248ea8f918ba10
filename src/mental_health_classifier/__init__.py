"""Compare text classifiers on mental-health posts, suicide risk first."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mental_health_classifier.analysis.model_analyzer import ModelAnalyzer
    from mental_health_classifier.prediction.predictor import Predictor
    from mental_health_classifier.tracking.tracker import tracker

__all__ = ["ModelAnalyzer", "Predictor", "tracker"]

_HOMES = {
    "ModelAnalyzer": ".analysis.model_analyzer",
    "Predictor": ".prediction.predictor",
    "tracker": ".tracking.tracker",
}


def __getattr__(name: str) -> Any:
    """Imports what is handed out when it is first asked for, so that commands start at once."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name], __name__), name)
