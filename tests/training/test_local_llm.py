"""A language model as the model of a run: asked, judged and read back like any other."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from tiny_encoders import rewrite_configuration, write_encoder, write_language_model
from trained_runs import config_of, train_run

from mental_health_classifier.configuration.build import build_corpus
from mental_health_classifier.configuration.check import checked
from mental_health_classifier.configuration.literal import resolved
from mental_health_classifier.contracts import Corpus, InputError
from mental_health_classifier.contracts.questions import Question, ask_for_class, draw_examples
from mental_health_classifier.experiment.run import fit_yardstick
from mental_health_classifier.explanation.post_explanation import explain_texts
from mental_health_classifier.prediction.predictor import Predictor, load_model
from mental_health_classifier.tracking.provenance.configuration_hash import configuration_hash
from mental_health_classifier.tracking.record.assessments import stored_predictions, task_of
from mental_health_classifier.tracking.record.run_summary import RunSummary, read_run
from mental_health_classifier.training.local_llm import LocalLLM


class Told:
    """Likes answers by their place, and remembers what it was asked."""

    sha256, size_on_disk, num_parameters, num_cut = "s", 70, 5, 2

    def log_probabilities(self, question: Question, texts: list[str]) -> np.ndarray:
        self.question = question
        return np.log([[1.0, 3.0]] * len(texts)) - 100


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("local_llm")


@pytest.fixture(scope="module")
def run(folder: Path) -> RunSummary:
    """Few-shot, on few posts; nothing may be changed in its folder."""
    model = write_language_model(folder / "model")
    asked = ["model=local_llm", f"model.language_model.folder={model}", "model.shots=1"]
    return train_run(folder, "llm", *asked, "data.size=500", "model.language_model.max_tokens=40")


def test_probabilities_are_the_shares_of_what_it_would_say(run: RunSummary) -> None:
    corpus = build_corpus(config_of(run))
    told = Told()
    model = LocalLLM(
        corpus=corpus,
        record=None,  # pyright: ignore[reportArgumentType]
        folder="",
        score=lambda *_: 0.0,
        name="told",
        language_model=told,
        answer="class",
        shots=2,
        seed=3,
    )
    model.fit()
    assert model.predict_texts(["a", "b"]) == pytest.approx(np.array([[0.25, 0.75]] * 2))
    assert told.question.instruction == ask_for_class(corpus.task).instruction
    assert told.question.examples == draw_examples(corpus, shots=2, seed=3)
    facts = model.describe()
    assert (facts["parameters"], facts["trainable_parameters"], facts["posts_cut"]) == (5, 0, 2)


def test_it_is_judged_like_any_model_beside_the_yardstick(run: RunSummary) -> None:
    assert run.status == "completed" and run.yardstick is not None
    assert 0 <= run.metrics["test/f1_macro"] <= 1 and run.intervals["test/f1_macro"]
    assert run.yardstick["name"] == "tfidf_logistic" and run.yardstick["differences"]
    assert (run.directory / "assessments" / "certificate.json").exists()
    assert run.model_facts["trainable_parameters"] == 0 < run.model_facts["parameters"]
    weights = Path(run.configuration["model"]["language_model"]["folder"], "model.safetensors")
    assert run.model_facts["size_on_disk_bytes"] > weights.stat().st_size
    assert any("not known" in each for each in run.data["warnings"])


def test_it_is_read_back_and_says_the_same(run: RunSummary) -> None:
    (stored,) = stored_predictions(run, ["test"]).values()
    posts = build_corpus(config_of(run)).part("test")["text"].tolist()
    predictor = Predictor.load(run, allow_uncertified=True)
    assert np.array_equal(predictor.predict_scrubbed(posts[:20]), stored.probabilities[:20])


def test_no_post_is_in_its_record(run: RunSummary) -> None:
    texts = build_corpus(config_of(run)).posts["text"].tolist()
    for file in run.directory.rglob("*"):
        content = file.read_bytes().decode(errors="replace") if file.is_file() else ""
        assert not any(len(text) > 20 and text in content for text in texts), file


def test_another_language_model_is_another_configuration(
    run: RunSummary, folder: Path, compose_config
) -> None:
    elsewhere = shutil.copytree(folder / "model", folder / "elsewhere", dirs_exist_ok=True)

    def of(place: Path) -> str:
        asked = ["model=local_llm", f"model.language_model.folder={place}"]
        return configuration_hash(resolved(checked(compose_config(asked))))

    first, moved = of(folder / "model"), of(elsewhere)
    rewrite_configuration(elsewhere, {"rms_norm_eps": 1e-3})
    assert first == moved != of(elsewhere)


def test_a_changed_model_or_record_is_refused(run: RunSummary, folder: Path, tmp_path) -> None:
    task = task_of(run)
    shutil.move(folder / "model", folder / "away")
    try:
        with pytest.raises(InputError, match="there is no such folder"):
            load_model(run, task=task)
        shutil.copytree(folder / "away", folder / "model")
        rewrite_configuration(folder / "model", {"rms_norm_eps": 1e-3})
        with pytest.raises(InputError, match="language model has changed"):
            load_model(run, task=task)
    finally:
        shutil.rmtree(folder / "model", ignore_errors=True)
        shutil.move(folder / "away", folder / "model")
    copy = shutil.copytree(run.directory, tmp_path / "copy")
    path = copy / "checkpoints" / "local_llm.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "shots": 0}))
    with pytest.raises(InputError, match=r"local_llm\.json"):
        load_model(read_run(copy), task=task)


def test_it_has_no_network_to_explain(run: RunSummary) -> None:
    with pytest.raises(InputError, match="no network"):
        explain_texts(run, ["i feel fine"])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (["model.shots=21"], r"model\.shots"),
        (["model.answer=prose"], r"model\.answer"),
        (["model.language_model.dtype=int8"], r"model\.language_model\.dtype"),
        (["clinical=curriculum"], "clinical"),
        (["data.truncate=tail"], r"model\.language_model\.max_tokens says"),
        (["model.language_model.folder=/nowhere"], "there is no such folder"),
    ],
)
def test_wrong_settings_are_told(folder, run, compose_config, changes, message) -> None:
    asked = ["model=local_llm", f"model.language_model.folder={folder / 'model'}"]
    with pytest.raises(InputError, match=message):
        checked(compose_config([*asked, *changes]))


def test_an_encoder_is_refused_before_posts_are_read(tmp_path, compose_config) -> None:
    encoder = write_encoder(tmp_path / "bert")
    asked = ["model=local_llm", f"model.language_model.folder={encoder}"]
    with pytest.raises(InputError, match="no causal language model"):
        checked(compose_config(asked))


def test_the_yardstick_is_fitted_beside_all_but_itself(compose_config) -> None:
    config = compose_config(["model=tfidf_logistic"])
    nothing: Corpus | None = None
    assert fit_yardstick(config, nothing, None) is None  # pyright: ignore[reportArgumentType]
