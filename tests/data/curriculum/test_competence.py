from itertools import chain, pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import chi2, chisquare

from mental_health_classifier.data.batching import LengthBuckets
from mental_health_classifier.data.curriculum.competence import CompetenceSampler
from mental_health_classifier.data.curriculum.difficulty import (
    Difficulty,
    easiest_first,
    hardest_first,
    in_random_order,
)
from mental_health_classifier.data.curriculum.pacing import GrowingCompetence

SHARES = (0.28, 0.2, 0.18, 0.12, 0.12, 0.1)
EPOCHS = 6
BATCH = 16
GENERATOR = np.random.default_rng(0)
CLASSES = GENERATOR.choice(len(SHARES), 3000, p=SHARES)
# The last class, the one whose misses cost most, has the longest posts.
LENGTHS = GENERATOR.integers(5, 60, 3000) + 20 * (len(SHARES) - 1 == CLASSES)
VALUES = LENGTHS + GENERATOR.normal(0, 5, 3000)
OPTIONS = {"max_posts": BATCH, "token_budget": 2000}


def sampler(
    *, order=easiest_first, seed=1, is_shuffled=True, is_suspect=None, share_of_training=0.5
) -> CompetenceSampler:
    none = np.zeros(len(VALUES), dtype=bool)
    return CompetenceSampler(
        SimpleNamespace(lengths=LENGTHS, classes=CLASSES),  # pyright: ignore[reportArgumentType]
        **OPTIONS,
        seed=seed,
        is_shuffled=is_shuffled,
        difficulty=lambda _: Difficulty(VALUES, none if is_suspect is None else is_suspect),
        order=order,
        pacing=GrowingCompetence(
            epochs=EPOCHS, share_of_training=share_of_training, initial=0.01, power=2.0
        ),
    )


def plain(*, seed=1, is_shuffled=True) -> LengthBuckets:
    posts = SimpleNamespace(lengths=LENGTHS)
    return LengthBuckets(posts, **OPTIONS, seed=seed, is_shuffled=is_shuffled)  # pyright: ignore[reportArgumentType]


def epoch(sampler: LengthBuckets, number: int, *, skipped: int = 0) -> list[list[int]]:
    sampler.set_epoch(number)
    if skipped:
        sampler.skip(skipped)
    return [batch.tolist() for batch in sampler]


@pytest.mark.parametrize("order", [easiest_first, hardest_first, in_random_order])
def test_the_pool_only_grows_and_ends_with_all_posts(order) -> None:
    found = sampler(order=order)
    pools = [set(found.pool(t).tolist()) for t in np.linspace(0, 3, 100)]
    assert all(earlier <= later for earlier, later in pairwise(pools))
    assert len(pools[0]) < 0.05 * len(VALUES) and pools[-1] == set(range(len(VALUES)))


@pytest.mark.parametrize("order", [easiest_first, hardest_first, in_random_order])
def test_every_pool_has_the_classes_in_the_shares_of_the_corpus(order) -> None:
    found = sampler(order=order)
    corpus = np.bincount(CLASSES) / len(CLASSES)
    for t in np.linspace(0, EPOCHS, 200):
        pool = found.pool(t)
        assert np.abs(np.bincount(CLASSES[pool], minlength=6) / len(pool) - corpus).max() <= 0.01


def test_a_pool_holds_a_batch_and_two_posts_of_the_rarest_class() -> None:
    classes = np.array([0] * 998 + [1] * 2)
    posts = SimpleNamespace(lengths=np.full(1000, 8), classes=classes)
    found = CompetenceSampler(
        posts,  # pyright: ignore[reportArgumentType]
        max_posts=128,
        token_budget=10_000,
        seed=1,
        is_shuffled=True,
        difficulty=lambda _: Difficulty(np.arange(1000), np.zeros(1000, dtype=bool)),
        order=easiest_first,
        pacing=lambda _: 0.001,
    )
    assert np.bincount(classes[found.pool(0)]).tolist() == [126, 2]


