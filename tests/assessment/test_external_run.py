"""Predictions of other programs as runs of their own: which posts, which numbers, what not."""

from __future__ import annotations

import csv
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from trained_runs import config_of
from typer.testing import CliRunner

from mental_health_classifier.analysis.model_card import model_card
from mental_health_classifier.assessment.ensemble import record_ensemble
from mental_health_classifier.assessment.external_run import (
    SETTINGS,
    record_beside_run,
    record_on_posts,
    said_by_run,
)
from mental_health_classifier.cli.app import app
from mental_health_classifier.configuration.build import build_corpus
from mental_health_classifier.contracts import InputError
from mental_health_classifier.data.foreign.prediction_tables import read_foreign_predictions
from mental_health_classifier.data.preparing.labelled_posts import read_labelled_posts
from mental_health_classifier.explanation.run_explanation import network_of
from mental_health_classifier.prediction.predictor import Predictor
from mental_health_classifier.tracking.keeping.published import publish_run
from mental_health_classifier.tracking.provenance.replay import replay
from mental_health_classifier.tracking.record.assessments import stored_predictions, task_of
from mental_health_classifier.tracking.record.certificates import certificate_of_run
from mental_health_classifier.tracking.record.prediction_files import predictions_table
from mental_health_classifier.tracking.record.run_summary import read_run
from mental_health_classifier.tracking.selection.best_models import best_models


def exported(run, path: Path, *, of_yardstick: bool = False, parts: tuple[str, ...] = ()) -> Path:
    said, names = said_by_run(run, parts, of_yardstick=of_yardstick, with_ids=False)
    path.write_text(predictions_table(said, names))
    return path


def assessed(path: Path, run, directory: Path, **asked):
    found = read_foreign_predictions(path, task_of(run), columns={})
    record_beside_run(found, run, directory, name=path.stem, **asked)
    return read_run(directory)


def rewritten(path: Path, change) -> Path:
    """The same file with other rows: `change` gets the header and the rows."""
    with path.open(newline="") as file:
        header, *rows = csv.reader(file)
    header, rows = change(header, rows)
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


@pytest.fixture(scope="module")
def yardstick(runs):
    return runs["tfidf_logistic"]


@pytest.mark.parametrize("is_shuffled", [False, True])
def test_a_run_handed_out_and_taken_in_again_has_every_number(
    yardstick, tmp_path, is_shuffled
) -> None:
    path = exported(yardstick, tmp_path / "p.csv")
    if is_shuffled:
        order = np.random.default_rng(1).permutation
        rewritten(path, lambda header, rows: (header, [rows[i] for i in order(len(rows))]))
    made = assessed(path, yardstick, tmp_path / "run")
    assert (made.metrics, made.intervals) == (yardstick.metrics, yardstick.intervals)
    assert made.parts_fingerprint == yardstick.parts_fingerprint
    assert made.is_external and made.status == "completed"
    for kind in ("assessments", "predictions"):
        for file in (yardstick.directory / kind).glob("*.*"):
            assert (made.directory / kind / file.name).read_bytes() == file.read_bytes(), file.name


def test_the_yardstick_of_a_run_is_judged_as_in_that_run(runs, tmp_path) -> None:
    network = runs["baseline_micro"]
    path = exported(network, tmp_path / "p.csv", of_yardstick=True, parts=("val", "test"))
    made = assessed(path, network, tmp_path / "run", seed=3)
    assert made.metrics == network.yardstick["metrics"] == made.yardstick["metrics"]
    assert made.intervals == network.yardstick["intervals"]
    assert set(made.yardstick["differences"].values()) == {0.0}
    assert "no predictions for the calibration part" in model_card(made)
    with pytest.raises(InputError, match="predictions for val and test, and this takes"):
        certificate_of_run(made, required_recall=0.9, confidence=0.9)


@pytest.fixture
def by_text(yardstick, tmp_path):
    """Predictions that name their posts by text, and the texts."""
    path = exported(yardstick, tmp_path / "p.csv", parts=("test",))
    posts = build_corpus(config_of(yardstick)).part("test")
    text_of = dict(zip(posts["id"], posts["text"], strict=True))

    def with_text(header, rows):
        return ["text", *header[1:]], [[text_of[row[0]].upper(), *row[1:]] for row in rows]

    return rewritten(path, with_text)


