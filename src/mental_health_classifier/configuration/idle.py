"""Settings that cannot act with the model that was chosen, refused rather than taken in silence.

They would change nothing but the configuration, so that one model would be counted as two.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from mental_health_classifier.configuration.pretrained import is_of_an_encoder
from mental_health_classifier.configuration.settings import (
    OF_A_NETWORK,
    PretrainedSize,
    SizeFromScratch,
)
from mental_health_classifier.contracts import InputError
from mental_health_classifier.data.tokens.windows import MAX_WINDOWS

_PARTS = (*OF_A_NETWORK, "network.windows", "regularizer")
_OF_ONE_TASK = {"ClassWeightedCrossEntropy": "cross_entropy", "Distillation": "distillation"}
"""Objectives that learn the main task alone, each with its name in conf/."""
_OF_LONG_POSTS = {"truncate": "head", "window_overlap": None, "max_windows": MAX_WINDOWS}
"""Keys of data, each with the value that it has where nobody chooses another."""


def refuse_idle(values: Mapping[str, Any]) -> None:
    """Refuses parts of a network beside a model that is built whole, settings of a pretrained
    encoder beside a network from scratch, a regularizer of token weights where there are none, and
    further tasks beside an objective that learns one.

    Raises:
        InputError: as said.
    """
    model = values["model"]
    if "_target_" in model:
        _refuse_beside_a_whole_model(values)
        return
    _refuse_without_its_counterpart(values)
    if not is_of_an_encoder(values):
        own = {each.name for each in fields(PretrainedSize)} - {
            each.name for each in fields(SizeFromScratch)
        }
        for key in sorted(own & model.keys()):
            raise InputError(
                f"model.{key} is about a pretrained encoder, and model={model.get('name')} has "
                "none. Leave it out, or choose model=minilm or model=pretrained."
            )


def _refuse_without_its_counterpart(values: Mapping[str, Any]) -> None:
    pooling = values["network"]["pooling"]["_target_"]
    if values.get("regularizer") is not None and pooling == "MeanPooling":
        raise InputError(
            "regularizer: this network does not weigh its tokens, so there is nothing to regularize"
            ". Choose clinical=interpretable or network/pooling=attention_readout with it."
        )
    objective = _OF_ONE_TASK.get(values["objective"]["_target_"])
    if objective and (further := [name for name, task in values["tasks"].items() if task]):
        raise InputError(
            f"objective={objective} learns one task, and tasks declares {', '.join(further)} "
            "beside it. Choose clinical=multitask, objective=multitask, or leave them out."
        )


def _refuse_beside_a_whole_model(values: Mapping[str, Any]) -> None:
    name, data = values["model"].get("name"), values["data"]
    for key in _PARTS:
        group, _, part = key.partition(".")
        node = values.get(group)
        if ((node or {}).get(part) if part else node) is not None:
            raise InputError(
                f"{key.replace('.', '/')}: model={name} is no network, and has no such part. Leave "
                "it out, or choose a network, such as model=baseline_small."
            )
    if any(node is not None for node in (values.get("callbacks") or {}).values()):
        raise InputError(
            f"callbacks: model={name} has no steps of training that a callback could watch."
            " Leave them out, or choose a network, such as model=baseline_small."
        )
    for key, usual in _OF_LONG_POSTS.items():
        if data.get(key, usual) != usual:
            instead = "it reads posts of any length whole"
            if "truncate" in (values["model"].get("embedding") or {}):
                instead = "model.embedding.truncate says what becomes of long ones"
            elif "language_model" in values["model"]:
                instead = "model.language_model.max_tokens says how much of them it reads"
            raise InputError(
                f"data.{key}={data[key]} is about posts that are too long for a network, and "
                f"model={name} is none: {instead}. Leave it out."
            )
