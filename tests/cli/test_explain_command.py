import csv
import json
from pathlib import Path

import pytest
from trained_runs import write_posts

from mental_health_classifier.tracking.record.run_summary import read_run

TEXT = "we talked about the weather and I had a cup of tea"


def test_a_run_is_measured_and_the_numbers_reach_its_record_and_the_tables(mhc) -> None:
    measured = mhc("explain", "outputs/baseline_micro", "--posts", 24, "--json")
    assert measured.exit_code == 0, measured.output
    (found,) = json.loads(measured.stdout)
    parts = [found[name] for name in ("comprehensiveness", "sufficiency", "stability")]
    assert all(0 <= part <= 1 for part in parts)
    assert found["interpretability_score"] == pytest.approx(sum(parts) / 3)
    assert found["n"] == 24 and found["incomplete_share"] == 0
    assert set(found["dropped_share"]) == {"comprehensiveness", "sufficiency", "stability"}
    entropy = found["attention"]["entropy"]
    assert len(entropy) == 2 and all(0 < head < 1 for layer in entropy for head in layer)
    rows = json.loads(mhc("compare", "--runs", "--json").stdout)
    scores = {row["model"]: row["interpretability_score"] for row in rows}
    assert scores == {
        "baseline_micro": pytest.approx(found["interpretability_score"]),
        "tfidf_logistic": None,
    }
    card = mhc("card", "outputs/baseline_micro").stdout
    assert "| interpretability score |" in card and "no evidence of why" in card
    page = mhc("show", "outputs/baseline_micro").stdout
    assert "Interpretability score: " in page and "on 24 test posts" in page
    again = json.loads(mhc("explain", "outputs/baseline_micro", "--posts", 24, "--json").stdout)
    assert again == [found]


def test_what_is_stored_holds_places_and_no_text(mhc, runs) -> None:
    assert mhc("explain", "outputs/baseline_micro", "--posts", 6).exit_code == 0
    stored = json.loads(Path("outputs/baseline_micro/assessments/explanations.json").read_text())
    posts = stored["posts"]
    assert len(posts) == 6
    for post in posts:
        assert set(post) == {"post", "class", "places", "attributions"}
        assert len(post["places"]) == len(post["attributions"]) > 0
        assert post["class"] in runs["baseline_micro"].data["classes"]


def test_a_text_is_shown_with_what_its_tokens_add(mhc) -> None:
    shown = mhc("explain", "outputs/baseline_micro", "--text", TEXT)
    assert shown.exit_code == 0, shown.output
    assert TEXT in shown.stdout.replace("\n", "")
    assert "adds to the logit" in shown.stdout and "Probability of suicide: " in shown.output
    first = shown.stdout.split(":")[0]
    assert first in ("Alerted", "Referred to a person", "Not alerted")
    assert "alert from ." in shown.stdout
    assert not Path("outputs/baseline_micro/assessments/explain.json").exists()


def test_bytes_of_a_command_line_that_are_no_characters_become_question_marks(mhc) -> None:
    # A command line hands them on as halves of characters.
    result = mhc(
        "explain", "outputs/baseline_micro", "--text", "i am so sad \udcff and tired", "--json"
    )
    assert result.exit_code == 0, result.output


def test_another_class_can_be_explained_and_read_by_programs(mhc) -> None:
    options = ("--text", TEXT, "--class", "anxiety", "--json")
    (found,) = json.loads(mhc("explain", "outputs/baseline_micro", *options).stdout)
    assert found["class"] == "anxiety"
    assert sum(found["probabilities"].values()) == pytest.approx(1, abs=1e-5)
    places = found["places"]
    assert "".join(TEXT[first:last] for first, last in places) == TEXT.replace(" ", "")
    assert len(places) == len(found["attributions"]) and TEXT not in json.dumps(found)


def test_a_row_of_a_file_becomes_a_page(mhc, runs) -> None:
    posts = write_posts(Path("posts.csv"), runs["baseline_micro"], rows=5)
    with posts.open(encoding="utf-8") as file:
        text = list(csv.DictReader(file))[2]["body"]
    options = ("--file", posts, "--row", 4, "--column", "text=body", "--html", "post.html")
    assert mhc("explain", "outputs/baseline_micro", *options).exit_code == 0
    assert text.split()[0] in Path("post.html").read_text()
    refused = mhc("explain", "outputs/baseline_micro", *options)
    assert refused.exit_code == 1 and "--html=post.html: the file exists" in refused.output


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--file", "posts.csv"), "Give --text, or --file with --row"),
        (("--text", "a", "--file", "posts.csv", "--row", 2), "Give --text, or --file with --row"),
        (("--html", "page.html"), "--html and --class are about one post"),
        (("--text", TEXT, "--class", "joy"), "--class=joy: expected one of"),
        (("--text", "  "), "The post is empty"),
        (("--file", "posts.csv", "--row", 9), "--row=9: posts.csv has no such row"),
    ],
)
def test_what_cannot_be_explained_is_said_in_one_message(mhc, options, message) -> None:
    Path("posts.csv").write_text("text\nnot much today\n")
    refused = mhc("explain", "outputs/baseline_micro", *options)
    assert refused.exit_code == 1 and message in refused.output
    assert "Traceback" not in refused.output


def test_a_run_without_a_network_explains_itself_otherwise(mhc) -> None:
    refused = mhc("explain", "outputs/tfidf_logistic")
    assert refused.exit_code == 1 and "has no network" in refused.output


def test_measuring_goes_into_what_is_read_of_the_run(mhc) -> None:
    mhc("explain", "outputs/baseline_micro", "--posts", 6)
    assert read_run(Path("outputs/baseline_micro")).problems == ()


def test_cues_that_were_marked_are_compared_with_what_explains(mhc) -> None:
    options = ("--posts", 60, "--cues", "cue_spans", "--json")
    measured = mhc("explain", "outputs/baseline_micro", *options)
    assert measured.exit_code == 0, measured.output
    (found,) = json.loads(measured.stdout)
    # Posts that the model is right about, but those whose marks are missing.
    assert 0 < found["n_plausibility"] < 60
    assert -1 < found["plausibility"] < 1
    refused = mhc("explain", "outputs/baseline_micro", "--cues", "no_such_column")
    assert refused.exit_code == 1 and "no_such_column" in refused.output


def test_what_is_said_to_be_decided_is_what_predict_decides(mhc, runs) -> None:
    posts = write_posts(Path("posts.csv"), runs["baseline_micro"], rows=4)
    options = ("--run", "outputs/baseline_micro", "--column", "text=body", "--uncertified")
    assert mhc("predict", posts, "--output", "decisions.csv", *options).exit_code == 0
    with Path("decisions.csv").open() as file:
        rows = list(csv.DictReader(file))
    for number, row in enumerate(rows, start=2):
        one = ("--file", posts, "--row", number, "--column", "text=body", "--json")
        (found,) = json.loads(mhc("explain", "outputs/baseline_micro", *one).stdout)
        decided = found["decided"]
        assert (decided["action"], decided["reason"]) == (row["decision"], row["reason"])
        assert decided["probability"] == pytest.approx(float(row["p_suicide"]), abs=1e-6)
