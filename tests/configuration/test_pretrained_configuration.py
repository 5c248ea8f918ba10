from collections.abc import Callable
from pathlib import Path

import pytest
from tiny_encoders import make_tokenizer, rewrite_configuration, write_encoder

from mental_health_classifier.configuration.check import checked
from mental_health_classifier.contracts import InputError

LATER = "bart_of_tomorrow"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_encoder(tmp_path_factory.mktemp("encoder") / "electra", "electra")


@pytest.fixture
def configure(compose_config: Callable, folder: Path) -> Callable:
    def configured(*overrides: str, encoder: Path = folder):
        chosen = ["model=pretrained", f"model.encoder={encoder}", "model.max_tokens=32"]
        return checked(compose_config([*chosen, *overrides]))

    return configured


def test_sizes_and_hash_are_those_of_the_encoder(configure: Callable) -> None:
    config = configure()
    assert (config.model.width, config.model.word_width, config.model.num_layers) == (16, 8, 2)
    assert config.network.embedding.width == 8 and config.network.heads.width == 16
    assert config.network.encoder.architecture.model_type == "electra"
    assert len(config.model.encoder_sha256) == 64
    assert checked(config) == config


def test_a_configuration_that_is_filled_in_needs_the_folder_no_more(
    configure: Callable, tmp_path: Path
) -> None:
    encoder = write_encoder(tmp_path / "bert")
    config = configure(encoder=encoder)
    for file in encoder.iterdir():
        file.unlink()
    assert checked(config) == config


def test_minilm_is_the_encoder_of_its_package(compose_config: Callable) -> None:
    config = checked(compose_config(["model=minilm"]))
    assert (config.model.width, config.model.num_layers) == (384, 6)
    assert config.name == "minilm"


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["model.width=32"], "model.width=32: an encoder has a size of its own"),
        (["model.max_tokens=2"], "model.max_tokens=2: this encoder puts 2 special tokens"),
        (["model.max_tokens=57"], "model.max_tokens=57: this encoder knows 56 places"),
        (
            ["data.truncate=windows", "data.window_overlap=30"],
            "data.window_overlap=30: a window of model.max_tokens=32 has room for 30 tokens",
        ),
        (["model.encoder=null"], "model.encoder is missing"),
        (["model.encoder=no/folder"], "model.encoder=no/folder: there is no such folder"),
        (["model.encoder_sha256=abc"], "has changed: its files have the SHA-256"),
        (["model.layer_decay=0"], "model.layer_decay=0: expected more than 0 and at most 1"),
        (["model.frozen_layers=3"], "model.frozen_layers=3: this encoder has 2 layers"),
        (["model.frozen_layers=-1"], "model.frozen_layers=-1: expected 0 to 1024"),
        (["network.embedding.initial=wordllama"], "network.embedding.initial=wordllama: a pre"),
        (["clinical=interpretable"], "clinical=interpretable: the weights of a pretrained encoder"),
        (["network/attention=entmax"], "network/attention: the weights of a pretrained encoder"),
        (["network/encoder=transformer"], "network.encoder: a pretrained encoder, its tok"),
        (["tokenizer=bpe"], "tokenizer: a pretrained encoder, its tokenizer"),
    ],
)
def test_what_does_not_fit_an_encoder_is_one_sentence(
    configure: Callable, overrides: list[str], message: str
) -> None:
    with pytest.raises(InputError, match=message.replace(".", r"\.")):
        configure(*overrides)


def test_an_encoder_has_to_be_named(compose_config: Callable) -> None:
    with pytest.raises(InputError, match=r"model\.encoder is missing"):
        checked(compose_config(["model=pretrained"]))


def test_the_part_alone_is_refused(compose_config: Callable) -> None:
    with pytest.raises(InputError, match=r"network\.encoder: .*model=pretrained"):
        checked(compose_config(["network/encoder=pretrained"]))


def test_a_vocabulary_that_does_not_fit_the_tokenizer_is_refused(
    configure: Callable, tmp_path: Path
) -> None:
    folder = write_encoder(tmp_path / "bert")
    tokenizer = make_tokenizer()
    tokenizer.add_tokens([f"word{number}" for number in range(60)])
    tokenizer.save(str(folder / "tokenizer.json"))
    with pytest.raises(InputError, match=r"tokenizer in .* has 85 tokens and its weights know 64"):
        configure(encoder=folder)


def test_weights_of_another_architecture_are_told_before_anything_is_read(
    configure: Callable, compose_config: Callable, tmp_path: Path
) -> None:
    weights = (folder := write_encoder(tmp_path / "bert")) / "model.safetensors"
    weights.unlink()
    write_encoder(tmp_path / "wide", intermediate_size=32)
    weights.write_bytes((tmp_path / "wide" / "model.safetensors").read_bytes())
    unlike = r"hold .* of shape \(32,\) where config\.json asks for \(24,\)"
    with pytest.raises(InputError, match=rf"^model\.encoder: the weights in .* {unlike}"):
        configure(encoder=folder)
    write_encoder(tmp_path / "flat", num_hidden_layers=1)
    weights.write_bytes((tmp_path / "flat" / "model.safetensors").read_bytes())
    with pytest.raises(InputError, match=r"lack \d+ of those that config\.json asks for, such as"):
        configure(encoder=folder)
    key = "evaluation.yardstick.embedding.encoder"
    chosen = ["model=baseline_micro", "yardstick=frozen_embeddings", f"{key}={folder}"]
    with pytest.raises(InputError, match=rf"^{key.replace('.', '[.]')}: the weights in .* lack"):
        checked(compose_config(chosen))
    with pytest.raises(InputError, match=rf"^{key.replace('.', '[.]')}=no: there is no such fold"):
        checked(compose_config([*chosen[:2], f"{key}=no"]))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model_type": LATER}, f"does not know the family {LATER}, and code .* is never run"),
        ({"model_type": "t5"}, "t5 is no encoder of text"),
        ({"model_type": "vit"}, "vit is no encoder of text"),
        ({"hidden_act": "exec"}, "describes no bert that can be built"),
    ],
)
def test_a_model_that_is_no_encoder_is_refused(
    configure: Callable, tmp_path: Path, changes: dict, message: str
) -> None:
    folder = write_encoder(tmp_path / "bert")
    rewrite_configuration(folder, changes)
    with pytest.raises(InputError, match=message):
        configure(encoder=folder)


def test_every_variant_but_another_attention_is_taken(configure: Callable) -> None:
    for variant in ("umls_enhanced", "umls_shuffled", "curriculum", "multitask"):
        assert variant in configure(f"clinical={variant}").clinical.variants
    config = configure("clinical=curriculum_staged", "trainer.max_epochs=6")
    assert config.optimizer._target_ == "adamw_in_stages"
    embedding = configure("clinical=umls_enhanced").network.embedding
    assert (embedding._target_, embedding.width, embedding.max_tokens) == (
        "ConceptEmbedding",
        8,
        None,
    )
    assert configure("network/pooling=attention_readout").network.pooling.width == 16
