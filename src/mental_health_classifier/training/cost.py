"""Cost of a post for the network in floating point operations, forward and backward."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from mental_health_classifier.contracts import Batch


def flops_per_post(network: nn.Module, objective: nn.Module, batch: Batch) -> dict[str, float]:
    """Counts what one post takes on average, forward alone, and forward and backward.

    A multiplication and an addition are two. Element-wise operations are not counted.

    Args:
        batch: posts of typical lengths, on the network's device.
    """
    was_training = network.training
    # The fused kernels have no count on every device; this one is made of counted products.
    with sdpa_kernel(SDPBackend.MATH):
        network.eval()
        with torch.no_grad(), FlopCounterMode(display=False) as inference:
            network(batch)
        network.train()
        with torch.enable_grad(), FlopCounterMode(display=False) as training:
            objective(network(batch), batch)["total"].backward()
    network.zero_grad(set_to_none=True)
    network.train(was_training)
    return {
        "inference_flops_per_post": inference.get_total_flops() / len(batch),
        "training_flops_per_post": training.get_total_flops() / len(batch),
    }
