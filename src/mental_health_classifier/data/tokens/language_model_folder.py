"""Folder of a causal language model: where it lies, and what is in it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from mental_health_classifier.contracts import InputError
from mental_health_classifier.data.tokens.encoder_folder import (
    CONFIGURATION,
    TOKENIZER,
    read_mapping,
    weight_files,
)
from mental_health_classifier.storage.files import sha256_of

KEY = "model.language_model.folder"
_OF_TOKENIZER = ("tokenizer_config.json", "special_tokens_map.json")


def find_language_model(folder: str) -> Path:
    """The folder, if it holds what such a model consists of.

    Raises:
        InputError: it does not, or not as safetensors.
    """
    found = Path(folder).expanduser()
    if not found.is_dir():
        raise InputError(
            f"{KEY}={folder}: there is no such folder. Give that of a language model as "
            "transformers saves it; `hf download NAME --local-dir FOLDER` fetches one."
        )
    _weights(found)
    if not (found / TOKENIZER).is_file():
        raise InputError(
            f"{KEY}: {found} has no {TOKENIZER}. Where its tokenizer is of an older format, "
            "transformers converts it: "
            "AutoTokenizer.from_pretrained(FOLDER).save_pretrained(FOLDER)."
        )
    return found


def architecture_of_language_model(folder: Path) -> dict[str, Any]:
    """What config.json says.

    Raises:
        InputError: not which family it is of.
    """
    values = read_mapping(folder / CONFIGURATION, key=KEY)
    if not isinstance(values.get("model_type"), str):
        raise InputError(
            f"{KEY}: {folder / CONFIGURATION} does not say its model_type, so it is not known what "
            "to build. Give a folder as transformers leaves it."
        )
    return values


def files_of_language_model(folder: Path) -> list[Path]:
    """All in a folder that decides what the model in it says."""
    others = [folder / name for name in _OF_TOKENIZER] + sorted(folder.rglob("*.jinja"))
    found = [folder / CONFIGURATION, folder / TOKENIZER, *_weights(folder)]
    return found + [path for path in others if path.is_file()]


def hash_of_language_model(folder: Path) -> str:
    """SHA-256 of these files and their names."""
    files = files_of_language_model(folder)
    lines = (f"{path.relative_to(folder)} {sha256_of(path)}\n" for path in files)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def refuse_another_language_model(folder: Path, sha256: str | None) -> str:
    """The hash of the model in a folder.

    Args:
        sha256: what it has to be. None: whatever it is.

    Raises:
        InputError: it is another.
    """
    found = hash_of_language_model(folder)
    if sha256 not in (None, found):
        raise InputError(
            f"{KEY}={folder}: the language model has changed: its files have the SHA-256 "
            f"{found[:12]}…, and {sha256[:12]}… was recorded. Put the old ones back, or start a "
            "new run."
        )
    return found


def _weights(folder: Path) -> list[Path]:
    return weight_files(folder, key=KEY, saved_by="AutoModelForCausalLM")
