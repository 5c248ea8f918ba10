"""Folders of language models: what counts, and that a change of it is seen."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mental_health_classifier.contracts import InputError
from mental_health_classifier.data.tokens.language_model_folder import (
    architecture_of_language_model,
    files_of_language_model,
    find_language_model,
    hash_of_language_model,
    refuse_another_language_model,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("model.safetensors", "tokenizer.json", "tokenizer_config.json", "README.md"):
        (tmp_path / name).write_text(name)
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "llama"}))
    return tmp_path


def test_weights_tokenizer_and_templates_count_and_nothing_else(folder: Path) -> None:
    assert find_language_model(str(folder)) == folder
    assert {path.name for path in files_of_language_model(folder)} == {
        *("config.json", "tokenizer.json", "model.safetensors", "tokenizer_config.json")
    }
    first = hash_of_language_model(folder)
    (folder / "README.md").write_text("changed")
    assert hash_of_language_model(folder) == first
    hashes = {first}
    for name in ("chat_template.jinja", "tokenizer_config.json", "model.safetensors"):
        (folder / name).write_text("changed")
        hashes.add(hash_of_language_model(folder))
    assert len(hashes) == 4


def test_another_model_is_told_with_both_hashes(folder: Path) -> None:
    sha256 = refuse_another_language_model(folder, None)
    assert refuse_another_language_model(folder, sha256) == sha256
    (folder / "tokenizer.json").write_text("changed")
    with pytest.raises(InputError, match=f"has changed: .* and {sha256[:12]}… was recorded"):
        refuse_another_language_model(folder, sha256)


def test_a_folder_that_lacks_something_is_told(folder: Path) -> None:
    assert architecture_of_language_model(folder) == {"model_type": "llama"}
    (folder / "config.json").write_text("{}")
    with pytest.raises(InputError, match="does not say its model_type"):
        architecture_of_language_model(folder)
    (folder / "config.json").write_text("[]")
    with pytest.raises(InputError, match=r"^model\.language_model\.folder: .* no JSON mapping"):
        architecture_of_language_model(folder)
    (folder / "tokenizer.json").unlink()
    with pytest.raises(InputError, match=r"has no tokenizer\.json"):
        find_language_model(str(folder))
    with pytest.raises(InputError, match="there is no such folder"):
        find_language_model(str(folder / "nowhere"))