def test_texts_prove_the_posts_too_and_one_wrong_text_is_refused(
    by_text, yardstick, tmp_path
) -> None:
    made = assessed(by_text, yardstick, tmp_path / "run")
    of_test = {key: value for key, value in yardstick.metrics.items() if key.startswith("test/")}
    free = {key: value for key, value in of_test.items() if "operating_point" not in key}
    assert {key: made.metrics[key] for key in free} == free
    assert made.metrics["test/operating_point/recall"] is None
    card = model_card(made)
    assert "There are no predictions for val" in card and "mhc best" in card

    def wrong(header, rows):
        return header, [["another text", *rows[0][1:]], *rows[1:]]

    rewritten(by_text, wrong)
    with pytest.raises(InputError, match=r"no row for 1 of the .* posts of test.*p\.csv:2"):
        assessed(by_text, yardstick, tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_an_id_with_the_text_of_another_post_is_refused(by_text, yardstick, tmp_path) -> None:
    ids = stored_predictions(yardstick, ["test"])["test"].post_ids

    def swapped(header, rows):
        found = [[post, *row] for post, row in zip(ids, rows, strict=True)]
        found[0][1], found[1][1] = found[1][1], found[0][1]
        return ["post", *header], found

    with pytest.raises(InputError, match=r"in 2 of .* rows \(p\.csv:2, p\.csv:3\)"):
        assessed(rewritten(by_text, swapped), yardstick, tmp_path / "none")


def test_what_does_not_prove_its_posts_is_refused_with_the_rows(yardstick, tmp_path) -> None:
    path = exported(yardstick, tmp_path / "p.csv")
    whole = path.read_text()
    for change, message in (
        (lambda h, rows: (h, rows[: len(rows) // 2]), "has no row for"),
        (lambda h, rows: (h, [*rows, rows[0]]), "two answers to one post"),
        (lambda h, rows: (h, [["x" * 16, *row[1:]] for row in rows]), "is of a post of run"),
        (lambda h, rows: (h, [[*r[:1], "val", *r[2:]] for r in rows]), "another part than run"),
        (
            lambda h, rows: (h, [[*r[:2], rows[-1][2], *r[3:]] for r in rows]),
            "--column prediction=label",
        ),
    ):
        path.write_text(whole)
        with pytest.raises(InputError, match=message):
            assessed(rewritten(path, change), yardstick, tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_bare_classes_get_what_they_allow(yardstick, tmp_path) -> None:
    path = exported(yardstick, tmp_path / "p.csv", parts=("val", "test"))
    classes = list(task_of(yardstick).class_names)

    def bare(header, rows):
        best = [classes[int(np.argmax([float(cell) for cell in row[3:]]))] for row in rows]
        return ["post", "prediction"], [[r[0], c] for r, c in zip(rows, best, strict=True)]

    made = assessed(rewritten(path, bare), yardstick, tmp_path / "run")
    priority = yardstick.data["priority_class"]
    for key in ("accuracy", "f1_macro", f"recall/{priority}", f"precision/{priority}"):
        assert made.metrics[f"test/{key}"] == yardstick.metrics[f"test/{key}"]
    recall = made.metrics[f"test/recall/{priority}"]
    assert made.metrics["test/operating_point/recall"] == recall
    for key in ("recall_at_spec80", "auprc", "partial_auc"):
        assert f"test/{key}" not in made.metrics
    assert {path.stem for path in (made.directory / "assessments").iterdir()} <= {"groups"}
    assert "They are bare classes" in model_card(made)
    with pytest.raises(InputError, match="bare classes"):
        certificate_of_run(made, required_recall=0.9, confidence=0.9)


def test_posts_without_a_row_go_to_a_person_and_count_as_alerts(yardstick, tmp_path) -> None:
    path = exported(yardstick, tmp_path / "p.csv", parts=("test",))
    priority = yardstick.data["priority_class"]
    rewritten(path, lambda h, rows: (h, [row for row in rows if row[2] != priority]))
    made = assessed(path, yardstick, tmp_path / "run", refers_missing=True)
    assert made.metrics["test/recall_at_spec80"] == 1
    num = made.metrics[f"test/support/{priority}"]
    assert made.model_facts["external"]["referred"]["test"] == {
        "posts": num,
        "priority": num,
        "reasons": {"without a row": num},
    }
    assert "A person reads them" in model_card(made)


def test_nothing_is_asked_of_a_model_that_is_not_here(yardstick, tmp_path) -> None:
    made = assessed(exported(yardstick, tmp_path / "p.csv"), yardstick, tmp_path / "run")
    asked = (
        lambda: Predictor.load(made),
        lambda: network_of(made),
        lambda: record_ensemble([yardstick, made], tmp_path / "e"),
        lambda: replay(made, is_trusted=True, is_strict=False),
    )
    for each in asked:
        with pytest.raises(InputError, match="predictions that another program made"):
            each()
    certificate_of_run(made, required_recall=0.8, confidence=0.9)


@pytest.fixture
def posts_file(tmp_path):
    """Posts in two parts, with what people said of them."""
    path = tmp_path / "posts.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "text", "label", "author", "split"])
        for row in range(120):
            kind = "risk" if row % 3 == 0 else "none"
            part = "val" if row < 60 else "test"
            writer.writerow([f"a{row}", f"post number {row} says {kind}", kind, f"u{row}", part])
    return path


def test_posts_in_a_file_do_without_a_run(posts_file, tmp_path) -> None:
    path = tmp_path / "p.csv"
    rows = [f"a{row},{0.9 if row % 3 == 0 else 0.2}" for row in reversed(range(120))]
    path.write_text("\n".join(["id,p_Risk", *rows]))
    posts = read_labelled_posts(posts_file, columns={}, labels=None, priority_class="risk")
    found = read_foreign_predictions(path, posts.corpus.task, columns={})
    record_on_posts(found, posts, tmp_path / "run", name="mine")
    made = read_run(tmp_path / "run")
    assert (made.problems, made.model, made.seed) == ((), "mine", None)
    assert made.metrics["test/recall_at_spec80"] == 1 and made.metrics["test/n"] == 60
    assert {part: facts["posts"] for part, facts in made.data["parts"].items()} == {
        **{"train": 0, "val": 60},
        **{"calibration": 0, "test": 60},
    }
    posts_file.write_text(posts_file.read_text().replace("number 7 ", "number seven "))
    changed = read_labelled_posts(posts_file, columns={}, labels=None, priority_class="risk")
    stale = stored_predictions(made, ["test"])["test"].post_ids
    path.write_text("\n".join(["post,p_risk", *(f"{post},0.5" for post in stale)]))
    with pytest.raises(InputError, match="have changed since"):
        record_on_posts(
            read_foreign_predictions(path, changed.corpus.task, columns={}),
            changed,
            tmp_path / "none",
            name="mine",
        )


def on_posts(posts_file, content: str, directory, **asked):
    """The run of predictions in a file of this content."""
    path = directory.with_suffix(".csv")
    path.write_text(content)
    posts = read_labelled_posts(posts_file, columns={}, labels=None, priority_class="risk")
    found = read_foreign_predictions(path, posts.corpus.task, columns={})
    record_on_posts(found, posts, directory, **{"name": "mine", **asked})
    return read_run(directory)


def test_posts_are_known_in_other_spellings(posts_file, tmp_path) -> None:
    posts = (
        posts_file.read_text()
        .replace("\na", "\n")
        .replace("says", "caf\N{LATIN SMALL LETTER E WITH ACUTE}")
    )
    posts_file.write_text(posts)
    rows = [f"{row}.0,{row % 3 == 0:d}" for row in range(120)]
    made = on_posts(posts_file, "\n".join(["id,p_risk", *rows]), tmp_path / "ids")
    assert made.metrics["test/n"] == 60
    texts = [line.split(",")[1] for line in posts.splitlines()[1:]]
    rows = [f"{unicodedata.normalize('NFD', text)},{n % 3 == 0:d}" for n, text in enumerate(texts)]
    made = on_posts(posts_file, "\n".join(["text,p_risk", *rows]), tmp_path / "texts")
    assert made.metrics["test/n"] == 60
    posts_file.write_text(posts.replace("\n7,", "\n8,"))
    with pytest.raises(InputError, match="one id for several posts"):
        on_posts(posts_file, "id,p_risk\n5,1\n", tmp_path / "twice")


def test_a_test_part_without_priority_posts_is_refused_before_there_is_a_run(
    posts_file, tmp_path
) -> None:
    lines = posts_file.read_text().replace("risk,u", "none,u")
    posts_file.write_text(lines.replace("says risk,none,u0,", "says risk,risk,u0,"))
    rows = [f"a{row},{row % 2}" for row in range(120)]
    with pytest.raises(InputError, match=r"test of posts\.csv has no posts of class risk"):
        on_posts(posts_file, "\n".join(["id,p_risk", *rows]), tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_labels_in_spellings_that_nobody_mapped_are_not_passed_over(posts_file, tmp_path) -> None:
    rows = [f"a{row},1,SI" for row in range(120)]
    with pytest.raises(InputError, match=r"label of .* names no class .*--label SPELLING=CLASS"):
        on_posts(posts_file, "\n".join(["id,p_risk,label", *rows]), tmp_path / "none")


def test_a_name_alone_makes_no_seeds_and_other_questions_no_configuration(
    posts_file, tmp_path
) -> None:
    def content(share):
        rows = [f"a{row},{share if row % 3 == 0 else 0.2}" for row in range(120)]
        return "\n".join(["id,p_risk", *rows])

    alone = [on_posts(posts_file, content(x), tmp_path / f"a{x}") for x in (0.9, 0.8)]
    assert alone[0].configuration_hash != alone[1].configuration_hash
    seeds = [on_posts(posts_file, content(x), tmp_path / f"s{x}", seed=1) for x in (0.9, 0.8)]
    assert seeds[0].configuration_hash == seeds[1].configuration_hash


def test_what_judging_cost_is_no_cost_of_the_model_and_its_making_is_not_claimed(
    posts_file, tmp_path
) -> None:
    rows = [f"a{row},{0.9 if row % 3 == 0 else 0.2}" for row in range(120)]
    made = on_posts(posts_file, "\n".join(["id,p_risk", *rows]), tmp_path / "run")
    assert made.duration_seconds is None and made.peak_memory_bytes is None
    card = model_card(made)
    assert "## How it was judged" in card and "judged by: commit" in card
    assert "| 21 Model development" not in card and "21 Model development" in card
    best = best_models([made])["best_f1_macro"]
    assert best["run"] == made.id and "nobody here can say" in " ".join(best["warnings"])
    assert "Of the models that were trained here none qualifies." in best["warnings"][-1]
    with pytest.raises(InputError, match="Its model is not here"):
        publish_run(made, tmp_path / "hub", {})


def test_the_command_makes_a_run_and_says_what_it_lacks(posts_file, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    posts_file.write_text(posts_file.read_text().replace(",val", ",").replace(",test", ","))
    rows = [f"a{row},{'risk' if row % 2 else 'none'}" for row in range(120)]
    (tmp_path / "p.csv").write_text("\n".join(["id,predicted", *rows]))
    ran = CliRunner().invoke(app, ["assess", "p.csv", "--posts", "posts.csv", "--priority", "risk"])
    assert ran.exit_code == 0, ran.output
    assert "120 test posts" in ran.output and "bare classes" in ran.output
    for arguments, message in (
        (["p.csv"], "Give --run"),
        (["p.csv", "--posts", "posts.csv", "--run", "x"], "Both were given"),
        (["p.csv", "--posts", "posts.csv", "--priority", "x"], "--priority none"),
        (["p.csv", "--posts", "posts.csv", "--name", "a\x07"], "cannot be seen"),
        (["p.csv", "--posts", "posts.csv"], "has no posts of class suicide"),
        (["none.csv", "--posts", "posts.csv"], "is not a file"),
    ):
        refused = CliRunner().invoke(app, ["assess", *arguments])
        assert refused.exit_code == 1 and message in " ".join(refused.output.split())


def test_settings_without_a_run_are_those_of_the_configuration(compose_config) -> None:
    evaluation = compose_config([]).evaluation
    assert {key: evaluation[key] for key in SETTINGS} == SETTINGS


def test_an_own_id_beside_a_hash_is_compared_where_the_posts_are_at_hand(
    posts_file, yardstick, tmp_path, monkeypatch
) -> None:
    path = exported(yardstick, tmp_path / "p.csv", parts=("test",))

    def with_ids(header, rows):
        return ["post", "id", *header[1:]], [
            [row[0], f"a{i}", *row[1:]] for i, row in enumerate(rows)
        ]

    rewritten(path, with_ids)

    def gone(*_arguments, **_options):
        raise InputError("data.path is gone")

    monkeypatch.setattr("mental_health_classifier.assessment.external_run.corpus_of_run", gone)
    made = assessed(path, yardstick, tmp_path / "run")
    assert "Column id was not compared" in model_card(made)
