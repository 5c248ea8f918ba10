"""What pretraining on masked tokens cannot be combined with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mental_health_classifier.contracts import InputError


def refuse_unfit(values: Mapping[str, Any]) -> None:
    """Refuses what has nothing to learn from masked tokens, or could not be handed on.

    Raises:
        InputError: another model, a part that stays behind, or parts of the posts that are none.
    """
    if "_target_" in values["model"]:
        raise InputError(
            f"objective=masked_tokens model={values['model'].get('name')}: only a network learns "
            "from masked tokens. Choose model=minilm, model=pretrained model.encoder=FOLDER, or "
            "one from scratch such as model=baseline_small."
        )
    network = values["network"]
    attention = (network.get("attention") or {}).get("_target_")
    left_behind = {
        f"clinical=[{','.join(variants := values['clinical']['variants'])}]": bool(variants),
        "regularizer": values.get("regularizer") is not None,
        "network/adapters": network["encoder"].get("adapters") is not None,
        "network/attention": attention not in (None, "ScaledDotProductAttention"),
        "network/windows": network.get("windows") is not None,
        "network/pooling": network["pooling"]["_target_"] != "MeanPooling",
    }
    for choice, is_made in left_behind.items():
        if is_made:
            raise InputError(
                f"objective=masked_tokens {choice}: the folder of an encoder, which such a run "
                "leaves, holds nothing of it. Choose it for the run that begins with that folder."
            )
    if "training_dynamics" in values["callbacks"]:
        raise InputError(
            "objective=masked_tokens callbacks=training_dynamics: how probable labels become can "
            "only be recorded where labels are learned. Leave it out."
        )
    if not values["objective"].get("parts"):
        raise InputError(
            "objective.parts is empty: name the parts whose texts are learned from, [train] as a "
            "rule."
        )
