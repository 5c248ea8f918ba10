import hashlib
import math
from enum import StrEnum
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from mental_health_classifier.contracts import InputError
from mental_health_classifier.tracking.provenance.configuration_hash import (
    LEFT_OUT,
    configuration_hash,
    plain_configuration,
)

CONFIG = {
    "name": "a",
    "seed": 1,
    "tags": [],
    "model": {"width": 64, "dropout": 0.1},
    "data": {"seed": 1, "path": "posts.csv", "size": 100},
    "trainer": {"log_every_n_steps": 10, "precision": "32-true"},
    "logger": {"csv": {}},
    "callbacks": {"progress": {"rate": 1}, "early_stopping": {"patience": 3}},
    "token_streams": {"cache_dir": ".cache"},
}


def changed(path: str, value: object) -> dict:
    *groups, key = path.split(".")
    config = {name: dict(part) if isinstance(part, dict) else part for name, part in CONFIG.items()}
    target = config
    for group in groups:
        target = target[group]
    target[key] = value
    return config


def test_the_hash_is_the_beginning_of_the_sha256_of_canonical_json():
    canonical = b'{"data": {"size": 100}, "model": {"width": 64}}'
    expected = hashlib.sha256(canonical).hexdigest()[:16]
    config = {"model": {"width": 64.0}, "seed": 3, "data": {"size": 100, "cache_dir": "x"}}
    assert configuration_hash(config) == expected


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("seed", 2),
        ("data.seed", 2),
        ("name", "b"),
        ("description", "b"),
        ("hypothesis", "b"),
        ("tags", ["b"]),
        ("data.path", "copy/posts.csv"),
        ("data.cache_dir", "/elsewhere"),
        ("token_streams.cache_dir", "/elsewhere"),
        ("num_threads", 8),
        ("cache_dir", "/elsewhere"),
        ("optimized_metric", "val/accuracy"),
        ("trainer.log_every_n_steps", 1),
        ("logger", {"tensorboard": {}}),
        ("callbacks.progress", {"rate": 100}),
        # Without a fold it says nothing, and runs of before there were any have none of the two.
        ("data.num_folds", 10),
        ("data.fold", None),
    ],
)
def test_what_changes_no_result_changes_no_hash(path, value):
    assert configuration_hash(changed(path, value)) == configuration_hash(CONFIG)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("model.width", 65),
        ("model.dropout", 0.2),
        ("model.name", "b"),
        ("data.size", 101),
        ("data.split_seed", 2),
        ("data.fold", 1),
        ("trainer.precision", "bf16-mixed"),
        ("callbacks.early_stopping", None),
    ],
)
def test_what_can_change_a_result_changes_the_hash(path, value):
    assert configuration_hash(changed(path, value)) != configuration_hash(CONFIG)


def test_every_key_that_is_left_out_is_one_of_the_configuration(compose_config):
    sample = compose_config([])
    file = compose_config(
        [
            "data=file",
            "data.path=posts.csv",
            "callbacks=training_dynamics",
            "clinical=umls_shuffled",
        ]
    )
    minilm = compose_config(["model=minilm"])
    pupil = compose_config(["objective=distillation"])
    llm = compose_config(["model=local_llm", "model.language_model.folder=weights"])
    missing = object()
    for key in LEFT_OUT | {"seed"}:
        configs = (sample, file, minilm, pupil, llm)
        found = [OmegaConf.select(config, key, default=missing) for config in configs]
        assert any(value is not missing for value in found), f"{key} is in no configuration"


def test_the_order_of_keys_and_the_kind_of_number_do_not_matter():
    one = {"a": {"x": 0, "y": [1, 2]}, "b": True}
    other = {"b": True, "a": {"y": (1.0, 2), "x": 0.0}}
    assert configuration_hash(one) == configuration_hash(other)
    assert configuration_hash({"a": 1}) != configuration_hash({"a": "1"})
    assert configuration_hash({"a": 1}) != configuration_hash({"a": True})


def test_paths_and_choices_become_text():
    choice = StrEnum("choice", ["HIGH"])
    config = {"path": Path("a/b"), "choice": choice.HIGH, "layers": {1: "x"}}
    assert plain_configuration(config) == {"path": "a/b", "choice": "high", "layers": {"1": "x"}}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (math.inf, r"model\.sizes\[1\]=inf.*Write null"),
        (math.nan, r"model\.sizes\[1\]=nan.*Write null"),
        (object(), r"type object at model\.sizes\[1\]"),
        ({1, 2}, r"type set at model\.sizes\[1\]"),
    ],
)
def test_a_value_that_json_has_not_is_refused_by_its_key(value, message):
    with pytest.raises(InputError, match=message):
        plain_configuration({"model": {"sizes": [1, value]}})
