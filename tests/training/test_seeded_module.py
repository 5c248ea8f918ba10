"""The step that all trainings share."""

from __future__ import annotations

import functools
import os
import socket
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning.pytorch import Trainer
from lightning.pytorch.strategies import DDPStrategy
from torch import Tensor, nn
from torch.utils.data import DataLoader

from mental_health_classifier.training.devices import OwnProcesses
from mental_health_classifier.training.optimization import adamw_with_cosine
from mental_health_classifier.training.seeded_module import SeededModule

# Lightning 2.6 asks torch 2.13 in a way that torch is about to drop.
pytestmark = pytest.mark.filterwarnings("ignore:.*LeafSpec", "ignore:.*does not have many workers")


POSTS = torch.randn(12, 4, generator=torch.Generator().manual_seed(2))


class Steps(SeededModule):
    """Learns a line, and notes how long its gradients are when it steps."""

    def __init__(self) -> None:
        torch.manual_seed(0)
        make_optimizer = functools.partial(
            adamw_with_cosine,
            learning_rate=0.01,
            weight_decay=0.0,
            betas=(0.9, 0.98),
            warmup_fraction=0.05,
        )
        super().__init__(
            network=nn.Linear(4, 1),
            objective=nn.Identity(),
            make_optimizer=make_optimizer,
            seed=1,
        )
        self.norms: list[float] = []
        self.seen: list[float] = []

    def losses(self, batch: Any) -> Mapping[str, Tensor]:
        return {"total": (self.network(batch) - 5).square().mean()}

    def training_step(self, batch: Tensor, batch_idx: int) -> Tensor:
        loss = self.losses(batch)["total"]
        self.seen.append(loss.item())
        return loss

    def on_before_zero_grad(self, optimizer: Any) -> None:
        gradients = [p.grad.flatten() for p in self.parameters() if p.grad is not None]
        if gradients:
            self.norms.append(torch.cat(gradients).norm().item())


def trained(posts: Tensor = POSTS, *, posts_per_step: int = 4, **options: Any) -> Steps:
    module = Steps()
    trainer = Trainer(
        accelerator="cpu",
        max_epochs=2,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        **options,
    )
    trainer.fit(module, DataLoader(posts, batch_size=posts_per_step))  # pyright: ignore[reportArgumentType]
    return module


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
def test_gradients_are_clipped_before_a_fused_step_in_every_precision(precision: str) -> None:
    clipped, free = (
        trained(precision=precision, gradient_clip_val=0.1),
        trained(precision=precision),
    )
    assert clipped.optimizers().param_groups[0]["fused"]  # pyright: ignore
    assert clipped.norms == pytest.approx([0.1] * len(clipped.norms), rel=1e-3)
    assert min(free.norms) > 1
    assert free.seen[-1] < free.seen[0]


def test_bf16_learns_as_single_precision_does_up_to_its_rounding() -> None:
    single, half = (
        trained(precision=precision, gradient_clip_val=0.5).seen
        for precision in ("32-true", "bf16-mixed")
    )
    assert half == pytest.approx(single, rel=0.01)
    assert half != single


def test_values_are_clipped_too_where_that_is_asked_for() -> None:
    module = trained(
        precision="bf16-mixed", gradient_clip_val=0.01, gradient_clip_algorithm="value"
    )
    # Five numbers of at most so much.
    assert max(module.norms) <= 0.01 * 5**0.5 + 1e-6


def take_part(folder: Path, rank: int, port: int) -> None:
    """Every other post of each batch of four."""
    module = trained(
        POSTS[rank::2],
        posts_per_step=2,
        devices=2,
        strategy=DDPStrategy(gradient_as_bucket_view=True),
        plugins=[OwnProcesses(rank, 2, port)],
        use_distributed_sampler=False,
        gradient_clip_val=0.5,
    )
    torch.save(module.network.state_dict(), folder / f"{rank}.pt")


def test_two_processes_that_exchange_gradients_end_with_the_weights_of_one(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    children = []
    for rank in range(2):
        if not (pid := os.fork()):
            try:
                take_part(tmp_path, rank, port)
                os._exit(0)
            except BaseException:
                traceback.print_exc()
                os._exit(1)
        children.append(pid)
    assert [os.waitpid(pid, 0)[1] for pid in children] == [0, 0]
    alone = trained(gradient_clip_val=0.5)
    for rank in range(2):
        weights = torch.load(tmp_path / f"{rank}.pt")
        torch.testing.assert_close(weights, alone.network.state_dict())
