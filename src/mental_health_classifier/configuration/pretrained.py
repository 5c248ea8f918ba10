"""What a pretrained encoder says of itself, filled into the configuration before it is checked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig, OmegaConf

from mental_health_classifier.configuration.own_encoder import FAMILY, with_own_encoder
from mental_health_classifier.configuration.windows import windows_of
from mental_health_classifier.contracts import InputError
from mental_health_classifier.contracts.pretraining import is_pretraining
from mental_health_classifier.tracking.clinical_variants import changed_keys

if TYPE_CHECKING:
    from mental_health_classifier.data.tokens.tokenizer import PostTokenizer

_SIZES = {
    "width": "hidden_size",
    "num_layers": "num_hidden_layers",
    "num_heads": "num_attention_heads",
    "feedforward_width": "intermediate_size",
}
"""Keys of model that say how large a network is, each with what transformers calls it."""
_SETTINGS = frozenset({"download", "layer_decay"})
"""Keys of model by which such a network is known."""
PART, TOKENIZER_OF_IT = "PretrainedEncoder", "read_tokenizer"


def is_of_an_encoder(config: Mapping[str, Any]) -> bool:
    """Whether the model is a network around a pretrained encoder of the library transformers."""
    model = config.get("model")
    # Networks from scratch can name an encoder, too: what one of their size has learned.
    return isinstance(model, Mapping) and _SETTINGS.issubset(model)


def with_encoder(config: DictConfig) -> DictConfig:
    """The same with size, architecture and hash of the encoder that `model.encoder` names.

    A recorded run has them already, and its configuration stays as it is.

    Raises:
        InputError: there is no such encoder, it cannot be used here, or a size was given.
    """
    part = OmegaConf.select(config, "network.encoder._target_") == PART
    is_whole = part or is_of_an_encoder(config)
    if not is_whole and OmegaConf.select(config, "model.encoder") is None:
        return config
    if is_whole:
        _refuse_half_of_it(config)
    if OmegaConf.select(config, "network.embedding.initial") is not None:
        raise InputError(
            f"network.embedding.initial={config.network.embedding.initial}: a pretrained encoder "
            "has word vectors of its own. Leave it out."
        )
    if not is_whole:
        return with_own_encoder(config)
    if OmegaConf.select(config, "network.encoder.architecture") is not None:
        return config
    from mental_health_classifier.data.tokens.encoder_folder import (
        find_encoder,
        hash_of_encoder,
        read_pretrained_on,
        refuse_another,
    )

    model = config.model
    if OmegaConf.select(config, "model.encoder") is None:
        raise InputError(
            "model.encoder is missing: give the folder of an encoder in the Hugging Face format, "
            "or choose model=minilm."
        )
    for key in _SIZES:
        if model.get(key) is not None:
            raise InputError(
                f"model.{key}={model[key]}: an encoder has a size of its own. Leave it out."
            )
    encoder = str(model.encoder)
    folder = find_encoder(encoder, download=bool(model.get("download")))
    architecture, tokenizer, sizes = _read_encoder(folder)
    sha256 = hash_of_encoder(folder)
    if model.get("encoder_sha256") is not None:
        refuse_another(encoder, expected=str(model.encoder_sha256), found=sha256)
    _refuse_what_does_not_fit(model, tokenizer, sizes)
    if is_pretraining(config) and model.get("frozen_layers") == sizes["layers_of_their_own"]:
        raise InputError(
            f"model.frozen_layers={model.frozen_layers}: no layer is left that could learn from "
            "masked tokens. Give fewer."
        )
    if isinstance(config.data.get("window_overlap"), int | None):  # else that is said later
        windows_of(config, around=tokenizer.num_around)
    filled: dict[str, Any] = {key: sizes[name] for key, name in _SIZES.items()}
    filled |= {"word_width": sizes["word_width"], "encoder_sha256": sha256}
    if texts := read_pretrained_on(folder):
        filled["pretrained_on"] = texts
    found = config.copy()
    for key, value in filled.items():
        OmegaConf.update(found, f"model.{key}", value, force_add=True)
    OmegaConf.update(found, "network.encoder.architecture", architecture, force_add=True)
    return found


def check_frozen_encoder(encoder: str, *, key: str) -> None:
    """Refuses an encoder that shall give posts vectors and cannot, before posts are read.

    Args:
        encoder: a folder or package.
        key: of the setting that names it.

    Raises:
        InputError: as said.
    """
    from mental_health_classifier.data.tokens.encoder_folder import find_encoder

    folder = find_encoder(encoder, download=False, key=key)
    try:
        _read_encoder(folder)
    except InputError as error:
        raise InputError(f"{key}: {str(error).removeprefix('model.encoder: ')}") from None


def _read_encoder(folder: Path) -> tuple[dict[str, Any], PostTokenizer, dict[str, Any]]:
    """Architecture, tokenizer and sizes of the encoder in a folder, if these and its weights belong
    together."""
    from mental_health_classifier.data.tokens.encoder_folder import TOKENIZER, read_architecture
    from mental_health_classifier.data.tokens.tokenizer import PostTokenizer
    from mental_health_classifier.models.pretrained.body import check_weights, describe_body

    architecture = read_architecture(folder)
    if architecture["model_type"] == FAMILY:
        raise InputError(
            f"model.encoder: {folder} holds what a network from scratch has learned. Begin with it "
            f"by model={architecture.get('model')} model.encoder={folder}."
        )
    sizes: dict[str, Any] = describe_body(architecture)
    tokenizer = PostTokenizer.load(folder / TOKENIZER)
    if tokenizer.size > sizes["vocab_size"]:
        raise InputError(
            f"model.encoder: the tokenizer in {folder} has {tokenizer.size} tokens and its weights "
            f"know {sizes['vocab_size']}: one of the two is of another encoder. Restore them."
        )
    check_weights(folder, architecture)
    return architecture, tokenizer, sizes


def _refuse_half_of_it(config: DictConfig) -> None:
    """Refuses an encoder without what belongs to it."""
    wanted = {"network.encoder": PART, "tokenizer": TOKENIZER_OF_IT}
    for key, name in wanted.items():
        if not is_of_an_encoder(config) or OmegaConf.select(config, f"{key}._target_") != name:
            raise InputError(
                f"{key}: a pretrained encoder, its tokenizer and model.encoder belong together. "
                "model=pretrained and model=minilm choose all of them; leave out what chooses "
                "another."
            )


def _refuse_what_does_not_fit(
    model: Mapping[str, Any], tokenizer: PostTokenizer, sizes: Mapping[str, Any]
) -> None:
    frozen, layers = model.get("frozen_layers"), sizes["layers_of_their_own"]
    if isinstance(frozen, int) and frozen > layers:
        raise InputError(
            f"model.frozen_layers={frozen}: this encoder has {layers} layers. Give that or less."
        )
    max_tokens = model.get("max_tokens")
    if not isinstance(max_tokens, int):
        return  # which is said later
    if max_tokens <= tokenizer.num_special:
        raise InputError(
            f"model.max_tokens={max_tokens}: this encoder puts {tokenizer.num_special} special "
            f"tokens around each post. Give {tokenizer.num_special + 1} or more."
        )
    most = sizes["max_position_embeddings"]
    if most is not None and max_tokens > most:
        raise InputError(
            f"model.max_tokens={max_tokens}: this encoder knows {most} places. Give that or less."
        )


def refuse_attention(values: Mapping[str, Any]) -> None:
    """Refuses another attention than that which the encoder has learned with.

    Raises:
        InputError: a variant or a part of the network asks for one.
    """
    variants = [
        name for name in values["clinical"]["variants"] if "network.attention" in changed_keys(name)
    ]
    attention = values.get("network", {}).get("attention")
    if variants or attention is not None:
        what = f"clinical={variants[0]}" if variants else "network/attention"
        raise InputError(
            f"{what}: the weights of a pretrained encoder were learned with an attention of their "
            "own, which is not exchanged. Leave it out; network/pooling=attention_readout alone "
            "makes its logits sums over tokens."
        )
