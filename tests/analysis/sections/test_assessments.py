"""What assessments say, before it is written anywhere."""

from __future__ import annotations

from mental_health_classifier.analysis.sections.assessments import (
    SECTIONS,
    certificate_summary,
    explanations,
    on_test,
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
        ["interpretability score", "0.700 [0.60, 0.75]", "40", ""],
        ["sufficiency", DASH, "40", "1.000"],
    ]
    assert found.brief == ["Interpretability score: .700 [.60, .75] on 40 test posts."]


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


def test_a_certificate_made_on_posts_from_elsewhere_does_not_point_to_what_made_it() -> None:
    certificate = {
        "is_certified": True,
        "priority_class": "suicide",
        **{"required_recall": 0.9, "confidence": 0.9, "n": 40, "misses": 1, "allowed_misses": 1},
        **{"threshold": 0.2, "false_alarm_rate": 0.3, "false_alarm_interval": [0.2, 0.4]},
        "posts": {"name": "new.csv"},
    }
    assert "mhc certify" not in certificate_summary(certificate)
    assert "on posts from elsewhere, of which none is left" in certificate_summary(certificate)
    del certificate["posts"]
    assert "mhc certify measures it" in certificate_summary(certificate)


def test_deciding_that_leaves_no_post_without_a_person_is_called_so() -> None:
    measured = {"value": 0.5, "interval": [0.4, 0.6], "n": 10, "authors": 5}
    load = dict.fromkeys(("recall", "recall_with_referred", "alerted", "referred"), measured)
    refused = {"is_certified": False, "on_test": {**load, "left": {**measured, "value": 0.0}}}
    assert "a person reads every post" in "".join(on_test(refused))
    refused["on_test"]["left"] = measured
    assert "a person reads every post" not in "".join(on_test(refused))
