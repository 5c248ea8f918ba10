from __future__ import annotations

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from trained_runs import config_of, write_posts

from mental_health_classifier.analysis.sections.provenance import making
from mental_health_classifier.assessment.ensemble import best_members, record_ensemble
from mental_health_classifier.configuration.build import build_corpus
from mental_health_classifier.console.wording import number
from mental_health_classifier.contracts import InputError
from mental_health_classifier.data.seen_posts import SeenPosts
from mental_health_classifier.evaluation.operating_point import OperatingPoint
from mental_health_classifier.prediction.predictor import Predictor
from mental_health_classifier.tracking.record.assessments import read_assessment, stored_predictions
from mental_health_classifier.tracking.record.run_summary import read_run

PARTS = ("val", "calibration", "test")


@pytest.fixture(scope="module")
def ensemble(runs, tmp_path_factory):
    directory = tmp_path_factory.mktemp("ensembles") / "both"
    record_ensemble(list(runs.values()), directory, name="both")
    return read_run(directory)


def test_an_ensemble_is_a_run_like_any_other(ensemble, runs) -> None:
    assert (ensemble.status, ensemble.problems, ensemble.name) == ("completed", (), "both")
    assert ensemble.data == next(iter(runs.values())).data
    assert set(ensemble.metrics) == set(next(iter(runs.values())).metrics)
    members = ensemble.configuration["ensemble"]["members"]
    assert [member["id"] for member in members] == [run.id for run in runs.values()]
    for name in ("certificate", "calibration", "triage", "reference"):
        assert read_assessment(ensemble.directory, name) is not None
        assert f"assessments/{name}.json" in ensemble.end["artefacts"]


def test_it_is_the_mean_of_its_members_at_a_temperature(ensemble, runs) -> None:
    temperature = ensemble.model_facts["temperature"]
    given = [stored_predictions(run, PARTS)["test"].probabilities for run in runs.values()]
    logits = np.log(np.mean(given, axis=0)) / temperature
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    stored = stored_predictions(ensemble, ["test"])["test"]
    np.testing.assert_allclose(stored.probabilities, expected, atol=1e-5)


@pytest.mark.parametrize("way", ["weighted", "max", "noisy_or", "vote"])
def test_other_ways_of_combining_are_read_back_and_keep_their_order(runs, tmp_path, way) -> None:
    record_ensemble(list(runs.values()), tmp_path / way, name=way, way=way)
    made = read_run(tmp_path / way)
    texts = build_corpus(config_of(runs["tfidf_logistic"])).part("test")["text"].tolist()[:40]
    stored = stored_predictions(made, ["test"])["test"]
    again = Predictor.load(made).predict_proba(texts)
    np.testing.assert_allclose(again, stored.probabilities[:40], atol=1e-5)
    assert f"combined by {way}" in (made.description or "")
    if way == "weighted":
        members = made.configuration["ensemble"]["members"]
        weights = [each["weight"] for each in members]
        assert sum(weights) == pytest.approx(1) and min(weights) >= 0
        said = [f"({m['model']}, weight {number(m['weight'])})" for m in members]
        assert all(each in making(made)["members"] for each in said)
    if way == "vote":
        # Members vote at the operating point that their own pages show.
        shares = [run.metrics["test/operating_point/alert_rate"] for run in runs.values()]
        alerts = [
            OperatingPoint.recorded_in(run.metrics).alerts(
                stored_predictions(run, ["test"])["test"]
            )
            for run in runs.values()
        ]
        assert [each.mean() for each in alerts] == pytest.approx(shares)
        votes = np.sum(alerts, axis=0)
        assert stored.priority_scores[votes == 2].min() > stored.priority_scores[votes == 1].max()


