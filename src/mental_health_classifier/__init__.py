"""Compare text classifiers on mental-health posts, suicide risk first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mental_health_classifier.analysis.figures import kinds as figures
    from mental_health_classifier.analysis.model_analyzer import ModelAnalyzer
    from mental_health_classifier.analysis.pages.in_notebooks import certificate, show
    from mental_health_classifier.contracts import InputError
    from mental_health_classifier.explanation.post_explanation import explain_texts as explain
    from mental_health_classifier.prediction.predictor import Predictor, load_classifier
    from mental_health_classifier.tracking.run_index import RunSummary, find_runs
    from mental_health_classifier.tracking.run_index import resolve_run as read_run
    from mental_health_classifier.tracking.tracker import tracker

    __version__: str

__all__ = [
    "InputError",
    "ModelAnalyzer",
    "Predictor",
    "RunSummary",
    "__version__",
    "certificate",
    "explain",
    "figures",
    "find_runs",
    "load_classifier",
    "read_run",
    "show",
    "tracker",
]

_HOMES = {
    "InputError": "contracts:InputError",
    "ModelAnalyzer": "analysis.model_analyzer:ModelAnalyzer",
    "Predictor": "prediction.predictor:Predictor",
    "RunSummary": "tracking.record.run_summary:RunSummary",
    "certificate": "analysis.pages.in_notebooks:certificate",
    "explain": "explanation.post_explanation:explain_texts",
    "figures": "analysis.figures.kinds",
    "find_runs": "tracking.run_index:find_runs",
    "load_classifier": "prediction.predictor:load_classifier",
    "read_run": "tracking.run_index:resolve_run",
    "show": "analysis.pages.in_notebooks:show",
    "tracker": "tracking.tracker:tracker",
}


def __getattr__(name: str) -> Any:
    """Imports a public name when it is first asked for, so that commands start at once."""
    if name == "__version__":
        from importlib.metadata import version

        return version("mental-health-classifier")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from pkgutil import resolve_name

    return resolve_name(f"{__name__}.{_HOMES[name]}")


def __dir__() -> list[str]:
    return __all__
