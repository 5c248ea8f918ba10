"""Body of a pretrained encoder: built from its architecture by the library transformers."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from mental_health_classifier.contracts import InputError
from mental_health_classifier.models.kernels.dropout import Dropout
from mental_health_classifier.models.kernels.linear import Linear
from mental_health_classifier.models.pretrained.adapters import LowRankAdapters
from mental_health_classifier.models.pretrained.architecture import configuration_of
from mental_health_classifier.models.pretrained.weights import read_weights


def build_body(
    architecture: Mapping[str, Any],
    *,
    dropout: float | None,
    adapters: LowRankAdapters | None = None,
) -> nn.Module:
    """A body with random weights, without its word embedding and its pooling.

    Args:
        architecture: what config.json says; `model_type` is the family.
        dropout: in place of every share in it. None: those in it.
        adapters: what learns in place of all its weights.

    Raises:
        InputError: transformers is not installed or does not know the family, the settings do not
            fit it, or it is no encoder.
    """
    body = _whole_model(architecture, dropout=dropout)
    without_input_and_pooler(body)
    if adapters is not None:
        adapters.put_into(body, layers_of(body))
    _quicken(body)
    return body.train()


def layers_of(body: nn.Module) -> nn.ModuleList:
    """Its layers, the lowest first.

    Raises:
        InputError: it has none.
    """
    stacks = [module for module in body.modules() if isinstance(module, nn.ModuleList)]
    if not stacks:
        raise InputError("model.encoder: it has no layers. Choose another encoder.")
    return max(stacks, key=lambda stack: sum(p.numel() for p in stack.parameters()))


def describe_body(architecture: Mapping[str, Any]) -> dict[str, int | None]:
    """Sizes of such a body as transformers calls them, the `word_width` of its word vectors, and
    `layers_of_their_own`: those that share no weights.

    No weights are made for it.
    """
    with torch.device("meta"):
        model = _whole_model(architecture, dropout=None)
    configuration: Any = model.config
    names = ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size")
    vocabulary, word_width = _word_embedding(model).weight.shape
    return {
        **{name: getattr(configuration, name, None) for name in names},
        "layers_of_their_own": len(layers_of(model)),
        "max_position_embeddings": getattr(configuration, "max_position_embeddings", None),
        "vocab_size": vocabulary,
        "word_width": word_width,
    }


def read_model(folder: Path, configuration: Any) -> nn.Module:
    """The model in a folder as transformers reads it, in single precision, evaluating.

    Args:
        configuration: that of a body built from the folder's config.json.

    Raises:
        InputError: the weights are not those of the architecture.
    """
    return _read_onto(None, folder, configuration)


def check_weights(folder: Path, architecture: Mapping[str, Any]) -> None:
    """Compares the names and shapes of weights with an architecture; the weights are not read.

    Raises:
        InputError: they are of another one.
    """
    _read_onto("meta", folder, _configuration(architecture, dropout=None))


def _read_onto(device: str | None, folder: Path, configuration: Any) -> nn.Module:
    from transformers import AutoModel

    return read_weights(AutoModel, folder, configuration, device=device, key="model.encoder")


def write_model(folder: Path, body: nn.Module, word_vectors: Tensor) -> None:
    """Writes a body and its word vectors as transformers saves a model, for `read_model`.

    Args:
        body: of `build_body`.
        word_vectors: shape `(vocabulary, width)`.
    """
    model: Any = copy.deepcopy(body).cpu()
    model.set_input_embeddings(nn.Embedding.from_pretrained(word_vectors.detach().cpu()))
    # Tokens of the encoder that its tokenizer did not know were left out when it was read.
    model.config.vocab_size = len(word_vectors)
    model.save_pretrained(folder)


def take_word_vectors(model: nn.Module) -> Tensor:
    """The weights of a model's word embedding, shape `(vocabulary, width)`."""
    return _word_embedding(model).weight.detach()


def without_input_and_pooler(model: nn.Module) -> None:
    """Has a model begin with vectors of words and end with those of tokens: what pools them would
    have weights that nothing trains."""
    model.set_input_embeddings(nn.Identity())  # pyright: ignore[reportCallIssue]
    if getattr(model, "pooler", None) is not None:
        model.register_module("pooler", None)


def _whole_model(architecture: Mapping[str, Any], *, dropout: float | None) -> nn.Module:
    from transformers import AutoModel

    configuration = _configuration(architecture, dropout=dropout)
    try:
        return AutoModel.from_config(configuration, dtype=torch.float32)
    except Exception as error:  # whatever a family says of settings that do not fit it
        raise InputError(
            f"model.encoder: config.json describes no {architecture['model_type']} that can be "
            f"built ({type(error).__name__}). Restore it from a copy."
        ) from None


def _configuration(architecture: Mapping[str, Any], *, dropout: float | None) -> Any:
    configuration = configuration_of(architecture, key="model.encoder")
    from transformers.models.auto.modeling_auto import MODEL_FOR_MASKED_LM_MAPPING_NAMES

    family = architecture["model_type"]
    # Learned from masked words: so did all that are encoders of text, and no other family did.
    if family not in MODEL_FOR_MASKED_LM_MAPPING_NAMES or architecture.get("is_encoder_decoder"):
        raise InputError(
            f"model.encoder: {family} is no encoder of text. Choose an encoder such as BERT, "
            "RoBERTa or ModernBERT."
        )
    if dropout is not None:
        for key, value in configuration.to_dict().items():
            if "dropout" in key and value is not None:
                setattr(configuration, key, dropout)
    return configuration


def _word_embedding(model: nn.Module) -> nn.Embedding:
    embedding = model.get_input_embeddings()  # pyright: ignore[reportCallIssue]
    if not isinstance(embedding, nn.Embedding):
        raise InputError(
            f"model.encoder: {model.config.model_type} is no encoder of text with a plain table of "  # pyright: ignore[reportAttributeAccessIssue]
            "word vectors. Choose an encoder such as BERT, RoBERTa or ModernBERT."
        )
    return embedding


def _quicken(body: nn.Module) -> None:
    """Puts our own dropout and linear layers, which compute the same in less time, into a body."""
    for module in list(body.modules()):
        for name, child in module.named_children():
            if type(child) is nn.Dropout:
                # It keeps the attribute `p`, which attention reads.
                setattr(module, name, Dropout(child.p))
            elif type(child) is nn.Linear:
                child.__class__ = Linear
