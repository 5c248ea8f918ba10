"""Attention weights of a network, read with hooks from its own projections."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import numpy as np
import torch
from torch import nn

from mental_health_classifier.contracts import Batch
from mental_health_classifier.models.attention import ScaledDotProductAttention


def attention_layers(network: nn.Module) -> list[ScaledDotProductAttention]:
    """Those of a network whose weights can be told, first to last."""
    return [module for module in network.modules() if isinstance(module, ScaledDotProductAttention)]


def attention_maps(network: nn.Module, batch: Batch) -> list[list[np.ndarray]]:
    """For each window of a batch (of most posts, the post) the attention weights of each layer,
    shape `(H, L, L)`."""
    by_layer: list[list[np.ndarray]] = []

    def note(layer: Any, arguments: tuple[Any, ...]) -> None:
        by_layer.append([post for run in layer.weights(*arguments) for post in run.numpy()])

    with ExitStack() as hooks, torch.inference_mode():
        for layer in attention_layers(network):
            handle = layer.register_forward_pre_hook(note)
            hooks.callback(handle.remove)
        network(batch)
    return [list(of_post) for of_post in zip(*by_layer, strict=True)]
