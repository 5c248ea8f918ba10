"""What a run shows of itself when it is done."""

from __future__ import annotations

from matplotlib.figure import Figure

from mental_health_classifier.analysis.figures.clinical import clinical_figure
from mental_health_classifier.analysis.figures.confusion import confusion_figure
from mental_health_classifier.analysis.figures.models import ShownModel
from mental_health_classifier.analysis.figures.names import plain_name
from mental_health_classifier.contracts import Predictions


def figures_of_finished_run(
    name: str, test: Predictions, *, threshold: float | None
) -> dict[str, Figure]:
    """Confusion, and where posts of a priority class were tested the clinical figure.

    Args:
        threshold: of the operating point, frozen on val; None: there is none.
    """
    shown = plain_name(name)
    figures = {"test/confusion": confusion_figure({shown: test})}
    if test.is_priority.any() and not test.is_priority.all():
        figures["test/clinical"] = clinical_figure({shown: ShownModel(test, threshold)})
    return figures
