"""Figures of `mhc plot` that the report shows too."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass

from matplotlib.figure import Figure

from mental_health_classifier.analysis.figures.architecture import architecture_figure
from mental_health_classifier.analysis.figures.confusion import confusion_figure
from mental_health_classifier.analysis.figures.efficiency import efficiency_figure
from mental_health_classifier.analysis.figures.files import figure_bytes
from mental_health_classifier.analysis.report.evidence import Evidence
from mental_health_classifier.analysis.tables.run_table import run_table
from mental_health_classifier.contracts import InputError
from mental_health_classifier.tracking.record.assessments import stored_predictions
from mental_health_classifier.tracking.record.run_summary import RunSummary


@dataclass(frozen=True, slots=True)
class EmbeddedFigure:
    """A drawing inside the page: as an image, so that nothing in it can act on the page."""

    description: str
    """For those who cannot see it."""
    data: str
    """Its SVG in base64."""


def architecture(evidence: Evidence) -> EmbeddedFigure | None:
    """The headline by width, depth, heads and parameters; None: no comparable run has any."""
    return _embedded(
        lambda: architecture_figure(run_table(evidence.comparable)),
        "The headline on test by width, depth, heads and number of parameters.",
    )


def efficiency(evidence: Evidence) -> EmbeddedFigure | None:
    """The headline by what it costs; None: no comparable run has recorded a cost."""
    return _embedded(
        lambda: efficiency_figure(run_table(evidence.comparable)),
        "The headline on test by parameters, operations a post and time of fitting.",
    )


def confusion(evidence: Evidence, run: RunSummary) -> EmbeddedFigure | None:
    """Which classes a run holds for which, on test; None: its predictions are gone."""
    return _embedded(
        lambda: confusion_figure(
            {str(evidence.seed_link(run)): stored_predictions(run, ["test"])["test"]}
        ),
        "Confusion matrix: posts by true and by most probable class.",
    )


def _embedded(draw: Callable[[], Figure], description: str) -> EmbeddedFigure | None:
    try:
        content = figure_bytes(draw(), "svg")
    except (InputError, OSError):
        return None
    return EmbeddedFigure(description, base64.b64encode(content).decode("ascii"))
