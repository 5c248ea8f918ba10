"""Low-rank adapters: small matrices beside those of an encoder, which themselves stay as they
are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Interval
from torch import nn

from mental_health_classifier.contracts import InputError
from mental_health_classifier.contracts.ranges import DropoutShare

_BASE = ".base_layer."
"""Where the library peft puts a layer that got an adapter."""


@dataclass(frozen=True, kw_only=True)
class LowRankAdapters:
    """Each linear layer `W x` becomes `W x + (alpha / rank) B A x`, of which `A` and `B` alone
    learn.

    `B` begins as zero, so the first step starts from the encoder as it is.

    Source: Hu et al., LoRA: Low-Rank Adaptation of Large Language Models, ICLR 2022.
    """

    rank: Annotated[int, Interval(ge=1, le=1024)]
    """Rows of `A` and columns of `B`."""
    alpha: Annotated[float, Interval(gt=0, le=10**4)]
    """How much they count; the rate at which they learn is the like of it."""
    dropout: DropoutShare
    """Share of `x` that is left out before `A` in training."""

    def put_into(self, body: nn.Module, layers: nn.ModuleList) -> None:
        """Gives every linear layer in the `layers` of `body` an adapter; nothing else in it learns.

        Raises:
            InputError: the library peft is not installed, or layers hold no linear layer.
        """
        try:
            from peft import LoraConfig, inject_adapter_in_model
        except ImportError:
            raise InputError(
                "network/adapters=lora needs the package peft. Install it with `make pretrained`, "
                "or pip install -c requirements.lock -e '.[pretrained]'."
            ) from None
        inside = {id(module) for module in layers.modules() if isinstance(module, nn.Linear)}
        names = [name for name, module in body.named_modules() if id(module) in inside]
        if not names:
            raise InputError(
                "network/adapters=lora: the layers of this encoder are not built of linear layers "
                "that an adapter could stand beside. Leave it out."
            )
        inject_adapter_in_model(
            LoraConfig(
                r=self.rank,
                lora_alpha=self.alpha,  # pyright: ignore[reportArgumentType]
                lora_dropout=self.dropout,
                target_modules=names,
            ),
            body,
        )


def without_adapters(name: str) -> str:
    """What a parameter or buffer is called in a body that has none."""
    return name.replace(_BASE, ".")


def is_of_adapter(name: str) -> bool:
    return ".lora_" in name


def merge_adapters(body: nn.Module) -> None:
    """Adds `B A` to the matrices that they stand beside: the same vectors in less time."""
    for module in body.modules():
        if hasattr(module, "lora_A") and not module.merged:
            module.merge()  # pyright: ignore[reportCallIssue]
