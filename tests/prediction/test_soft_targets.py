"""A finished run as the teacher of another."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from trained_runs import config_of, train_run

from mental_health_classifier.analysis.sections.provenance import making
from mental_health_classifier.configuration.build import build_corpus
from mental_health_classifier.configuration.teacher import fill_in_teacher, find_teacher
from mental_health_classifier.contracts import Corpus, InputError, Task
from mental_health_classifier.prediction.predictor import Predictor
from mental_health_classifier.prediction.soft_targets import soft_targets
from mental_health_classifier.tracking.record.run_summary import RunSummary
from mental_health_classifier.tracking.record.weight_files import hash_of_weights


@pytest.fixture(scope="module")
def teacher(runs: dict[str, RunSummary]) -> RunSummary:
    return runs["tfidf_logistic"]


@pytest.fixture(scope="module")
def corpus(teacher: RunSummary) -> Corpus:
    return build_corpus(config_of(teacher))


def test_train_and_val_are_taught_and_nothing_else(teacher: RunSummary, corpus: Corpus) -> None:
    targets = soft_targets(str(teacher.directory), hash_of_weights(teacher), corpus=corpus)
    is_taught = corpus.posts["part"].isin(["train", "val"]).to_numpy()
    assert np.isnan(targets[~is_taught]).all() and np.isfinite(targets[is_taught]).all()
    is_val = (corpus.posts["part"] == "val").to_numpy()
    said = Predictor.load(teacher).predict_corpus(corpus, "val").probabilities
    np.testing.assert_array_equal(targets[is_val], said)


def test_a_teacher_that_may_know_test_is_refused(teacher: RunSummary, corpus: Corpus) -> None:
    given = str(teacher.directory), hash_of_weights(teacher)
    turned = corpus.posts["part"].astype(str).replace({"train": "test", "test": "train"})
    turned = replace(corpus, posts=corpus.posts.assign(part=turned))
    with pytest.raises(InputError, match=r"has another test part .*data\.split_seed"):
        soft_targets(*given, corpus=turned)
    other = replace(corpus, task=Task.categorical("condition", ("a", "b"), None))
    with pytest.raises(InputError, match="has other classes than these posts"):
        soft_targets(*given, corpus=other)


def test_the_weights_that_teach_are_settled_before_posts_are_read(teacher: RunSummary) -> None:
    objective = {"teacher": str(teacher.directory), "teacher_sha256": None}
    fill_in_teacher({"model": {"name": "baseline_micro"}, "objective": objective})
    assert objective["teacher_sha256"] == hash_of_weights(teacher)
    with pytest.raises(InputError, match=r"model=words learns from labels alone"):
        fill_in_teacher({"model": {"_target_": "", "name": "words"}, "objective": objective})
    fill_in_teacher({"model": {}, "objective": (without := {"exponent": 0.5})})
    assert without == {"exponent": 0.5}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (None, r"objective\.teacher is missing: give the folder or id"),
        ("nowhere", r"objective\.teacher=nowhere: "),
    ],
)
def test_no_teacher_is_one_sentence(
    given: str | None, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=message):
        find_teacher(given, None)


def test_another_teacher_than_was_recorded_is_refused(teacher: RunSummary) -> None:
    with pytest.raises(InputError, match=r"have the SHA-256 .*…, and 000000000000… was recorded"):
        find_teacher(str(teacher.directory), "0" * 64)


def test_a_pupil_is_a_run_that_names_its_teacher(teacher: RunSummary, tmp_path: Path) -> None:
    changes = ["model=baseline_micro", "objective=distillation", "evaluation.yardstick=null"]
    pupil = train_run(tmp_path, "pupil", *changes, f"objective.teacher={teacher.directory}")
    assert (pupil.status, pupil.problems) == ("completed", ())
    sha256 = hash_of_weights(teacher)
    assert pupil.setting("objective", "teacher_sha256") == sha256
    assert making(pupil)["teacher"] == f"{teacher.directory} (weights {sha256[:12]}…)"
