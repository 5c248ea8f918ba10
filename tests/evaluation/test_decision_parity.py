import numpy as np

from mental_health_classifier.contracts import Predictions, Task
from mental_health_classifier.evaluation.decision_parity import Thresholds, parity


def predicted(*scores: float) -> dict[str, Predictions]:
    """Posts whose probability of suicide is so much, and of control the rest."""
    predictions = Predictions(
        part="test",
        task=Task.categorical("condition", ("control", "suicide"), "suicide"),
        post_ids=[str(place) for place in range(len(scores))],
        authors=["anna"] * len(scores),
        labels=np.zeros(len(scores), dtype=int),
        probabilities=np.array([[1 - score, score] for score in scores]),
    )
    return {"test": predictions}


BEFORE = predicted(0.05, 0.15, 0.25, 0.6)


def test_classes_alerts_and_referrals_count_and_a_lost_alert_is_told() -> None:
    thresholds = Thresholds(alert_from=0.2, refer_from=0.1, temperature=None)
    after = predicted(0.12, 0.19, 0.18, 0.4)  # now referred; as before; no alert; another class
    found = parity(BEFORE, after, thresholds=thresholds, parts=["test"])["test"]
    assert (found["posts"], found["changed"]) == (4, 3)
    assert (found["alerts_lost"], found["alerts_gained"]) == (1, 0)
    assert round(found["largest_difference"], 6) == 0.2


def test_without_thresholds_classes_alone_count() -> None:
    found = parity(BEFORE, predicted(0.45, 0.45, 0.45, 0.45), thresholds=None, parts=["test"])
    assert found["test"]["changed"] == 1 and found["test"]["alerts_lost"] == 0


def test_thresholds_are_compared_at_the_temperature_that_they_were_chosen_at() -> None:
    # At temperature 2 the odds 0.25 / 0.75 become their root: 0.366.
    thresholds = Thresholds(alert_from=0.36, refer_from=0.36, temperature=2.0)
    assert thresholds.actions(BEFORE["test"]).tolist() == [0, 0, 2, 2]
