"""Runs that learn from masked tokens, and those that begin with what they leave."""

from __future__ import annotations

import csv
import shutil
from functools import partial
from pathlib import Path
from random import Random
from unittest.mock import patch

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig
from resuming import SMALL, die, in_child, resume, run
from tiny_encoders import WORDS, write_encoder
from trained_runs import CONF

from mental_health_classifier.analysis.model_card import model_card
from mental_health_classifier.configuration.build import register_resolvers
from mental_health_classifier.configuration.check import checked
from mental_health_classifier.contracts import InputError
from mental_health_classifier.prediction.predictor import Predictor
from mental_health_classifier.tracking.record.run_summary import read_run
from mental_health_classifier.training.masked_tokens import MaskedTokenModule

pytestmark = pytest.mark.filterwarnings("ignore:.*LeafSpec:FutureWarning")
MASKED = "objective=masked_tokens"
LEFT = ["metrics.jsonl", "checkpoints/best.safetensors", "encoder/model.safetensors"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pretraining")
    write_encoder(folder / "bert")
    words, random = WORDS.split(), Random(0)
    with (folder / "posts.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["text"])
        rows.writerows([" ".join(random.choices(words, k=15))] for _ in range(200))
    return folder


def composed(folder: Path, *overrides: str, model: str = "pretrained") -> DictConfig:
    register_resolvers()
    encoder = [] if model == "tfidf_logistic" else ["model.max_tokens=32"]
    if model == "pretrained" and not any(o.startswith("model.encoder=") for o in overrides):
        encoder.append(f"model.encoder={folder / 'bert'}")
    with initialize_config_dir(str(CONF), version_base="1.3"):
        left_out = ["model="] + ["data.size"] * ("data=file" in overrides)
        small = [each for each in SMALL if not each.startswith(tuple(left_out))]
        # The yardstick as a model has no callbacks to be left out.
        small = small if model != "tfidf_logistic" else []
        given = [f"cache_dir={folder / 'cache'}", f"model={model}", *small, *encoder, *overrides]
        return compose("config", overrides=given)


@pytest.mark.slow
def test_an_unlabelled_file_gives_an_encoder_and_resume_the_same(folder: Path) -> None:
    posts = ["data=file", f"data.path={folder / 'posts.csv'}"]
    config = composed(folder, MASKED, *posts)
    assert in_child(partial(run, config, folder / "whole")) == 0
    train = MaskedTokenModule.training_step

    def training_step(self: MaskedTokenModule, *given: object) -> object:
        if self.global_step == 6:
            die()
        return train(self, *given)  # pyright: ignore[reportArgumentType]

    with patch.object(MaskedTokenModule, "training_step", training_step):
        assert in_child(partial(run, config, folder / "cut")) == -9
    assert in_child(partial(resume, folder / "cut")) == 0
    for name in LEFT:
        assert (folder / "cut" / name).read_bytes() == (folder / "whole" / name).read_bytes()
    found = read_run(folder / "whole")
    assert found.status == "completed" and found.data["classes"] == ["unlabelled"]
    assert set(found.metrics) == {"val/masked_loss", "val/masked_accuracy"}
    assert "masked tokens of train of file" in model_card(found)
    with pytest.raises(InputError, match="judges no post"):
        Predictor.load(found, allow_uncertified=True)


@pytest.mark.slow
@pytest.mark.parametrize("model", ["pretrained", "baseline_micro"])
def test_a_run_that_begins_with_it_says_what_it_has_read(
    folder: Path, tmp_path: Path, model: str
) -> None:
    asked = ["objective.parts=[train,test]", "trainer.max_epochs=1", "data.truncate=windows"]
    config = composed(folder, MASKED, *asked, model=model)
    assert in_child(partial(run, config, tmp_path / "sample")) == 0
    encoder = f"model.encoder={tmp_path / 'sample' / 'encoder'}"
    begun = composed(folder, encoder, "trainer.max_epochs=1", model=model)
    assert in_child(partial(run, begun, tmp_path / "tuned")) == 0
    tuned, source = read_run(tmp_path / "tuned"), read_run(tmp_path / "sample")
    shutil.rmtree(tmp_path / "sample" / "encoder")  # what is trained needs it no more
    assert Predictor.load(tuned, allow_uncertified=True) is not None
    (texts,) = tuned.configuration["model"]["pretrained_on"]
    assert texts["run"] == source.id and texts["parts"] == ["train", "test"]
    assert texts["fingerprint"] == tuned.data["fingerprint"]
    counts = source.model_facts["windows"]
    assert counts["posts_in_several"] > 0
    num_test = tuned.data["parts"]["test"]["posts"]
    for each in (tuned, source):
        said = f"has read, without labels, {num_test:,} of the {num_test:,} posts of test"
        assert said in model_card(each)


@pytest.mark.parametrize(
    ("model", "overrides", "said"),
    [
        ("baseline_micro", ["network/attention=entmax"], "network/attention: the folder"),
        ("tfidf_logistic", [], "model=tfidf_logistic: only a network learns"),
        ("pretrained", ["clinical=umls_enhanced"], r"clinical=\[umls_enhanced\]"),
        ("pretrained", ["network/adapters=lora"], "network/adapters: the folder of an encoder"),
        ("pretrained", ["data.truncate=windows", "network/windows=attention"], "network/windows:"),
        ("pretrained", ["network/pooling=attention_readout"], "network/pooling: the folder"),
        ("baseline_micro", ["callbacks=training_dynamics"], "callbacks=training_dynamics: how"),
        ("pretrained", ["model.frozen_layers=2"], "no layer is left that could learn"),
        ("pretrained", ["objective.parts=[]"], r"objective\.parts is empty"),
        ("pretrained", ["objective.parts=[all]"], r"objective\.parts\[0\]=all"),
        ("pretrained", ["optimized_metric=val/accuracy"], "optimized_metric=val/accuracy"),
    ],
)
def test_what_cannot_learn_from_masked_tokens_is_refused(
    folder: Path, model: str, overrides: list[str], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        checked(composed(folder, MASKED, *overrides, model=model))
