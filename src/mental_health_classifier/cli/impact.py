"""The command `impact`: what a clinical variant is worth."""

from __future__ import annotations

from typing import Annotated

import typer

from mental_health_classifier.analysis.pages.sections import print_section
from mental_health_classifier.analysis.sections.variant_impact import conclusion, variant_impact
from mental_health_classifier.analysis.tables.variant_impacts import impacts_of_variant
from mental_health_classifier.cli.arguments import (
    AsJson,
    Margin,
    Roots,
    WithArchived,
    found_runs,
    print_json,
)
from mental_health_classifier.contracts import InputError
from mental_health_classifier.contracts.headline import EQUIVALENCE_MARGIN


def impact(
    variant: Annotated[str, typer.Argument(help="umls_enhanced, curriculum, multitask, ...")],
    roots: Roots = None,
    margin: Margin = EQUIVALENCE_MARGIN,
    archived: WithArchived = False,
    as_json: AsJson = False,
) -> None:
    """Says whether a clinical variant helps, seed by seed.

    It compares runs with the variant with runs that differ from them in nothing else.
    """
    runs = found_runs(roots, with_archived=archived)
    entries = impacts_of_variant(variant, runs, margin=margin)
    if not entries:
        known = sorted({each for run in runs if run.status == "completed" for each in run.variants})
        raise InputError(
            f"No completed run has the variant {variant}; there are runs with "
            f"{', '.join(known) or 'none'}. python train.py -m sweep=impact model=baseline_micro "
            "runs all variants and their controls."
        )
    if as_json:
        return print_json([{**entry, "conclusion": conclusion(entry)} for entry in entries])
    for entry in entries:
        print_section(variant_impact(entry, {}))
