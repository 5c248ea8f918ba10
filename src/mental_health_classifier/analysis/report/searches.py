"""Searches that runs of the report are trials of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mental_health_classifier.analysis.figures.inline import InlineFigure, inline_figure
from mental_health_classifier.analysis.figures.search import history_figure, importances_figure
from mental_health_classifier.analysis.report.evidence import Evidence
from mental_health_classifier.analysis.sections.pieces import (
    Measure,
    RunLink,
    Sentence,
    listed,
    shortened,
)
from mental_health_classifier.analysis.sections.section import Section
from mental_health_classifier.console.wording import count
from mental_health_classifier.contracts import InputError
from mental_health_classifier.contracts.metric_words import metric_words
from mental_health_classifier.tracking.search.result import SearchResult, read_result

SHOWN = 10
"""Trials in the table, the best ones."""


@dataclass(frozen=True, slots=True)
class SearchReport:
    """What a search came to."""

    section: Section
    figures: Sequence[InlineFigure]


def searches(evidence: Evidence) -> list[SearchReport]:
    """One for each folder of which a run is a trial."""
    folders = sorted({run.directory.parent for run in evidence.runs if run.trial is not None})
    found = []
    for place, folder in enumerate(folders):
        links: dict[int | None, RunLink] = {
            run.trial: evidence.link(run)
            for run in evidence.runs
            if run.trial is not None and run.directory.parent == folder
        }
        try:
            result = read_result(folder)
        except InputError as error:
            found.append(SearchReport(Section(title=folder.name, missing=str(error)), []))
            continue
        if result is not None:
            figures = list(_figures(result, f"search-{place}"))
            found.append(SearchReport(_section(result, links), figures))
    return found


def _section(result: SearchResult, links: dict[int | None, RunLink]) -> Section:
    metric = metric_words(result.metric)
    completed = [each for each in result.trials if each.state == "completed"]
    shown = sorted(completed, key=lambda each: -(each.value or 0))[:SHOWN]
    ended = listed([f"{number} {state}" for state, number in result.counts().items()])
    return Section(
        title=f"Search {shortened(result.name)}",
        sentences=[(f"{count(len(result.trials), 'trial')}: {ended}.",), *_outcome(result, links)],
        missing="" if completed else "No trial was completed.",
        caption=f"The {count(len(shown), 'best trial')} by {metric}",
        header=["Trial", metric, "What it tries"],
        rows=[
            [
                links.get(each.number, str(each.number)),
                Measure(each.value),
                shortened(f"trial {each.number}: {' '.join(each.overrides)}", 200),
            ]
            for each in shown
        ],
    )


def _outcome(result: SearchResult, links: dict[int | None, RunLink]) -> Iterator[Sentence]:
    best = result.best_trial
    if best is None:
        return
    yield (
        f"The best is trial {best.number}, ",
        links.get(best.number, "whose run is not among these"),
        f", with {metric_words(result.metric)} ",
        Measure(best.value),
        f". That is optimistic: it is the highest of {result.counts().get('completed', 0)}.",
    )
    for name, fresh in result.fresh.items():
        ends = None if fresh.low is None or fresh.high is None else (fresh.low, fresh.high)
        yield (
            f"Trained again with {count(len(result.seeds), 'fresh seed')}, it reaches "
            f"{metric_words(name)} ",
            Measure(fresh.mean, ends),
            " on average and ",
            Measure(fresh.worst),
            f" at worst (seed {fresh.worst_seed}).",
        )


def _figures(result: SearchResult, name: str) -> Iterator[InlineFigure]:
    for kind, draw in (("history", history_figure), ("importances", importances_figure)):
        try:
            yield inline_figure(draw(result), f"{name}-{kind}")
        except InputError:
            continue
