"""Gradients that two processes exchange, against their plain mean."""

from __future__ import annotations

import os
import traceback
from pathlib import Path

import pytest
import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from mental_health_classifier.training.gradient_exchange import FEWEST_ROWS, exchange_few_rows

TOKENS = ([5, 5, 900], [900, 1999])
"""Of each process; the other tokens occur nowhere."""


class Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.tokens = nn.Embedding(2000, 8)
        self.places = nn.Embedding(FEWEST_ROWS - 1, 8)
        self.output = nn.Linear(8, 3)

    def forward(self, token_ids: Tensor) -> Tensor:
        places = torch.arange(len(token_ids))
        return self.output(self.tokens(token_ids) + self.places(places)).square().sum()


def gradients_of(network: nn.Module) -> dict[str, Tensor]:
    return {name: p.grad for name, p in network.named_parameters() if p.grad is not None}


def take_part(folder: Path, device: int) -> None:
    distributed.init_process_group(
        "gloo", init_method=f"file://{folder / 'meet'}", rank=device, world_size=2
    )
    sent = []
    whole = distributed.all_reduce

    def counting(tensor: Tensor, *given: object) -> object:
        sent.append(tensor.numel())
        return whole(tensor, *given)

    network = Network()
    shared = DistributedDataParallel(network)
    exchange_few_rows(shared)
    distributed.all_reduce = counting
    for _ in range(2):  # from the second step on torch puts gradients into other buckets
        network.zero_grad()
        sent.clear()
        shared(torch.tensor(TOKENS[device])).backward()
    torch.save([gradients_of(network), sum(sent)], folder / f"{device}.pt")


@pytest.fixture
def exchanged(tmp_path: Path) -> list[tuple[dict[str, Tensor], int]]:
    children = []
    for device in range(2):
        if not (pid := os.fork()):
            try:
                take_part(tmp_path, device)
                os._exit(0)
            except BaseException:
                traceback.print_exc()
                os._exit(1)
        children.append(pid)
    assert [os.waitpid(pid, 0)[1] for pid in children] == [0, 0]
    return [torch.load(tmp_path / f"{device}.pt") for device in range(2)]


def test_processes_have_the_mean_of_their_gradients_and_send_few_rows(exchanged) -> None:
    alone = []
    for tokens in TOKENS:
        network = Network()
        network(torch.tensor(tokens)).backward()
        alone.append(gradients_of(network))
    (first, sent), (second, _) = exchanged
    for name, own in alone[0].items():
        # Halves are exact, and two numbers have one sum in any order.
        assert torch.equal(first[name], (own + alone[1][name]) / 2), name
        assert torch.equal(second[name], first[name]), name
    learned = first["tokens.weight"].any(dim=1).nonzero().flatten().tolist()
    assert learned == [5, 900, 1999]
    # A flag for each of 2,000 tokens; the rows of three, all places, the output and its bias.
    assert sent == 2000 + 3 * 8 + (FEWEST_ROWS - 1) * 8 + 8 * 3 + 3


def test_what_is_not_shared_is_left_as_it_is() -> None:
    network = Network()
    exchange_few_rows(network)
    network(torch.tensor([1])).backward()
    assert network.tokens.weight.grad is not None
