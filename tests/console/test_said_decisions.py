import pytest

from mental_health_classifier.console.decisions import headline, sentence
from mental_health_classifier.contracts.explained_text import DecidedPost


def decided(action: str, reason: str, probability: float | None, **others: object) -> DecidedPost:
    values = {"threshold": 0.047, "refer_from": 0.02, "is_certified": True, **others}
    return DecidedPost(action, reason, "suicide", probability, **values)


def test_an_alert_is_told_with_both_numbers() -> None:
    said = sentence(decided("alert", "reached_threshold", 0.16))
    assert said == "Alerted: probability .160 of suicide, alert from .047."


def test_what_leads_to_a_person_is_said() -> None:
    near = sentence(decided("refer", "near_threshold", 0.03))
    assert near.startswith("Referred to a person: probability .030 of suicide, alert from .047. ")
    assert "referred from .020 on" in near
    assert "English" in sentence(decided("refer", "foreign_language", 0.001))
    assert "probability - of" in sentence(decided("refer", "internal_error", None))


def test_numbers_that_differ_are_shown_to_differ() -> None:
    said = sentence(decided("no_alert", "below_threshold", 0.0468))
    assert said == "Not alerted: probability .046800 of suicide, alert from .047000."


def test_a_threshold_without_a_certificate_says_so() -> None:
    assert "no certificate" in sentence(decided("alert", "reached_threshold", 0.5, is_certified=0))


def test_a_run_that_alerts_nothing_says_so() -> None:
    assert headline(None) == "Not decided" and "no priority class" in sentence(None)


@pytest.mark.parametrize("action", ["alert", "refer", "no_alert"])
def test_names_steer_no_terminal(action: str) -> None:
    said = sentence(decided(action, "below_threshold", 0.5)._replace(class_name="\x1b[2J"))
    assert "\x1b" not in said
