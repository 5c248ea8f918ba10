"""Causal language model: how probable it finds answers to a question."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from mental_health_classifier.contracts import InputError
from mental_health_classifier.models.pretrained.architecture import configuration_of
from mental_health_classifier.models.pretrained.weights import read_weights


class AnswerScorer:
    """Scores the same answers after many questions that begin alike.

    The beginning is read once and kept as keys and values. Each question is read alone: in batches
    of several, rounding would depend on its neighbours, and with it, in half precision, decisions.

    Args:
        model: a causal language model of transformers, evaluating.
        beginning: token ids that every question begins with.
        answers: token ids of each of C answers.

    Raises:
        InputError: the model keeps no keys and values.
    """

    def __init__(self, model: Any, beginning: Sequence[int], answers: Sequence[Sequence[int]]):
        self._model = model
        longest = max(map(len, answers))
        padded = [[*answer, *[0] * (longest - len(answer))] for answer in answers]
        self._answers = torch.tensor(padded, device=model.device)  # (C, L)
        lengths = torch.tensor([len(answer) for answer in answers], device=model.device)
        # What follows the end of an answer is seen by nothing before it, and left out of its sum.
        self._is_there = torch.arange(longest, device=model.device) < lengths[:, None]
        with torch.inference_mode():
            self._begun, _ = self._read([beginning], None)

    def log_probabilities(self, rest: Sequence[int]) -> Tensor:
        """Of each answer after the beginning and `rest`: the sum over its tokens, float32 `(C,)`.

        Args:
            rest: token ids, one at least.
        """
        with torch.inference_mode():
            known, first = self._read([rest], copy.deepcopy(self._begun))
            logits = first.expand(len(self._answers), -1, -1)  # (C, 1, V)
            if self._answers.shape[1] > 1:
                known.batch_repeat_interleave(len(self._answers))
                later = self._model(input_ids=self._answers[:, :-1], past_key_values=known).logits
                logits = torch.cat([logits, later.float()], dim=1)
            of_tokens = functional.log_softmax(logits, dim=-1)
            of_answers = of_tokens.gather(-1, self._answers[..., None])[..., 0]  # (C, L)
            return (of_answers * self._is_there).sum(dim=1)

    def _read(self, ids: Sequence[Sequence[int]], known: Any) -> tuple[Any, Tensor]:
        """Keys and values of all that was read, and logits of the next token, `(1, 1, V)`."""
        tokens = torch.tensor(ids, device=self._model.device)
        output = self._model(
            input_ids=tokens, past_key_values=known, use_cache=True, logits_to_keep=1
        )
        if not hasattr(found := output.get("past_key_values"), "batch_repeat_interleave"):
            raise InputError(
                f"The family {self._model.config.model_type} keeps no keys and values of what it "
                "has read, which is needed here. Choose another language model."
            )
        return found, output.logits[:, -1:].float()


def causal_configuration(architecture: Mapping[str, Any], *, key: str) -> Any:
    """What transformers builds such a model from.

    Args:
        architecture: all that its config.json says.
        key: of the setting that names it, for messages.

    Raises:
        InputError: transformers is not installed or does not know it, its weights are quantized, or
            it does not write text.
    """
    configuration = configuration_of(architecture, key=key)
    from transformers.models.auto.modeling_auto import (
        MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
        MODEL_FOR_MASKED_LM_MAPPING_NAMES,
    )

    if architecture.get("quantization_config"):
        raise InputError(
            f"{key}: these weights are quantized, which takes programs of others to read. Give the "
            "model in 16 or 32 bits."
        )
    family, named = architecture["model_type"], architecture.get("architectures")
    named = named if isinstance(named, list) else []
    writes = MODEL_FOR_CAUSAL_LM_MAPPING_NAMES.get(family)
    # An encoder can be loaded as one that writes, and would then read what it is to write.
    is_encoder = family in MODEL_FOR_MASKED_LM_MAPPING_NAMES and not architecture.get("is_decoder")
    if writes is None or writes not in named or is_encoder:
        held = f"a {ascii(named[0])[1:-1][:60]}" if named else f"a model of the family {family}"
        raise InputError(
            f"{key}: it holds {held}, which is no causal language model. Give one that writes text "
            "from left to right, such as Qwen2ForCausalLM or LlamaForCausalLM; an encoder is for "
            "model=pretrained."
        )
    return configuration


def read_causal_model(
    folder: Path, configuration: Any, *, key: str, device: Any, dtype: torch.dtype
) -> Any:
    """The model in a folder, see `read_weights`."""
    from transformers import AutoModelForCausalLM

    return read_weights(
        AutoModelForCausalLM, folder, configuration, key=key, device=device, dtype=dtype
    )
