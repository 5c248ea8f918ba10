"""NetworkLearner: fits a network, predicts and saves, by the same calls as the yardstick."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from lightning.fabric.utilities.exceptions import MisconfigurationException
from lightning.pytorch import Trainer
from lightning.pytorch.callbacks import ModelCheckpoint

from mental_health_classifier.contracts import InputError, Predictions
from mental_health_classifier.tracking.record.interruption import is_interruption
from mental_health_classifier.training.callbacks.prediction_writer import PredictionWriter
from mental_health_classifier.training.checkpoint_files import drop_resume_state, read_checkpoint
from mental_health_classifier.training.cost import flops_per_post
from mental_health_classifier.training.resume_point import ResumePoint
from mental_health_classifier.training.seeded_module import SeededModule

POSTS_COUNTED = 64
"""Posts whose operations are counted; their mean is that of all to a few percent."""


class NetworkLearner:
    """Fits the classifier, goes back to its best checkpoint and predicts with that.

    Args:
        datamodule: `PostDataModule`, or one with its tokenizer, its
            `typical_batch`, its `describe_streams` and its `describe_windows`.
        take_over: gives the network the weights that it starts from, before the first step. None:
            those that it was built with.
    """

    def __init__(
        self,
        *,
        trainer: Trainer,
        classifier: SeededModule,
        datamodule: Any,
        take_over: Callable[[], None] | None = None,
    ) -> None:
        self._trainer = trainer
        self._classifier = classifier
        self._datamodule = datamodule
        self._take_over = take_over
        self._selection: dict[str, object] | None = None
        self._posts_per_second: float | None = None

    def fit(self, resume_from: ResumePoint | None = None) -> None:
        """Trains, from the first step or from where an earlier attempt was cut off."""
        is_begun = resume_from is not None and not self._classifier.network.rests_on_encoder
        if self._take_over is not None and not is_begun:
            self._take_over()
        if resume_from is not None and resume_from.selection is not None:
            self._selection = resume_from.selection
            self._load_weights(resume_from.path.with_name("best.safetensors"))
            return
        if resume_from is not None:
            self._datamodule.skip_train_batches(resume_from.batches_done)
        with warnings.catch_warnings():
            # Our sampler skips what was trained on, which Lightning cannot see.
            for message in (
                "You're resuming from a checkpoint that ended",
                "Checkpoint directory",
                # Every device has the answers of all, so there is nothing to average.
                r"It is recommended to use `self.log\(.*sync_dist",
            ):
                warnings.filterwarnings("ignore", message=message)
            with _ctrl_c_as_it_was(), _refusals_in_words():
                self._trainer.fit(
                    self._classifier,
                    datamodule=self._datamodule,
                    ckpt_path=None if resume_from is None else resume_from.path,
                )
        checkpoints = self._trainer.checkpoint_callback
        assert isinstance(checkpoints, ModelCheckpoint) and checkpoints.best_model_path
        state = self._load_weights(Path(checkpoints.best_model_path))
        score = checkpoints.best_model_score
        self._selection = {
            # Without a score nothing was validated, and the last weights were taken.
            "monitor": None if score is None else checkpoints.monitor,
            "value": None if score is None else float(score),
            "epoch": state["epoch"],
            "step": state["global_step"],
        }

    def _load_weights(self, path: Path) -> dict[str, Any]:
        tensors, state = read_checkpoint(path)
        weights = {name: tensor for name, tensor in tensors.items() if "/" not in name}
        self._classifier.load_state_dict(weights)
        return state

    def predict(self) -> dict[str, Predictions]:
        """Predicts and records every part but train."""
        writer = next(c for c in self._trainer.callbacks if isinstance(c, PredictionWriter))  # pyright: ignore[reportAttributeAccessIssue]
        start = time.perf_counter()
        with _ctrl_c_as_it_was():
            self._trainer.predict(
                self._classifier, datamodule=self._datamodule, return_predictions=False
            )
        num_posts = sum(len(predictions) for predictions in writer.predictions.values())
        self._posts_per_second = num_posts / (time.perf_counter() - start)
        return writer.predictions

    def save(self, folder: Path) -> None:
        """Leaves in `folder` what using the model needs, and nothing that only resuming needs."""
        self._datamodule.save(folder)
        for name in ("best", "last"):
            drop_resume_state(folder / f"{name}.safetensors", self._selection)

    @property
    def selection(self) -> dict[str, object] | None:
        """Which checkpoint was chosen, and by what."""
        return self._selection

    def describe(self) -> dict[str, object]:
        """Size of the model and what a post costs it, as counted."""
        network = self._classifier.network
        device = next(network.parameters()).device
        batch = self._datamodule.typical_batch(num_posts=POSTS_COUNTED).to(device)
        return {
            **self.sizes(),
            "token_streams": self._datamodule.describe_streams(),
            "windows": self._datamodule.describe_windows(),
            **flops_per_post(network, self._classifier.objective, batch),
            "prediction_posts_per_second": self._posts_per_second,
        }

    def sizes(self) -> dict[str, object]:
        """How large the model is, and what memory it took on a GPU."""
        parameters = list(self._classifier.network.parameters())
        device = parameters[0].device
        return {
            "parameters": sum(p.numel() for p in parameters),
            "trainable_parameters": sum(p.numel() for p in parameters if p.requires_grad),
            "vocabulary_size": self._datamodule.tokenizer.size,
            "gpu_peak_memory_bytes": torch.cuda.max_memory_allocated(device)
            if device.type == "cuda"
            else None,
        }


@contextmanager
def _refusals_in_words() -> Iterator[None]:
    """What Lightning refuses once it knows the number of batches, as an InputError."""
    try:
        yield
    except (MisconfigurationException, ValueError) as error:
        if isinstance(error, ValueError) and "val_check_interval" not in str(error):
            raise
        # What follows the first sentence advises what a record cannot do with.
        reason = " ".join(str(error).split()).partition(". ")[0].rstrip(".")
        raise InputError(
            f"The trainer cannot do as asked: {reason}. Change the option of trainer that it names."
        ) from None


@contextmanager
def _ctrl_c_as_it_was() -> Iterator[None]:
    """Lightning makes an exit with code 1 of Ctrl-C, which is neither what it was nor its code."""
    try:
        yield
    except SystemExit as error:
        if is_interruption(error):
            raise KeyboardInterrupt from None
        raise
