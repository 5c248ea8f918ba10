import json
import math
from dataclasses import replace

import pytest
import torch
from trained_runs import train_run

from mental_health_classifier.configuration.build import build_annotators, build_regularizer
from mental_health_classifier.configuration.check import checked
from mental_health_classifier.contracts import Batch, InputError, LengthGroup, ModelOutput
from mental_health_classifier.prediction.predictor import Predictor
from mental_health_classifier.training.regularizers import AttentionEntropy, CueSupervision


def posts(cues: list[int]) -> Batch:
    """A post of two tokens and one of four."""
    return Batch(
        token_ids=torch.zeros(6, dtype=torch.int64),
        offsets=torch.tensor([0, 2, 6]),
        positions=torch.tensor([0, 1, 0, 1, 2, 3]),
        labels={},
        post_indices=torch.arange(2),
        length_groups=(LengthGroup(0, 1, 2), LengthGroup(2, 1, 4)),
        token_streams={"cues": torch.tensor(cues)},
    )


def weighing(weights: list[float]) -> ModelOutput:
    return ModelOutput(logits={}, token_weights=torch.tensor(weights, requires_grad=True))


def supervision() -> CueSupervision:
    return CueSupervision(stream="cues", weight=2.0, spread=0.2)


def test_weights_that_lie_as_the_prior_does_cost_nothing() -> None:
    # Prior of the second post: .2 / 4 everywhere and .8 / 2 on each cue.
    output = weighing([0.5, 0.5, 0.45, 0.05, 0.05, 0.45])
    loss = supervision()(output, posts([0, 0, 3, 0, 0, 3]))
    assert loss.item() == pytest.approx(0, abs=1e-6)


def test_weights_off_the_cues_cost_their_distance_and_posts_without_cues_nothing() -> None:
    output = weighing([0.9, 0.1, 0.0, 1.0, 0.0, 0.0])
    loss = supervision()(output, posts([0, 0, 1, 0, 0, 1]))
    assert loss.item() == pytest.approx(2 * math.log(1 / 0.05), rel=1e-5)
    loss.backward()
    gradient = output.token_weights.grad
    assert torch.isfinite(gradient).all() and not gradient[:2].any()
    assert gradient[2] < gradient[4]  # a cue would lower the loss more than another token


def test_a_batch_without_any_cue_costs_nothing() -> None:
    output = weighing([0.9, 0.1, 0.0, 1.0, 0.0, 0.0])
    assert supervision()(output, posts([0] * 6)) == 0


def test_windows_of_a_post_count_as_the_post_that_they_are() -> None:
    # One post of six tokens: .2 / 6 everywhere and .8 / 2 on each cue.
    one = replace(
        posts([0, 1, 0, 0, 0, 1]), post_indices=torch.arange(1), window_posts=torch.tensor([0, 0])
    )
    even, cue = 0.2 / 6, 0.2 / 6 + 0.4
    output = weighing([even, cue, even, even, even, cue])
    assert supervision()(output, one).item() == pytest.approx(0, abs=1e-6)
    assert AttentionEntropy(weight=0.5)(weighing([1 / 6] * 6), one).item() == pytest.approx(0.5)


def test_entropy_is_the_mean_over_posts_between_one_token_and_all_alike() -> None:
    output = weighing([1.0, 0.0, 0.25, 0.25, 0.25, 0.25])
    loss = AttentionEntropy(weight=0.5)(output, posts([0] * 6))
    assert loss.item() == pytest.approx(0.5 * (0 + 1) / 2)
    loss.backward()
    assert torch.isfinite(output.token_weights.grad).all()


def test_a_network_that_weighs_nothing_cannot_be_regularized() -> None:
    for regularizer in (supervision(), AttentionEntropy(weight=1.0)):
        with pytest.raises(InputError, match=r"regularizer: .* clinical=interpretable"):
            regularizer(ModelOutput(logits={}), posts([0] * 6))


def test_a_stream_that_is_not_there_is_named() -> None:
    regularizer = CueSupervision(stream="spans", weight=1.0, spread=0.1)
    with pytest.raises(InputError, match=r"regularizer.stream=spans: .* only cues"):
        regularizer(weighing([0.5, 0.5, 0.25, 0.25, 0.25, 0.25]), posts([0] * 6))


def test_the_spread_of_the_prior_has_to_be_a_share(compose_config) -> None:
    chosen = ["clinical=interpretable", "regularizer=cue_supervision", "regularizer.spread=0"]
    with pytest.raises(InputError, match=r"regularizer\.spread=0: expected more than 0"):
        checked(compose_config(chosen))


@pytest.mark.slow
def test_a_run_can_be_supervised_by_the_cues_of_its_posts(tmp_path) -> None:
    run = train_run(
        tmp_path,
        "supervised",
        *("model=baseline_micro", "clinical=interpretable", "regularizer=cue_supervision"),
        *("evaluation.yardstick=null", "trainer.log_every_n_steps=1"),
    )
    assert run.status == "completed"
    lines = (run.directory / "metrics.jsonl").read_text().splitlines()
    logged = [json.loads(line) for line in lines if "train/cue_supervision" in line]
    assert logged
    assert Predictor.load(run).predict_proba(["a post without any marks"]).shape == (1, 6)


@pytest.mark.parametrize("name", ["cue_supervision", "attention_entropy"])
def test_every_regularizer_is_built_from_its_file(name: str, compose_config) -> None:
    config = compose_config(["clinical=interpretable", f"regularizer={name}"])
    regularizer = build_regularizer(config)
    assert regularizer is not None and regularizer.name == name
    assert build_regularizer(compose_config([])) is None
    assert set(build_annotators(config)) == ({"cues"} if name == "cue_supervision" else set())
