"""Whole runs, in process, as small as they get."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from counted_memory import MemoryOfSavedTensors
from omegaconf import DictConfig, OmegaConf
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from mental_health_classifier.configuration.build import build_corpus, build_network
from mental_health_classifier.contracts import Corpus, InputError
from mental_health_classifier.data.batching import make_batch
from mental_health_classifier.data.seen_posts import SeenPosts
from mental_health_classifier.data.tokens.token_cache import TokenTable
from mental_health_classifier.data.tokens.tokenizer import PostTokenizer
from mental_health_classifier.experiment import posts
from mental_health_classifier.experiment.run import run_experiment
from mental_health_classifier.storage.files import read_json
from mental_health_classifier.storage.json_lines import read_records
from mental_health_classifier.tracking.provenance.run_comparison import differences_between
from mental_health_classifier.tracking.record.prediction_files import read_predictions
from mental_health_classifier.tracking.record.run_summary import RunSummary, read_run
from mental_health_classifier.tracking.record.settled_choices import settled_choices
from mental_health_classifier.training import memory
from mental_health_classifier.training.checkpoint_files import read_checkpoint
from mental_health_classifier.training.tensorboard_pages import readable_name

SMALL = [
    *("model=baseline_micro", "trainer=smoke", "evaluation.bootstrap_draws=100", "num_threads=1"),
    "logger=none",  # whose pictures take as long as all else
]
SAMPLE = ["data.size=700"]

Run = Callable[..., RunSummary]


@pytest.fixture
def run(compose_config, tmp_path: Path) -> Run:
    """Runs what the overrides say and reads what it left behind."""

    def ran(overrides: Sequence[str], folder: str = "run") -> RunSummary:
        sample = [] if "data=file" in overrides else SAMPLE
        config = compose_config([*SMALL, *sample, *overrides])
        run_experiment(config, tmp_path / folder, list(overrides))
        return read_run(tmp_path / folder)

    return ran


def config_of(run: RunSummary) -> DictConfig:
    config = OmegaConf.create(dict(run.configuration))
    assert isinstance(config, DictConfig)
    return config


def corpus_of(run: RunSummary) -> Corpus:
    return build_corpus(config_of(run))


def test_a_network_run_leaves_its_whole_record(run: Run, tmp_path: Path, capsys) -> None:
    found = run(["name=first", "tags=[a,b]", "hypothesis=it works", "seed=3"])
    assert (found.status, found.problems) == ("completed", ())
    assert (found.name, found.tags, found.hypothesis, found.seed) == (
        "first",
        ("a", "b"),
        "it works",
        3,
    )
    files = {path.relative_to(found.directory).as_posix() for path in found.directory.rglob("*")}
    assert files >= {
        "run.json",
        "data.json",
        "attempts/001/start.json",
        "attempts/001/end.json",
        "metrics.jsonl",
        "predictions/val.csv",
        "predictions/calibration.csv",
        "predictions/test.csv",
        "predictions/yardstick/test.csv",
        "checkpoints/best.safetensors",
        "checkpoints/last.safetensors",
        "checkpoints/tokenizer.json",
    }
    assert found.metrics["test/n"] == found.data["parts"]["test"]["posts"]
    assert found.yardstick is not None and found.yardstick["name"] == "tfidf_logistic"
    assert found.model_facts["parameters"] > 100_000
    assert set(found.end["phases"]) == {
        "data",
        "preparation",
        "fit",
        "prediction",
        "yardstick",
        "evaluation",
    }
    printed = capsys.readouterr().out
    for wanted in ("recall at specificity .80", "suicide", "ceiling", "mhc compare"):
        assert wanted in printed


def test_recall_of_every_class_is_in_the_metrics_at_each_validation(run: Run) -> None:
    found = run([])
    records = read_records(found.directory / "metrics.jsonl").records
    recalls = [r for r in records if "val/recall/suicide" in r]
    assert [r["epoch"] for r in recalls] == [0, 1]
    keys = [key for key in recalls[0] if key.startswith("val/recall/")]
    assert keys[0] == "val/recall/suicide" and len(keys) == 6
    chosen = max(r["val/partial_auc"] for r in records if "val/partial_auc" in r)
    assert found.selection is not None
    assert found.selection["value"] == pytest.approx(chosen)


def test_the_numbers_while_training_are_those_of_the_predictions(run: Run) -> None:
    found = run([])
    assert found.selection is not None
    # Torchmetrics on float32 while training, NumPy on the stored decimals afterwards, among which a
    # pair of posts can be tied. Of the scaled partial area one pair is as much as this:
    classes = found.data["parts"]["val"]["classes"]
    num_priority, num_posts = classes["suicide"], sum(classes.values())
    pair = 1 / (num_priority * (num_posts - num_priority)) / (2 * (0.2 - 0.2**2 / 2))
    assert pair < 0.01
    assert found.metrics["val/partial_auc"] == pytest.approx(found.selection["value"], abs=pair)


def test_the_same_command_twice_gives_equal_bytes(run: Run) -> None:
    first, second = run([], "first"), run([], "second")
    for name in (
        "checkpoints/best.safetensors",
        "checkpoints/last.safetensors",
        "checkpoints/tokenizer.json",
        "predictions/test.csv",
        "predictions/yardstick/test.csv",
        "metrics.jsonl",
        "data.json",
    ):
        one, other = (found.directory / name for found in (first, second))
        assert one.read_bytes() == other.read_bytes(), name
    assert first.metrics == second.metrics and first.intervals == second.intervals


def test_a_token_budget_that_was_found_trains_as_one_that_was_given(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "memory_of", lambda _: MemoryOfSavedTensors(12_000_000))
    found = run(["sampler.token_budget=null"], "found")
    assert found.configuration["sampler"]["token_budget"] is None
    settled = settled_choices(found.directory)
    assert list(settled) == ["sampler.token_budget"]
    budget = settled["sampler.token_budget"]
    given = run([f"sampler.token_budget={budget}"], "given")
    assert differences_between(found, given) == []
    assert settled_choices(given.directory) == {}
    # It is no number that makes no difference.
    other = run([f"sampler.token_budget={budget // 2}"], "other")
    assert any(each.kind == "tensor" for each in differences_between(found, other))


def test_another_seed_gives_other_weights_on_the_same_posts(run: Run) -> None:
    first, second = run(["seed=1"], "first"), run(["seed=2"], "second")
    weights = [f.directory / "checkpoints/best.safetensors" for f in (first, second)]
    assert weights[0].read_bytes() != weights[1].read_bytes()
    assert first.configuration_hash == second.configuration_hash
    assert first.data == second.data
    posts = [
        read_predictions(f.directory / "predictions/test.csv", corpus_of(f).task).post_ids
        for f in (first, second)
    ]
    assert list(posts[0]) == list(posts[1])


def test_a_network_read_back_from_its_folder_predicts_the_same(run: Run) -> None:
    found = run([])
    corpus = corpus_of(found)
    folder = found.directory / "checkpoints"
    tokenizer = PostTokenizer.load(folder / "tokenizer.json")
    network = build_network(
        config_of(found), vocabulary_size=tokenizer.size, tasks=[corpus.task]
    ).eval()
    tensors, state = read_checkpoint(folder / "best.safetensors")
    prefix = "network."
    network.load_state_dict(
        {name.removeprefix(prefix): t for name, t in tensors.items() if name.startswith(prefix)}
    )
    assert set(state["git"]) >= {"commit", "branch", "is_dirty"}
    texts = corpus.part("test")["text"].tolist()
    ids, lengths = tokenizer.encode(
        texts, max_tokens=config_of(found).model.max_tokens, truncate=corpus.truncate
    )
    tokens = TokenTable(ids, np.cumsum([0, *lengths]))
    batch = make_batch(tokens, rows=np.arange(len(lengths)), labels={})
    probabilities = network(batch).logits["condition"].softmax(1).detach().numpy()
    stored = read_predictions(found.directory / "predictions/test.csv", corpus.task)
    in_order = probabilities[np.argsort(batch.post_indices.numpy())]
    np.testing.assert_allclose(in_order, stored.probabilities, atol=2e-6)


def test_the_yardstick_is_a_run_like_any_other(run: Run) -> None:
    found = run(["model=tfidf_logistic"])
    assert (found.status, found.model, found.yardstick) == ("completed", "tfidf_logistic", None)
    neural = run([], "neural")
    assert neural.yardstick is not None
    for key in ("test/accuracy", "test/recall_at_spec80", "test/f1_macro"):
        assert neural.yardstick["metrics"][key] == found.metrics[key]


def weights_of(grams: list[str], vocabulary: list[str], idf: np.ndarray) -> np.ndarray:
    """TF-IDF of one post, worked out by hand: sublinear, of length one."""
    counts = np.array([grams.count(term) for term in vocabulary], dtype=float)
    weighed = np.where(counts > 0, 1 + np.log(np.maximum(counts, 1)), 0) * idf
    return weighed / np.linalg.norm(weighed)


@pytest.mark.parametrize("yardstick", ["tfidf_words", "tfidf_logistic"])
def test_the_saved_yardstick_needs_no_code_to_predict(run: Run, yardstick: str) -> None:
    found = run(["model=tfidf_logistic", f"yardstick={yardstick}"])
    folder = found.directory / "checkpoints"
    assert found.model == yardstick
    written = json.loads((folder / f"{yardstick}.json").read_text())
    with np.load(folder / f"{yardstick}.npz", allow_pickle=False) as numbers:
        idf, weights, bias = (
            numbers[name] for name in ("inverse_document_frequency", "coefficients", "intercepts")
        )
    corpus = corpus_of(found)
    stored = read_predictions(found.directory / "predictions/test.csv", corpus.task)
    text = corpus.part("test")["text"].iloc[0].lower()
    words = [
        word for word in "".join(c if c.isalnum() else " " for c in text).split() if len(word) > 1
    ]
    grams = [*words, *(" ".join(pair) for pair in pairwise(words))]
    num_words = len(written["vocabulary"])
    features = weights_of(grams, written["vocabulary"], idf[:num_words])
    if yardstick == "tfidf_logistic":
        padded = [f" {word} " for word in text.split()]
        inside = [
            word[start : start + length]
            for word in padded
            for length in range(2, 6)
            for start in range(len(word) - length + 1)
        ]
        characters = weights_of(inside, written["characters"], idf[num_words:])
        features = np.concatenate([features, characters])
    else:
        assert "characters" not in written
    scores = weights @ features + bias
    expected = np.exp(scores) / np.exp(scores).sum()
    np.testing.assert_allclose(stored.probabilities[0], expected, atol=1e-6)


def test_without_a_priority_class_macro_f1_leads(run: Run) -> None:
    found = run(["data.priority_class=null"])
    assert found.selection is not None and found.selection["monitor"] == "val/f1_macro"
    assert "test/recall_at_spec80" not in found.metrics


def test_the_yardstick_and_the_loggers_can_be_left_out(run: Run) -> None:
    found = run(["evaluation.yardstick=null", "logger=none", "callbacks.early_stopping=null"])
    assert found.yardstick is None
    assert not (found.directory / "tensorboard").exists()


def test_csv_and_tensorboard_can_log_at_once(run: Run) -> None:
    found = run(["logger=[tensorboard,csv]"])
    events = found.directory / "tensorboard" / readable_name(found.configuration)
    assert list(events.glob("events.*"))
    images = EventAccumulator(str(events)).Reload().Tags()["images"]
    assert {"test/confusion", "test/clinical"} <= set(images)
    assert "train/loss" in (found.directory / "csv" / "metrics.csv").read_text()


def test_a_sweeper_gets_a_validation_number_only(compose_config, tmp_path: Path) -> None:
    config = compose_config(
        [*SMALL, *SAMPLE, "model=tfidf_logistic", "optimized_metric=val/accuracy"]
    )
    value = run_experiment(config, tmp_path / "one", [])
    assert value == read_run(tmp_path / "one").metrics["val/accuracy"]
    config = compose_config(
        [*SMALL, *SAMPLE, "model=tfidf_logistic", "optimized_metric=test/accuracy"]
    )
    with pytest.raises(InputError, match="optimized_metric=test/accuracy"):
        run_experiment(config, tmp_path / "two", [])


def test_a_number_of_a_class_that_there_is_not_is_told_before_training(
    compose_config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mental_health_classifier.experiment.run.build_learner", None)
    for metric in ("val/recall/suicid", "val/severity/kapa"):
        choice = f"optimized_metric={metric}"
        config = compose_config([*SMALL, *SAMPLE, "clinical=multitask", choice])
        said = f"^{choice}: .* val/recall/suicide, .* val/severity/kappa"
        with pytest.raises(InputError, match=said):
            run_experiment(config, tmp_path / metric, [])


CANARY = "zyxwvcanary"


def write_posts_with_a_canary(path: Path) -> None:
    rows = ["text,label,author"]
    for i in range(200):
        words = f"post {i} has word{i % 7} and word{i % 11}"
        secret = f" {CANARY} me@{CANARY}.org" if i == 3 else ""
        rows.append(
            f"{words}{secret},{'suicide' if i % 4 == 0 else 'control'},name{CANARY}{i // 4}"
        )
    path.write_text("\n".join(rows))


def holding_the_canary(folder: Path) -> list[str]:
    return [
        path.name
        for path in folder.rglob("*")
        if path.is_file() and CANARY.encode() in path.read_bytes().lower()
    ]


@pytest.mark.parametrize("model", ["baseline_micro", "tfidf_logistic"])
def test_no_word_of_one_author_is_in_anything_a_run_leaves(
    run: Run, tmp_path: Path, model: str, capsys, caplog
) -> None:
    write_posts_with_a_canary(tmp_path / "posts.csv")
    with caplog.at_level(logging.DEBUG, logger="mental_health_classifier"):
        found = run(["data=file", f"data.path={tmp_path / 'posts.csv'}", f"model={model}"])
    assert found.status == "completed"
    assert holding_the_canary(found.directory) == []
    printed = capsys.readouterr()
    assert CANARY not in printed.out + printed.err + caplog.text


def test_an_exception_is_recorded_without_its_words(run: Run, tmp_path: Path, monkeypatch) -> None:
    from mental_health_classifier.training.objectives import ClassWeightedCrossEntropy

    def fail(*_: object) -> None:
        raise RuntimeError(f"a post said {CANARY}")

    monkeypatch.setattr(ClassWeightedCrossEntropy, "forward", fail)
    with pytest.raises(RuntimeError):
        run([])
    found = read_run(tmp_path / "run")
    assert found.status == "failed" and found.error is not None
    assert found.error["type"] == "RuntimeError" and found.error["message"] is None
    assert "text_classifier.py" in found.error["place"]
    assert holding_the_canary(found.directory) == []


def test_data_that_cannot_be_used_leaves_a_record_that_says_why(run: Run, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        run(["data=file", f"data.path={tmp_path / 'nothing.csv'}"])
    found = read_run(tmp_path / "run")
    assert found.status == "failed" and found.error is not None
    assert "does not exist" in found.error["message"]
    assert read_json(found.directory / "run.json")["git"]["commit"] is not None


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("+trainer.val_check_interval=5000", "`val_check_interval` .5000. must be"),
        ("trainer.limit_train_batches=0.001", r"0\.001 of the `train_dataloader`"),
    ],
)
def test_a_length_that_only_the_number_of_batches_forbids_is_told_before_a_step(
    run: Run, tmp_path: Path, override: str, said: str
) -> None:
    with pytest.raises(InputError, match=rf"^The trainer cannot do as asked: .*{said}.*\.$"):
        run(["trainer.limit_train_batches=null", override])
    assert read_run(tmp_path / "run").status == "failed"
    assert not list(tmp_path.rglob("*.safetensors"))


def test_settings_of_the_evaluation_are_checked_before_anything_is_trained(run: Run) -> None:
    with pytest.raises(InputError, match=r"evaluation\.specificity_floor=1\.2"):
        run(["evaluation.specificity_floor=1.2"])


def test_a_device_that_is_not_there_is_explained(run: Run, monkeypatch) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(InputError, match=r"trainer cannot be set up.*trainer=auto"):
        run(["trainer=gpu"])


def test_a_second_run_in_one_directory_is_refused_and_harms_nothing(run: Run) -> None:
    first = run(["model=tfidf_logistic"])
    before = {path: path.read_bytes() for path in first.directory.rglob("*") if path.is_file()}
    with pytest.raises(InputError, match="already holds a run"):
        run(["model=tfidf_logistic"])
    assert before == {p: p.read_bytes() for p in first.directory.rglob("*") if p.is_file()}


def test_posts_that_the_encoder_of_a_teacher_has_read_are_warned_of(
    compose_config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = compose_config(["objective=distillation", "objective.teacher=any", "data.size=400"])
    config.objective.teacher_sha256 = None
    corpus = build_corpus(config)
    (teacher := tmp_path / "teacher").mkdir()
    (teacher / "seen_posts-a.npz").write_bytes(SeenPosts.of(corpus, ["test"]).to_bytes())
    monkeypatch.setattr(posts, "find_teacher", lambda *_: SimpleNamespace(directory=teacher))
    (pupil := tmp_path / "pupil").mkdir()
    warned = posts.with_warnings_of_read_posts(config, corpus, pupil)
    num_test = len(corpus.part("test"))
    (said,) = set(warned.warnings) - set(corpus.warnings)
    assert f"teacher has read, without labels, {num_test} of the {num_test} posts of test" in said
    assert (pupil / "seen_posts-a.npz").exists()
