"""What a certificate says, before it is written anywhere."""

from __future__ import annotations

from mental_health_classifier.analysis.sections.certificate import certificate_summary, on_test


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
