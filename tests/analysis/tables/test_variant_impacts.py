"""What a variant is worth, from records with numbers worked out by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from omegaconf import OmegaConf
from table_widths import assert_no_number_is_cut
from typer.testing import CliRunner
from written_runs import write_failed_run, write_run, write_stored_predictions

from mental_health_classifier.analysis.sections.variant_impact import conclusion, variant_impact
from mental_health_classifier.analysis.tables.measured_runs import MeasuredRuns
from mental_health_classifier.analysis.tables.run_table import run_table
from mental_health_classifier.analysis.tables.variant_impacts import (
    CONTROLS,
    impacts_of_variant,
    variant_impacts,
)
from mental_health_classifier.cli.app import app
from mental_health_classifier.contracts import Predictions, Task
from mental_health_classifier.evaluation.verdict import verdict_on
from mental_health_classifier.tracking.clinical_variants import OVERLAYS as CLINICAL
from mental_health_classifier.tracking.provenance.configuration_hash import configuration_hash
from mental_health_classifier.tracking.record.prediction_files import write_predictions
from mental_health_classifier.tracking.run_index import find_runs

Record = Callable[..., Path]
ALL_CONTROLS = {control for each in CONTROLS.values() for control in each}
TASK = Task.categorical("condition", ("suicide", "anxiety", "control"), "suicide")


@pytest.fixture
def record(tmp_path: Path, compose_config) -> Record:
    """Writes a completed run of a variant as it would be configured."""
    configs: dict[tuple[str, ...], Any] = {}

    def written(
        clinical: str, seed: int, recall: float, *overrides: str, variants=None, **changes: Any
    ) -> Path:
        key = (f"clinical={clinical}", *overrides)
        if key not in configs:
            configs[key] = OmegaConf.to_container(compose_config(key), resolve=True)
        config = {**configs[key], "seed": seed}
        run = {
            "seed": seed,
            "config": config,
            "variants": sorted(config["clinical"]["variants"]) if variants is None else variants,
            "configuration_hash": configuration_hash(config),
        }
        number = len(list((tmp_path / "runs").glob("*")))
        write = changes.pop("write", write_run)
        changes["run"] = {**run, **changes.get("run", {})}
        return write(tmp_path / "runs" / f"{number}", recall=recall, **changes)

    return written


@pytest.fixture
def impacts(tmp_path: Path) -> Callable[[str], list[dict[str, Any]]]:
    return lambda variant: impacts_of_variant(variant, find_runs([tmp_path / "runs"]))


def headline(entry: dict[str, Any], against: str | None) -> dict[str, Any]:
    (contrast,) = (each for each in entry["contrasts"] if each["against"] == against)
    return contrast["measures"]["recall_at_spec80"]


def record_three_seeds(record: Record) -> None:
    for seed, recall in ((1, 0.80), (2, 0.82), (3, 0.84)):
        record("curriculum", seed, recall)
        record("curriculum_random", seed, 0.78)
        record("standard", seed, 0.70 + 0.01 * seed)


def test_no_number_of_an_impact_is_cut(record: Record, tmp_path: Path, monkeypatch) -> None:
    record_three_seeds(record)
    assert_no_number_is_cut(["impact", "curriculum", str(tmp_path / "runs")], monkeypatch)


def test_seeds_are_paired_with_the_control_and_with_none(record: Record, impacts) -> None:
    record_three_seeds(record)
    (entry,) = impacts("curriculum")
    assert (entry["verdict"], entry["decided_by"]) == ("not shown", "curriculum_random")
    control = headline(entry, "curriculum_random")
    assert control["differences"] == pytest.approx([0.02, 0.04, 0.06])
    assert control["mean"] == pytest.approx(0.04) and control["spread"] == pytest.approx(0.02)
    without = headline(entry, None)
    assert without["differences"] == pytest.approx([0.09, 0.10, 0.11])
    assert headline(entry, "curriculum_anti")["verdict"] == "not measured"
    # These records hold no predictions, so that nothing is known of other authors.
    assert control["interval"] is without["interval"] is None
    assert conclusion(entry) == (
        "curriculum (baseline_small, posts): not shown to be better or worse than "
        "curriculum_random, recall at specificity .80 +.040 in 3 pairs of seeds. Their "
        "predictions are gone, or of different posts, so that doubt cannot be measured."
    )
    # What follows from the headline in these records: 0.05 and 0.1 below it, on both sides.
    measures = entry["contrasts"][0]["measures"]
    assert measures["accuracy"]["mean"] == measures["f1_macro"]["mean"] == pytest.approx(0.04)
    assert measures["partial_auc"]["differences"] == [0, 0, 0]


def test_the_verdict_is_the_one_rule_over_all_seeds_of_both_sides(
    record: Record, impacts, tmp_path
) -> None:
    skills = {"curriculum": 2.0, "standard": 0.2}
    for place, (clinical, skill) in enumerate(skills.items()):
        for seed in range(3 + place):  # the control has a seed that the variant has not
            run = record(clinical, seed, 0.7 + place / 10)
            write_stored_predictions(run, skill=skill, seed=10 * place + seed)
        record("curriculum_random", 7 + place, 0.7)
    (entry,) = impacts("curriculum")
    found = headline(entry, None)
    assert found["num_pairs"] == 3 and found["num_models"] == (3, 4)
    assert found["verdict"] == "better" and entry["verdict"] == "not measured"
    assert entry["contrasts"][-1]["measures"]["accuracy"]["verdict"] is None
    by_seed = {name: [] for name in skills}
    for run in find_runs([tmp_path / "runs"]):
        for name in {*run.variants} & {"curriculum"} or {"standard"}:
            if (run.directory / "predictions").is_dir():
                by_seed[name].append(run)
    measured = MeasuredRuns()
    wanted = verdict_on(*(measured.of(by_seed[name]) for name in skills), "recall_at_spec80")
    assert found["interval"] == pytest.approx(wanted.interval)
    assert found["mean"] == pytest.approx(wanted.difference)


OVERLAYS = sorted(path.stem for path in CLINICAL.glob("*.yaml"))
VARIANTS = [name for name in OVERLAYS if name != "standard" and name not in ALL_CONTROLS]


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_variant_finds_the_model_without_it_and_its_controls(
    record: Record, impacts, variant: str
) -> None:
    for clinical in (variant, *CONTROLS.get(variant, ()), "standard"):
        for seed in (1, 2):
            record(clinical, seed, 0.8)
    (entry,) = impacts(variant)  # one: its seeds are one configuration
    assert [contrast["unpaired"] for contrast in entry["contrasts"]] == [[]] * len(
        entry["contrasts"]
    )
    assert all(contrast["seeds"] == [1, 2] for contrast in entry["contrasts"])


@pytest.mark.parametrize("clinical", OVERLAYS)
def test_seeds_of_a_variant_share_a_configuration(compose_config, clinical: str) -> None:
    hashes = {
        configuration_hash(
            OmegaConf.to_container(  # pyright: ignore[reportArgumentType]
                compose_config([f"clinical={clinical}", f"seed={seed}"]), resolve=True
            )
        )
        for seed in (1, 2)
    }
    assert len(hashes) == 1


def test_controls_are_no_variants_and_variants_are_listed_by_name(record, tmp_path) -> None:
    record_three_seeds(record)
    record("interpretable", 1, 0.7)
    found = variant_impacts(find_runs([tmp_path / "runs"]))
    assert [entry["variant"] for entry in found] == ["curriculum", "interpretable"]
    assert found[1]["decided_by"] is None  # it has no control: the model without it decides
    assert "not shown to be better or worse" in conclusion(found[1])


def test_what_is_not_equal_otherwise_is_not_paired_and_told(record: Record, impacts) -> None:
    for seed in (1, 2, 3, 4, 5):
        record("curriculum", seed, 0.8)
    record("standard", 1, 0.7, data={"fingerprint": "other"})
    record("standard", 2, 0.7, "model.dropout=0.3")
    record("standard", 3, 0.7, "sampler.max_posts=16")
    record("standard", 4, 0.7, write=write_failed_run)
    record("standard", 5, 0.7, "num_threads=1")  # how fast: no difference
    (entry,) = impacts("curriculum")
    without = entry["contrasts"][-1]
    assert without["seeds"] == [5]
    reasons = {each["seed"]: each["reason"] for each in without["unpaired"]}
    assert reasons == {
        1: "the other side was tested on other posts",
        2: "the other side differs in model.dropout, network.attention.dropout, "
        "network.embedding.dropout and 1 more",
        3: "the other side differs in sampler.max_posts",
        4: "no completed run without curriculum has seed 4",
    }
    notes = variant_impact(entry, {}).notes
    assert "Not paired beside no curriculum, seed 3: the other side differs in sampler.max" in str(
        notes
    )
    assert "seed 1, 2, 3, 4, 5: no completed run with curriculum_random." in str(notes)


def test_a_control_has_to_have_the_same_difficulty_and_pace(record: Record, impacts) -> None:
    record("curriculum", 1, 0.8)
    record("curriculum_random", 1, 0.7, "sampler/difficulty=length")
    record("curriculum_anti", 1, 0.7, "sampler.pacing.initial=0.5")
    random, anti, _ = impacts("curriculum")[0]["contrasts"]
    assert (
        random["unpaired"][0]["reason"] == "the other side differs in sampler.difficulty._target_"
    )
    assert anti["unpaired"][0]["reason"] == "the other side differs in sampler.pacing.initial"


def test_of_a_seed_that_ran_twice_the_latest_counts(record: Record, impacts) -> None:
    for seed in (1, 2):
        for recall in (0.5, 0.8 + 0.02 * seed):
            record("curriculum", seed, recall)
        for recall in (0.9, 0.7):
            record("standard", seed, recall)
    (entry,) = impacts("curriculum")
    assert headline(entry, None)["differences"] == pytest.approx([0.12, 0.14])


def test_each_size_and_each_company_is_an_entry_of_its_own(record: Record, impacts) -> None:
    for seed in (1, 2):
        for model, gain in (("baseline_micro", 0.1), ("medium_model", 0.2)):
            record("curriculum", seed, 0.6 + gain, f"model={model}", run={"model": model})
            record("standard", seed, 0.6, f"model={model}", run={"model": model})
        record("[curriculum,interpretable]", seed, 0.65)
        record("interpretable", seed, 0.6)
    found = {
        (entry["model"], *entry["other_variants"]): headline(entry, None)["mean"]
        for entry in impacts("curriculum")
    }
    assert found == {
        ("baseline_micro",): pytest.approx(0.1),
        ("medium_model",): pytest.approx(0.2),
        ("baseline_small", "interpretable"): pytest.approx(0.05),
    }


def test_pairs_of_different_commits_are_told(record: Record, impacts) -> None:
    record("curriculum", 1, 0.8)
    record("standard", 1, 0.7, run={"git": {"commit": "b" * 40}})
    assert (
        "Beside no curriculum, 1 pair of different commits."
        in variant_impact(impacts("curriculum")[0], {}).notes
    )


def write_test_predictions(directory: Path, *, first_hit: float, groups: bool) -> None:
    """Two suicide posts and five others with a hit, then without; only the first score differs."""
    other = [0.8, 0.2, 0.1, 0.05, 0.01]
    scores = np.array([first_hit, 0.9, *other, 0.9, 0.9, *other])
    hits = ["true"] * 7 + ["false"] * 7
    found = Predictions(
        part="test",
        task=TASK,
        post_ids=[f"p{number}" for number in range(14)],
        authors=None,
        labels=np.array([0, 0, 1, 1, 2, 2, 2] * 2),
        probabilities=np.column_stack([scores, 1 - scores, np.zeros(14)]),
        groups={"has_vocabulary_hit": hits} if groups else {},
    )
    (directory / "predictions").mkdir()
    write_predictions(found, directory / "predictions" / "test.csv")


def record_vocabulary(record: Record) -> None:
    changed = ("standard", "+clinical.vocabulary.shuffle_seed=null")
    for seed in (1, 2):
        # 0.9 is found, 0.1 is hidden behind two other posts and is missed.
        run = record(changed[0], seed, 0.80 + 0.02 * seed, changed[1], variants=["umls_enhanced"])
        write_test_predictions(run, first_hit=0.9, groups=True)
        other = record(changed[0], seed, 0.80, changed[1], variants=["umls_shuffled"])
        write_test_predictions(other, first_hit=0.1, groups=True)
        none = record("standard", seed, 0.70)
        write_test_predictions(none, first_hit=0.9, groups=False)


def test_the_headline_is_split_by_vocabulary_hits(record: Record, impacts) -> None:
    record_vocabulary(record)
    (entry,) = impacts("umls_enhanced")
    control, without = (contrast["by_vocabulary_hit"] for contrast in entry["contrasts"])
    assert control["with_hit"]["differences"] == [0.5, 0.5]
    assert control["without_hit"]["differences"] == [0, 0]
    assert without["with_hit"]["differences"] == [0, 0]  # hits are known from the other side
    assert entry["verdict"] == "not shown"


def test_the_table_has_what_the_vocabulary_did_for_each_run(record: Record, tmp_path) -> None:
    record_vocabulary(record)
    table = run_table(find_runs([tmp_path / "runs"]))
    found = table[table["variants"] == "umls_enhanced"].sort_values("seed")["vocabulary_impact"]
    assert found.tolist() == pytest.approx([0.02, 0.04])
    assert table["vocabulary_impact"].notna().sum() == 2


def impact(*arguments: object) -> Any:
    return CliRunner().invoke(app, ["impact", *map(str, arguments)])


def test_the_command_says_it_in_a_sentence_and_as_json(record: Record, tmp_path: Path) -> None:
    record_three_seeds(record)
    result = impact("curriculum", tmp_path / "runs")
    assert result.exit_code == 0, result.stderr
    assert result.stdout.startswith("curriculum (baseline_small, posts): not shown to be better")
    assert "curriculum_random" in result.stdout and "Not paired beside curriculum_anti" in (
        result.stdout
    )
    (entry,) = json.loads(impact("curriculum", tmp_path / "runs", "--json").stdout)
    assert entry["contrasts"][0]["seeds"] == [1, 2, 3]
    assert entry["conclusion"] in " ".join(result.stdout.split())  # wrapped to the terminal


def test_a_variant_without_runs_is_an_error_that_names_those_with(record, tmp_path: Path) -> None:
    record_three_seeds(record)
    result = impact("curiculum", tmp_path / "runs")
    assert result.exit_code == 1
    assert "there are runs with curriculum, curriculum_random. python train.py -m" in result.stderr
