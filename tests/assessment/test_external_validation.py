"""A model on posts from elsewhere, some of which it may have seen."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from resealed_runs import reseal
from trained_runs import config_of, write_posts

from mental_health_classifier.configuration.build import build_corpus
from mental_health_classifier.contracts import PARTS
from mental_health_classifier.data.seen_posts import FILE, SeenPosts
from mental_health_classifier.evaluation.behaviour_suite import texts_of_suite
from mental_health_classifier.prediction.predictor import Predictor
from mental_health_classifier.prediction.run_posts import read_seen_posts
from mental_health_classifier.tracking.record.assessments import read_assessment

RUN = "outputs/tfidf_logistic"
COLUMNS = ("--column", "text=body", "--column", "author=user")


def write_other_posts(path: Path, run, *, seen: int, part: str) -> Path:
    """Sample posts of another draw, after a few of the run's own."""
    config = config_of(run)
    own = build_corpus(config).part(part).head(seen)
    config.data.sample_seed, config.data.size = 2, 1200
    config.data.cache_dir = str(path.parent / "cache")
    posts = build_corpus(config).posts
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["body", "label", "user"])
        for frame in (own, posts):
            for text, label, author in zip(
                frame["text"], frame["label"], frame["author"], strict=True
            ):
                writer.writerow([text, run.data["classes"][label], author])
    return path


def test_posts_that_the_model_learned_from_are_left_out_and_counted(
    runs, mhc, tmp_path, caplog
) -> None:
    run = runs["tfidf_logistic"]
    posts = write_other_posts(tmp_path / "posts.csv", run, seen=7, part="train")
    last = pd.read_csv(posts)["body"].tail(1)
    read: Any = SimpleNamespace(part=lambda _: {"text": last})
    (tmp_path / RUN / "seen_posts-a.npz").write_bytes(SeenPosts.of(read, ["train"]).to_bytes())
    result = mhc("evaluate", RUN, posts, *COLUMNS)
    assert result.exit_code == 0, result.output
    assert "has read, without labels, 1 of these" in caplog.text
    assert "post that the model has seen (posts.csv:2" in " ".join(result.stderr.split())
    (written,) = (tmp_path / RUN / "assessments").glob("evaluate-*.json")
    found = json.loads(written.read_text())
    dropped = found["account"]["dropped"]
    # Sample posts are made of phrases, so that two draws share some short ones.
    assert dropped["post that the model has seen"]["rows"] >= 7
    left_out = sum(each["rows"] for each in dropped.values())
    assert found["metrics"]["external/n"] == found["account"]["rows_read"] - left_out


def test_a_file_of_nothing_but_seen_posts_is_refused(runs, mhc, tmp_path) -> None:
    posts = write_posts(tmp_path / "posts.csv", runs["tfidf_logistic"], part="train")
    refused = mhc("evaluate", RUN, posts, *COLUMNS)
    assert refused.exit_code == 1 and "has seen every post" in " ".join(refused.stderr.split())


@pytest.mark.parametrize("part", ["train", "test"])
def test_no_certificate_is_made_on_posts_of_the_run(runs, mhc, tmp_path, part) -> None:
    posts = write_other_posts(tmp_path / "posts.csv", runs["tfidf_logistic"], seen=5, part=part)
    refused = mhc("certify", RUN, posts, *COLUMNS)
    assert refused.exit_code == 1
    assert "are posts of run" in refused.stderr and "posts.csv:2" in refused.stderr
    assert not list((tmp_path / RUN / "assessments").glob("certificate-*"))


def test_a_certificate_for_posts_from_elsewhere_decides_when_it_is_named(
    runs, mhc, tmp_path
) -> None:
    run = runs["tfidf_logistic"]
    posts = write_other_posts(tmp_path / "posts.csv", run, seen=0, part="train")
    with posts.open("a") as file:
        file.write("a post that nobody has labelled,,\n")
    refused = mhc("certify", RUN, posts, *COLUMNS)
    lines = posts.read_text().splitlines()
    if refused.exit_code:  # the two draws share short posts: take them out, as is asked for
        seen = read_seen_posts(run)
        assert seen is not None
        rows = list(csv.reader(lines[1:]))
        known = seen.are_among([row[0] for row in rows], parts=PARTS)
        kept = [line for line, is_known in zip(lines[1:], known, strict=True) if not is_known]
        posts.write_text("\n".join([lines[0], *kept]))
    made = mhc("certify", RUN, posts, *COLUMNS, "--recall", "0.8")
    assert made.exit_code == 0, made.output
    assert "left out 1: missing label (posts.csv:" in made.stderr
    assert " rows read, " in made.stderr
    (written,) = (tmp_path / RUN / "assessments").glob("certificate-*-0.8-0.9.json")
    found = read_assessment(tmp_path / RUN, written.stem)
    assert found is not None and found["posts"]["name"] == "posts.csv" and found["is_certified"]
    assert f"--certificate {written.stem}" in " ".join(made.stderr.split())
    predictor = Predictor.load(tmp_path / RUN, certificate=written.stem)
    assert predictor.threshold == found["threshold"]
    assert predictor.reference == found["reference"]
    decided = mhc(
        *("predict", posts, "--run", RUN, "--output", tmp_path / "d.csv"),
        *("--column", "text=body", "--certificate", "certificate-none"),
    )
    assert decided.exit_code == 1 and written.stem in " ".join(decided.stderr.split())


def test_a_run_that_does_not_know_its_posts_promises_nothing_elsewhere(
    runs, mhc, tmp_path, caplog
) -> None:
    posts = write_posts(tmp_path / "posts.csv", runs["tfidf_logistic"])
    (tmp_path / RUN / FILE).unlink()
    refused = mhc("certify", RUN, posts, *COLUMNS)
    assert refused.exit_code == 1 and FILE in refused.stderr
    assert mhc("evaluate", RUN, posts, *COLUMNS).exit_code == 0
    assert "does not say which posts it has seen" in caplog.text


def test_texts_of_the_behaviour_suite_are_looked_for_among_the_training_posts(
    runs, mhc, tmp_path
) -> None:
    mhc("behaviour", RUN)
    found = read_assessment(tmp_path / RUN, "behaviour")
    assert found is not None
    assert found["texts_seen"] == 0 and found["texts"] == len(texts_of_suite())


def test_texts_of_the_behaviour_suite_that_were_learned_are_named(runs, mhc, tmp_path) -> None:
    corpus = build_corpus(config_of(runs["tfidf_logistic"]))
    learned = pd.DataFrame({"text": texts_of_suite()[:3], "part": "train"})
    object.__setattr__(corpus, "posts", learned)
    (tmp_path / RUN / FILE).write_bytes(SeenPosts.of(corpus).to_bytes())
    reseal(tmp_path / RUN)
    shown = mhc("behaviour", RUN)
    assert shown.exit_code == 0, shown.output
    expected = f"learned from 3 of the suite's {len(texts_of_suite())} texts"
    assert expected in " ".join(shown.stderr.split())
    assert expected in mhc("card", RUN).stdout
