from __future__ import annotations

from typing import Any

import pytest

from mental_health_classifier.configuration import check
from mental_health_classifier.configuration.check import checked
from mental_health_classifier.configuration.idle import refuse_idle
from mental_health_classifier.configuration.windows import check_windows
from mental_health_classifier.contracts import InputError

WHOLE = {"_target_": "TfidfLogistic", "name": "tfidf_logistic"}
ASKED = {"_target_": "LocalLLM", "name": "asked", "language_model": {"max_tokens": 9}}
FROZEN = {"_target_": "FrozenEmbeddings", "name": "frozen", "embedding": {"truncate": "head"}}
PARTS = {
    "network": {"pooling": {"_target_": "MeanPooling"}},
    "objective": {"_target_": "ClassWeightedCrossEntropy"},
    "tasks": {},
}
USUAL = {"truncate": "head", "window_overlap": None, "max_windows": 64}


def values(model: dict[str, Any], data: dict[str, Any] | None = None, **more: Any) -> Any:
    return {"model": model, "data": {**USUAL, **(data or {})}, "network": {}} | more


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (values(WHOLE, {"truncate": "windows"}), "data.truncate=windows .* posts of any length"),
        (values(WHOLE, {"window_overlap": 5}), "data.window_overlap=5 is about posts"),
        (values(FROZEN, {"truncate": "tail"}), "frozen is none: model.embedding.truncate says"),
        (values(ASKED, {"truncate": "tail"}), "model.language_model.max_tokens says how much"),
        (values(WHOLE, objective={"_target_": "A"}), "objective: .* is no network"),
        (values(WHOLE, network={"heads": {"_target_": "A"}}), "network/heads: .* is no network"),
        (values(WHOLE, regularizer={"_target_": "A"}), "regularizer: .* is no network"),
        (
            values(WHOLE, callbacks={"a": {"_target_": "A"}}),
            "callbacks: .* has no steps of training",
        ),
        (
            values({"name": "small", "layer_decay": 1}, **PARTS),
            "model.layer_decay .* and model=small has",
        ),
    ],
)
def test_what_cannot_act_with_the_model_is_refused(given: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        refuse_idle(given)


def test_what_nobody_chose_is_taken() -> None:
    refuse_idle(values(WHOLE, callbacks={"a": None}, network={"heads": None}, objective=None))
    refuse_idle(values(FROZEN))


def test_a_number_of_windows_needs_windows() -> None:
    with pytest.raises(InputError, match=r"data.max_windows is about windows"):
        check_windows(values({"name": "small", "max_tokens": 128}, {"max_windows": 5}))


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        (["regularizer=attention_entropy"], "regularizer: this network does not weigh its tokens"),
        (["+tasks={sex: {column: sex, kind: binary}}"], "objective=cross_entropy learns one task"),
        (
            ["objective=distillation", "+tasks={sex: {column: sex, kind: binary}}"],
            "objective=distillation learns one task, and tasks declares sex beside it",
        ),
    ],
)
def test_a_part_of_a_network_needs_its_counterpart(
    compose_config, choices: list[str], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check, "fill_in_teacher", lambda values: None)
    with pytest.raises(InputError, match=message):
        checked(compose_config(choices))


def test_the_check_of_a_configuration_holds_it(compose_config) -> None:
    with pytest.raises(InputError, match=r"data.truncate=windows is about posts"):
        checked(compose_config(["model=tfidf_logistic", "data.truncate=windows"]))
