"""A network and all that trains it, behind the same few calls as the yardstick."""

from __future__ import annotations

from pathlib import Path

from lightning.pytorch import LightningDataModule, Trainer
from lightning.pytorch.callbacks import ModelCheckpoint

from mental_health_classifier.contracts import Predictions
from mental_health_classifier.training.callbacks.prediction_writer import PredictionWriter
from mental_health_classifier.training.checkpoint_files import drop_resume_state, read_checkpoint
from mental_health_classifier.training.text_classifier import TextClassifier


class NetworkLearner:
    """Fits the classifier, goes back to its best checkpoint and predicts with that."""

    def __init__(
        self, *, trainer: Trainer, classifier: TextClassifier, datamodule: LightningDataModule
    ) -> None:
        self._trainer = trainer
        self._classifier = classifier
        self._datamodule = datamodule
        self._selection: dict[str, object] | None = None

    def fit(self) -> None:
        self._trainer.fit(self._classifier, datamodule=self._datamodule)
        checkpoints = self._trainer.checkpoint_callback
        assert isinstance(checkpoints, ModelCheckpoint) and checkpoints.best_model_path
        tensors, state = read_checkpoint(Path(checkpoints.best_model_path))
        weights = {name: tensor for name, tensor in tensors.items() if "/" not in name}
        self._classifier.load_state_dict(weights)
        score = checkpoints.best_model_score
        self._selection = {
            "monitor": checkpoints.monitor,
            "value": None if score is None else float(score),
            "epoch": state["epoch"],
            "step": state["global_step"],
        }

    def predict(self) -> dict[str, Predictions]:
        """Predicts and records every part but train."""
        writer = next(c for c in self._trainer.callbacks if isinstance(c, PredictionWriter))  # pyright: ignore[reportAttributeAccessIssue]
        self._trainer.predict(
            self._classifier, datamodule=self._datamodule, return_predictions=False
        )
        return writer.predictions

    def save(self, folder: Path) -> None:
        """Leaves in `folder` what using the model needs, and nothing that only resuming needs."""
        self._datamodule.tokenizer.save(folder / "tokenizer.json")  # pyright: ignore[reportAttributeAccessIssue]
        for name in ("best", "last"):
            drop_resume_state(folder / f"{name}.safetensors")

    @property
    def selection(self) -> dict[str, object] | None:
        """Which checkpoint was chosen, and by what."""
        return self._selection

    def describe(self) -> dict[str, object]:
        """Size of the model, as counted."""
        parameters = list(self._classifier.network.parameters())
        return {
            "parameters": sum(p.numel() for p in parameters),
            "trainable_parameters": sum(p.numel() for p in parameters if p.requires_grad),
            "vocabulary_size": self._datamodule.tokenizer.size,  # pyright: ignore[reportAttributeAccessIssue]
        }
