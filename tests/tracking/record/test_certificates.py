"""Which certificates of a run may decide."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from mental_health_classifier.assessment.recorded_runs import certify_run
from mental_health_classifier.contracts import InputError
from mental_health_classifier.storage.files import read_json, write_json
from mental_health_classifier.tracking.record.certificates import WEIGHTS, read_certificate
from mental_health_classifier.tracking.record.run_summary import RunSummary, read_run
from mental_health_classifier.tracking.record.weight_files import hash_of_weights

LATER = "certificate-0.8-0.95"


@pytest.fixture
def run(runs, tmp_path) -> RunSummary:
    shutil.copytree(runs["tfidf_logistic"].directory, tmp_path / "run")
    return read_run(tmp_path / "run")


def path_of(run: RunSummary, name: str) -> Path:
    return run.directory / "assessments" / f"{name}.json"


def rewrite(run: RunSummary, name: str, **changes: Any) -> None:
    """Changes a certificate and seals it anew, as somebody would who knows how."""
    content = {**read_json(path_of(run, name)), **changes}
    write_json(path_of(run, name), {k: v for k, v in content.items() if v is not None})


def test_the_certificate_in_the_record_decides_though_it_names_no_weights(run) -> None:
    found = read_certificate(run)
    assert found is not None and found["is_certified"] and WEIGHTS not in found
    assert read_certificate(run, "certificate-none") is None


def test_a_certificate_of_later_names_its_weights_and_decides(run) -> None:
    made = certify_run(run, required_recall=0.8, confidence=0.95)
    found = read_certificate(run, LATER)
    assert found is not None and found[WEIGHTS] == hash_of_weights(run)
    assert found["threshold"] == made["threshold"]


def test_asked_for_again_the_runs_own_certificate_keeps_its_checksum(run) -> None:
    before = path_of(run, "certificate").read_bytes()
    certify_run(run, required_recall=None, confidence=None)
    assert path_of(run, "certificate").read_bytes() == before


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"threshold": 0.001}, "does not follow from its predictions"),
        ({"required_recall": 0.99}, "under another name"),
        ({"is_certified": False}, "does not follow"),
        ({WEIGHTS: None}, "does not say which weights"),
        ({WEIGHTS: "0" * 64}, "weights of another model"),
        ({"required_recall": None}, "not what `mhc certify` writes"),
    ],
)
def test_a_certificate_of_later_that_was_changed_is_refused(run, changes, message) -> None:
    certify_run(run, required_recall=0.8, confidence=0.95)
    rewrite(run, LATER, **changes)
    with pytest.raises(InputError, match=message):
        read_certificate(run, LATER)


@pytest.mark.parametrize("weights", [None, "own"])
def test_another_threshold_in_the_runs_own_certificate_is_refused(run, weights) -> None:
    rewrite(run, "certificate", threshold=0.001, **{WEIGHTS: weights and hash_of_weights(run)})
    with pytest.raises(InputError, match="was written after run"):
        read_certificate(run)


def test_the_certificate_of_another_run_is_refused(run, runs) -> None:
    other = runs["baseline_micro"].directory / "assessments" / "certificate.json"
    shutil.copyfile(other, path_of(run, "certificate"))
    with pytest.raises(InputError, match="does not say which weights"):
        read_certificate(run)


def test_predictions_that_were_changed_certify_nothing(run) -> None:
    path = run.directory / "predictions" / "calibration.csv"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0], *lines[2:]]) + "\n")
    with pytest.raises(InputError, match="was changed after run"):
        certify_run(run, required_recall=0.8, confidence=0.95)
    assert not path_of(run, LATER).exists()


def test_a_folder_in_the_place_of_a_certificate_is_refused_with_a_sentence(run) -> None:
    path_of(run, "certificate").unlink()
    path_of(run, "certificate").mkdir()
    for use in (
        read_certificate,
        lambda run: certify_run(run, required_recall=0.9, confidence=0.9),
    ):
        with pytest.raises(InputError, match=r"certificate\.json cannot be read: Is a directory"):
            use(run)
