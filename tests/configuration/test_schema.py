import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from omegaconf import OmegaConf
from typer.testing import CliRunner

from mental_health_classifier.cli.app import app
from mental_health_classifier.configuration.check import checked
from mental_health_classifier.configuration.registry import CLASSES
from mental_health_classifier.configuration.schema import (
    OF_OTHERS,
    configuration_schema,
    file_schemas,
)

CONF = Path(__file__).resolve().parents[2] / "conf"
FILES = sorted(
    file.relative_to(CONF).as_posix()
    for file in CONF.rglob("*.yaml")
    if file.relative_to(CONF).parts[0] not in OF_OTHERS
)


@pytest.fixture(scope="module")
def of_files() -> dict[str, Draft202012Validator]:
    return {group: validator_of(schema) for group, schema in file_schemas(CONF).items()}


@pytest.fixture(scope="module")
def of_configuration() -> Draft202012Validator:
    return validator_of(configuration_schema())


def validator_of(schema: dict) -> Draft202012Validator:
    Draft202012Validator.check_schema(schema)
    assert "$ref" not in json.dumps(schema)
    return Draft202012Validator(schema)


@pytest.mark.parametrize("file", FILES)
def test_every_file_of_conf_is_as_its_schema_has_it(file: str, of_files) -> None:
    group = file.rpartition("/")[0] or "config"
    content = OmegaConf.to_container(OmegaConf.load(CONF / file))
    assert [error.message for error in of_files[group].iter_errors(content)] == []


@pytest.mark.parametrize(
    ("group", "content"),
    [
        ("config", {"seed": -1}),
        ("debug", {"sed": 3}),
        ("config", {"tags": 0.5}),
        ("config", {"callbacks": {"progress": {"_target_": "MeanPooling"}}}),
        ("experiment", {"trainer": {"max_epochs": "six"}}),
        ("experiment", {"evaluation": {"confidence": 1}}),
        ("model", {"width": 64.5}),
        ("sampler", {"_target_": "LengthBuckets", "max_post": 32}),
        ("sampler", {"pacing": {"_target_": "Stages", "stages": {"easy": {"share": 2}}}}),
        ("sampler/order", {"_target_": "by_length"}),
        ("network/attention", {"_target_": "os.system"}),
        ("data", {"shares": None}),
        ("data", {"truncate": "middle"}),
        ("data", {"grammar": {"cue_strength": -3}}),
        ("optimizer", {"learning_rate": "0.1x"}),
        ("vocabulary", {"min_characters": None}),
        ("yardstick", {"max_words": 9}),
    ],
)
def test_a_wrong_file_is_not(group: str, content: dict, of_files) -> None:
    assert not of_files[group].is_valid(content)


@pytest.mark.parametrize(
    ("group", "content"),
    [
        ("model", {"width": "${model.max_tokens}", "name": "???"}),
        ("data", {"columns": {"text": "body", "groups": ["a", "b"], "label": 1}}),
        ("config", {"tags": "pilot", "callbacks": {"early_stopping": None}}),
        ("clinical", {"token_streams": {"concepts": "${clinical.vocabulary}"}}),
    ],
)
def test_a_file_refers_to_others_and_spells_as_the_command_line_does(
    group: str, content: dict, of_files
) -> None:
    assert of_files[group].is_valid(content)


@pytest.mark.parametrize(
    "choice", ["model=medium_model", "model=tfidf_logistic", "clinical=[multitask,umls_enhanced]"]
)
def test_a_configuration_that_passes_is_as_the_schema_has_it(
    choice: str, compose_config, of_configuration
) -> None:
    values = OmegaConf.to_container(checked(compose_config([choice])))
    assert [error.message for error in of_configuration.iter_errors(values)] == []
    values["seed"] = "one"
    assert not of_configuration.is_valid(values)


def test_the_schema_offers_every_part_with_what_is_said_of_it(of_configuration) -> None:
    text = json.dumps(of_configuration.schema)
    assert set(re.findall(r'"_target_": {"const": "(\w+)"}', text)) == set(CLASSES)
    assert "Of weights, batches and dropout" in text  # of a field
    assert "tokens at most, special ones included" in text  # of an argument
    assert "Posts in a table" in text  # of a class


def test_the_command_prints_it_or_writes_one_for_each_group(tmp_path: Path) -> None:
    printed = CliRunner().invoke(app, ["schema"])
    assert json.loads(printed.stdout)["title"] == "Settings"
    written = CliRunner().invoke(app, ["schema", str(tmp_path / "schemas")])
    for path, files in json.loads(written.stdout)["yaml.schemas"].items():
        assert list(CONF.parent.glob(files)) and json.loads(Path(path).read_text())["anyOf"]
