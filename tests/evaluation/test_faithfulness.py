from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest

from mental_health_classifier.evaluation.faithfulness import Gains, erasures, faithfulness

WORTHS = [
    np.random.default_rng(row).normal(0, 1, 12 + row % 9) for row in range(300)
]  # what each token adds to the log odds


def bag_of_tokens(rows: Sequence[int], masks: Sequence[np.ndarray]) -> list[np.ndarray]:
    """A linear model of which tokens are there."""
    return [
        1 / (1 + np.exp(-(~masked @ WORTHS[row]))) for row, masked in zip(rows, masks, strict=True)
    ]


def normalised(attributions: Sequence[np.ndarray]) -> tuple[float, float]:
    found = faithfulness(attributions, bag_of_tokens)
    every = np.ones((1, len(WORTHS)))
    return (
        found.comprehensiveness.normalised(every)[0],
        found.sufficiency.normalised(every)[0],
    )


def test_sizes_are_rounded_up_and_counted_once() -> None:
    masked = erasures(np.array([0.1, 0.9, -1.0, 0.5]))  # 1, 5, 10 and 20 % of 4 are 1 token
    assert masked.tolist() == [
        [False, True, False, False],
        [False, True, False, True],
        [True, False, True, True],
        [True, False, True, False],
    ]


def test_areas_are_those_worked_out_by_hand() -> None:
    # p is .2 for each of the tokens 0 and 1 that is there, and .1 without them.
    def score(rows: Sequence[int], masks: Sequence[np.ndarray]) -> list[np.ndarray]:
        return [0.1 + 0.2 * (~masked[:, :2]).sum(1) for masked in masks]

    found = faithfulness([np.array([3.0, 2.0, 1.0, 0.0])], score)
    # p(x) = .5; without token 0 .3, without 0 and 1 .1; with token 0 alone .3, with 0 and 1 .5.
    assert found.raw["comprehensiveness"] == pytest.approx([0.3])
    assert found.raw["sufficiency"] == pytest.approx([0.1])


def test_what_a_linear_model_adds_up_is_a_faithful_explanation() -> None:
    assert min(normalised(WORTHS)) >= 0.9


def test_chance_scores_about_zero() -> None:
    generator = np.random.default_rng(0)
    assert normalised([generator.normal(size=len(w)) for w in WORTHS]) == pytest.approx(
        (0, 0), abs=0.05
    )


def test_the_best_order_of_a_model_scores_one() -> None:
    # Of tokens that add up none is better than the one that adds most.
    assert normalised(WORTHS) == pytest.approx((1, 1))


def test_greedy_search_sees_that_either_of_two_tokens_is_enough() -> None:
    # Token 0 alone changes nothing while token 1 says the same; 2 is worth little by itself.
    def score(rows: Sequence[int], masks: Sequence[np.ndarray]) -> list[np.ndarray]:
        return [
            0.1 + 0.6 * (~masked[:, :2]).any(1) + 0.1 * ~masked[:, 2]
            for masked in masks
        ]  # fmt: skip

    best = faithfulness([np.array([3.0, 2.0, 1.0, 0.0, -1.0, -2.0])], score)
    # Sizes 1, 2 and 3 (of 6). Greedy: 2 first (.7), then 0 (.7), then 1 (.1); mean fall .2667.
    # In order: 0 (.8), 1 (.2), 2 (.1).
    assert best.raw["comprehensiveness"] == pytest.approx([(0 + 0.6 + 0.7) / 3])
    headroom, gained = best.comprehensiveness.headroom, best.comprehensiveness.gained
    assert (headroom - gained)[0] == pytest.approx((0.1 + 0.1 + 0.7) / 3 - (0 + 0.6 + 0.7) / 3)


def test_the_wrong_way_round_scores_zero() -> None:
    assert normalised([-worth for worth in WORTHS]) == (0, 0)


def test_posts_with_nothing_to_gain_are_left_out() -> None:
    gains = Gains(gained=np.array([0.1, 5.0, 0.2]), headroom=np.array([0.2, 0.019, 0.2]))
    assert gains.dropped_share == pytest.approx(1 / 3)
    weights = np.array([[1.0, 1, 1], [0, 1, 2], [0, 1, 0]])
    assert gains.normalised(weights) == pytest.approx([0.75, 1.0, np.nan], nan_ok=True)


def test_a_post_does_not_depend_on_those_explained_with_it() -> None:
    some = faithfulness(WORTHS[:40], bag_of_tokens).comprehensiveness.gained
    every = faithfulness(WORTHS, bag_of_tokens).comprehensiveness.gained
    assert some == pytest.approx(every[:40].tolist())


def tokens_that_depend_on_each_other(kept: np.ndarray) -> np.ndarray:
    """A probability for each row of tokens that are there, bool `(variants, L)`."""
    length = kept.shape[1]
    pairs = np.random.default_rng(length).normal(0, 1, (length, length))
    return 1 / (1 + np.exp(-np.einsum("vi,ij,vj->v", kept, pairs, kept) / length**0.5))


def mean_fall_of_greedy_search(length: int, sizes: Sequence[int], *, is_removal: bool) -> float:
    def probability(chosen: list[int]) -> float:
        is_chosen = np.isin(np.arange(length), chosen)
        return float(tokens_that_depend_on_each_other((is_chosen != is_removal)[None])[0])

    whole = float(tokens_that_depend_on_each_other(np.ones((1, length)))[0])
    chosen: list[int] = []
    falls = []
    for size in sizes:
        free = [token for token in range(length) if token not in chosen]
        sign = 1 if is_removal else -1
        free.sort(key=lambda token: sign * probability([*chosen, token]))
        chosen += free[: size - len(chosen)]
        falls.append(whole - probability(chosen))
    return float(np.mean(falls))


def test_greedy_search_finds_what_a_plain_loop_finds_and_asks_about_no_variant_twice() -> None:
    lengths, asked = [7, 12, 12, 20], Counter()

    def score(rows: Sequence[int], masks: Sequence[np.ndarray]) -> list[np.ndarray]:
        asked.update(
            (row, mask.tobytes())
            for row, each in zip(rows, masks, strict=True)
            for mask in each
        )  # fmt: skip
        return [tokens_that_depend_on_each_other(~each) for each in masks]

    found = faithfulness([np.arange(n) * 1.0 for n in lengths], score)
    given, alone = found.raw["comprehensiveness"], found.raw["sufficiency"]
    removed = given - found.comprehensiveness.gained + found.comprehensiveness.headroom
    kept = alone + found.sufficiency.gained - found.sufficiency.headroom
    # 1, 5, 10, 20 and 50 % of each length, rounded up.
    sizes = [(1, 2, 4), (1, 2, 3, 6), (1, 2, 3, 6), (1, 2, 4, 10)]
    for row, (length, of_post) in enumerate(zip(lengths, sizes, strict=True)):
        expected = [
            mean_fall_of_greedy_search(length, of_post, is_removal=True),
            mean_fall_of_greedy_search(length, of_post, is_removal=False),
        ]
        assert [removed[row], kept[row]] == pytest.approx(expected, abs=1e-12)
    assert set(asked.values()) == {1}
