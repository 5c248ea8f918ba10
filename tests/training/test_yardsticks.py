"""Yardsticks beside a network: what val chooses, and what is read back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from tiny_encoders import LONGEST, WORDS, make_model, write_encoder
from trained_runs import train_run

from mental_health_classifier.configuration.build import build_yardstick
from mental_health_classifier.configuration.check import checked
from mental_health_classifier.contracts import Corpus, InputError, Task
from mental_health_classifier.data.encoded_posts import EncodedPosts
from mental_health_classifier.prediction.predictor import load_model
from mental_health_classifier.training.best_yardstick import MEAN, BestYardstick
from mental_health_classifier.training.frozen_embeddings import of_length_one
from mental_health_classifier.training.yardstick import LogisticYardstick

TASK = Task.categorical("risk", ("control", "suicide"), "suicide")
TEXTS = ["i feel tired and sad", "fine today", "nobody"]


def corpus_of(parts: dict[str, list[int]]) -> Corpus:
    rows = [(part, label) for part, labels in parts.items() for label in labels]
    posts = pd.DataFrame(rows, columns=["part", "label"])
    places = list(map(str, range(len(posts))))
    return Corpus(
        name="few",
        posts=posts.assign(id=places, text=places, author=None),
        task=TASK,
        fingerprint="f",
        key="k",
        account={},
        warnings=(),
        is_synthetic=True,
        truncate="head",
    )


class Told:
    """A yardstick that was told what to say of each post."""

    def __init__(self, name: str, of_suicide: list[float]) -> None:
        self.name = name
        self._of_suicide = np.array(of_suicide)

    def fit(self) -> None: ...

    def predict_texts(self, texts: list[str]) -> np.ndarray:
        of_suicide = self._of_suicide[list(map(int, texts))]
        return np.stack([1 - of_suicide, of_suicide], axis=1)


@pytest.mark.parametrize(
    ("words", "embeddings", "best"),
    [
        ([0.9, 0.1, 0.9, 0.1], [0.1, 0.9, 0.9, 0.1], "words"),
        ([0.9, 0.6, 0.9, 0.1], [0.9, 0.1, 0.9, 0.1], "embeddings"),
        # Each is wrong about another post, together they are right.
        ([0.4, 0.1, 0.9, 0.1], [0.9, 0.6, 0.9, 0.1], MEAN),
    ],
)
def test_val_chooses_among_yardsticks_and_their_mean(
    words: list[float], embeddings: list[float], best: str
) -> None:
    yardstick = BestYardstick(
        corpus=corpus_of({"val": [1, 0, 1, 0]}),
        record=None,  # pyright: ignore[reportArgumentType]
        folder="",
        score=lambda val, _: float(np.mean(val.probabilities.argmax(axis=1) == val.labels)),
        words=lambda **_: Told("words", words),  # pyright: ignore[reportArgumentType]
        embeddings=lambda **_: Told("embeddings", embeddings),  # pyright: ignore[reportArgumentType]
        name="best_on_val",
        monitor="val/accuracy",
    )
    yardstick.fit()
    assert yardstick.describe_choice()["name"] == best
    chosen = {"words": words, "embeddings": embeddings, MEAN: np.mean([words, embeddings], axis=0)}
    found = yardstick.predict_texts(list("0123"))[:, 1]
    assert found == pytest.approx(np.array(chosen[best]))
    among = yardstick.describe_choice()["chosen_among"]
    assert isinstance(among, dict) and set(among) == {"words", "embeddings", MEAN}
    assert among[best] == max(among.values()) == 1.0


def test_a_post_is_the_mean_of_what_the_encoder_says_of_its_tokens(tmp_path: Path) -> None:
    folder = write_encoder(tmp_path / "tiny")
    found = EncodedPosts(encoder=str(folder), max_tokens=LONGEST).means([*TEXTS, ""])
    model = make_model("bert")
    words = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]"]
    places = {word: place for place, word in enumerate([*words, *WORDS.split()])}
    for text, vector in zip([*TEXTS, ""], found, strict=True):
        ids = [places[word] for word in ["[CLS]", *text.split(), "[SEP]"]]
        with torch.no_grad():
            expected = model(input_ids=torch.tensor([ids])).last_hidden_state[0].mean(dim=0)
        assert vector == pytest.approx(expected.numpy(), abs=1e-5)


def test_a_long_post_is_the_mean_of_its_windows(tmp_path: Path) -> None:
    folder = str(write_encoder(tmp_path / "tiny"))
    encoded = EncodedPosts(encoder=folder, max_tokens=6, truncate="windows")
    # A window has room for four words, of which the last is the next one's too.
    windows = ["i feel fine today", "today low tired sad", "sad and"]
    assert WORDS.startswith("i feel fine today low tired sad and")
    found = encoded.means(["i feel fine today low tired sad and", windows[0]])
    one_by_one = EncodedPosts(encoder=folder, max_tokens=6).means(windows)
    assert found[0] == pytest.approx(one_by_one.mean(0), abs=1e-5)
    assert found[1] == pytest.approx(one_by_one[0], abs=1e-5)


def test_vectors_have_length_one_and_nothing_stays_nothing() -> None:
    vectors = of_length_one(np.array([[3.0, 4.0], [0.0, 0.0]]))
    assert vectors == pytest.approx(np.array([[0.6, 0.8], [0.0, 0.0]]))


def test_an_encoder_that_is_not_there_is_refused_before_posts_are_read(compose_config) -> None:
    chosen = ["yardstick=frozen_embeddings", "evaluation.yardstick.embedding.encoder=/nowhere"]
    with pytest.raises(InputError, match=r"^evaluation\.yardstick\.embedding.*/nowhere"):
        checked(compose_config(chosen))


def test_best_on_val_builds_words_and_embeddings(compose_config) -> None:
    config = checked(compose_config(["yardstick=best_on_val"]))
    made = build_yardstick(config.evaluation.yardstick, corpus_of({"val": [1, 0]}), None, folder="")
    assert isinstance(made, BestYardstick)
    given = {"corpus": made.corpus, "record": None, "folder": "", "score": made.score}
    names = [make(**given).name for make in (made.words, made.embeddings)]
    assert names == ["tfidf_logistic", "frozen_embeddings"]
    assert all(isinstance(make(**given), LogisticYardstick) for make in (made.words,))


def test_a_run_of_frozen_embeddings_predicts_as_it_did_and_tells_a_changed_encoder(
    tmp_path: Path,
) -> None:
    folder = write_encoder(tmp_path / "tiny")
    run = train_run(
        tmp_path,
        "frozen",
        "model=tfidf_logistic",
        "yardstick=frozen_embeddings",
        f"model.embedding.encoder={folder}",
        f"model.embedding.max_tokens={LONGEST}",
    )
    facts, sizes = run.model_facts, dict(make_model("bert").named_parameters())
    regression = (16 + 1) * len(run.data["classes"])  # of each class a line
    assert facts["trainable_parameters"] == regression
    # All layers are counted; words that the tokenizer does not know need not be.
    layers = sum(each.numel() for name, each in sizes.items() if name.startswith("encoder"))
    whole = sum(each.numel() for each in sizes.values())
    assert layers < facts["parameters"] - regression <= whole
    assert facts["size_on_disk_bytes"] > (folder / "model.safetensors").stat().st_size
    model = load_model(run, task=TASK)
    assert model(TEXTS).shape[0] == len(TEXTS)
    assert model(TEXTS) == pytest.approx(model(TEXTS))
    write_encoder(folder, "bert", hidden_act="relu")
    with pytest.raises(InputError, match="has changed"):
        load_model(run, task=TASK)
