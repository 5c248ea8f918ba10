"""The figures by name, from runs to what is drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from matplotlib.figure import Figure

from mental_health_classifier.analysis.figures.architecture import architecture_figure
from mental_health_classifier.analysis.figures.clinical import clinical_figure, read_clinical_model
from mental_health_classifier.analysis.figures.confusion import confusion_figure
from mental_health_classifier.analysis.figures.curves import curves_figure, training_curve
from mental_health_classifier.analysis.figures.decision import (
    decision_figure,
    stored_decision_curve,
)
from mental_health_classifier.analysis.figures.efficiency import efficiency_figure
from mental_health_classifier.analysis.figures.models import ShownModel, read_model, side_by_side
from mental_health_classifier.analysis.figures.names import plain_name
from mental_health_classifier.analysis.figures.seeds import seeds_figure
from mental_health_classifier.analysis.tables.run_table import run_table
from mental_health_classifier.console.wording import count
from mental_health_classifier.contracts import InputError, Predictions
from mental_health_classifier.evaluation.operating_point import OperatingPoint
from mental_health_classifier.tracking.run_index import RunSummary
from mental_health_classifier.tracking.selection.candidates import require_one_corpus

__all__ = [
    "KINDS",
    "architecture_figure",
    "clinical_figure",
    "confusion_figure",
    "curves_figure",
    "decision_figure",
    "draw",
    "efficiency_figure",
    "read_clinical_model",
    "read_model",
    "seeds_figure",
    "side_by_side",
    "stored_decision_curve",
    "training_curve",
]

Drawn = tuple[Figure, list[str]]
"""A figure, and in sentences what it does not show, or why to be careful."""


def draw(kind: str, runs: Sequence[RunSummary], *, metric: str | None = None) -> Drawn:
    """Draws runs as one of the figures of `mhc plot`, and saves nothing.

    Args:
        kind: one of KINDS.
        metric: of the kinds that show one; None: the usual one.

    Returns:
        The figure, and in sentences what it does not show, or why to be careful.

    Raises:
        InputError: these runs cannot be drawn so, see the function of each kind; or they were not
            tested on the same posts for the same priority class.
    """
    require_one_corpus(runs, what="figure")
    if kind in OF_TABLES:
        return _of_table(OF_TABLES[kind], runs, metric)
    if kind == "curves":
        curves, notes = side_by_side(runs, training_curve)
        return curves_figure(curves, metric=metric), notes
    if metric is not None:
        with_metric = ", ".join((*OF_TABLES, "curves"))
        raise InputError(f"--metric={metric}: {kind} shows none, {with_metric} do.")
    if kind == "decision":
        points, notes = side_by_side(runs, stored_decision_curve)
        return decision_figure(points), notes
    if kind == "clinical":
        models, notes = side_by_side(runs, read_clinical_model)
        return clinical_figure(models), notes
    models, notes = side_by_side(runs, read_model)
    return confusion_figure({name: model.test for name, model in models.items()}), notes


def figures_of_finished_run(
    name: str, test: Predictions, point: OperatingPoint
) -> dict[str, Figure]:
    """Confusion, and where posts of a priority class were tested the clinical figure.

    Args:
        point: frozen on val.
    """
    shown = plain_name(name)
    figures = {"test/confusion": confusion_figure({shown: test})}
    if test.is_priority.any() and not test.is_priority.all():
        figures["test/clinical"] = clinical_figure({shown: ShownModel(test, point)})
    return figures


OF_TABLES: dict[str, Callable[..., Figure]] = {
    "architecture": architecture_figure,
    "efficiency": efficiency_figure,
    "seeds": seeds_figure,
}
KINDS = (*OF_TABLES, "curves", "confusion", "clinical", "decision")


def _of_table(
    draw_table: Callable[..., Figure], runs: Sequence[RunSummary], metric: str | None
) -> Drawn:
    table = run_table(runs)
    figure = draw_table(table, metric=metric)
    notes = []
    if num_others := int((table["status"] != "completed").sum()):
        notes.append(f"Left out: {count(num_others, 'run')} that did not complete.")
    return figure, notes
