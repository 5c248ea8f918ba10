"""A run with a clinical vocabulary, from its training to its use from the folder alone."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest
from trained_runs import train_run, write_posts

from mental_health_classifier.assessment.behaviour import behaviour_of_run
from mental_health_classifier.assessment.external_validation import evaluate_elsewhere
from mental_health_classifier.configuration.build import build_corpus
from mental_health_classifier.contracts import InputError
from mental_health_classifier.data.vocabulary.clinical_vocabulary import PACKAGED
from mental_health_classifier.prediction.predictor import Predictor
from mental_health_classifier.tracking.record.assessments import stored_predictions
from mental_health_classifier.tracking.record.run_summary import RunSummary, read_run

OVERRIDES = ["model=baseline_micro", "data.truncate=head_tail", "model.max_tokens=12"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunSummary:
    folder = tmp_path_factory.mktemp("vocabulary")
    return train_run(folder, "packaged", *OVERRIDES, "clinical=umls_enhanced")


def texts_of(run: RunSummary) -> list[str]:
    from trained_runs import config_of

    return build_corpus(config_of(run)).part("test")["text"].tolist()


def test_predicting_the_test_posts_again_gives_what_was_recorded(run: RunSummary) -> None:
    stored = stored_predictions(run, ["test"])["test"]
    again = Predictor.load(run.directory).predict_proba(texts_of(run))
    assert abs(again - stored.probabilities).max() < 2e-6


def test_the_run_records_its_vocabulary_and_what_it_covers(run: RunSummary) -> None:
    assert list(run.variants) == ["umls_enhanced"]
    assert set(run.data["token_streams"]) == {"concepts"}
    about = run.model_facts["token_streams"]["concepts"]
    assert about["expressions"] > 400
    coverage = about["coverage"]
    assert set(coverage) == {"all", *run.data["classes"]}
    for each in coverage.values():
        assert 0 < each["marked_token_share"] < each["posts_with_mark_share"] < 1
        assert 0 < each["distinct_values"] <= about["concepts"]
    assert coverage["all"]["distinct_values"] >= coverage["suicide"]["distinct_values"]


def test_stored_predictions_say_which_posts_have_an_expression(run: RunSummary) -> None:
    from trained_runs import config_of

    from mental_health_classifier.configuration.build import build_annotators
    from mental_health_classifier.data.vocabulary.phrase_linker import PhraseLinker

    (annotator,) = build_annotators(config_of(run)).values()
    linker: PhraseLinker = annotator.linker  # pyright: ignore[reportAttributeAccessIssue]
    values = stored_predictions(run, ["test"])["test"].groups["has_vocabulary_hit"]
    with (run.directory / "predictions" / "test.csv").open() as file:
        assert "group_has_vocabulary_hit" in next(csv.reader(file))
    for text, value in zip(texts_of(run), values, strict=True):
        # An expression may lie in the middle that a long post loses.
        assert value in {"true", "false"} and (value == "false" or linker.find(text))
    assert set(values) == {"true", "false"}


def test_posts_from_elsewhere_and_the_behaviour_suite_are_judged(
    run: RunSummary, tmp_path: Path
) -> None:
    path = write_posts(tmp_path / "posts.csv", run)
    evaluation, _posts = evaluate_elsewhere(run, path, columns={"text": "body"}, labels=None)
    assert evaluation.metrics["external/accuracy"] is not None
    assert behaviour_of_run(run)


def test_the_packaged_lexicon_stays_with_the_run(run: RunSummary, tmp_path: Path) -> None:
    shutil.copytree(run.directory, tmp_path / "run")
    lexicon = tmp_path / "run" / "checkpoints" / PACKAGED.name
    lexicon.write_text(lexicon.read_text().replace("hopeless", "cheerless"))
    with pytest.raises(InputError, match="not what it was when the run was trained"):
        Predictor.load(tmp_path / "run")
    lexicon.unlink()
    with pytest.raises(InputError, match="is not there"):
        Predictor.load(tmp_path / "run")


def test_a_vocabulary_of_the_users_own_that_changed_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "own.tsv"
    header = "concept_id\tsemantic_type\tscope\tstring\n"
    path.write_text(header + "C1\tmood\tNAME\tjoyless\nC2\tanxiety\tNAME\tnervous\n")
    run = train_run(
        tmp_path, "own", *OVERRIDES, "clinical=umls_shuffled", f"clinical.vocabulary.path={path}"
    )
    assert not (run.directory / "checkpoints" / PACKAGED.name).exists()
    predictor = Predictor.load(read_run(run.directory))
    assert predictor.predict_proba(["so joyless and nervous"]).shape == (1, 6)
    path.write_text(header + "C1\tmood\tNAME\tjoyless\n")
    with pytest.raises(InputError, match=r"own\.tsv is not what it was"):
        Predictor.load(run.directory)
    assert "joyless" not in json.dumps(run.model_facts)
