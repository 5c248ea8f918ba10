"""Runs around a pretrained encoder: what they keep is all that using them needs."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig
from resuming import SMALL, in_child, killed_before_step, outcome_of, resume, run
from tiny_encoders import rewrite_configuration, write_encoder
from trained_runs import CONF, config_of

from mental_health_classifier.configuration.build import build_corpus, register_resolvers
from mental_health_classifier.contracts import InputError
from mental_health_classifier.experiment.run import resume_experiment
from mental_health_classifier.explanation.post_explanation import explain_texts
from mental_health_classifier.prediction.predictor import Predictor
from mental_health_classifier.tracking.record.assessments import stored_predictions
from mental_health_classifier.tracking.record.run_summary import read_run
from mental_health_classifier.training.checkpoint_files import read_checkpoint

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:.*LeafSpec:FutureWarning")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pretrained")


@pytest.fixture(scope="module")
def configured(folder: Path) -> Callable[..., DictConfig]:
    write_encoder(folder / "bert")

    def composed(*overrides: str) -> DictConfig:
        register_resolvers()
        with initialize_config_dir(str(CONF), version_base="1.3"):
            model = ["model=pretrained", f"model.encoder={folder / 'bert'}", "model.max_tokens=12"]
            model += ["data.truncate=windows", "data.window_overlap=4"]
            everything = [f"cache_dir={folder / 'cache'}", *SMALL[1:], *model, *overrides]
            return compose("config", overrides=everything)

    return composed


@pytest.fixture(scope="module")
def whole(folder: Path, configured: Callable[..., DictConfig]) -> Path:
    """A run whose encoder and cache are gone."""
    config = configured()
    assert in_child(lambda: run(config, folder / "whole")) == 0
    return folder / "whole"


@pytest.fixture
def hidden(folder: Path):
    """The encoder is somewhere else while a test runs."""
    (folder / "bert").rename(folder / "elsewhere")
    yield
    (folder / "elsewhere").rename(folder / "bert")


def test_a_run_predicts_and_explains_without_its_encoder(whole: Path, hidden: None) -> None:
    found = read_run(whole)
    predictor = Predictor.load(found, allow_uncertified=True)
    (stored,) = stored_predictions(found, ["test"]).values()
    posts = build_corpus(config_of(found)).part("test")
    again = predictor.predict_scrubbed(posts["text"].tolist())
    assert np.abs(again - stored.probabilities).max() <= 2e-6
    # A post of two windows, with one token for each word.
    (explanation,) = explain_texts(found, ["I feel so tired and alone today I feel low and sad"])
    assert len(explanation.attributions) == len(explanation.places) == 14
    assert np.isfinite(explanation.attributions).all()
    # The special tokens around a post stand for nothing in it, and explain nothing.
    assert explanation.places[[0, -1]].tolist() == [[0, 0], [0, 0]]
    assert explanation.attributions[[0, -1]].tolist() == [0, 0]


def test_the_record_says_which_encoder_it_was(whole: Path) -> None:
    model = read_run(whole).configuration["model"]
    assert len(model["encoder_sha256"]) == 64 and model["width"] == 16
    assert read_run(whole).model_facts["vocabulary_size"] == 25
    windows = read_run(whole).model_facts["windows"]
    assert windows["posts_in_several"] > 300 and windows["posts_in_most"] == 0


def test_a_run_that_was_cut_off_goes_on_without_its_encoder(
    whole: Path, folder: Path, configured: Callable[..., DictConfig]
) -> None:
    config = configured()
    killed = folder / "killed"
    assert killed_before_step(20, partial(run, config, killed)) == -9
    (folder / "bert").rename(folder / "elsewhere")
    try:
        assert in_child(lambda: resume(killed)) == 0
    finally:
        (folder / "elsewhere").rename(folder / "bert")
    assert outcome_of(killed) == outcome_of(whole)


def test_a_run_without_a_checkpoint_needs_the_encoder_that_it_began_with(
    whole: Path, folder: Path, configured: Callable[..., DictConfig]
) -> None:
    config = configured()
    killed = folder / "killed_early"
    assert killed_before_step(0, partial(run, config, killed)) == -9
    shutil.copytree(folder / "bert", folder / "kept")
    try:
        rewrite_configuration(folder / "bert", {"layer_norm_eps": 1e-6})
        with pytest.raises(InputError, match=r"model\.encoder=.* has changed"):
            resume_experiment(killed)
        shutil.rmtree(folder / "bert")
        with pytest.raises(InputError, match=r"model\.encoder=.*: there is no such folder"):
            resume_experiment(killed)
    finally:
        shutil.rmtree(folder / "bert", ignore_errors=True)
        (folder / "kept").rename(folder / "bert")
    assert in_child(lambda: resume(killed)) == 0
    assert outcome_of(killed) == outcome_of(whole)


def test_a_run_of_adapters_keeps_them_alone_and_needs_its_encoder(
    folder: Path, configured: Callable[..., DictConfig]
) -> None:
    config = configured("network/adapters=lora", "model.learning_rate=1e-2")
    directory, killed = folder / "adapters", folder / "adapters_killed"
    assert in_child(lambda: run(config, directory)) == 0
    assert killed_before_step(20, partial(run, config, killed)) == -9
    assert in_child(lambda: resume(killed)) == 0
    assert outcome_of(killed) == outcome_of(directory)
    names = read_checkpoint(directory / "checkpoints/best.safetensors")[0]
    assert any(".lora_B." in name for name in names)
    assert not any("embedding" in name or ".base_layer." in name for name in names)
    found = read_run(directory)
    (stored,) = stored_predictions(found, ["test"]).values()
    texts = build_corpus(config_of(found)).part("test")["text"].tolist()
    again = Predictor.load(found, allow_uncertified=True).predict_scrubbed(texts)
    assert np.abs(again - stored.probabilities).max() <= 2e-6
    (folder / "bert").rename(folder / "elsewhere")
    try:
        with pytest.raises(InputError, match=r"model\.encoder=.*: there is no such folder"):
            Predictor.load(found, allow_uncertified=True)
    finally:
        (folder / "elsewhere").rename(folder / "bert")


@pytest.mark.parametrize(
    "overrides",
    [
        ["clinical=[umls_enhanced,multitask,curriculum]"],
        ["network/pooling=attention_readout", "network/windows=attention", "model.frozen_layers=1"],
    ],
    ids=["variants", "additive readout"],
)
def test_variants_train_on_it_and_predict(
    folder: Path, configured: Callable[..., DictConfig], overrides: list[str]
) -> None:
    config = configured(*overrides, "trainer.max_epochs=1")
    directory = folder / overrides[0].partition("=")[2][:9].strip("[")
    assert in_child(lambda: run(config, directory)) == 0
    found = read_run(directory)
    assert found.status == "completed"
    predictor = Predictor.load(found, allow_uncertified=True)
    assert predictor.predict_proba(["I feel fine"]).shape == (1, len(found.data["classes"]))
