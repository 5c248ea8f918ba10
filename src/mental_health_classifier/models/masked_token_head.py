"""Head that fills in hidden tokens."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional


class MaskedTokenHead(nn.Module):
    """A dense layer, GELU and a normalisation, then the likeness to the vector of every token.

    The word vectors are those of the network, so that both learn together.

    Args:
        width: of the vectors of tokens in their posts.
        word_width: of word vectors.
        vocabulary_size: tokens that there are.

    Source: Devlin et al., BERT, NAACL 2019; Press and Wolf, EACL 2017 (tied word vectors).
    """

    def __init__(self, *, width: int, word_width: int, vocabulary_size: int) -> None:
        super().__init__()
        self.dense = nn.Linear(width, word_width)
        self.norm = nn.LayerNorm(word_width, eps=1e-12)
        self.bias = nn.Parameter(self.dense.weight.new_zeros(vocabulary_size))
        nn.init.normal_(self.dense.weight, std=0.02)
        nn.init.zeros_(self.dense.bias)

    def forward(self, hidden: Tensor, word_vectors: Tensor) -> Tensor:
        """Logits of every token, shape `(n, vocabulary)`, from the vectors of n hidden ones, shape
        `(n, width)`."""
        guessed = self.norm(functional.gelu(self.dense(hidden)))
        return functional.linear(guessed, word_vectors, self.bias)
