import numpy as np
import pytest

from mental_health_classifier.contracts import Predictions, Task
from mental_health_classifier.evaluation.intervals import wilson_interval
from mental_health_classifier.evaluation.shares import Share, ShareOfPosts, measure_shares


def test_a_share_of_nothing_is_unknown_and_not_zero():
    assert Share(0, 0).value is None
    assert Share(0, 0).interval is None
    assert Share(3, 4).value == 0.75


def share_found(found, authors):
    n = len(authors)
    predictions = Predictions(
        part="test",
        task=Task.categorical("diagnosis", ("control", "suicide"), "suicide"),
        post_ids=[f"post-{i}" for i in range(n)],
        authors=authors,
        labels=np.zeros(n, dtype=np.int64),
        probabilities=np.full((n, 2), 0.5),
    )
    every = np.ones(n, dtype=bool)
    return measure_shares({"share": ShareOfPosts(found, every)}, predictions)["share"]


def test_a_share_of_posts_of_as_many_people_has_wilsons_interval():
    share = share_found(np.arange(50) < 45, [str(i) for i in range(50)])
    assert (share.value, share.n, share.authors) == (0.9, 50, 50)
    assert share.interval == pytest.approx((0.7864, 0.9565), abs=5e-5)


def test_posts_that_are_all_alike_count_as_one_an_author():
    authors = [f"author{i // 10}" for i in range(200)]
    low, high = share_found(np.arange(200) < 100, authors).interval
    # Ten of twenty by Wilson: .2993 to .7007; t in place of the normal makes it wider.
    assert low < 0.2993 and high > 0.7007 and high - low < 0.55
    # What all twenty agree on: Wilson for 20 of 20, not for 200 of 200.
    everybody = share_found(np.ones(200, dtype=bool), authors)
    assert everybody.interval == pytest.approx(wilson_interval(20, 20))
    assert everybody.authors == 20


def test_an_interval_by_author_holds_that_by_post():
    generator = np.random.default_rng(0)
    for seed in range(20):
        authors = [str(i) for i in generator.integers(0, 15, size=60)]
        found = generator.random(60) < 0.2 + 0.03 * seed
        low, high = share_found(found, authors).interval
        by_post = wilson_interval(int(found.sum()), 60)
        assert low <= by_post[0] and high >= by_post[1]
