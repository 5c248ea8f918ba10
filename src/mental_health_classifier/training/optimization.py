"""AdamW with a warm-up and a cosine down to zero, once or in stages."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from torch import nn
from torch.optim import AdamW
from torch.optim.lr_scheduler import LambdaLR

from mental_health_classifier.contracts.ranges import LearningRate, Share, WeightDecay
from mental_health_classifier.contracts.stages import StagesByName


def adamw_with_cosine(
    network: nn.Module,
    *,
    total_steps: int,
    is_fused: bool = True,
    learning_rate: LearningRate,
    weight_decay: WeightDecay,
    betas: Sequence[float],
    warmup_fraction: Share,
) -> tuple[AdamW, LambdaLR]:
    """Makes the optimizer of `network` and its schedule, to be stepped after every batch.

    Args:
        network: its weight matrices decay; biases, normalisation and embeddings do not. A module
            in it with `learning_rate_factors` says by what the rate of its parameters is
            multiplied.
        total_steps: batches of the whole training.
        is_fused: whether one kernel steps all weights, several times faster, on CPU too.
        learning_rate: the highest rate, reached after the warm-up.
        weight_decay: decoupled from the gradient (Loshchilov and Hutter, ICLR 2019).
        betas: of Adam.
        warmup_fraction: share of `total_steps` over which the rate rises from zero.
    """
    optimizer = _adamw(
        network,
        learning_rate=learning_rate,
        weight_decay=weight_decay,
        betas=betas,
        is_fused=is_fused,
    )
    return optimizer, LambdaLR(
        optimizer, lambda step: _share_of_peak(step, total_steps, warmup_fraction)
    )


def adamw_in_stages(
    network: nn.Module,
    *,
    total_steps: int,
    is_fused: bool = True,
    learning_rate: LearningRate,
    weight_decay: WeightDecay,
    betas: Sequence[float],
    warmup_fraction: Share,
    stages: StagesByName,
) -> tuple[AdamW, LambdaLR]:
    """As `adamw_with_cosine`, but each stage has a warm-up, a peak and a cosine of its own.

    Args:
        network, total_steps, is_fused, weight_decay, betas: as there.
        learning_rate: what the stages' factors multiply.
        warmup_fraction: share of each stage.
        stages: by name, in their order.

    Source: warm restarts, Loshchilov and Hutter, SGDR, ICLR 2017.
    """
    optimizer = _adamw(
        network,
        learning_rate=learning_rate,
        weight_decay=weight_decay,
        betas=betas,
        is_fused=is_fused,
    )
    epochs = [0, *accumulate(stage["epochs"] for stage in stages.values())]
    starts = [round(total_steps * done / epochs[-1]) for done in epochs]
    factors = [stage["learning_rate_factor"] for stage in stages.values()]

    def share_of_learning_rate(step: int) -> float:
        stage = min(bisect_right(starts, step), len(factors)) - 1
        first, steps = starts[stage], starts[stage + 1] - starts[stage]
        return factors[stage] * _share_of_peak(step - first, steps, warmup_fraction)

    return optimizer, LambdaLR(optimizer, share_of_learning_rate)


def _adamw(
    network: nn.Module,
    *,
    learning_rate: float,
    weight_decay: float,
    betas: Sequence[float],
    is_fused: bool,
) -> AdamW:
    """AdamW in which the weights of linear layers alone decay, and parts that say so learn at a
    rate of their own (`learning_rate_factors`)."""
    decayed = {id(module.weight) for module in network.modules() if isinstance(module, nn.Linear)}
    factors: dict[nn.Parameter, float] = {}
    for module in network.modules():
        if hasattr(module, "learning_rate_factors"):
            factors |= module.learning_rate_factors()  # pyright: ignore[reportCallIssue]
    parameters = [p for p in network.parameters() if p.requires_grad]
    # The highest rate first: it is the one that is logged.
    rates = sorted({factors.get(p, 1.0) for p in parameters}, reverse=True)
    return AdamW(
        [
            {
                "params": [
                    p
                    for p in parameters
                    if factors.get(p, 1.0) == rate and (id(p) in decayed) == is_decayed
                ],
                "weight_decay": weight_decay if is_decayed else 0.0,
                "lr": learning_rate * rate,
            }
            for rate in rates
            for is_decayed in (True, False)
        ],
        lr=learning_rate,
        betas=(betas[0], betas[1]),
        fused=is_fused,
    )


def _share_of_peak(step: int, total_steps: int, warmup_fraction: float) -> float:
    warmup_steps = max(1, round(warmup_fraction * total_steps))
    if step < warmup_steps:
        return (step + 1) / warmup_steps
    progress = (step - warmup_steps) / max(1, total_steps - warmup_steps)
    return 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))
