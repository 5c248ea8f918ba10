import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mental_health_classifier.contracts import InputError
from mental_health_classifier.data.batching import BatchDataset
from mental_health_classifier.data.curriculum.difficulty import (
    by_length,
    by_rarity,
    by_training_dynamics,
)
from mental_health_classifier.data.tokens.token_cache import TokenTable

SUSPECT = {"suspect_confidence": 0.2, "suspect_variability": 0.1}


@pytest.fixture
def posts() -> BatchDataset:
    """The last post is in another part: token 9 is none of what is learned from."""
    texts = [[1, 1], [1, 2, 3], [2], [9, 9, 9, 9]]
    table = TokenTable(
        np.concatenate(texts).astype(np.uint16), np.cumsum([0, *map(len, texts)]).astype(np.int64)
    )
    return BatchDataset(
        tokens=table,
        rows=np.array([0, 1, 2]),
        labels={"condition": np.array([0, 1, 0, 1])},
        ids=pd.Series(["a", "b", "c", "d"]),
    )


def test_longer_posts_are_harder(posts) -> None:
    assert by_length(posts).values.tolist() == [2, 3, 1]
    assert not by_length(posts).is_suspect.any()


def test_posts_of_rarer_tokens_are_harder_counted_in_the_part_alone(posts) -> None:
    # Of six tokens three are 1, two are 2, one is 3.
    expected = [2 * math.log(2), math.log(2) + math.log(3) + math.log(6), math.log(3)]
    assert by_rarity(posts).values.tolist() == pytest.approx(expected)


def write_epochs(run: Path, *epochs: dict[str, float]) -> Path:
    (run / "training_dynamics").mkdir(parents=True)
    for number, epoch in enumerate(epochs, start=1):
        rows = "".join(f"{post},{probability}\n" for post, probability in epoch.items())
        path = run / "training_dynamics" / f"epoch-{number:03d}.csv"
        path.write_text(f"post,probability\n{rows}")
    return run


def test_what_an_earlier_run_was_less_sure_of_is_harder(posts, tmp_path: Path) -> None:
    run = write_epochs(tmp_path, {"c": 0.1, "b": 0.1, "a": 0.4}, {"a": 0.8, "b": 0.7, "c": 0.2})
    found = by_training_dynamics(posts, run=str(run), **SUSPECT)
    assert found.values.tolist() == pytest.approx([0.4, 0.6, 0.85])
    # b moved by 0.3 about its mean: hard. c stayed at 0.15 +- 0.05: its label is probably wrong.
    assert found.is_suspect.tolist() == [False, False, True]


@pytest.mark.parametrize(
    ("epochs", "message"),
    [
        ([], r"2 epochs or more, found 0\. Train that run with callbacks=training_dynamics"),
        ([{"a": 0.5, "b": 0.5, "c": 0.5}], "found 1"),
        ([{"a": 0.5, "b": 0.5, "x": 0.5}] * 2, "1 of 3 training posts are not among its 3"),
        ([{"a": 0.5, "b": 0.5, "c": 0.5, "d": 0.5}] * 2, r"0 of 3 training posts .* among its 4"),
        ([{"a": "much", "b": 0.5, "c": 0.5}] * 2, "is damaged"),
    ],
)
def test_dynamics_that_do_not_fit_are_refused(posts, tmp_path, epochs, message: str) -> None:
    run = write_epochs(tmp_path, *epochs)
    with pytest.raises(InputError, match=message):
        by_training_dynamics(posts, run=str(run), **SUSPECT)


def test_a_run_has_to_be_given(posts) -> None:
    with pytest.raises(InputError, match=r"sampler\.difficulty\.run is not given"):
        by_training_dynamics(posts, run=None, **SUSPECT)
