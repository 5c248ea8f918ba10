"""What training measures on val."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from mental_health_classifier.contracts import Task
from mental_health_classifier.evaluation.metrics import WATCHED, WATCHED_OF_PRIORITY
from mental_health_classifier.training.text_classifier import TextClassifier


@pytest.mark.parametrize("priority_class", ["suicide", None])
def test_what_may_choose_checkpoints_is_what_training_measures(
    priority_class: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    classifier = TextClassifier(
        network=nn.Identity(),  # pyright: ignore[reportArgumentType]
        objective=nn.Identity(),
        regularizer=None,
        make_optimizer=lambda *_, **__: None,  # pyright: ignore[reportArgumentType]
        tasks=[Task.categorical("condition", ("suicide", "control"), priority_class)],
        seed=1,
    )
    logged: list[str] = []
    monkeypatch.setattr(classifier, "log_dict", logged.extend)
    labels = torch.arange(2)
    classifier.val_loss.update(1.0)
    classifier.val_scores.update(torch.eye(2), labels)
    if classifier.val_priority is not None:
        classifier.val_priority.update(torch.tensor([0.9, 0.1]), 1 - labels)
    classifier.on_validation_epoch_end()
    of_priority = WATCHED_OF_PRIORITY if priority_class else ()
    assert {*logged} == {"val/loss", *(f"val/{name}" for name in (*WATCHED, *of_priority))}
