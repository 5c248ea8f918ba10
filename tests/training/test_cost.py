import numpy as np
import torch
from torch import nn

from mental_health_classifier.contracts import Batch, ModelOutput
from mental_health_classifier.data.batching import make_batch
from mental_health_classifier.data.tokens.token_cache import TokenTable
from mental_health_classifier.models.attention import ScaledDotProductAttention
from mental_health_classifier.training.cost import flops_per_post


class OneLayer(nn.Module):
    """Attention over embeddings that are given, then a linear read-out of the first token."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(10, 8)
        self.attention = ScaledDotProductAttention(width=8, num_heads=2, dropout=0.0)
        self.head = nn.Linear(8, 3)

    def forward(self, batch: Batch) -> ModelOutput:
        hidden = self.attention(self.embedding(batch.token_ids), batch.length_groups)
        return ModelOutput(logits={"condition": self.head(hidden[batch.offsets[:-1]])})


class Sum(nn.Module):
    def forward(self, output: ModelOutput, batch: Batch) -> dict[str, torch.Tensor]:
        return {"total": output.logits["condition"].sum()}


def test_operations_are_those_counted_by_hand() -> None:
    tokens = TokenTable(np.arange(8, dtype=np.uint16), np.array([0, 4, 8]))
    batch = make_batch(tokens, rows=np.arange(2), labels={})
    network = OneLayer()
    network.requires_grad_(True)
    cost = flops_per_post(network, Sum(), batch)
    # A post of 4 tokens, width 8: queries, keys, values 2*4*8*24; scores and mixing, 2 heads of
    # width 4, 2*(2*4*4*4) each; output 2*4*8*8; head 2*8*3.
    forward = 2 * 4 * 8 * 24 + 2 * (2 * 2 * 4 * 4 * 4) + 2 * 4 * 8 * 8 + 2 * 8 * 3
    assert cost["inference_flops_per_post"] == forward
    # Every product has two on the way back, one for each factor.
    assert cost["training_flops_per_post"] == 3 * forward
    assert network.training and all(p.grad is None for p in network.parameters())
