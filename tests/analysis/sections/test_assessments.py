"""What assessments say, before it is written anywhere."""

from __future__ import annotations

from mental_health_classifier.analysis.sections.assessments import (
    SECTIONS,
    explanations,
    section_of,
)
from mental_health_classifier.analysis.sections.pieces import DASH, plain


def test_explanations_show_intervals_counts_and_what_was_left_out() -> None:
    assessment = {
        "interpretability_score": 0.7,
        "comprehensiveness": 0.8,
        "sufficiency": None,
        "stability": 0.6,
        "intervals": {"interpretability_score": [0.6, 0.75]},
        "dropped_share": {"comprehensiveness": 0.25, "sufficiency": 1.0, "stability": 0.0},
        "n": 40,
        "n_plausibility": 0,
    }
    found = explanations(assessment)
    assert found.header == ["part", "value", "posts", "left out"]
    assert [[plain(cell) for cell in row] for row in found.rows][::2] == [
        ["interpretability score", ".700 [.60, .75]", "40", ""],
        ["sufficiency", DASH, "40", "1.00"],
    ]
    assert found.brief == [
        "Interpretability score: .700 [.60, .75] on 40 test posts (left out of them: .250 for "
        "comprehensiveness, 1.00 for sufficiency, .000 for stability)."
    ]


def test_what_was_not_measured_is_said_with_what_would_measure_it() -> None:
    missing = {name: section_of(name, None) for name in SECTIONS}
    assert all(section.missing and not section.rows for section in missing.values())
    commands = {name: section.command for name, section in missing.items() if section.command}
    assert commands == {
        "certificate": "mhc certify",
        "behaviour": "mhc behaviour",
        "explain": "mhc explain",
        "shortcuts": "mhc shortcuts",
    }
