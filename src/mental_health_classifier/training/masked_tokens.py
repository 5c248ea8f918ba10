"""Pretraining on masked tokens: no label is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional
from torchmetrics import MeanMetric

from mental_health_classifier.contracts import Batch
from mental_health_classifier.contracts.batches import HIDDEN
from mental_health_classifier.contracts.ranges import OpenShare
from mental_health_classifier.contracts.task_kinds import MISSING
from mental_health_classifier.training.devices import share_of_count, share_of_step
from mental_health_classifier.training.network_learner import NetworkLearner
from mental_health_classifier.training.seeded_module import SeededModule


class MaskedTokens(nn.Module):
    """How well hidden words are filled in, from the vectors of the tokens of a batch.

    Args:
        head: `MaskedTokenHead`, or a like module.
        make_masks: makes `MaskedWords`, or a like function, from the share.
        share: of the words that are hidden.
        parts: whose texts are learned from, see `texts_to_learn_from`.
    """

    def __init__(
        self,
        *,
        head: nn.Module,
        make_masks: Callable[..., Callable[[Batch, torch.Generator | None], Batch]],
        share: OpenShare,
        parts: Sequence[Literal["train", "val", "calibration", "test"]],
    ) -> None:
        super().__init__()
        self.head = head
        self.hide = make_masks(share=share)

    def forward(self, hidden: Tensor, batch: Batch, word_vectors: Tensor) -> dict[str, Tensor]:
        """The mean loss of the hidden tokens as `total`, how many of them were found as `found`,
        and their number as `hidden`.

        Args:
            hidden: vectors of all tokens, shape `(N, D)`.
            batch: that `hide` made.
            word_vectors: of every token, shape `(vocabulary, word width)`.
        """
        sought = batch.token_streams[HIDDEN]
        is_hidden = sought != MISSING
        sought = sought[is_hidden]
        logits = self.head(hidden[is_hidden], word_vectors)
        # A batch may have no word to hide.
        loss = functional.cross_entropy(logits, sought, reduction="sum") / max(len(sought), 1)
        found = (logits.argmax(-1) == sought).sum()
        # A post that only fills up a step (see `BatchDataset`) counts nothing.
        hidden = is_hidden.sum() * bool(share_of_step(batch))
        return {"total": loss, "found": found, "hidden": hidden}


class MaskedTokenModule(SeededModule):
    """Trains a network to fill in hidden words."""

    network: Any  # a Network
    objective: MaskedTokens

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.val_loss, self.val_accuracy = MeanMetric(), MeanMetric()

    def losses(
        self, batch: Batch, generator: torch.Generator | None = None
    ) -> Mapping[str, Tensor]:
        """See `MaskedTokens`.

        Args:
            generator: of what is hidden; None: that of torch.
        """
        batch = self.objective.hide(batch, generator)
        hidden = self.network.vectors_of_tokens(batch)
        return self.objective(hidden, batch, self.network.embedding.tokens.weight)

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        losses = self.losses(batch)
        loss = losses["total"] * share_of_count(batch, losses["hidden"])
        if self.is_step_logged:
            self.log("train/masked_loss", loss.detach(), prog_bar=True, batch_size=len(batch))
            learning_rate = self.trainer.optimizers[0].param_groups[0]["lr"]
            self.log("train/learning_rate", learning_rate, batch_size=len(batch))
        return loss

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        # The same words are hidden at every validation, so that epochs can be compared.
        generator = torch.Generator().manual_seed((self._seed << 32) + batch_idx)
        losses = self.losses(batch, generator)
        num_hidden = losses["hidden"]
        self.val_loss.update(losses["total"], num_hidden)
        self.val_accuracy.update(losses["found"] / num_hidden.clamp_min(1), num_hidden)

    def on_validation_epoch_end(self) -> None:
        scores = {
            "val/masked_loss": self.val_loss.compute(),
            "val/masked_accuracy": self.val_accuracy.compute(),
        }
        self.val_loss.reset()
        self.val_accuracy.reset()
        # What is measured once more at the end stands in the record already.
        self.log_dict(scores, logger=self.trainer.state.fn == "fit")


class MaskedTokenLearner(NetworkLearner):
    """Fits the network, and leaves its encoder as `model.encoder` takes one."""

    _classifier: MaskedTokenModule

    def measure(self) -> dict[str, float]:
        """Loss and accuracy of the best checkpoint on the hidden tokens of val."""
        self._trainer.validate(self._classifier, datamodule=self._datamodule, verbose=False)
        return {name: float(value) for name, value in self._trainer.callback_metrics.items()}

    def save_encoder(self, folder: Path) -> None:
        """Writes weights and tokenizer, of a pretrained encoder with its config.json."""
        self._classifier.network.save_encoder(folder)
        self._datamodule.tokenizer.save(folder / "tokenizer.json")

    def describe(self) -> dict[str, object]:
        return {**self.sizes(), "windows": self._datamodule.describe_windows()}
