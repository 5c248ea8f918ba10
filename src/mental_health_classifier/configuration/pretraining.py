"""What pretraining on masked tokens cannot be combined with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mental_health_classifier.configuration.pretrained import is_of_an_encoder
from mental_health_classifier.contracts import InputError

OBJECTIVE = "MaskedTokens"
MEASURED = ("val/masked_loss", "val/masked_accuracy")
"""What is known of such a run."""


def is_pretraining(config: Mapping[str, Any] | Any) -> bool:
    """Whether a run learns to fill in masked tokens, and no label."""
    objective = config.get("objective")
    return isinstance(objective, Mapping) and str(objective.get("_target_")).endswith(OBJECTIVE)


def refuse_unfit(values: Mapping[str, Any]) -> None:
    """Refuses what has nothing to learn from masked tokens, or could not be handed on.

    Raises:
        InputError: another model, a variant, a regularizer, or parts that are none.
    """
    name = values["model"].get("name")
    if not is_of_an_encoder(values):
        raise InputError(
            f"objective=masked_tokens model={name}: only a pretrained encoder goes on learning "
            "from masked tokens. Choose model=minilm, or model=pretrained model.encoder=FOLDER."
        )
    if variants := values["clinical"]["variants"]:
        raise InputError(
            f"objective=masked_tokens clinical=[{','.join(variants)}]: the folder of an encoder "
            "holds nothing of a clinical variant. Choose it for the run that begins with the "
            "encoder."
        )
    if values.get("regularizer") is not None:
        raise InputError(
            "objective=masked_tokens regularizer: it asks for what a classifier says of a post. "
            "Leave it out."
        )
    if not values["objective"].get("parts"):
        raise InputError(
            "objective.parts is empty: name the parts whose texts are learned from, [train] as a "
            "rule."
        )
