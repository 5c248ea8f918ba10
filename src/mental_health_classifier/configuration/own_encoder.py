"""What a network from scratch begins with where `model.encoder` names a folder: weights that one of
its size has learned from masked tokens, and their tokenizer."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig, OmegaConf

from mental_health_classifier.contracts import InputError

if TYPE_CHECKING:
    from mental_health_classifier.models.network import Network

FAMILY = "mental_health_classifier"
"""What config.json in such a folder calls its architecture, where transformers names a family."""
_SIZES = ("width", "num_layers", "num_heads", "feedforward_width", "max_tokens")


def describe_own_encoder(model: DictConfig) -> dict[str, Any]:
    """What config.json in such a folder says.

    Args:
        model: the group of the configuration.
    """
    return {"model_type": FAMILY, "model": model.name, **{key: model[key] for key in _SIZES}}


def with_own_encoder(config: DictConfig) -> DictConfig:
    """The same with the encoder's hash, what it has read, and its tokenizer in place of one to be
    learned. A recorded run has them already, and its configuration stays as it is.

    Raises:
        InputError: there is no such encoder, it is damaged, or is that of another network.
    """
    if OmegaConf.select(config, "tokenizer._target_") == "read_tokenizer":
        return config
    from mental_health_classifier.data.tokens.encoder_folder import (
        find_encoder,
        hash_of_encoder,
        read_pretrained_on,
        refuse_another,
    )

    model, encoder = config.model, str(config.model.encoder)
    folder = find_encoder(encoder, download=False)
    _require_fit(folder, model)
    sha256 = hash_of_encoder(folder)
    if model.get("encoder_sha256") is not None:
        refuse_another(encoder, expected=str(model.encoder_sha256), found=sha256)
    tokenizer = {
        "_target_": "read_tokenizer",
        "_partial_": True,
        **{"encoder": encoder, "download": False, "encoder_sha256": sha256},
    }
    found = config.copy()
    OmegaConf.update(found, "tokenizer", tokenizer, merge=False, force_add=True)
    OmegaConf.update(found, "model.encoder_sha256", sha256, force_add=True)
    if texts := read_pretrained_on(folder):
        OmegaConf.update(found, "model.pretrained_on", texts, force_add=True)
    return found


def _require_fit(folder: Path, model: DictConfig) -> None:
    from mental_health_classifier.data.tokens.encoder_folder import TOKENIZER, read_architecture
    from mental_health_classifier.data.tokens.tokenizer import PostTokenizer

    sizes = read_architecture(folder)
    if sizes["model_type"] != FAMILY:
        raise InputError(
            f"model.encoder={model.encoder}: a network from scratch begins with what one of its "
            f"size has learned, and this is an encoder of the family {sizes['model_type']}. "
            "Choose model=pretrained."
        )
    for key in _SIZES:
        if sizes.get(key) != model.get(key):
            raise InputError(
                f"model.{key}={model.get(key)}: the encoder in {folder} has {sizes.get(key)}. "
                f"Begin with it by model={sizes.get('model')}, or pretrain a network of this size."
            )
    vocabulary_size = PostTokenizer.load(folder / TOKENIZER).size
    _plain_network(model, vocabulary_size=vocabulary_size).take_over(folder)


def _plain_network(model: DictConfig, *, vocabulary_size: int) -> Network:
    """One that takes over all that such a folder holds, and no more."""
    from torch import nn

    from mental_health_classifier.models.attention import ScaledDotProductAttention
    from mental_health_classifier.models.embeddings import TokenEmbedding
    from mental_health_classifier.models.encoder import TransformerEncoder
    from mental_health_classifier.models.network import Network
    from mental_health_classifier.models.pooling import MeanPooling

    width = model.width
    attention = partial(
        ScaledDotProductAttention, width=width, num_heads=model.num_heads, dropout=0.0
    )
    return Network(
        embedding=TokenEmbedding(
            vocabulary_size=vocabulary_size, width=width, max_tokens=model.max_tokens, dropout=0.0
        ),
        encoder=TransformerEncoder(
            attention=attention,
            width=width,
            num_layers=model.num_layers,
            feedforward_width=model.feedforward_width,
            dropout=0.0,
        ),
        pooling=MeanPooling(),
        heads=nn.Identity(),
    )
