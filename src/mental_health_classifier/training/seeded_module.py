"""LightningModule whose steps are a pure function of (seed, step)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from lightning.pytorch import LightningModule
from torch import Tensor, nn

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
        # Fused steps undo the scaling of mixed precision themselves, after gradients were clipped.
        is_mixed = "mixed" in str(self.trainer.precision)
        optimizer, schedule = self._make_optimizer(
            learned, total_steps=total_steps, is_fused=not is_mixed
        )
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

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
