"""Columns of a file become labels of further tasks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mental_health_classifier.configuration.build import build_corpus
from mental_health_classifier.contracts import Corpus, InputError
from mental_health_classifier.contracts.task_kinds import (
    MISSING,
    Binary,
    Ordinal,
    Regression,
    are_known,
)

NUM_POSTS = 200


def write_posts(path: Path, **columns) -> Path:
    """Posts with labels a and b; each further column is a function of the number of the post."""
    header = ",".join(["text", "label", *columns])
    rows = [
        [f"post {i} about {i % 7}", "ab"[i % 2], *(str(cell(i)) for cell in columns.values())]
        for i in range(NUM_POSTS)
    ]
    path.write_text("\n".join([header, *map(",".join, rows)]) + "\n")
    return path


@pytest.fixture
def read(tmp_path: Path, compose_config):
    def reading(tasks: str, **columns) -> Corpus:
        path = write_posts(tmp_path / "posts.csv", **columns)
        overrides = ["data=file", f"data.path={path}", "data.priority_class=null"]
        return build_corpus(compose_config([*overrides, f"+tasks={tasks}"]))

    return reading


def number_of(corpus: Corpus) -> np.ndarray:
    return corpus.posts["text"].str.split().str[1].astype(int).to_numpy()


def test_any_column_can_be_a_task_and_labels_may_be_missing(read) -> None:
    corpus = read(
        "{risk: {column: level, kind: ordinal, weight: 0.5},"
        " score: {column: points, kind: regression}}",
        level=lambda i: i % 3 if i % 5 else "",
        points=lambda i: i / 4 if i % 2 else "",
    )  # fmt: skip
    risk, score = corpus.auxiliary_tasks
    assert (risk.name, risk.weight, risk.kind) == ("risk", 0.5, Ordinal(("0", "1", "2")))
    assert score.weight == 1 and isinstance(score.kind, Regression)
    number = number_of(corpus)
    expected = np.where(number % 5, number % 3, MISSING)
    assert (corpus.auxiliary_labels["risk"] == expected).all()
    points = corpus.auxiliary_labels["score"]
    assert points.dtype == np.float32
    assert (are_known(points) == (number % 2 == 1)).all()
    assert (points[number % 2 == 1] == number[number % 2 == 1] / 4).all()
    is_used = (corpus.posts["part"] == "train").to_numpy() & are_known(points)
    assert score.kind.mean == pytest.approx(points[is_used].mean(), rel=1e-6)


def test_a_task_can_be_derived_from_the_labels(read) -> None:
    corpus = read("{risk: {column: label, kind: binary, values: {B: yes, a: no}}}")
    assert corpus.auxiliary_tasks[0].kind == Binary(("no", "yes"))
    assert (corpus.auxiliary_labels["risk"] == corpus.posts["label"]).all()


def test_a_spelling_without_a_value_is_a_label_that_is_not_known(read) -> None:
    corpus = read(
        "{mood: {column: mood, kind: categorical, values: {1: low, 2: high, 3: null}}}",
        mood=lambda i: i % 5,
    )
    found = corpus.auxiliary_labels["mood"]
    assert corpus.auxiliary_tasks[0].kind.output_names == ("high", "low")
    assert (found == np.array([MISSING, 1, 0, MISSING, MISSING])[number_of(corpus) % 5]).all()


def test_what_else_is_learned_changes_neither_posts_nor_parts_nor_names(read) -> None:
    plain = read("{}", level=lambda i: i % 3)
    tasked = read("{risk: {column: level, kind: ordinal}}", level=lambda i: i % 3)
    assert plain.fingerprint == tasked.fingerprint
    assert plain.posts[["id", "part"]].equals(tasked.posts[["id", "part"]])
    assert plain.describe()["auxiliary_tasks"] == {}
    described = tasked.describe()["auxiliary_tasks"]["risk"]
    assert described["labels"]["level_names"] == ["0", "1", "2"]
    assert described["posts_with_label"]["train"] == plain.describe()["parts"]["train"]["posts"]


def test_a_changed_label_is_read_anew(read) -> None:
    task = "{risk: {column: level, kind: ordinal}}"
    first = read(task, level=lambda i: i % 3).auxiliary_labels["risk"]
    second = read(task, level=lambda i: (i + 1) % 3).auxiliary_labels["risk"]
    assert (second == (first + 1) % 3).all()


def test_a_task_can_be_left_out_by_name(read) -> None:
    assert read("{risk: null}").auxiliary_tasks == []


@pytest.mark.parametrize(
    ("tasks", "message"),
    [
        ("{x: {column: lost, kind: ordinal}}", r"no column 'lost' for tasks\.x\.column\. Its"),
        ("{x: {column: same, kind: categorical}}", r"tasks\.x: the training part.*no two diff"),
        ("{x: {column: gone, kind: ordinal}}", r"tasks\.x: the training part has 0 posts"),
        ("{x: {column: word, kind: ordinal}}", r"tasks\.x: column 'word' does not fit kind"),
        ("{x: {column: word, kind: regression}}", r"numbers were expected"),
        ("{x: {column: word, kind: binary}}", r"two classes were expected.*there are 3"),
        ("{x: {column: word, kind: categorical, classes: [w0, w1]}}", r"tasks\.x: \d+ posts with"),
        ("{x: {column: text, kind: categorical}}", r"holds \d+ different names, 50 at most"),
        ("{x: {column: word, kind: order}}", r"tasks\.x\.kind=order: expected one of categorical"),
        ("{x: {column: word}}", r"tasks\.x\.kind=None"),
        ("{x: {kind: ordinal}}", r"tasks\.x has to say which column"),
        ("{x: {column: word, kind: ordinal, clases: [a]}}", r"tasks\.x\.clases is not known"),
        ("{x: {column: word, kind: ordinal, classes: [a, b]}}", r"tasks\.x\.classes: .*x\.levels"),
        ("{x: {column: word, kind: regression, levels: [a, b]}}", r"has no such names"),
        ("{x: {column: word, kind: ordinal, levels: [a]}}", r"two different names at least"),
        ("{x: {column: word, kind: ordinal, weight: -1}}", r"tasks\.x\.weight=-1"),
        ("{x: {column: word, kind: ordinal, values: 3}}", r"tasks\.x\.values has to say"),
        ("{x: {column: word, kind: binary, values: {A: 1, a: 2}}}", r"two answers to 'a'"),
        ("{recall: {column: word, kind: ordinal}}", r"tasks\.recall: a task needs a name"),
        ("{condition: {column: word, kind: ordinal}}", r"other than .*condition"),
    ],
)  # fmt: skip
def test_what_cannot_be_learned_is_explained_before_training(
    read, tasks: str, message: str
) -> None:
    columns = {"same": lambda i: 1, "gone": lambda i: "", "word": lambda i: f"w{i % 3}"}
    with pytest.raises(InputError, match=message):
        read(tasks, **columns)


def test_answers_that_do_not_fit_are_counted_and_never_quoted(read) -> None:
    with pytest.raises(InputError) as error:
        read(
            "{x: {column: note, kind: categorical, classes: [a, b]}}",
            note=lambda i: "my secret canary" if i == 9 else "ab"[i % 2],
        )
    assert "1 post with something else" in str(error.value)
    assert "canary" not in str(error.value)


@pytest.mark.parametrize("kind", ["categorical", "binary", "multi_label"])
def test_an_answer_that_may_be_a_post_is_refused_unquoted(read, kind: str) -> None:
    with pytest.raises(InputError, match=r"1 answers in column 'note' do not look like names") as e:
        read(
            f"{{x: {{column: note, kind: {kind}}}}}",
            note=lambda i: ["a canary sang in our green garden", "zzz"][i % 2],
        )
    assert "canary" not in str(e.value)


def test_answers_of_the_training_part_are_not_quoted_where_others_do_not_fit(read) -> None:
    with pytest.raises(InputError, match=r"\d+ posts? with something else") as error:
        read(
            "{x: {column: note, kind: categorical}}",
            note=lambda i: f"canary{i}" if i % 5 == 0 else "ab"[i % 2],
        )
    assert "canary" not in str(error.value)


def test_every_kind_of_label_of_the_sample_posts_is_read(compose_config) -> None:
    corpus = build_corpus(compose_config(["data.size=2000", "clinical=multitask"]))
    assert [task.name for task in corpus.auxiliary_tasks] == [
        *("risk", "severity", "urgency", "emotions")
    ]
    labels = corpus.auxiliary_labels
    suicide = corpus.task.class_names.index("suicide")
    assert (labels["risk"] == (corpus.posts["label"] == suicide)).all()
    for name in ("severity", "urgency", "emotions"):
        assert are_known(labels[name]).mean() == pytest.approx(0.7, abs=0.05)
    assert (labels["severity"] == corpus.posts["severity"].where(lambda s: s >= 0, MISSING)).all()
    assert labels["emotions"].shape == (len(corpus.posts), 5)


def test_the_levels_of_the_public_corpus_are_a_task(corpora: Path, compose_config) -> None:
    overrides = ["data=cssrs_posts", f"data.path={corpora / 'cssrs_posts'}", "clinical=multitask"]
    corpus = build_corpus(compose_config(overrides))
    severity = corpus.posts["severity"].where(lambda s: s >= 0, MISSING)
    assert (corpus.auxiliary_labels["severity"] == severity).all()
