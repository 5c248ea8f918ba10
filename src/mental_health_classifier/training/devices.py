"""Steps that several devices share, each in a process of its own."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import timedelta

import torch
from lightning.fabric.plugins.environments.cluster_environment import ClusterEnvironment
from lightning.fabric.plugins.environments.slurm import SLURMEnvironment
from lightning.fabric.plugins.environments.torchelastic import TorchElasticEnvironment
from torch import Tensor, distributed
from torch.nn import functional

from mental_health_classifier.contracts import Batch, ModelOutput

PATIENCE = timedelta(hours=2)
"""The longest that a launched process waits for another: the first prepares posts meanwhile."""


def whole_step(output: ModelOutput, batch: Batch) -> tuple[ModelOutput, Batch]:
    """What all devices answered to the posts of a step, with these posts; of one device, both as
    they are.

    Whatever is worked out from them, losses and metrics, is then what one device would have worked
    out, whether it is a mean over posts or not. The gradients of all devices are to be averaged, as
    DistributedDataParallel does: each gives its own answers so many times the gradient as there are
    devices. Token weights are left out, as only their own device needs them.
    """
    whole = batch.whole
    if whole is None:
        return output, batch
    logits = {name: _gather(each, len(whole)) for name, each in output.logits.items()}
    return ModelOutput(logits=logits), whole


def share_of_step(batch: Batch) -> float:
    """What a mean over the posts of one device counts where the devices' gradients are averaged: 1
    if all have as many posts."""
    if batch.whole is None:
        return 1.0
    num_devices, device = distributed.get_world_size(), distributed.get_rank()
    num_posts = len(range(device, len(batch.whole), num_devices))
    return num_posts * num_devices / len(batch.whole)


def share_of_count(batch: Batch, count: Tensor) -> Tensor | float:
    """As `share_of_step`, of a mean over something that each device has to count, a scalar."""
    if batch.whole is None:
        return 1.0
    total = count.clone()
    distributed.all_reduce(total)
    return count * distributed.get_world_size() / total.clamp_min(1)


def _gather(own: Tensor, num_posts: int) -> Tensor:
    """Rows of all devices in the order of the whole batch, whose row i device `i % devices` has;
    shape `(num_posts, ...)`."""
    num_devices, device = distributed.get_world_size(), distributed.get_rank()
    most = -(-num_posts // num_devices)
    padded = functional.pad(own.detach(), (0, 0, 0, most - len(own)))
    shares = [torch.empty_like(padded) for _ in range(num_devices)]
    distributed.all_gather(shares, padded.contiguous())
    if own.requires_grad:
        # The same numbers, since the difference is zero, and as many times the gradient.
        scaled = own + (num_devices - 1) * (own - own.detach())
        shares[device] = functional.pad(scaled, (0, 0, 0, most - len(own)))
    return torch.stack(shares, 1).flatten(0, 1)[:num_posts]


@dataclass
class OwnProcesses(ClusterEnvironment):
    """The processes that a run starts on this machine, one for each device."""

    rank: int
    num_processes: int
    port: int
    """Free on this machine; all processes of the run meet there."""

    @property
    def creates_processes_externally(self) -> bool:
        return True

    @property
    def main_address(self) -> str:
        return "127.0.0.1"

    @property
    def main_port(self) -> int:
        return self.port

    @staticmethod
    def detect() -> bool:
        return False

    def world_size(self) -> int:
        return self.num_processes

    def set_world_size(self, size: int) -> None:
        """Known already."""

    def global_rank(self) -> int:
        return self.rank

    def set_global_rank(self, rank: int) -> None:
        """Known already."""

    def local_rank(self) -> int:
        return self.rank

    def node_rank(self) -> int:
        return 0


def join_group() -> int:
    """Connects the processes that torchrun or srun started, until they end; returns which of them
    this is.

    Lightning would do so too, but not before a run trains.
    """
    is_slurm = SLURMEnvironment.detect()
    environment = SLURMEnvironment() if is_slurm else TorchElasticEnvironment()
    os.environ["MASTER_ADDR"] = environment.main_address
    os.environ["MASTER_PORT"] = str(environment.main_port)
    distributed.init_process_group(
        "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo",
        rank=environment.global_rank(),
        world_size=environment.world_size(),
        timeout=PATIENCE,
    )
    return environment.global_rank()


def tell_all(message: str | None) -> str | None:
    """What the first process says, to all of a group."""
    messages = [message]
    distributed.broadcast_object_list(messages, src=0)
    return messages[0]


def is_in_group() -> bool:
    return distributed.is_available() and distributed.is_initialized()


def leave_group() -> None:
    """Closes the connections between the processes of a run, so that another can begin."""
    if is_in_group():
        distributed.destroy_process_group()
