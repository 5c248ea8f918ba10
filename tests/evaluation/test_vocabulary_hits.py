import numpy as np

from mental_health_classifier.contracts import Predictions, Task
from mental_health_classifier.evaluation.metrics import PartMetrics
from mental_health_classifier.evaluation.vocabulary_hits import only, vocabulary_hits

TASK = Task.categorical("condition", ("control", "suicide"), "suicide")


def headline(of: Predictions) -> float:
    return float(PartMetrics(of)(np.ones((1, len(of))))["recall_at_spec80"][0])


def predictions(groups: dict[str, list[str]]) -> Predictions:
    # Two suicide posts and five others with a hit, then the same without.
    scores = np.array([0.9, 0.3, 0.8, 0.2, 0.1, 0.05, 0.01, 0.6, 0.1, 0.7, 0.65, 0.2, 0.2, 0.2])
    return Predictions(
        part="test",
        task=TASK,
        post_ids=[f"p{number}" for number in range(14)],
        authors=None,
        labels=np.array([1, 1, 0, 0, 0, 0, 0] * 2),
        probabilities=np.column_stack([1 - scores, scores]),
        groups=groups,
    )


def test_the_headline_is_split_by_hits_each_side_with_its_own_threshold() -> None:
    hits = ["true"] * 7 + ["false"] * 7
    found = predictions({"has_vocabulary_hit": hits})
    has_hit = vocabulary_hits(found)
    assert has_hit is not None and has_hit.tolist() == [True] * 7 + [False] * 7
    # One false alarm of five is allowed: 0.8 with a hit, which lets 0.3 through; 0.7 without, and
    # 0.6 is below the second one.
    assert headline(only(found, has_hit)) == 1 and headline(only(found, ~has_hit)) == 0
    assert only(found, ~has_hit).post_ids == [f"p{number}" for number in range(7, 14)]


def test_without_priority_posts_on_a_side_there_is_no_headline() -> None:
    has_hit = np.array([True, True] + [False] * 12)
    assert np.isnan(headline(only(predictions({}), ~has_hit & (predictions({}).labels == 0))))
    assert vocabulary_hits(predictions({})) is None
