"""LightningModule whose steps are a pure function of (seed, step)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from lightning.pytorch import LightningModule
from lightning.pytorch.plugins.precision import MixedPrecision, Precision
from lightning.pytorch.utilities import GradClipAlgorithmType
from torch import Tensor, nn
from torch.optim import Optimizer

from mental_health_classifier.contracts import Batch


class SeededModule(LightningModule):
    """What every training of a network shares: its optimizer, and its random numbers.

    Args:
        network: the architecture.
        objective: what its loss is; it may learn something itself.
        make_optimizer: (network, total_steps=..., is_fused=...) -> optimizer and its schedule. It
            is given the objective too.
        seed: of the run. Dropout is a pure function of (seed, step).
    """

    def __init__(
        self,
        *,
        network: nn.Module,
        objective: nn.Module,
        make_optimizer: Callable[..., tuple[Any, Any]],
        seed: int,
    ) -> None:
        super().__init__()
        self.network = network
        self.objective = objective
        self._make_optimizer = make_optimizer
        self._seed = seed

    def configure_optimizers(self) -> Any:
        total_steps = int(self.trainer.estimated_stepping_batches)
        learned = nn.ModuleList([self.network, self.objective])
        # Fused steps undo the scale of half precision themselves, after gradients were clipped.
        is_scaled = self.trainer.precision == "16-mixed"
        optimizer, schedule = self._make_optimizer(
            learned, total_steps=total_steps, is_fused=not is_scaled
        )
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def configure_gradient_clipping(
        self,
        optimizer: Optimizer,
        gradient_clip_val: float | None = None,
        gradient_clip_algorithm: str | None = None,
    ) -> None:
        precision = self.trainer.precision_plugin
        if isinstance(precision, MixedPrecision) and precision.scaler is None:
            # Lightning refuses fused steps here, as they undo a scale themselves; bf16 has none.
            algorithm = GradClipAlgorithmType(gradient_clip_algorithm or "norm")
            Precision.clip_gradients(precision, optimizer, gradient_clip_val or 0, algorithm)
        else:
            super().configure_gradient_clipping(
                optimizer, gradient_clip_val, gradient_clip_algorithm
            )

    def on_train_batch_start(self, batch: Batch, batch_idx: int) -> None:
        # One stream of random numbers for each step: resuming at step k needs no state of earlier
        # ones.
        # Devices that share a step draw different ones.
        torch.manual_seed((self._seed << 32) + (self.global_rank << 26) + self.global_step)

    def losses(self, batch: Batch) -> Mapping[str, Tensor]:
        """The losses of a batch by name, `total` among them."""
        return self.objective(self.network(batch), batch)

    @property
    def is_step_logged(self) -> bool:
        """Whether the step under way is one of those that are logged: logging every step would cost
        as much as a small step itself."""
        every = self.trainer.log_every_n_steps  # pyright: ignore[reportAttributeAccessIssue]
        return bool(every) and (self.global_step + 1) % every == 0