def test_each_class_begins_with_its_easy_posts_and_the_control_with_its_hard_ones() -> None:
    for order, sign in ((easiest_first, 1), (hardest_first, -1)):
        pool = np.isin(np.arange(len(VALUES)), sampler(order=order).pool(0.2))
        for index in range(len(SHARES)):
            ours = VALUES[pool & (index == CLASSES)]
            others = VALUES[~pool & (index == CLASSES)]
            assert (sign * ours).max() <= (sign * others).min()


def test_the_random_control_has_the_same_pace_and_no_preference() -> None:
    curriculum, control = sampler(), sampler(order=in_random_order)
    for t in (0.0, 0.3, 1.0, 2.0):
        assert len(control.pool(t)) == len(curriculum.pool(t))
    pool = control.pool(1.0)
    assert abs(VALUES[pool].mean() - VALUES.mean()) < 4 * VALUES.std() / np.sqrt(len(pool))


def test_an_epoch_has_as_many_batches_as_without_a_curriculum() -> None:
    found = sampler()
    assert len(found) == len(plain())
    for number in range(EPOCHS):
        assert len(epoch(found, number)) == len(found)


def test_batches_keep_to_their_size_and_to_the_pool_of_their_time() -> None:
    found = sampler()
    for number in (0, 1, 2):
        for place, batch in enumerate(epoch(found, number)):
            assert len(batch) <= BATCH and LENGTHS[batch].sum() <= OPTIONS["token_budget"]
            assert set(batch) <= set(found.pool(number + place / len(found)).tolist())


def test_a_pool_is_passed_through_without_replacement() -> None:
    found = sampler()
    batches = epoch(found, 0)
    pool = set(found.pool(0).tolist())
    drawn: list[int] = []
    while len(drawn) < len(pool):
        drawn += batches.pop(0)
    assert sorted(drawn) == sorted(pool)


def test_once_everything_may_be_drawn_epochs_are_those_without_a_curriculum() -> None:
    for number in (3, 5):
        assert epoch(sampler(), number) == epoch(plain(), number)


def test_once_everything_may_be_drawn_draws_are_uniform() -> None:
    # The first batches of many epochs, so that a draw is a draw and not a whole pass.
    starts = [epoch(sampler(seed=s), number)[:9] for s in range(20) for number in (3, 4, 5, 6)]
    draws = list(chain.from_iterable(chain.from_iterable(starts)))
    tenths = np.argsort(np.argsort(VALUES)) * 10 // len(VALUES)
    for kind in (CLASSES, tenths):
        shares = np.bincount(kind) / len(kind)
        found = chisquare(np.bincount(kind[draws], minlength=len(shares)), shares * len(draws))
        # Posts of a batch are alike, so that batches are what is drawn independently.
        assert found.statistic / BATCH < chi2.ppf(0.999, len(shares) - 1)


def test_batches_are_a_function_of_seed_and_epoch_and_resume_anywhere() -> None:
    whole = epoch(sampler(), 1)
    used = sampler()
    epoch(used, 4)  # having been in another epoch leaves no trace
    assert epoch(used, 1) == whole != epoch(sampler(seed=2), 1)
    for skipped in (1, 7, len(whole) // 2, len(whole) - 1):
        assert epoch(sampler(), 1, skipped=skipped) == whole[skipped:]
    assert epoch(used, 1, skipped=5) == whole[5:] and epoch(used, 1) == whole


def test_posts_whose_label_is_suspect_come_last_in_any_order() -> None:
    is_suspect = np.arange(len(VALUES)) % 10 == 0
    for order in (easiest_first, hardest_first, in_random_order):
        found = sampler(order=order, is_suspect=is_suspect)
        assert not is_suspect[found.pool(2.0)].any()  # competence .82: a tenth is still out
        drawn = [p for number in range(EPOCHS) for batch in epoch(found, number) for p in batch]
        counts = np.bincount(drawn, minlength=len(VALUES))
        assert counts[is_suspect].max() <= 4 < counts[~is_suspect].max()


def test_posts_that_are_not_learned_from_come_in_plain_order() -> None:
    assert epoch(sampler(is_shuffled=False), 0) == epoch(plain(is_shuffled=False), 0)


def test_batches_hold_posts_of_like_length() -> None:
    spread = [np.mean([np.ptp(LENGTHS[b]) for b in epoch(s, 1)]) for s in (sampler(), plain())]
    assert spread[0] < 2 * spread[1] < 10
