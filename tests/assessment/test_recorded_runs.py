"""What is worked out of a run's predictions, at its end and later."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from resealed_runs import reseal
from trained_runs import config_of, write_posts

from mental_health_classifier.configuration.build import build_corpus
from mental_health_classifier.contracts import InputError
from mental_health_classifier.prediction.predictor import Predictor
from mental_health_classifier.storage.files import read_json, write_json
from mental_health_classifier.tracking.record.assessments import (
    read_assessment,
    stored_predictions,
    write_assessment,
)


@pytest.mark.parametrize("model", ["baseline_micro", "tfidf_logistic"])
def test_a_model_read_back_from_its_folder_predicts_what_it_predicted(runs, model) -> None:
    run = runs[model]
    corpus = build_corpus(config_of(run))
    predictor = Predictor.load(run.directory)
    again = predictor.predict_proba(corpus.part("test")["text"].tolist())
    stored = stored_predictions(run, ["test"])["test"]
    np.testing.assert_allclose(again, stored.probabilities, atol=2e-6)
    assert predictor.predict_proba([]).shape == (0, 6)


def test_the_page_of_a_run_says_what_can_be_promised(runs, mhc) -> None:
    page = " ".join(mhc("show", "outputs/tfidf_logistic").stdout.split())
    certificate = read_assessment(runs["tfidf_logistic"].directory, "certificate")
    assert certificate is not None
    assert "recall of suicide at least .900 with confidence .900" in page
    assert "Calibration error" in page and "at the temperature chosen on val" in page
    kept = set(runs["tfidf_logistic"].end["artefacts"])
    assert {f"assessments/{name}.json" for name in ("certificate", "calibration", "triage")} <= kept


def test_numbers_worked_out_again_are_those_of_the_record(runs, mhc) -> None:
    result = mhc("evaluate", "outputs/tfidf_logistic", "--json")
    assert result.exit_code == 0, result.output
    (again,) = json.loads(result.stdout)
    assert again["metrics"] == runs["tfidf_logistic"].metrics
    assert again["intervals"] == json.loads(json.dumps(runs["tfidf_logistic"].intervals))
    assert "recall_at_spec80" in mhc("evaluate", "outputs/tfidf_logistic").stdout


def test_posts_from_elsewhere_are_judged_at_the_frozen_threshold(runs, mhc, tmp_path) -> None:
    run = runs["tfidf_logistic"]
    posts = write_posts(tmp_path / "posts.csv", run)
    arguments = ("evaluate", "outputs/tfidf_logistic", posts)
    columns = ("--column", "text=body", "--column", "author=user")
    result = mhc(*arguments, *columns, "--json")
    assert result.exit_code == 0, result.output
    (found,) = json.loads(result.stdout)
    assert found["metrics"]["external/n"] == 80
    threshold = found["metrics"]["external/operating_point/threshold"]
    assert threshold == run.metrics["test/operating_point/threshold"]
    (written,) = (tmp_path / "outputs" / "tfidf_logistic" / "assessments").glob("evaluate-*.json")
    assert json.loads(written.read_text())["metrics"] == found["metrics"]
    missing = mhc(*arguments, "--column", "text=nothing")
    assert missing.exit_code == 1 and "no column 'nothing'" in missing.stderr
    assert "expected NAME=VALUE" in mhc(*arguments, "--column", "text").stderr


def test_labels_that_the_model_does_not_know_are_refused_until_mapped(runs, mhc, tmp_path) -> None:
    posts = write_posts(tmp_path / "posts.csv", runs["tfidf_logistic"])
    posts.write_text(posts.read_text().replace(",suicide,", ",SI,"))
    arguments = ("evaluate", "outputs/tfidf_logistic", posts, "--column", "text=body")
    refused = mhc(*arguments)
    assert refused.exit_code == 1 and "labels that the model does not know" in refused.stderr
    names = runs["tfidf_logistic"].data["classes"]
    maps = [f"--label={name}={name}" for name in names if name != "suicide"]
    assert mhc(*arguments, "--label", "SI=suicide", *maps).exit_code == 0


def test_the_posts_that_a_run_learned_from_are_no_validation(runs, mhc, tmp_path) -> None:
    config = config_of(runs["tfidf_logistic"])
    (own,) = Path(config.cache_dir).glob("sample_posts/*/sample.csv")
    refused = mhc("evaluate", "outputs/tfidf_logistic", own)
    assert refused.exit_code == 1 and "learned from" in refused.stderr
    assert not list((tmp_path / "outputs/tfidf_logistic/assessments").glob("evaluate-*"))


def test_another_promise_is_stored_beside_the_runs_own(mhc, tmp_path) -> None:
    folder = tmp_path / "outputs" / "tfidf_logistic"
    own = (folder / "assessments" / "certificate.json").read_bytes()
    asked = mhc("certify", folder, "--recall", "0.8", "--confidence", "0.95")
    assert (folder / "assessments" / "certificate-0.8-0.95.json").exists()
    assert "recall of suicide at least .800 with confidence .950" in asked.stdout
    again = mhc("certify", folder)
    assert "at least .900" in again.stdout
    assert (folder / "assessments" / "certificate.json").read_bytes() == own


def test_a_promise_that_needs_more_posts_says_how_many(mhc) -> None:
    refused = mhc("certify", "outputs/tfidf_logistic", "--recall", "0.99")
    assert refused.exit_code == 1
    assert "at least 230 are needed" in refused.stdout
    assert mhc("certify", "outputs/tfidf_logistic", "--recall", "1.5").exit_code == 1


@pytest.mark.parametrize("command", ["shortcuts", "explain"])
def test_a_run_of_an_earlier_version_is_refused_with_what_to_do(mhc, tmp_path, command) -> None:
    path = tmp_path / "outputs" / "baseline_micro" / "run.json"
    content = read_json(path)
    del content["config"]["data"]["grammar"]["missing_label_share"]
    write_json(path, content)
    reseal(tmp_path / "outputs" / "baseline_micro")
    refused = mhc(command, "outputs/baseline_micro")
    said = " ".join(refused.stderr.split())
    assert refused.exit_code == 1
    assert "missing 1 required" in said and "an earlier version wrote it: `mhc reproduce" in said


def test_a_run_that_did_not_complete_has_no_model(runs, tmp_path) -> None:
    copy = tmp_path / "run"
    shutil.copytree(runs["tfidf_logistic"].directory, copy)
    (copy / "attempts" / "001" / "end.json").unlink()
    with pytest.raises(InputError, match="only a completed run has a model"):
        Predictor.load(copy)


@pytest.mark.parametrize(
    ("model", "file"),
    [("baseline_micro", "tokenizer.json"), ("tfidf_logistic", "tfidf_logistic.npz")],
)
def test_a_lost_file_is_named(runs, tmp_path, model, file) -> None:
    copy = tmp_path / "run"
    shutil.copytree(runs[model].directory, copy)
    (copy / "checkpoints" / file).unlink()
    with pytest.raises(InputError, match=file):
        Predictor.load(copy)


def test_two_models_are_tested_against_each_other(mhc) -> None:
    runs = ("outputs/baseline_micro", "outputs/tfidf_logistic")
    result = mhc("compare", "--test", *runs, "--json")
    assert result.exit_code == 0, result.output
    (row,) = json.loads(result.stdout)
    names = ("baseline_micro", "tfidf_logistic")  # of the configurations, not of their folders
    assert (row["first"], row["second"]) == names and row["better"] in (*names, None)
    assert row["metric"] == "test/recall_at_spec80" and row["num_comparisons"] == 1
    assert row["mcnemar"]["p"] == row["mcnemar"]["p_adjusted"]
    # A single seed of a network shows nothing of its configuration, and McNemar's test says at
    # which specificities alerts were counted.
    assert row["verdict"] == "not shown" and row["better"] is None
    shown = " ".join(mhc("compare", "--test", *runs).stdout.split())
    assert "two seeds or more on either side" in shown
    one, other = (f"{each:.3f}"[1:] for each in row["mcnemar"]["specificities"])
    assert one == other or f"On test these leave {one} and {other} of other posts" in shown
    for references, message in (
        ((runs[0], runs[0]), "are runs of one configuration"),
        ((runs[0], f"{runs[0]},"), "are runs of one configuration"),
        ((runs[0], f"{runs[1]},{runs[1]}"), "names a run twice"),
        ((",".join(runs), runs[0]), "holds 2 configurations"),
    ):
        refused = mhc("compare", "--test", *references)
        assert refused.exit_code == 1 and message in " ".join(refused.stderr.split())
    assert mhc("compare", "--test", runs[0]).exit_code == 1
    missing = mhc("compare", "--test", runs[0], "nothing")
    assert missing.exit_code == 1 and "No run nothing" in missing.stderr


def test_the_behaviour_of_a_model_is_listed_and_stored(mhc, tmp_path) -> None:
    result = mhc("behaviour", "outputs/tfidf_logistic")
    assert result.exit_code == 0, result.output
    for word in ("negation", "idiom", "misses", "false alarms", "all"):
        assert word in result.stdout
    assert "certified threshold" in result.stderr
    stored = read_assessment(tmp_path / "outputs" / "tfidf_logistic", "behaviour")
    assert stored is not None and stored["total"]["n"] > 80
    (printed,) = json.loads(mhc("behaviour", "outputs/tfidf_logistic", "--json").stdout)
    assert printed["total"] == stored["total"]


def test_a_predictor_decides_and_refers_what_it_cannot_read(runs) -> None:
    predictor = Predictor.load(runs["tfidf_logistic"], allow_uncertified=True)
    decisions = predictor.decide(["", "12 34 ...", "i slept well and had lunch with a friend"])
    assert [d.action for d in decisions[:2]] == ["refer", "refer"]


def test_a_post_that_breaks_the_model_is_referred_and_the_others_are_judged(
    runs, monkeypatch, caplog
) -> None:
    predictor = Predictor.load(runs["tfidf_logistic"], allow_uncertified=True)
    model = predictor._predict_texts

    def fragile(texts):
        if any("zanzibar" in text for text in texts):
            raise RuntimeError(f"cannot read {texts}")
        return model(texts)

    monkeypatch.setattr(predictor, "_predict_texts", fragile)
    texts = ["i had  lunch", "zanzibar", "i went for a walk", "i read www.example.org"]
    probabilities, decisions, characters = predictor.judge(texts)
    assert np.isnan(probabilities[1]).all() and np.isfinite(probabilities[[0, 2, 3]]).all()
    assert (decisions[1].action, decisions[1].reason) == ("refer", "internal_error")
    assert characters.tolist() == [len("i had lunch"), 8, 17, len("i read <link>")]
    assert "zanzibar" not in caplog.text and "RuntimeError" in caplog.text


def test_without_a_certificate_nothing_is_decided_unless_asked_for(runs, tmp_path) -> None:
    copy = tmp_path / "run"
    shutil.copytree(runs["tfidf_logistic"].directory, copy)
    (copy / "assessments" / "certificate.json").unlink()
    reseal(copy)
    with pytest.raises(InputError, match="has no certificate: none was asked for"):
        Predictor.load(copy).decide(["i had lunch"])
    predictor = Predictor.load(copy, allow_uncertified=True)
    assert not predictor.is_certified
    assert predictor.threshold == predictor.run.metrics["test/operating_point/threshold"]


def test_shortcuts_are_stored_and_shown(runs, mhc, tmp_path) -> None:
    result = mhc("shortcuts", "outputs/tfidf_logistic", "--json")
    assert result.exit_code == 0, result.output
    (found,) = json.loads(result.stdout)
    assert 0 <= found["masked_share"] <= 1
    assert found["loss"] == pytest.approx(found["unmasked"] - found["masked"])
    assert read_assessment(tmp_path / "outputs/tfidf_logistic", "shortcuts") is not None
    assert found["source"] is None and found["splits"] is None
    split = mhc("shortcuts", "outputs/tfidf_logistic", "--random-split")
    assert "With diagnoses and classes masked" in split.stdout
    stored = read_assessment(tmp_path / "outputs/tfidf_logistic", "shortcuts")
    assert stored is not None and stored["splits"]["random"]["n"] > 300
    assert "on parts drawn at random" in " ".join(
        mhc("card", "outputs/tfidf_logistic").stdout.split()
    )
    folder = tmp_path / "outputs/tfidf_logistic"
    listed = {**stored, "keyword_recall_at_spec80": 1.0}
    write_assessment(folder, "shortcuts", listed)
    warned = " ".join(mhc("compare").stderr.split())
    assert f"Run {runs['tfidf_logistic'].id}: A list of words reaches" in warned
    (folder / "assessments/shortcuts.json").write_text("{")
    damaged = mhc("compare")
    assert damaged.exit_code == 0 and "shortcuts.json is damaged" in damaged.stderr
    assert mhc("show", "outputs/tfidf_logistic").exit_code == 0


def test_a_run_whose_posts_are_not_known_is_listed_and_compared_with_none(mhc, tmp_path) -> None:
    (tmp_path / "outputs/tfidf_logistic/data.json").unlink()
    listed = mhc("compare")
    assert listed.exit_code == 0, listed.exception
    assert "tfidf_logistic" in listed.stdout and "better" not in listed.stdout


def test_a_card_is_left_by_every_run_and_renewed_on_request(runs, mhc) -> None:
    first = (runs["tfidf_logistic"].directory / "model_card.md").read_text()
    assert "learned from synthetic posts" in first and "mhc behaviour" in first
    mhc("behaviour", "outputs/tfidf_logistic")
    renewed = mhc("card", "outputs/tfidf_logistic")
    assert renewed.exit_code == 0 and "| negation |" in renewed.stdout


def test_posts_from_elsewhere_are_judged_group_by_group(mhc, runs, tmp_path) -> None:
    posts = write_posts(tmp_path / "posts.csv", runs["tfidf_logistic"], rows=300)
    header, *rows = posts.read_text().splitlines()
    genders = [("female", "male")[place % 2] for place in range(len(rows))]
    lines = [f"{header},gender", *map(",".join, zip(rows, genders, strict=True))]
    posts.write_text("\n".join(lines))
    columns = ("--column", "text=body", "--column", "groups=gender")
    shown = mhc("evaluate", "outputs/tfidf_logistic", posts, *columns)
    assert shown.exit_code == 0, shown.output
    assert "female" in shown.stdout and "false alarms" in shown.stdout
    assert "Largest difference by gender" in shown.stdout
    (found,) = json.loads(
        mhc("evaluate", "outputs/tfidf_logistic", posts, *columns, "--json").stdout
    )
    by_gender = found["groups"]["groups"]["gender"]
    assert by_gender["female"]["n"] + by_gender["male"]["n"] == found["metrics"]["external/n"]
