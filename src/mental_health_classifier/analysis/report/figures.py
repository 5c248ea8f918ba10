"""Figures of `mhc plot` in the report, with links to its runs."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from mental_health_classifier.analysis.figures.architecture import architecture_figure
from mental_health_classifier.analysis.figures.assessed import assessed_figure
from mental_health_classifier.analysis.figures.clinical import clinical_figure, read_clinical_model
from mental_health_classifier.analysis.figures.confusion import confusion_figure
from mental_health_classifier.analysis.figures.curves import (
    FEW_POINTS,
    curves_figure,
    has_course,
    training_curve,
)
from mental_health_classifier.analysis.figures.decision import (
    decision_curve_of,
    decision_figure,
    stored_decision_curve,
)
from mental_health_classifier.analysis.figures.efficiency import efficiency_figure
from mental_health_classifier.analysis.figures.frequencies import frequencies_figure
from mental_health_classifier.analysis.figures.inline import InlineFigure, inline_figure
from mental_health_classifier.analysis.figures.models import (
    ShownModel,
    read_model,
    read_yardstick,
)
from mental_health_classifier.analysis.figures.names import plain_name, wrapped_name
from mental_health_classifier.analysis.figures.parallel import parallel_figure
from mental_health_classifier.analysis.figures.resources import resource_use, resources_figure
from mental_health_classifier.analysis.figures.seeds import seeds_figure
from mental_health_classifier.analysis.figures.style import LOOKS
from mental_health_classifier.analysis.report.evidence import Evidence
from mental_health_classifier.analysis.sections.pieces import measure_of, shortened, yardstick_name
from mental_health_classifier.analysis.tables.frequencies import (
    frequencies_of,
    frequencies_of_yardstick,
)
from mental_health_classifier.analysis.tables.run_facts import facts_of
from mental_health_classifier.analysis.tables.run_names import choices_of
from mental_health_classifier.analysis.tables.run_table import YARDSTICK_MODELS, run_table
from mental_health_classifier.console.wording import is_number
from mental_health_classifier.contracts import InputError
from mental_health_classifier.contracts.decimals import decimals
from mental_health_classifier.tracking.record.run_summary import RunSummary

MOST_CURVES = 24
MOST_AT_FIRST = 6
"""Characters of a name beside a figure, which has a line to itself."""
SIZE = (4.4, 3.3)
"""Of a chart of curves, in inches: as a phone shows it."""

PANELS = {
    "val/recall_at_spec80": "Recall of the priority class at specificity .80, validation",
    "val/partial_auc": "Partial area under the ROC, validation",
    "val/f1_macro": "Macro F1, validation",
    "val/loss": "Loss, validation",
    "train/loss": "Loss, training",
}


@dataclass(frozen=True, slots=True)
class Curve:
    """A run that can be switched on and off in all curves."""

    anchor: str
    name: str
    seed: int | None
    look: int
    """Place in LOOKS, by configuration."""
    is_shown: bool


@dataclass(frozen=True, slots=True)
class Curves:
    curves: Sequence[Curve]
    figures: Sequence[InlineFigure]
    logarithmic: Mapping[str, InlineFigure]
    """Those of losses by their title, on a logarithmic scale."""
    is_smoothed: bool
    """Whether there are lines that are drawn smoothed, too."""
    num_left_out: int
    """Runs with curves beyond those drawn: the ones that rank lower."""
    num_damaged: int
    """Lines of their files that were cut or changed, and are not drawn."""


def figures_of_runs(evidence: Evidence) -> dict[str, InlineFigure]:
    """Those of all comparable runs that can be drawn: `seeds`, `architecture`, `efficiency`,
    `parallel`, `resources`."""
    table = run_table(evidence.comparable)
    key = f"test/{evidence.headline}"
    links = {str(run.id): f"#{evidence.anchor(run)}" for run in evidence.comparable}
    titles = {
        f"#{evidence.anchor(run)}": f"{evidence.seed_link(run)}: {measure_of(run, key)}"
        for run in evidence.comparable
    }
    return _drawn(
        {
            "seeds": lambda: seeds_figure(table, links=links),
            "architecture": lambda: architecture_figure(table),
            "efficiency": lambda: efficiency_figure(table),
            "parallel": lambda: parallel_figure(_configurations(evidence), metric=key),
            "resources": lambda: resources_figure(_resources(evidence)),
        },
        titles={"seeds": titles},
    )


def _configurations(evidence: Evidence) -> list[tuple[str, Mapping[str, Any], float]]:
    """Of what was trained here: nothing else was told any setting."""
    key = f"test/{evidence.headline}"
    return [
        (
            evidence.name(each.runs[-1]),
            choices_of(facts_of(each.runs[-1])["overrides"]),
            each.mean(key),
        )
        for each in evidence.candidates
        if each.values(key)
        and each.runs[-1].model not in YARDSTICK_MODELS
        and not (each.runs[-1].is_external or each.runs[-1].is_export)
    ]


def _resources(evidence: Evidence) -> dict[str, pd.DataFrame]:
    found = {}
    for run in evidence.comparable[:MOST_AT_FIRST]:
        with contextlib.suppress(InputError):
            found[wrapped_name(evidence.seed_link(run))] = resource_use(run)
    return found


def figures_of_run(evidence: Evidence, run: RunSummary) -> dict[str, InlineFigure]:
    """Those of one run that can be drawn, beside its yardstick: `answer`, `confusion`,
    `clinical`, `assessed`, `decision`."""
    name = wrapped_name(evidence.seed_link(run))
    assessments = [evidence.assessment(run, each) or {} for each in ("calibration", "triage")]
    beside = _yardstick_beside(run)
    return _drawn(
        {
            "answer": lambda: _answer(run),
            "confusion": lambda: confusion_figure(
                {name: read_model(run).test} | {key: each.test for key, each in beside.items()}
            ),
            "clinical": lambda: clinical_figure({name: read_clinical_model(run)} | beside),
            "assessed": lambda: assessed_figure(*assessments),
            "decision": lambda: decision_figure(
                {name: stored_decision_curve(run)}
                | {key: decision_curve_of(each) for key, each in beside.items()}
            ),
        }
    )


def _yardstick_beside(run: RunSummary) -> dict[str, ShownModel]:
    """The yardstick of a run by its name; empty where there is none to draw."""
    try:
        return {plain_name(f"yardstick {yardstick_name(run)}"): read_yardstick(run)}
    except InputError:
        return {}


def _answer(run: RunSummary) -> Figure:
    counted = {"this model": frequencies_of(run)}
    counted[f"yardstick {yardstick_name(run)}"] = frequencies_of_yardstick(run)
    return frequencies_figure(
        {each: found for each, found in counted.items() if found is not None},
        priority_class=plain_name(shortened(run.data.get("priority_class"))),
    )


def training_curves(evidence: Evidence) -> Curves:
    """The best runs' curves; a look a configuration, a line a seed."""
    curves: list[Curve] = []
    read: dict[str, pd.DataFrame] = {}
    places: dict[str | None, int] = {}
    kept: dict[str, int] = {}
    num_left_out = 0
    for run in evidence.comparable:
        if len(curves) == MOST_CURVES:
            # Whether more have a file is seen without reading it.
            num_left_out += (run.directory / "metrics.jsonl").is_file()
            continue
        anchor = evidence.anchor(run)
        try:
            read[anchor] = training_curve(run)
        except InputError:
            continue
        if isinstance(step := (run.selection or {}).get("step"), int):
            kept[anchor] = step - 1  # counted from nothing, as metrics are
        look = places.setdefault(run.configuration_hash, len(places) % len(LOOKS))
        is_shown = len(curves) < MOST_AT_FIRST
        curves.append(Curve(anchor, evidence.name(run), run.seed, look, is_shown))
    figures, logarithmic = [], {}
    for number, (key, title) in enumerate(PANELS.items()):
        drawn = [each for each in curves if has_course(read[each.anchor], key)]
        if drawn:
            figure = curves_figure(
                read,
                metric=key,
                looks={each.anchor: LOOKS[each.look] for each in drawn},
                links={each.anchor: f"#{each.anchor}" for each in drawn},
                kept=kept,
                yardstick=_of_yardstick(evidence, key),
            )
            figure.axes[0].set_title("")  # the page has it above
            figure.set_size_inches(SIZE)
            titles = {
                f"#{each.anchor}": _course(each, read[each.anchor][key].dropna()) for each in drawn
            }
            inline = inline_figure(figure, f"curve-{number}", titles=titles)
            figures.append(replace(inline, title=title))
            if "loss" in key:
                figure.axes[0].set_yscale("log")
                logarithmic[title] = inline_figure(figure, f"curve-{number}-log", titles=titles)
    num_damaged = sum(curve.attrs["num_damaged"] for curve in read.values())
    is_smoothed = any(len(curve) > FEW_POINTS for curve in read.values())
    return Curves(curves, figures, logarithmic, is_smoothed, num_left_out, num_damaged)


def _of_yardstick(evidence: Evidence, key: str) -> float | None:
    """What the yardstick reaches; None: runs have several, or none that was measured so."""
    found = {(run.yardstick or {}).get("metrics", {}).get(key) for run in evidence.comparable}
    known = [value for value in found if is_number(value)]
    return known[0] if len(known) == 1 else None


def _course(curve: Curve, values: pd.Series) -> str:
    first, last = values.iloc[0], values.iloc[-1]
    course = f"{decimals(first, 3)} at first, {decimals(last, 3)} at last"
    return f"{curve.name}, seed {curve.seed}: {course}"


def _drawn(
    draw: Mapping[str, Callable[[], Figure]],
    titles: Mapping[str, Mapping[str, str]] | None = None,
) -> dict[str, InlineFigure]:
    found = {}
    for name, figure in draw.items():
        try:
            found[name] = inline_figure(figure(), name, titles=(titles or {}).get(name))
        except (InputError, OSError):
            continue
    return found
