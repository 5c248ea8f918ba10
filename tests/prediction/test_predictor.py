"""A model is loaded only from what its run left behind."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from mental_health_classifier.contracts import InputError
from mental_health_classifier.explanation.run_explanation import network_of
from mental_health_classifier.prediction.predictor import Predictor
from mental_health_classifier.storage.files import read_json, write_json
from mental_health_classifier.tracking.record.run_summary import read_run


@pytest.fixture
def copied(runs, tmp_path) -> dict[str, Path]:
    for name, run in runs.items():
        shutil.copytree(run.directory, tmp_path / name)
    return {name: tmp_path / name for name in runs}


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("model", "file"),
    [
        ("baseline_micro", "checkpoints/best.safetensors"),
        ("baseline_micro", "checkpoints/tokenizer.json"),
        ("tfidf_logistic", "checkpoints/tfidf_logistic.json"),
        ("tfidf_logistic", "checkpoints/tfidf_logistic.npz"),
        ("tfidf_logistic", "assessments/reference.json"),
        ("tfidf_logistic", "assessments/certificate.json"),
    ],
)
@pytest.mark.parametrize("change", [flip_a_bit, Path.unlink], ids=["changed", "gone"])
def test_a_file_that_decides_and_is_not_as_the_run_left_it_is_refused(
    copied, model, file, change
) -> None:
    change(copied[model] / file)
    with pytest.raises(InputError, match=Path(file).name.replace(".", r"\.")):
        Predictor.load(copied[model], allow_uncertified=True)


@pytest.mark.parametrize("file", ["run.json", "data.json"])
def test_other_classes_or_settings_with_a_seal_of_their_own_are_refused(copied, file) -> None:
    path = copied["baseline_micro"] / file
    content = read_json(path)
    if file == "data.json":
        content["classes"].reverse()  # the same classes, each another's probability
    else:
        content["tags"] = ["other"]
    write_json(path, content)
    for load in (Predictor.load, lambda run: network_of(read_run(run))):
        with pytest.raises(InputError, match="was changed after run"):
            load(copied["baseline_micro"])


def test_weights_are_read_and_hashed_once(copied, monkeypatch) -> None:
    opened, names = os.open, []

    def counted(path: Path | str, *flags: int) -> int:
        names.append(Path(path).name)
        return opened(path, *flags)

    monkeypatch.setattr(os, "open", counted)
    predictor = Predictor.load(copied["baseline_micro"], allow_uncertified=True)
    assert names.count("best.safetensors") == names.count("tokenizer.json") == 1
    (copied["baseline_micro"] / "checkpoints" / "best.safetensors").unlink()
    assert predictor.predict_proba(["i slept well"]).shape == (1, 6)
