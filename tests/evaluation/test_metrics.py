import numpy as np
import pytest
from sklearn.metrics import (
    average_precision_score,
    balanced_accuracy_score,
    f1_score,
    fbeta_score,
    roc_auc_score,
)

from mental_health_classifier.contracts import Predictions, Task
from mental_health_classifier.evaluation.metrics import (
    PartMetrics,
    confusion_matrix,
    posts_behind,
)

CLASSES = ("anxiety", "control", "suicide")


def predicted(labels, probabilities, priority_class="suicide", classes=CLASSES):
    return Predictions(
        part="test",
        task=Task.categorical("diagnosis", classes, priority_class),
        post_ids=[str(i) for i in range(len(labels))],
        authors=None,
        labels=np.array(labels),
        probabilities=np.array(probabilities, dtype=float),
    )


# Truth and most probable class: anxiety -> anxiety, anxiety -> suicide, suicide -> suicide,
# suicide -> control.
FOUR_POSTS = predicted(
    [0, 0, 2, 2],
    [[0.7, 0.2, 0.1], [0.2, 0.3, 0.5], [0.1, 0.0, 0.9], [0.3, 0.5, 0.2]],
)


def at_weight_one(predictions):
    values = PartMetrics(predictions)(np.ones((1, len(predictions))))
    return {key: value[0] for key, value in values.items()}


def random_predictions(n, seed, *, decimals=6):
    generator = np.random.default_rng(seed)
    labels = generator.choice(3, size=n, p=[0.3, 0.5, 0.2])
    logits = generator.normal(size=(n, 3)) + 1.2 * np.eye(3)[labels]
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    probabilities = probabilities.round(decimals)
    # Rounding to few decimals makes scores equal; the largest takes what is then missing to one.
    probabilities[np.arange(n), probabilities.argmax(axis=1)] += 1 - probabilities.sum(axis=1)
    return predicted(labels, probabilities.round(decimals))


def test_four_posts_worked_by_hand():
    assert confusion_matrix(FOUR_POSTS).tolist() == [[1, 0, 1], [0, 0, 0], [0, 1, 1]]
    numbers = at_weight_one(FOUR_POSTS)
    behind = {key: int(each.posts.sum()) for key, each in posts_behind(FOUR_POSTS).items()}
    shares = {
        "accuracy": (2, 4),
        "precision/suicide": (1, 2),
        "recall/suicide": (1, 2),
        "precision/anxiety": (1, 1),
        "recall/anxiety": (1, 2),
        "precision/control": (0, 1),
        "prevalence": (2, 4),
        "alert_rate": (2, 4),
    }
    assert {key: (round(numbers[key] * behind[key]), behind[key]) for key in shares} == shares
    assert behind["recall/control"] == 0 and np.isnan(numbers["recall/control"])
    assert numbers["accuracy"] == 0.5
    assert numbers["balanced_accuracy"] == 0.5  # No post is control: the mean of the other two.
    assert numbers["f1/anxiety"] == pytest.approx(2 / 3)
    assert numbers["f1/control"] == 0  # Predicted once, wrongly.
    assert numbers["f1/suicide"] == 0.5
    assert numbers["f1_macro"] == pytest.approx((2 / 3 + 0 + 0.5) / 3)
    assert numbers["f2"] == pytest.approx(5 * 1 / (4 * 2 + 2))
    # Suicide scores .9 yes, .5 no, .2 yes, .1 no. Precision 1 at the first, 2/3 at the second.
    assert numbers["auprc"] == pytest.approx((1 + 2 / 3) / 2)
    # One false alert of two is already below specificity .8: what is found before it.
    assert numbers["recall_at_spec80"] == 0.5
    # ROC up to a false positive rate of .2 is flat at .5: area .1, between .02 (chance) and .2.
    assert numbers["partial_auc"] == pytest.approx((1 + (0.1 - 0.02) / 0.18) / 2)


def test_a_class_that_neither_occurs_nor_is_predicted_has_no_f1():
    numbers = at_weight_one(predicted([0, 2], [[0.8, 0.1, 0.1], [0.1, 0.1, 0.8]]))
    assert np.isnan(numbers["f1/control"])
    assert numbers["f1_macro"] == 1


def test_without_a_priority_class_only_the_numbers_of_classes_are_there():
    without = predicted(FOUR_POSTS.labels, FOUR_POSTS.probabilities, priority_class=None)
    numbers = at_weight_one(without)
    assert set(numbers) == {"accuracy", "balanced_accuracy", "f1_macro"} | {
        f"{kind}/{name}" for kind in ("precision", "recall", "f1") for name in CLASSES
    }
    assert set(posts_behind(without)) < set(numbers)


@pytest.mark.parametrize("decimals", [6, 1])
def test_the_numbers_are_those_of_scikit_learn_also_for_posts_drawn_again(decimals):
    """Rounded to one decimal there are many equal scores."""
    predictions = random_predictions(200, seed=decimals, decimals=decimals)
    weights = np.random.default_rng(5).integers(4, size=(6, 200)).astype(float)
    weights[0] = 1
    numbers = PartMetrics(predictions)(weights)
    labels, given = predictions.labels, predictions.probabilities.argmax(axis=1)
    is_priority, scores = predictions.is_priority, predictions.priority_scores
    for draw, weight in enumerate(weights):
        expected = {
            "balanced_accuracy": balanced_accuracy_score(labels, given, sample_weight=weight),
            "f1_macro": f1_score(labels, given, average="macro", sample_weight=weight),
            "f1/suicide": f1_score(labels == 2, given == 2, sample_weight=weight),
            "f2": fbeta_score(labels == 2, given == 2, beta=2, sample_weight=weight),
            "auprc": average_precision_score(is_priority, scores, sample_weight=weight),
            "partial_auc": roc_auc_score(is_priority, scores, max_fpr=0.2, sample_weight=weight),
            "accuracy": np.average(labels == given, weights=weight),
        }
        for key, value in expected.items():
            assert numbers[key][draw] == pytest.approx(value, abs=1e-12), key


def test_posts_without_weight_are_as_if_they_were_not_there():
    predictions = random_predictions(60, seed=9)
    kept = np.random.default_rng(6).random(60) < 0.5
    fewer = predicted(predictions.labels[kept], predictions.probabilities[kept])
    weighted = PartMetrics(predictions)(kept[None].astype(float))
    for key, value in at_weight_one(fewer).items():
        assert weighted[key][0] == pytest.approx(value, abs=1e-12), key
