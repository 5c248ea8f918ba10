"""Questions to language models: their wording, and which posts are shown first."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from mental_health_classifier.contracts import Corpus, InputError, Task
from mental_health_classifier.contracts.questions import (
    FORMS,
    MOST_LETTERS,
    Question,
    ask_for_class,
    ask_for_letter,
    ask_for_probabilities,
    draw_examples,
)

TASK = Task.categorical("condition", ("control", "anxiety"), None)


def corpus_of(labels: list[int], part: str = "train") -> Corpus:
    texts = [f"post {place} of {label}" for place, label in enumerate(labels)]
    posts = pd.DataFrame({"text": texts, "label": labels, "part": part})
    return Corpus(
        name="few",
        posts=posts,
        task=TASK,
        fingerprint="f",
        key="k",
        account={},
        warnings=(),
        is_synthetic=True,
        truncate="head",
    )


@pytest.mark.parametrize("ask", FORMS.values())
def test_every_form_names_the_classes_and_has_an_answer_for_each(ask) -> None:
    question = ask(TASK)
    assert all(name in question.instruction for name in TASK.class_names)
    assert len(set(question.answers)) == 2


def test_each_form_is_answered_in_its_own_way() -> None:
    assert ask_for_class(TASK).answers == ("control", "anxiety")
    assert ask_for_letter(TASK).answers == ("A", "B")
    shares = [json.loads(each)["probabilities"] for each in ask_for_probabilities(TASK).answers]
    assert shares == [{"control": 1, "anxiety": 0}, {"control": 0, "anxiety": 1}]


def test_examples_are_asked_about_and_answered_before_the_post() -> None:
    question = Question("who you are", ("no", "yes"), examples=(("sad", 1),))
    assert question.messages("fine") == [
        {"role": "system", "content": "who you are"},
        {"role": "user", "content": "<post>\nsad\n</post>"},
        {"role": "assistant", "content": "yes"},
        {"role": "user", "content": "<post>\nfine\n</post>"},
    ]


@pytest.mark.parametrize("names", [("A", "none"), tuple(f"class{n}" for n in range(21))])
def test_letters_stand_for_few_classes_that_are_no_letters(names) -> None:
    with pytest.raises(InputError, match=f"^Letters can stand for {MOST_LETTERS} classes"):
        ask_for_letter(Task.categorical("condition", names, None))


def test_shown_posts_take_turns_and_follow_their_seed() -> None:
    corpus = corpus_of([0, 1] * 10)
    shown = draw_examples(corpus, shots=3, seed=1)
    assert [label for _, label in shown] == [0, 1, 0, 1, 0, 1]
    assert len({text for text, _ in shown}) == 6
    assert all(text.endswith(f"of {label}") for text, label in shown)
    assert shown == draw_examples(corpus, shots=3, seed=1)
    assert len({draw_examples(corpus, shots=3, seed=seed) for seed in range(5)}) > 1
    assert draw_examples(corpus, shots=0, seed=1) == ()


def test_posts_of_train_alone_are_shown_and_too_few_are_told() -> None:
    with pytest.raises(InputError, match="train has 1 of anxiety"):
        draw_examples(corpus_of([0, 0, 1]), shots=2, seed=0)
    with pytest.raises(InputError, match="train has 0 of control"):
        draw_examples(corpus_of([0, 0, 1], part="test"), shots=1, seed=0)