def test_one_member_with_all_the_weight_is_called_what_it_is(runs, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(
        "mental_health_classifier.assessment.ensemble.fit_weights", lambda *_: [0.0, 1.0]
    )
    record_ensemble(list(runs.values()), tmp_path / "e", way="weighted")
    made, sole = read_run(tmp_path / "e"), list(runs.values())[1]
    assert made.name == made.model == f"{sole.model} alone"
    assert f"all the weight to run {sole.id}" in making(made)["description"]


def test_what_encoders_of_members_have_read_is_known_of_the_ensemble(runs, tmp_path) -> None:
    first, second = runs.values()
    shutil.copytree(second.directory, tmp_path / "read")
    (tmp_path / "read" / "seen_posts-abc.npz").write_bytes(SeenPosts(b"k" * 16, {}).to_bytes())
    model = {**second.configuration["model"], "pretrained_on": [{"run": "abc"}]}
    config = {**second.configuration, "model": model}
    second = replace(
        read_run(tmp_path / "read"),
        run={**second.run, "config": config},
        data={**second.data, "warnings": ["The encoder has read."]},
    )
    record_ensemble([first, second], tmp_path / "e")
    made = read_run(tmp_path / "e")
    assert made.data["warnings"] == [*first.data["warnings"], "The encoder has read."]
    assert made.setting("model", "pretrained_on") == [{"run": "abc"}]
    assert (made.directory / "seen_posts-abc.npz").exists()


def test_an_unknown_way_of_combining_is_refused(runs, tmp_path) -> None:
    with pytest.raises(InputError, match="mean, weighted, max, noisy_or, vote"):
        record_ensemble(list(runs.values()), tmp_path / "new", name="new", way="median")
    assert not (tmp_path / "new").exists()


def test_an_ensemble_read_back_predicts_what_it_predicted(ensemble, runs) -> None:
    corpus = build_corpus(config_of(runs["tfidf_logistic"]))
    texts = corpus.part("test")["text"].tolist()[:40]
    again = Predictor.load(ensemble).predict_proba(texts)
    stored = stored_predictions(ensemble, ["test"])["test"].probabilities[:40]
    np.testing.assert_allclose(again, stored, atol=1e-5)


def test_members_that_were_changed_are_refused(ensemble, tmp_path, runs) -> None:
    for name, run in runs.items():
        shutil.copytree(run.directory, tmp_path / "runs" / name)
    record_ensemble([read_run(tmp_path / "runs" / n) for n in runs], tmp_path / "e", name="e")
    weights = tmp_path / "runs" / "tfidf_logistic" / "checkpoints" / "tfidf_logistic.npz"
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    with pytest.raises(InputError, match="was changed after run"):
        Predictor.load(read_run(tmp_path / "e"))


def test_members_with_other_parts_or_none_are_refused(ensemble, runs, tmp_path) -> None:
    network, yardstick = runs.values()
    copy = tmp_path / "copy"
    shutil.copytree(yardstick.directory, copy)
    lines = (copy / "predictions" / "val.csv").read_text().splitlines()
    (copy / "predictions" / "val.csv").write_text("\n".join([lines[0], *lines[:0:-1]]) + "\n")
    for members, message in (
        ([network], "two members or more"),
        ([network, network], "two members or more"),
        ([network, read_run(copy)], "another val part"),
        ([network, replace(yardstick, status="killed")], "is killed"),
        ([network, ensemble], "is an ensemble itself"),
    ):
        with pytest.raises(InputError, match=message):
            record_ensemble(members, tmp_path / "new", name="new")
    assert not (tmp_path / "new").exists()


def test_the_best_are_taken_by_val_among_runs_on_the_same_parts(runs, ensemble) -> None:
    found, looked_at = best_members([ensemble, *runs.values()], number=2)
    assert looked_at == 2
    values = [run.metrics["val/recall_at_spec80"] for run in found]
    assert values == sorted(values, reverse=True) and len(found) == 2
    with pytest.raises(InputError, match="there are 2 completed runs"):
        best_members(list(runs.values()), number=3)
    network, yardstick = runs["baseline_micro"], runs["tfidf_logistic"]
    elsewhere = replace(network, data={**network.data, "fingerprint": "other"})
    with pytest.raises(InputError, match="do not make one ensemble: choose one, as by --where"):
        best_members([elsewhere, yardstick], number=2)


def test_an_ensemble_is_made_listed_and_used_from_the_command_line(mhc, runs, tmp_path) -> None:
    made = mhc("ensemble", "outputs/baseline_micro", "outputs/tfidf_logistic", "--name", "duo")
    assert made.exit_code == 0, made.output
    assert "duo" in made.stdout and "Certificate" in made.stdout
    rows = json.loads(mhc("compare", "--runs", "--where", "model == 'ensemble'", "--json").stdout)
    assert [row["experiment_name"] for row in rows] == ["duo"]
    posts = write_posts(tmp_path / "posts.csv", runs["tfidf_logistic"], rows=20)
    decided = mhc(
        *("predict", posts, "--run", rows[0]["run_id"], "--output", "d.csv", "--uncertified"),
        *("--column", "text=body"),
    )
    assert decided.exit_code == 0, decided.output
    assert mhc("ensemble").exit_code == 1
    best = mhc("ensemble", "--best", "2")
    assert best.exit_code == 0, best.output
