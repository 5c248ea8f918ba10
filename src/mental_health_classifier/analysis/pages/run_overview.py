"""One run in full, as it is shown at its end and by `mhc show`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path

from rich.console import Group, RenderableType
from rich.text import Text

from mental_health_classifier.analysis.pages.sections import section_table, warning_lines
from mental_health_classifier.analysis.sections.answer import answer
from mental_health_classifier.analysis.sections.assessments import assessment_sections
from mental_health_classifier.analysis.sections.performance import performance_sections
from mental_health_classifier.analysis.sections.pieces import plain
from mental_health_classifier.analysis.sections.provenance import making, posts, said_later
from mental_health_classifier.analysis.tables.standing import standing_of_run
from mental_health_classifier.console.tables import text
from mental_health_classifier.console.wording import duration, is_number, number
from mental_health_classifier.tracking.provenance.source_rebuild import why_not_rebuilt
from mental_health_classifier.tracking.run_index import RunSummary

NAME_WIDTH = 18


def run_overview(run: RunSummary, runs: Sequence[RunSummary] = ()) -> RenderableType:
    """What a run learned, what that is worth beside the yardstick, and on which posts.

    Everything comes from records, so it is the same page on every day and machine.

    Args:
        runs: among which the verdict on its configuration looks for other seeds and for others to
            compare it with.
    """
    standing = map(text, map(plain, standing_of_run(run, runs).sentences))
    summary = map(text, map(plain, answer(run).sentences))
    sections = (
        *(_heading(run), summary, standing, *_numbers(run), _trust(run)),
        *(_making(run), _data(run), _next_steps(run)),
    )
    filled = [lines for section in sections if (lines := list(section))]
    return Group(*chain.from_iterable((*lines, "") for lines in filled[:-1]), *filled[-1])


def _heading(run: RunSummary) -> Iterator[Text]:
    took = "" if run.duration_seconds is None else f" after {duration(run.duration_seconds)}"
    style = "bold green" if run.status == "completed" else "bold red"
    yield Text("  ").join(
        [
            text(run.name or run.directory.name, "bold"),
            text(run.id or "-"),
            text(run.status + took, style),
        ]
    )
    problem = run.problem
    if problem is not None:
        yield text(problem, "red")
        if not run.imported_from:
            yield text(f"Log: {_shown(run.directory / 'logs' / 'train.log')}")


def _making(run: RunSummary) -> Iterator[Text]:
    if not run.run:
        return
    parameters = run.model_facts.get("parameters")
    size = f", {parameters / 1e6:.2f} M parameters" if is_number(parameters) else ""
    is_foreign = run.is_external or run.imported_from is not None
    seed = "" if is_foreign and run.seed is None else f", seed {run.seed}"
    yield text(f"Model {' + '.join(map(str, (run.model, *run.variants)))}{seed}{size}")
    if members := making(run).get("members"):
        yield text(f"Members: {members}")
    if exported := making(run).get("exported from"):
        yield text(f"Exported from {exported}")
    changes = {True: ", with changes that were not committed", False: "", None: ""}[run.is_dirty]
    yield text(f"Commit {(run.commit or 'not known')[:12]}{changes}")
    if (obstacle := why_not_rebuilt(run)) is not None:
        yield text(obstacle, "yellow")
    yield text(f"Started {str(run.created_at)[:19].replace('T', ' ')} UTC{_phases(run)}")
    if chosen := run.selection:
        monitor, value = chosen.get("monitor"), number(chosen.get("value"))
        reason = f"chosen by {monitor} ({value})" if monitor else "the last: none was validated"
        yield text(f"Checkpoint of step {chosen.get('step')}, {reason}")
    for label, said in (
        ("Description", run.description),
        ("Hypothesis", run.hypothesis),
        ("Tags", ", ".join(map(str, run.tags))),
        *said_later(run),
    ):
        if said:
            yield text(f"{label}: {said}")
    if run.annotations.problem:
        yield text(f"Warning: {run.annotations.problem}", "yellow")


def _phases(run: RunSummary) -> str:
    phases = ", ".join(
        f"{phase} {duration(seconds)}"
        for phase, seconds in run.end.get("phases", {}).items()
        if is_number(seconds) and seconds >= 1
    )
    return f"; {phases}" if phases else ""


def _numbers(run: RunSummary) -> Iterator[Iterable[RenderableType]]:
    for section in performance_sections(run):
        yield (text(plain(said)) for said in section.sentences)
        if section.rows:
            width = NAME_WIDTH if section.title == "Every class" else None
            bold = run.data.get("priority_class")
            table = section_table(section, name_width=width, bold=bold, has_n=False)
            yield [text(f"{section.caption}."), table]
        yield [*(text(plain(said)) for said in section.notes), *warning_lines(section)]


def _trust(run: RunSummary) -> Iterator[Text]:
    """What may be promised of the model, and whether its probabilities mean what they say."""
    for section in assessment_sections(run):
        is_refused = section.title == "Certificate" and not section.notes
        yield from (text(said, "yellow" if is_refused else "") for said in section.brief)
        yield from warning_lines(section)
        if section.title == "Certificate" and section.notes:
            yield text(f"What it does not promise: mhc certify {run.id}")


def _data(run: RunSummary) -> Iterator[Text]:
    if run.data:
        yield from map(text, posts(run).brief)
        yield from warning_lines(posts(run))


def _next_steps(run: RunSummary) -> Iterator[Text]:
    yield text(f"Everything of this run lies in {_shown(run.directory)}")
    reference = run.id or _shown(run.directory)
    commands = {
        "mhc compare": "all runs in one table",
        f"mhc show {reference}": "this page",
        f"mhc diff {reference} OTHER": "what another run did differently",
        f"tensorboard --logdir {_root(run.directory)}": "curves",
    }
    if run.is_external or run.imported_from:
        commands.popitem()
    width = max(map(len, commands))
    for command, purpose in commands.items():
        yield text(f"  {command:<{width}}  {purpose}")


def _shown(path: Path) -> str:
    """Relative to where the person is, where that is shorter."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") or relative == "." else relative


def _root(directory: Path) -> str:
    shown = Path(_shown(directory))
    return str(shown.parent) if shown.is_absolute() else shown.parts[0]
