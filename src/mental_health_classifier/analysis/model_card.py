"""Model card of a run: what it may be used for and what is known of it.

Generated from records alone: nothing is claimed that is not in them, and what was not measured is
said not to have been.

Source: Mitchell et al., Model Cards for Model Reporting, FAT* 2019; Collins et al., TRIPOD+AI, BMJ
2024.
"""

from __future__ import annotations

from collections.abc import Sequence

from mental_health_classifier.analysis.documents import markdown_card
from mental_health_classifier.analysis.sections.answer import a_day, answer
from mental_health_classifier.analysis.sections.assessments import assessment_sections
from mental_health_classifier.analysis.sections.performance import evaluation, performance_sections
from mental_health_classifier.analysis.sections.provenance import making, posts, verdict
from mental_health_classifier.analysis.tables.standing import standing_of_run
from mental_health_classifier.storage.files import write_atomically
from mental_health_classifier.tracking.provenance.source_rebuild import why_not_rebuilt
from mental_health_classifier.tracking.record.run_summary import RunSummary

FILE = "model_card.md"


def write_model_card(run: RunSummary, runs: Sequence[RunSummary] = ()) -> None:
    """Writes model_card.md into the run's directory, replacing an older one.

    Args:
        runs: among which the verdict on its configuration looks for other seeds and for others to
            compare it with.
    """
    write_atomically(run.directory / FILE, model_card(run, runs))


def model_card(run: RunSummary, runs: Sequence[RunSummary] = ()) -> str:
    """The card as Markdown."""
    of_test = {key: value for key, value in run.metrics.items() if key.startswith("test/")}
    return markdown_card(
        "model_card.md.j2",
        run=run,
        verdict=verdict(run),
        answer=answer(run),
        standing=standing_of_run(run, runs),
        sections=[
            *performance_sections(run),
            *([] if (day := a_day(run)) is None else [day]),
            *(assessment_sections(run) if run.judges_posts else ()),
            posts(run),
        ],
        making=making(run),
        obstacle=why_not_rebuilt(run),
        numbers=evaluation(of_test, run.intervals),
    )
