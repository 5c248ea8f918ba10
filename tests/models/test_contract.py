"""What every architecture has to keep. A new YAML file under conf/ is found and tested here by
itself."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import torch
from omegaconf import OmegaConf
from tiny_encoders import write_encoder
from torch import nn

from mental_health_classifier.configuration.build import build, build_network
from mental_health_classifier.configuration.pretrained import with_encoder
from mental_health_classifier.contracts import Batch, Task
from mental_health_classifier.contracts.task_kinds import (
    MISSING,
    Binary,
    Categorical,
    MultiLabel,
    Ordinal,
    Regression,
)
from mental_health_classifier.data.batching import make_batch
from mental_health_classifier.data.tokens.token_cache import TokenTable
from mental_health_classifier.data.tokens.windows import Windows
from mental_health_classifier.tracking.clinical_variants import changed_keys, check_variants

CONF = Path(__file__).resolve().parents[2] / "conf"
SIZES = sorted(
    path.stem
    for path in (CONF / "model").glob("*.yaml")
    if re.search(r"^width: \d", path.read_text(), re.MULTILINE)
)
PARTS = sorted(
    f"network/{path.parent.name}={path.stem}"
    for path in (CONF / "network").glob("*/*.yaml")
    if path.parent.name != "adapters"  # of an encoder alone: tests/models/pretrained/
)
VARIANTS = sorted(f"clinical={path.stem}" for path in (CONF / "clinical").glob("*.yaml"))
PAIRS = [
    f"clinical=[{first},{second}]"
    for first, second in combinations(
        ("curriculum", "interpretable", "multitask", "umls_enhanced"), 2
    )
]
with_pairs = pytest.mark.parametrize("config", [*PARTS, *VARIANTS, *PAIRS], indirect=True)
TINY = [
    "model=baseline_micro",
    "model.num_layers=2",
    "model.width=32",
    "model.feedforward_width=64",
    "model.max_tokens=16",
]
TASK = Task.categorical("condition", ("control", "suicide", "anxiety"), "suicide")
AUXILIARY = [
    Task("risk", Binary(("no", "yes")), weight=1.0),
    Task("severity", Ordinal(("0", "1", "2", "3", "4")), weight=0.5),
    Task("urgency", Regression(40.0, 20.0), weight=0.3),
    Task("emotions", MultiLabel(("fear", "joy")), weight=0.3),
    Task("topic", Categorical(("a", "b", "c")), weight=0.3),
]
VOCABULARY = 50
PRETRAINED = "network/encoder=pretrained"
"""An encoder that brings its own size; tests/models/pretrained/ has more of it."""
NEEDS = {
    "network/embedding=concept": ["clinical=umls_enhanced"],
    "network/windows=attention": ["data.truncate=windows"],
}
"""What a part cannot be composed without."""
MILLIONS = {"baseline_small": 2.44, "medium_model": 19.2, "large_model": 85.8}
"""Parameters without the token embedding: 12 D^2 a layer and positions, worked out by hand to 3
digits."""


def make_tokens(num_posts: int = 8, seed: int = 0) -> TokenTable:
    """Posts of which about half have two windows."""
    generator = np.random.default_rng(seed)
    lengths = generator.integers(2, 8, num_posts)
    return TokenTable(
        generator.integers(0, VOCABULARY, lengths.sum()).astype(np.uint16),
        np.concatenate([[0], np.cumsum(lengths)]),
        {"concepts": generator.integers(0, 4, lengths.sum())},
        Windows(max_tokens=4, overlap=1, most=9, around=(0, 0)),
    )


def make_posts(num_posts: int = 8, seed: int = 0) -> Batch:
    tokens = make_tokens(num_posts, seed)
    places = np.arange(num_posts)
    labels = {
        TASK.name: places % TASK.num_classes,
        "risk": places % 2,
        "severity": np.where(places % 3, places % 5, MISSING),
        "urgency": np.where(places % 4, 7.5 * places, np.nan).astype(np.float32),
        "emotions": np.stack([places % 2, np.where(places, 1, 0)], axis=1).astype(np.float32),
        "topic": np.where(places % 4, places % 3, MISSING),
    }
    return make_batch(tokens, rows=np.arange(num_posts), labels=labels)


@pytest.fixture(scope="session")
def encoder(tmp_path_factory) -> Path:
    return write_encoder(tmp_path_factory.mktemp("encoder") / "bert")


@pytest.fixture(params=[*PARTS, *VARIANTS])
def config(request, compose_config, encoder: Path):
    if request.param == PRETRAINED:
        chosen = ["model=pretrained", f"model.encoder={encoder}", "model.max_tokens=16"]
        return with_encoder(compose_config([*chosen, "model.learning_rate=5e-3"]))
    return compose_config([*TINY, *NEEDS.get(request.param, []), request.param])


@pytest.fixture
def network(config) -> nn.Module:
    torch.manual_seed(0)
    return build_network(config, vocabulary_size=VOCABULARY, tasks=tasks_of(config))


def tasks_of(config) -> list[Task | Task]:
    return [TASK, *(AUXILIARY if config.tasks else [])]


def test_there_are_architectures_to_test() -> None:
    assert len(SIZES) >= 4 and len(PARTS) >= 5 and VARIANTS


def test_logits_have_one_row_a_post_and_one_column_a_class(network: nn.Module) -> None:
    output = network(make_posts())
    assert output.logits[TASK.name].shape == (8, 3)
    assert output.token_weights is None or output.token_weights.shape == (
        len(make_posts().token_ids),
    )


@with_pairs
def test_logits_do_not_depend_on_neighbours_in_the_batch(network: nn.Module) -> None:
    network.eval()
    batch, tokens = make_posts(), make_tokens()
    together = network(batch).logits[TASK.name]
    assert batch.window_posts is not None and len(batch.window_posts) > len(batch)
    for row, post in enumerate(batch.post_indices.tolist()):
        alone = network(make_batch(tokens, rows=np.array([post]), labels={}))
        torch.testing.assert_close(alone.logits[TASK.name][0], together[row])


def test_the_order_of_words_matters(network: nn.Module) -> None:
    network.eval()
    marks = {"concepts": np.zeros(6, np.int32)}
    tokens = TokenTable(np.array([1, 2, 3, 3, 2, 1]), np.array([0, 3, 6]), marks)
    first, second = network(make_batch(tokens, rows=np.array([0, 1]), labels={})).logits[TASK.name]
    assert not torch.allclose(first, second)


@with_pairs
def test_every_parameter_gets_a_gradient(network: nn.Module) -> None:
    for parameter in network.parameters():
        if not parameter.any():  # a factor that is learned from zero holds back what it weighs
            nn.init.constant_(parameter, 0.1)
    logits = network(make_posts()).logits.values()
    torch.stack([each.square().sum() for each in logits]).sum().backward()
    without = [name for name, p in network.named_parameters() if p.grad is None or not p.grad.any()]
    assert without == []


def train(network: nn.Module, config, *, steps: int) -> list[float]:
    objective = build(
        config.objective,
        tasks=tasks_of(config),
        class_counts={TASK.name: np.array([3, 3, 2])},
    )
    optimizer, schedule = build(config.optimizer, network=network, total_steps=steps)
    losses = []
    for step in range(steps):
        torch.manual_seed(step)
        loss = objective(network(make_posts()), make_posts())["total"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
    return losses


def test_eight_posts_can_be_learned_by_heart(network: nn.Module, config) -> None:
    train(network, config, steps=120)
    network.eval()
    batch = make_posts()
    assert (network(batch).logits[TASK.name].argmax(1) == batch.labels[TASK.name]).all()


@with_pairs
def test_two_trainings_with_one_seed_have_identical_losses(config) -> None:
    losses = []
    for _ in range(2):
        torch.manual_seed(0)
        network = build_network(config, vocabulary_size=VOCABULARY, tasks=tasks_of(config))
        losses.append(train(network, config, steps=5))
    assert losses[0] == losses[1]


@pytest.mark.parametrize("pair", PAIRS)
def test_a_pair_of_variants_changes_what_each_changes_alone(pair: str, compose_config) -> None:
    together = compose_config([*TINY, pair])
    variants = list(together.clinical.variants)
    check_variants(variants)
    assert pair == f"clinical=[{','.join(variants)}]"
    for variant in variants:
        alone = compose_config([*TINY, f"clinical={variant}"])
        for key in changed_keys(variant) - {"clinical", "clinical.variants"}:
            assert OmegaConf.select(together, key) == OmegaConf.select(alone, key) is not None


@pytest.mark.parametrize("size", SIZES)
def test_every_size_composes_and_has_the_parameters_it_says(size: str, compose_config) -> None:
    config = compose_config([f"model={size}"])
    assert config.model.name == size
    with torch.device("meta"):
        network = build_network(config, vocabulary_size=VOCABULARY, tasks=[TASK])
    assert len(network.encoder.blocks) == config.model.num_layers
    if size in MILLIONS:
        parameters = sum(p.numel() for p in network.parameters())
        assert parameters / 1e6 == pytest.approx(MILLIONS[size], rel=0.01)
