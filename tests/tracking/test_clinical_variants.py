"""Which overlays of conf/clinical go together, and that each says what it is."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from mental_health_classifier.contracts import InputError
from mental_health_classifier.experiment.run import run_experiment
from mental_health_classifier.tracking.clinical_variants import (
    OVERLAYS,
    check_model,
    check_variants,
    replaced_parts,
)
from mental_health_classifier.tracking.record.run_summary import read_run

FILES = sorted(OVERLAYS.glob("*.yaml"))


def write_overlay(folder: Path, name: str, *replaced: str) -> None:
    defaults = [{f"override {group}": "x"} for group in replaced]
    content = {"defaults": defaults, "clinical": {"variants": {name: True}}}
    (folder / f"{name}.yaml").write_text(yaml.safe_dump(content))


def test_two_that_replace_the_same_part_are_refused_by_name(tmp_path: Path) -> None:
    write_overlay(tmp_path, "a", "/network/embedding", "/sampler")
    write_overlay(tmp_path, "b", "/objective", "network/heads")
    write_overlay(tmp_path, "c", "/network/heads", "/sampler/order", "/objective")
    check_variants(["a", "b"], overlays=tmp_path)
    check_variants(["a", "c", "elsewhere"], overlays=tmp_path)
    with pytest.raises(InputError, match=r"clinical=\[b,c\]: both replace objective and net.*/he"):
        check_variants(["a", "b", "c"], overlays=tmp_path)


@pytest.mark.parametrize(
    "pair",
    [
        ("curriculum", "curriculum_random"),
        ("curriculum_anti", "curriculum"),
        ("curriculum_staged", "curriculum"),
    ],
)
def test_a_variant_and_its_control_cannot_be_combined(pair: tuple[str, str]) -> None:
    with pytest.raises(InputError, match=rf"clinical=\[{pair[0]},{pair[1]}\]: .* sampler"):
        check_variants(pair)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_an_overlay_notes_itself_and_opens_with_what_it_is(file: Path, compose_config) -> None:
    noted = list(compose_config([f"clinical={file.stem}"]).clinical.variants)
    assert noted == ([] if file.stem == "standard" else [file.stem])
    first, second = file.read_text(encoding="utf-8").splitlines()[:2]
    assert first == "# @package _global_" and second.startswith("# ")
    if noted:
        assert replaced_parts(file)
        assert f"clinical={file.stem}" in file.read_text(encoding="utf-8")


def test_nothing_runs_with_two_that_replace_the_same_part(compose_config, tmp_path: Path) -> None:
    config = compose_config(["clinical=[curriculum,curriculum_random]", "trainer=smoke"])
    with pytest.raises(
        InputError, match=r"curriculum_random.*both replace sampler, so they cannot"
    ):
        run_experiment(config, tmp_path / "run", [])
    assert not (tmp_path / "run").exists()  # no post was read


@pytest.mark.parametrize(
    "variant", ["curriculum", "interpretable", "multitask", "umls_enhanced", "umls_shuffled"]
)
def test_a_model_without_parts_is_refused_with_a_variant(
    variant: str, compose_config, tmp_path: Path
) -> None:
    config = compose_config(["model=tfidf_logistic", f"clinical={variant}"])
    with pytest.raises(InputError, match=rf"model=tfidf_logistic clinical=\[{variant}\]: .*none"):
        run_experiment(config, tmp_path / "run", [])
    assert not read_run(tmp_path / "run").data  # no post was read


def test_a_model_without_parts_runs_without_a_variant(compose_config) -> None:
    for model, variants in (("tfidf_logistic", []), ("baseline_small", ["multitask"])):
        check_model(compose_config([f"model={model}"]).model, variants)
