"""Questions for language models, and the way back of the answers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from trained_runs import config_of

from mental_health_classifier.analysis.model_card import model_card
from mental_health_classifier.analysis.tables.run_facts import facts_of
from mental_health_classifier.assessment.prompts import FORMATS, prompts_of_run
from mental_health_classifier.configuration.build import build_corpus
from mental_health_classifier.contracts import InputError
from mental_health_classifier.tracking.record.run_summary import read_run

ASKED = {"model": "m", "server": "openai", "answer": "probabilities", "shots": 0, "seed": 1}


@pytest.fixture(scope="module")
def run(runs):
    return runs["tfidf_logistic"]


def wording_of(lines: list[str]) -> str:
    """What the first identifier says of the wording."""
    return json.loads(lines[0])["custom_id"].split("-")[1].removeprefix("q")


@pytest.mark.parametrize("server", FORMATS)
def test_questions_hold_the_posts_of_their_part_and_no_label(run, server) -> None:
    lines, num_shown = prompts_of_run(run, ["test"], **{**ASKED, "server": server})
    test = build_corpus(config_of(run)).part("test")
    asked = [json.loads(line) for line in lines]
    begins = f"0shot-q{wording_of(lines)}-"
    assert [each["custom_id"] for each in asked] == [begins + post for post in test["id"]]
    body = asked[0]["body"] if server == "openai" else asked[0]["params"]
    assert body["messages"][-1]["content"] == f"<post>\n{test['text'].iloc[0]}\n</post>"
    assert len(body["messages"]) == (2 if server == "openai" else 1) and num_shown == 0
    assert all(name in json.dumps(asked[0]) for name in run.data["classes"])


def test_shown_posts_are_of_train_alone(run) -> None:
    lines, num_shown = prompts_of_run(run, ["val"], **{**ASKED, "shots": 2, "answer": "letter"})
    corpus = build_corpus(config_of(run))
    first = json.loads(lines[0])
    *shown, _asked = [m for m in first["body"]["messages"] if m["role"] == "user"]
    texts = [each["content"].removeprefix("<post>\n").removesuffix("\n</post>") for each in shown]
    assert len(texts) == num_shown == 2 * corpus.task.num_classes
    assert set(texts) <= set(corpus.part("train")["text"])
    labels = [m["content"] for m in first["body"]["messages"] if m["role"] == "assistant"]
    assert labels[0] == "A" and len(set(labels)) == corpus.task.num_classes
    assert first["body"]["logprobs"] and first["custom_id"].startswith("2shot1-q")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"server": "x"}, "--format=x"),
        ({"answer": "x"}, "--answer=x"),
        ({"shots": -1}, "--shots=-1"),
    ],
)
def test_what_cannot_be_asked_is_refused(run, changes, message) -> None:
    with pytest.raises(InputError, match=message):
        prompts_of_run(run, [], **{**ASKED, **changes})
    with pytest.raises(InputError, match="--part=train"):
        prompts_of_run(run, ["train"], **ASKED)


def test_answers_come_back_as_a_run_with_refusals_for_people(run, mhc, tmp_path) -> None:
    asked = mhc("prompts", run.directory, "--output", "q.jsonl", "--model", "m")
    assert asked.exit_code == 0 and "Nothing was sent" in " ".join(asked.output.split())
    corpus = build_corpus(config_of(run)).posts.set_index("id")
    names = run.data["classes"]
    priority = run.data["priority_class"]
    answers = []
    for place, line in enumerate(Path("q.jsonl").read_text().splitlines()):
        post = json.loads(line)["custom_id"]
        label = names[corpus["label"][post.rpartition("-")[2]]]
        shares = {name: 0.8 if name == label else 0.2 / (len(names) - 1) for name in names}
        said = json.dumps({"probabilities": shares}) if place % 10 else "I'm sorry, I can't."
        answers.append(json.dumps({"custom_id": post, "answer": said, "model": "made-up"}))
    Path("a.jsonl").write_text("\n".join(answers))
    ran = mhc("assess", "a.jsonl", "--run", run.directory)
    assert ran.exit_code == 0, ran.output
    (directory,) = Path("outputs").glob("*/*-a")
    made = read_run(directory)
    assert made.model == "made-up"
    # Whoever got no answer is read by a person, as if alerted: no priority post is missed.
    assert made.metrics["test/operating_point/recall"] == 1
    referred = made.model_facts["external"]["referred"]["test"]
    false = referred["posts"] - referred["priority"]
    others = made.metrics["test/n"] - made.metrics[f"test/support/{priority}"]
    assert made.metrics["test/operating_point/specificity"] == pytest.approx(1 - false / others)
    assert "Zero-shot" in model_card(made) and "refused" in model_card(made)
    texts = corpus["text"].head(200).tolist()
    for file in directory.rglob("*.*"):
        content = file.read_bytes().decode(errors="replace") if file.is_file() else ""
        assert not any(len(text) > 20 and text in content for text in texts), file
    again = mhc("evaluate", directory, "--json")
    assert json.loads(again.stdout)[0]["metrics"] == made.metrics
    # The same answers as the same seed of the same name, to questions of one's own.
    for seed, prompt in ((1, "mine"), (2, "mine"), (3, "yours")):
        given = ("--name", "b", "--seed", seed, "--prompt", prompt)
        assert mhc("assess", "a.jsonl", "--run", run.directory, *given).exit_code == 0
    others = {(found := read_run(each)).seed: found for each in Path("outputs").glob("*/*-b")}
    hashes = [others[seed].configuration_hash for seed in (1, 2, 3)]
    assert hashes[0] == hashes[1] != hashes[2]
    assert facts_of(made)["commit"] is None and made.commit is not None
