"""Causal language models: answers scored after a beginning that is read once."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from tiny_encoders import THAT_WRITE, write_language_model

from mental_health_classifier.contracts import InputError
from mental_health_classifier.data.tokens.encoder_folder import read_mapping
from mental_health_classifier.models.pretrained.causal import (
    AnswerScorer,
    causal_configuration,
    read_causal_model,
)

KEY = "a.key"
BEGINNING, REST = [5, 9, 7, 7, 30], [8, 40, 41]
ANSWERS = [[6], [6, 7, 8], [50, 1]]


def read(folder: Path):
    configuration = causal_configuration(read_mapping(folder / "config.json"), key=KEY)
    return read_causal_model(
        folder, configuration, key=KEY, device=torch.device("cpu"), dtype=torch.float32
    )


@pytest.mark.parametrize("family", THAT_WRITE)
def test_an_answer_is_scored_token_by_token_after_all_before_it(tmp_path, family) -> None:
    model = read(write_language_model(tmp_path / family, family))
    scorer = AnswerScorer(model, BEGINNING, ANSWERS)
    expected = []
    for answer in ANSWERS:
        with torch.no_grad():
            logits = model(torch.tensor([[*BEGINNING, *REST, *answer]])).logits[0]
        places = torch.arange(len(answer)) + len(BEGINNING) + len(REST) - 1
        of_tokens = logits.log_softmax(dim=-1)[places, torch.tensor(answer)]
        expected.append(float(of_tokens.sum()))
    assert scorer.log_probabilities(REST).tolist() == pytest.approx(expected, abs=1e-4)
    # What was read of one question is forgotten before the next.
    scorer.log_probabilities([20, 21])
    assert scorer.log_probabilities(REST).tolist() == pytest.approx(expected, abs=1e-4)


def test_an_encoder_that_could_be_loaded_as_one_that_writes_is_refused() -> None:
    bert = {"model_type": "bert", "architectures": ["BertForMaskedLM"]}
    for architecture in (
        bert,
        {**bert, "architectures": ["BertLMHeadModel"]},
        {"model_type": "llama", "architectures": ["LlamaModel"]},
        {"model_type": "llama"},
    ):
        with pytest.raises(InputError, match=r"^a\.key: .* no causal language model"):
            causal_configuration(architecture, key=KEY)
    llama = {"model_type": "llama", "architectures": ["LlamaForCausalLM"]}
    assert causal_configuration(llama, key=KEY).model_type == "llama"
