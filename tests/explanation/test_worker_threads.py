import threading

import numpy as np
import pytest
import torch
from small_networks import loaded, tokens_of

from mental_health_classifier.evaluation.faithfulness import faithfulness
from mental_health_classifier.explanation.integrated_gradients import integrated_gradients
from mental_health_classifier.explanation.masked_posts import masked_score
from mental_health_classifier.explanation.worker_threads import worker_threads


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def test_calls_run_side_by_side_and_hand_out_results_in_order(two_threads) -> None:
    both = threading.Barrier(2, timeout=20)

    def meet(item: int) -> int:
        both.wait()
        return 10 * item

    with worker_threads() as each_of:
        assert list(each_of(meet, [3, 1])) == [30, 10]


@pytest.mark.parametrize("num_threads, of_each", [(1, 1), (3, 1), (8, 2), (9, 2)])
def test_workers_share_the_threads_of_torch(two_threads, num_threads: int, of_each: int) -> None:
    torch.set_num_threads(num_threads)
    with worker_threads() as each_of:
        found = list(each_of(lambda _: torch.get_num_threads(), range(6)))
    assert found == [of_each] * 6
    assert torch.get_num_threads() == num_threads


def test_after_an_error_torch_has_its_threads_again(two_threads) -> None:
    with pytest.raises(ZeroDivisionError), worker_threads() as each_of:
        list(each_of(lambda number: 1 // number, [1, 0]))
    assert torch.get_num_threads() == 2


def test_explanations_are_those_of_a_plain_loop(two_threads) -> None:
    generator = np.random.default_rng(0)
    posts = tokens_of(*(generator.integers(2, 20, n).tolist() for n in (5, 9, 9, 14) * 12))
    deep, classes = loaded(num_layers=2), generator.integers(0, 3, 48)
    score, done = masked_score(deep, posts, classes), []
    plain = integrated_gradients(deep, posts, classes)
    worth = faithfulness(plain.tokens, score)
    with worker_threads() as each_of:
        found = integrated_gradients(deep, posts, classes, each_of=each_of)
        is_faithful = faithfulness(
            found.tokens, score, each_of=each_of, advance=done.append
        )  # fmt: skip
    for values, expected in zip(found.tokens, plain.tokens, strict=True):
        assert values == pytest.approx(expected, abs=1e-6)
    for kind in ("comprehensiveness", "sufficiency"):
        gained, expected = (getattr(each, kind).gained for each in (is_faithful, worth))
        assert gained == pytest.approx(expected, abs=1e-6)
    assert sum(done) == 48
