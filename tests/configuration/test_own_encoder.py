import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from omegaconf import DictConfig
from tiny_encoders import make_tokenizer

from mental_health_classifier.configuration.build import build_network
from mental_health_classifier.configuration.check import checked
from mental_health_classifier.configuration.own_encoder import describe_own_encoder
from mental_health_classifier.contracts import InputError
from mental_health_classifier.data.tokens.encoder_folder import new_encoder_folder
from mental_health_classifier.data.tokens.tokenizer import PostTokenizer

MODEL = ["model=baseline_micro", "model.max_tokens=32"]


@pytest.fixture
def encoder(compose_config: Callable, tmp_path: Path) -> Path:
    """What a run of masked tokens leaves, without what it has read."""
    config = checked(compose_config(MODEL))
    with new_encoder_folder(
        tmp_path / "encoder", texts=[], architecture=describe_own_encoder(config.model)
    ) as folder:
        make_tokenizer().save(str(folder / "tokenizer.json"))
        size = PostTokenizer.load(folder / "tokenizer.json").size
        torch.manual_seed(1)
        build_network(config, vocabulary_size=size, tasks=[]).save_encoder(folder)
    return tmp_path / "encoder"


@pytest.fixture
def begin(compose_config: Callable, encoder: Path) -> Callable[..., DictConfig]:
    return lambda *overrides: checked(
        compose_config([*MODEL, f"model.encoder={encoder}", *overrides])
    )


def test_a_network_of_the_same_size_begins_with_its_weights(
    begin: Callable[..., DictConfig], encoder: Path
) -> None:
    config = begin()
    assert config.tokenizer._target_ == "read_tokenizer"
    assert config.model.encoder_sha256 == config.tokenizer.encoder_sha256
    assert checked(config) == config
    size = PostTokenizer.load(encoder / "tokenizer.json").size
    first, second = (build_network(config, vocabulary_size=size, tasks=[]) for _ in range(2))
    name = "embedding.tokens.weight"
    assert not torch.equal(first.state_dict()[name], second.state_dict()[name])
    first.take_over(encoder)
    second.take_over(encoder)
    assert torch.equal(first.state_dict()[name], second.state_dict()[name])


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["model.num_layers=3"], "model.num_layers=3: the encoder in .* has 2. Begin with it by"),
        (["model.max_tokens=64"], "model.max_tokens=64: the encoder in .* has 32"),
        (["model.encoder=no/folder"], "model.encoder=no/folder: there is no such folder"),
        (["model.encoder_sha256=abc"], "has changed: its files have the SHA-256"),
        (["network.embedding.initial=wordllama"], "network.embedding.initial=wordllama: "),
        (["+model.frozen_layers=1"], "model.frozen_layers is about a pretrained encoder"),
    ],
)
def test_what_does_not_fit_is_one_sentence(
    begin: Callable[..., DictConfig], overrides: list[str], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        begin(*overrides)


def test_a_pretrained_network_is_told_what_to_choose(
    compose_config: Callable, encoder: Path
) -> None:
    given = ["model=pretrained", f"model.encoder={encoder}"]
    with pytest.raises(InputError, match="Begin with it by model=baseline_micro"):
        checked(compose_config(given))


@pytest.mark.parametrize("file", ["model.safetensors", "config.json", "tokenizer.json"])
def test_a_damaged_folder_is_one_sentence(
    begin: Callable[..., DictConfig], encoder: Path, file: str
) -> None:
    content = (encoder / file).read_bytes()
    (encoder / file).write_bytes(content[: len(content) // 2])
    with pytest.raises(InputError, match="encoder"):
        begin()
    (encoder / file).unlink()
    with pytest.raises(InputError, match=file):
        begin()


def test_an_encoder_of_another_kind_is_not_for_it(
    begin: Callable[..., DictConfig], encoder: Path
) -> None:
    described = json.loads((encoder / "config.json").read_text())
    (encoder / "config.json").write_text(json.dumps({**described, "model_type": "bert"}))
    with pytest.raises(InputError, match=r"of the family bert\. Choose model=pretrained"):
        begin()
