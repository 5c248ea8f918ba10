from pathlib import Path

import numpy as np
import pytest
import torch
from counted_memory import MemoryOfSavedTensors

from mental_health_classifier.configuration.build import build, build_network
from mental_health_classifier.contracts import Batch, Task
from mental_health_classifier.data.batching import make_batch
from mental_health_classifier.data.tokens.token_cache import TokenTable
from mental_health_classifier.training.memory import (
    MainMemory,
    limits_of_control_groups,
    spare_memory_traffic,
)
from mental_health_classifier.training.text_classifier import TextClassifier
from mental_health_classifier.training.token_budget import (
    USABLE_SHARE,
    find_token_budget,
    try_token_budget,
)

TASK = Task.categorical("condition", ("control", "suicide"), "suicide")
LENGTH = 40
POST = TokenTable(np.arange(LENGTH, dtype=np.uint16), np.array([0, LENGTH]))
MEGABYTE = 2**20


class Allocations:
    """Steps that take so many bytes a post beside those of the weights' gradients."""

    def __init__(self, *, bytes_of_post: int, bytes_of_gradients: int) -> None:
        self._of_post, self._of_gradients = bytes_of_post, bytes_of_gradients
        self.tried: list[int] = []

    def take_step(self, num_posts: int) -> None:
        self.tried.append(num_posts)

    def free_bytes(self) -> int:
        return 10**9

    def bytes_taken_by(self, work) -> int:
        work()
        return self.bytes_of(self.tried[-1])

    def bytes_of(self, num_posts: int) -> int:
        return self._of_gradients + self._of_post * num_posts


@pytest.mark.parametrize("usable", [10**5, 3 * 10**5, 10**6, 10**7])
@pytest.mark.parametrize("bytes_of_gradients", [0, 50_000])
def test_no_step_that_is_tried_or_allowed_takes_more_than_is_usable(
    usable: int, bytes_of_gradients: int
) -> None:
    steps = Allocations(bytes_of_post=10_000, bytes_of_gradients=bytes_of_gradients)
    budget = find_token_budget(
        steps.take_step, tokens_of_post=LENGTH, max_posts=64, usable_bytes=usable, memory=steps
    )
    assert max(map(steps.bytes_of, steps.tried)) <= usable
    assert steps.bytes_of(budget // LENGTH) <= usable
    # All that 64 posts need, or else a good part of what there is.
    assert budget == 64 * LENGTH or steps.bytes_of(budget // LENGTH + 1) > usable / 2


def test_where_one_post_is_too_much_already_it_is_one_post() -> None:
    steps = Allocations(bytes_of_post=10_000, bytes_of_gradients=0)
    given = {"tokens_of_post": LENGTH, "max_posts": 64, "memory": steps}
    assert find_token_budget(steps.take_step, **given, usable_bytes=500) == LENGTH
    assert find_token_budget(steps.take_step, **given, usable_bytes=-1) == LENGTH
    assert set(steps.tried) == {1}


@pytest.fixture
def classifier(compose_config) -> TextClassifier:
    config = compose_config(["model=baseline_micro"])
    torch.manual_seed(0)
    return TextClassifier(
        network=build_network(config, vocabulary_size=LENGTH, tasks=[TASK]),
        objective=build(config.objective, tasks=[TASK], class_counts={TASK.name: np.array([1, 1])}),
        make_optimizer=build(config.optimizer),
        tasks=[TASK],
        regularizer=None,
        seed=1,
    )


def longest_post(num_times: int) -> Batch:
    return make_batch(POST, rows=np.zeros(num_times, dtype=int), labels={TASK.name: np.array([1])})


def step(classifier: TextClassifier, num_posts: int) -> None:
    batch = longest_post(num_posts)
    classifier.objective(classifier.network(batch), batch)["total"].backward()


def test_a_network_is_given_what_fits_and_stays_as_it_is(classifier: TextClassifier) -> None:
    memory = MemoryOfSavedTensors(30 * MEGABYTE)
    weights = {name: each.clone() for name, each in classifier.state_dict().items()}
    random_state = torch.get_rng_state()
    device = torch.device("cpu")
    budget = try_token_budget(
        classifier, longest_post=longest_post, max_posts=512, device=device, memory=memory
    )
    assert torch.equal(torch.get_rng_state(), random_state)
    assert all(torch.equal(each, weights[name]) for name, each in classifier.state_dict().items())
    assert all(p.grad is None for p in classifier.parameters())
    num_posts = budget // LENGTH
    usable = USABLE_SHARE * memory.free_bytes()
    assert 1 < num_posts < 512
    assert memory.bytes_taken_by(lambda: step(classifier, num_posts)) <= usable
    assert memory.bytes_taken_by(lambda: step(classifier, 2 * num_posts)) > usable


def test_the_memory_of_the_process_is_that_of_the_work() -> None:
    spare_memory_traffic()
    size = 64 * MEGABYTE
    taken = MainMemory().bytes_taken_by(lambda: torch.ones(size // 4))
    assert size <= taken + MEGABYTE and taken < 1.5 * size
    assert MainMemory().free_bytes() > 0


@pytest.mark.parametrize(
    ("line", "files"),
    [
        (
            "0::/job/step",
            {"memory.max": "1000", "memory.current": "700", "memory.stat": "inactive_file 200"},
        ),
        (
            "4:memory:/job/step",
            {
                "memory.limit_in_bytes": "1000",
                "memory.usage_in_bytes": "700",
                "memory.stat": "inactive_file 1\ntotal_inactive_file 200",
            },
        ),
    ],
    ids=["version 2", "version 1"],
)
@pytest.mark.parametrize("level", ["job/step", "job", ""], ids=["own", "parent", "top"])
def test_a_limit_counts_wherever_it_is_set(
    tmp_path: Path, line: str, files: dict[str, str], level: str
) -> None:
    membership, root = tmp_path / "membership", tmp_path / "cgroup"
    membership.write_text(f"1:cpu:/job/step\n{line}\n")
    folder = root / ("memory" if ":memory:" in line else "") / level
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_text(content + "\n")
    assert list(limits_of_control_groups(root, membership)) == [500]


def test_without_control_groups_or_a_limit_nothing_is_limited(tmp_path: Path) -> None:
    assert list(limits_of_control_groups(tmp_path, tmp_path / "none")) == []
    (tmp_path / "membership").write_text("0::/\n")
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "memory.current").write_text("7\n")
    assert list(limits_of_control_groups(tmp_path, tmp_path / "membership")) == []
