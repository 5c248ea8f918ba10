"""The named set-ups of conf/experiment and the grids of conf/sweep."""

from __future__ import annotations

from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir

from mental_health_classifier.configuration.build import register_resolvers
from mental_health_classifier.sweeps.jobs import plan_of
from mental_health_classifier.tracking.clinical_variants import OVERLAYS
from mental_health_classifier.tracking.sweep.ledger import SweepJob

CONF = OVERLAYS.parent
EXPERIMENTS = {
    "baseline_small": ("baseline_small", []),
    "medium_model": ("medium_model", []),
    "large_model": ("large_model", []),
    "umls_enhanced": ("medium_model", ["umls_enhanced"]),
    "curriculum_model": ("medium_model", ["curriculum"]),
    "multitask_model": ("medium_model", ["multitask"]),
    "interpretable_model": ("medium_model", ["interpretable"]),
    "minilm": ("minilm", []),
    "mentalbert": ("mentalbert", []),
    "modernbert": ("modernbert", []),
}


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_a_named_set_up_is_a_size_and_at_most_one_variant(name: str, compose_config) -> None:
    config = compose_config([f"experiment={name}"])
    assert (config.model.name, list(config.clinical.variants)) == EXPERIMENTS[name]
    assert config.tags  # so that they can be listed together


@pytest.mark.parametrize("file", sorted((CONF / "experiment").glob("*.yaml")), ids=lambda f: f.stem)
def test_a_named_set_up_opens_with_its_question_command_and_cost(file: Path) -> None:
    first, question, command = file.read_text(encoding="utf-8").splitlines()[:3]
    assert first == "# @package _global_"
    assert question.startswith("# ") and "?" in question
    assert command.startswith(f"#   python train.py experiment={file.stem}        (")


def jobs(*overrides: str) -> list[SweepJob]:
    register_resolvers()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("config", overrides=list(overrides), return_hydra_config=True)
        return plan_of(config).jobs


def choices(found: list[SweepJob], key: str) -> set[str]:
    words = [word for job in found for word in job.overrides if word.startswith(f"{key}=")]
    assert len(words) == len(found)
    return {word.partition("=")[2] for word in words}


def test_one_command_runs_every_variant_and_its_controls() -> None:
    found = jobs("sweep=impact", "model=baseline_micro", "seed=1")
    controls = {"standard", "curriculum_random", "curriculum_anti", "umls_shuffled"}
    variants = {*controls, "curriculum", "multitask", "interpretable", "umls_enhanced"}
    assert choices(found, "clinical") == variants
    assert choices(found, "model") == {"baseline_micro"}
    assert len(found) == len({job.key for job in found}) == len(variants)


@pytest.mark.parametrize(
    ("sweep", "keys", "count"),
    [("sizes", ["model"], 4), ("architectures", ["network/attention", "network/pooling"], 2 * 2)],
)
def test_a_grid_is_the_product_of_its_choices(sweep: str, keys: list[str], count: int) -> None:
    found = jobs(f"sweep={sweep}", "seed=1")
    expected = 1
    for key in keys:
        expected *= len(choices(found, key))
    assert len({job.key for job in found}) == len(found) == expected == count


@pytest.mark.parametrize("sweep", ["impact", "sizes", "architectures"])
def test_a_grid_has_five_seeds(sweep: str) -> None:
    register_resolvers()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("config", overrides=[f"sweep={sweep}"], return_hydra_config=True)
    assert config.hydra.sweeper.params.seed == "1,2,3,4,5"


def test_a_grid_can_be_narrowed_and_combined_with_an_experiment() -> None:
    found = jobs("sweep=impact", "experiment=medium_model", "clinical=curriculum")
    assert choices(found, "clinical") == {"curriculum"}
    assert choices(found, "seed") == {"1", "2", "3", "4", "5"} and len(found) == 5


def test_a_grid_leaves_no_trace_in_the_configuration_of_a_job(compose_config) -> None:
    assert compose_config(["sweep=impact"]) == compose_config([])
