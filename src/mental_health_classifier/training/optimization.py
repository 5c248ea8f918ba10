"""How weights move: AdamW, a warm-up, then a cosine down to zero."""

from __future__ import annotations

import math
from collections.abc import Sequence

from torch import nn
from torch.optim import AdamW
from torch.optim.lr_scheduler import LambdaLR


def adamw_with_cosine(
    network: nn.Module,
    *,
    total_steps: int,
    learning_rate: float,
    weight_decay: float,
    betas: Sequence[float],
    warmup_fraction: float,
) -> tuple[AdamW, LambdaLR]:
    """Makes the optimizer of `network` and its schedule, to be stepped after every batch.

    Args:
        network: its weight matrices decay; biases, normalisation and embeddings do not.
        total_steps: batches of the whole training.
        learning_rate: the highest rate, reached after the warm-up.
        weight_decay: decoupled from the gradient (Loshchilov and Hutter, ICLR 2019).
        betas: of Adam.
        warmup_fraction: share of `total_steps` over which the rate rises from zero.
    """
    decayed = {id(module.weight) for module in network.modules() if isinstance(module, nn.Linear)}
    parameters = [p for p in network.parameters() if p.requires_grad]
    optimizer = AdamW(
        [
            {"params": [p for p in parameters if id(p) in decayed], "weight_decay": weight_decay},
            {"params": [p for p in parameters if id(p) not in decayed], "weight_decay": 0.0},
        ],
        lr=learning_rate,
        betas=(betas[0], betas[1]),
        fused=True,  # several times faster than the default, on CPU too
    )
    warmup_steps = max(1, round(warmup_fraction * total_steps))

    def share_of_learning_rate(step: int) -> float:
        if step < warmup_steps:
            return (step + 1) / warmup_steps
        progress = (step - warmup_steps) / max(1, total_steps - warmup_steps)
        return 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))

    return optimizer, LambdaLR(optimizer, share_of_learning_rate)
