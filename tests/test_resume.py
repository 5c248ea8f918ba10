"""A run that was cut off ends like one that never was."""

from __future__ import annotations

import os
import shutil
import signal
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from counted_memory import MemoryOfSavedTensors
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig
from resuming import (
    OUTCOMES,
    SMALL,
    a_repository_that_stays_as_it_is,
    die,
    in_child,
    killed_before_step,
    outcome_of,
    resume,
    run,
)

from mental_health_classifier.cli.app import app
from mental_health_classifier.configuration.build import build_corpus, register_resolvers
from mental_health_classifier.prediction.predictor import Predictor
from mental_health_classifier.storage.files import read_json
from mental_health_classifier.storage.json_lines import read_records
from mental_health_classifier.tracking.provenance.environment import DETERMINISM
from mental_health_classifier.tracking.record.assessments import stored_predictions
from mental_health_classifier.tracking.record.run_summary import read_run
from mental_health_classifier.tracking.record.settled_choices import settled_choices
from mental_health_classifier.training import memory, network_learner
from mental_health_classifier.training.network_learner import NetworkLearner

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:.*LeafSpec:FutureWarning")]

ROOT = Path(__file__).resolve().parent.parent
BATCHES = 14
"""Of an epoch."""
EARLY_STOP = ["trainer.max_epochs=9", "callbacks.early_stopping.patience=1"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("resume")


@pytest.fixture(scope="module")
def configured(folder: Path) -> Callable[..., DictConfig]:
    def composed(*overrides: str) -> DictConfig:
        register_resolvers()
        with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
            everything = [f"cache_dir={folder / 'cache'}", *SMALL, *overrides]
            return compose("config", overrides=everything)

    return composed


@pytest.fixture(scope="module")
def uninterrupted(folder: Path, configured) -> Path:
    assert in_child(lambda: run(configured(), folder / "whole")) == 0
    return folder / "whole"


def steps_of(directory: Path) -> list[int]:
    return [record["step"] for record in read_records(directory / "metrics.jsonl").records]


def assert_same_outcome(directory: Path, reference: Path) -> None:
    found, expected = outcome_of(directory), outcome_of(reference)
    assert [name for name in OUTCOMES if found[name] != expected[name]] == []
    ours, theirs = read_run(directory), read_run(reference)
    assert (ours.status, ours.metrics) == ("completed", theirs.metrics)
    assert ours.selection == theirs.selection


WAYS = {
    "relative path": lambda run, _: (run.parent, os.path.join(os.curdir, run.name)),
    "from a folder beside it": lambda run, _: (run.parent / "elsewhere", f"../{run.name}/"),
    "link": lambda run, link: (run.parent, link.name),
    "link to a folder above": lambda run, link: (run.parent.parent, f"above/{run.name}"),
    "id": lambda run, _: (run.parent.parent, read_json(run / "run.json")["id"]),
    "beginning of the id": lambda run, _: (
        run.parent.parent,
        read_json(run / "run.json")["id"][:8],
    ),
    "absolute path": lambda run, _: (run.parent.parent.parent, str(run)),
}
"""How people name a run, and the folder that they are in."""


def resume_as_told(directory: Path, way: str) -> None:
    """What `mhc resume` does, in a process of its own."""
    elsewhere, link = directory.parent / "elsewhere", directory.parent / f"to-{directory.name}"
    elsewhere.mkdir(exist_ok=True)
    link.symlink_to(directory)
    with suppress(FileExistsError):
        (directory.parent.parent / "above").symlink_to(directory.parent)
    folder, reference = WAYS[way](directory, link)

    def resume_there() -> None:
        os.chdir(folder)
        os.environ.update(DETERMINISM)  # what would otherwise start Python once more
        with a_repository_that_stays_as_it_is():
            app(["resume", reference, "--root", os.path.relpath(directory.parent)])

    assert in_child(resume_there) == 0


@pytest.mark.timeout(900)
def test_killed_at_many_moments_and_named_in_any_way_it_ends_the_same(
    tmp_path, configured, uninterrupted
) -> None:
    # In every epoch, and around the ends of epochs, where a better checkpoint may replace the best.
    steps = sorted({0, 2, 5, *range(BATCHES - 1, 3 * BATCHES, 2)})
    afterwards = ["predict", "save", "describe"]
    assert max(steps_of(uninterrupted)) == 3 * BATCHES - 1 and len(steps) + len(afterwards) >= 15
    root = tmp_path / "outputs"
    root.mkdir()
    told = Counter()
    for number, moment in enumerate([*steps, *afterwards]):
        directory = root / str(moment)
        work = partial(run, configured(), directory)
        if isinstance(moment, int):
            assert killed_before_step(moment, work) == -signal.SIGKILL
        else:
            with patch.object(NetworkLearner, moment, lambda *_: die()):
                assert in_child(work) == -signal.SIGKILL
        assert read_run(directory).status == "killed"
        way = list(WAYS)[number % len(WAYS)]
        resume_as_told(directory, way)
        assert_same_outcome(directory, uninterrupted)
        assert sorted(p.name for p in (directory / "attempts").iterdir()) == ["001", "002"]
        told[way] += 1
    print(f"\nkilled at {told.total()} moments, outcomes that differ: 0; named by {dict(told)}")


def test_a_curriculum_goes_on_in_the_middle_of_a_pass(tmp_path, configured) -> None:
    curriculum = ["clinical=curriculum", "callbacks=training_dynamics", "callbacks.progress=null"]
    assert in_child(lambda: run(configured(*curriculum), tmp_path / "whole")) == 0
    dynamics = [path.name for path in (tmp_path / "whole" / "training_dynamics").iterdir()]
    for step in (3, BATCHES + 5):
        directory = tmp_path / str(step)
        killed = killed_before_step(step, lambda path=directory: run(configured(*curriculum), path))
        assert killed == -signal.SIGKILL
        assert in_child(lambda path=directory: resume(path)) == 0
        assert_same_outcome(directory, tmp_path / "whole")
        for name in dynamics:
            files = (path / "training_dynamics" / name for path in (directory, tmp_path / "whole"))
            assert len({file.read_bytes() for file in files}) == 1


def test_all_clinical_variants_together_go_on_where_they_were(tmp_path, configured) -> None:
    together = configured("clinical=[umls_enhanced,curriculum,multitask,interpretable]")
    assert in_child(lambda: run(together, tmp_path / "whole")) == 0
    directory = tmp_path / "run"
    killed = killed_before_step(BATCHES + 5, lambda: run(together, directory))
    assert killed == -signal.SIGKILL
    assert in_child(lambda: resume(directory)) == 0
    assert_same_outcome(directory, tmp_path / "whole")
    ours, theirs = (
        {file.relative_to(path): file.read_bytes() for file in path.glob("predictions/**/*.csv")}
        for path in (directory, tmp_path / "whole")
    )
    assert ours == theirs and len(ours) > 3  # those of the other tasks too


def test_it_can_be_killed_again_and_again(tmp_path, configured, uninterrupted) -> None:
    directory = tmp_path / "run"
    assert killed_before_step(9, lambda: run(configured(), directory)) == -signal.SIGKILL
    for step in (9, 14, 21, 40):
        assert killed_before_step(step, lambda: resume(directory)) == -signal.SIGKILL
    assert in_child(lambda: resume(directory)) == 0
    assert_same_outcome(directory, uninterrupted)
    assert len(list((directory / "attempts").iterdir())) == 6


@pytest.mark.parametrize("moment", ["predict", "save", "describe", "between the checkpoints"])
@pytest.mark.parametrize("overrides", [[], EARLY_STOP], ids=["all epochs", "early stop"])
def test_killed_after_training_it_does_not_train_again(
    folder, tmp_path, configured, moment: str, overrides: list[str]
) -> None:
    reference = folder / f"whole-{len(overrides)}"
    if not reference.exists():
        assert in_child(lambda: run(configured(*overrides), reference)) == 0
    drop, dropped = network_learner.drop_resume_state, []

    def drop_once(path: Path, selection: object) -> None:
        if dropped:
            die()
        dropped.append(path)
        drop(path, selection)  # pyright: ignore[reportArgumentType]

    directory = tmp_path / "run"
    dying = (
        patch.object(network_learner, "drop_resume_state", drop_once)
        if moment.startswith("between")
        else patch.object(NetworkLearner, moment, lambda *_: die())
    )
    with dying:
        assert in_child(lambda: run(configured(*overrides), directory)) == -signal.SIGKILL
    assert in_child(lambda: resume(directory)) == 0
    assert_same_outcome(directory, reference)
    if overrides:
        assert max(steps_of(directory)) < 9 * BATCHES - 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stopped_by_a_person_it_is_interrupted_and_goes_on(
    tmp_path, configured, uninterrupted, number: signal.Signals
) -> None:
    directory = tmp_path / "run"
    with patch("resuming.die", lambda: os.kill(os.getpid(), number)):
        assert killed_before_step(10, lambda: run(configured(), directory)) != 0
    assert read_run(directory).status == "interrupted"
    assert in_child(lambda: resume(directory)) == 0
    assert_same_outcome(directory, uninterrupted)


@pytest.mark.parametrize("damage", ["cut", "flipped", "metrics"])
def test_a_damaged_checkpoint_is_noticed_and_training_starts_over(
    tmp_path, configured, uninterrupted, damage: str
) -> None:
    directory = tmp_path / "run"
    assert killed_before_step(20, lambda: run(configured(), directory)) == -signal.SIGKILL
    path = directory / ("metrics.jsonl" if damage == "metrics" else "checkpoints/last.safetensors")
    content = bytearray(path.read_bytes())
    if damage == "flipped":
        content[len(content) // 2] ^= 1
    path.write_bytes(content if damage == "flipped" else content[: len(content) // 2])
    assert in_child(lambda: resume(directory)) == 0
    assert_same_outcome(directory, uninterrupted)


def test_a_run_that_was_moved_goes_on(tmp_path, configured, uninterrupted) -> None:
    assert killed_before_step(20, lambda: run(configured(), tmp_path / "a")) == -signal.SIGKILL
    shutil.move(tmp_path / "a", tmp_path / "b")
    assert in_child(lambda: resume(tmp_path / "b")) == 0
    assert_same_outcome(tmp_path / "b", uninterrupted)
    assert not (tmp_path / "a").exists()


def test_a_token_budget_that_was_found_is_not_looked_for_again(
    folder, tmp_path, configured
) -> None:
    directory, left_open = tmp_path / "run", configured("sampler.token_budget=null")
    with patch.object(memory, "memory_of", lambda _: MemoryOfSavedTensors(12_000_000)):
        assert killed_before_step(20, lambda: run(left_open, directory)) == -signal.SIGKILL
    budget = settled_choices(directory)["sampler.token_budget"]
    given = configured(f"sampler.token_budget={budget}")
    assert in_child(lambda: run(given, folder / "given")) == 0
    # There is now more memory, for which a trial would find a larger budget.
    with patch.object(memory, "memory_of", lambda _: MemoryOfSavedTensors(10**9)):
        assert in_child(lambda: resume(directory)) == 0
    assert_same_outcome(directory, folder / "given")
    assert max(steps_of(directory)) >= 3 * BATCHES


def test_each_attempt_says_which_source_ran(tmp_path, configured) -> None:
    directory = tmp_path / "run"
    killed_before_step(1, lambda: run(configured(), directory))
    assert in_child(lambda: resume(directory)) == 0
    start = read_json(directory / "attempts" / "002" / "start.json")
    assert start["source"] == read_json(directory / "run.json")["source"]
    assert start["git"].keys() == {"commit", "branch", "is_dirty", "remote"}


AVERAGED = ["callbacks=weight_averaging", "callbacks.weight_averaging.decay=0.9"]


def test_averages_of_weights_are_what_is_kept_and_predicted_with(
    folder, tmp_path, configured, uninterrupted
) -> None:
    """An average that forgets at once is the weights themselves; one that does not is another."""
    forgetful = configured(*AVERAGED[:1], "callbacks.weight_averaging.decay=0.0")
    assert in_child(lambda: run(forgetful, tmp_path / "forgetful")) == 0
    assert_same_outcome(tmp_path / "forgetful", uninterrupted)
    assert in_child(lambda: run(configured(*AVERAGED), folder / "averaged")) == 0
    found, plain = outcome_of(folder / "averaged"), outcome_of(uninterrupted)
    assert found["checkpoints/best.safetensors"] != plain["checkpoints/best.safetensors"]
    predictor = Predictor.load(folder / "averaged")
    corpus = build_corpus(configured(*AVERAGED))
    again = predictor.predict_proba(corpus.part("test")["text"].tolist())
    stored = stored_predictions(read_run(folder / "averaged"), ["test"])["test"]
    np.testing.assert_allclose(again, stored.probabilities, atol=2e-6)


@pytest.mark.parametrize("step", [5, 14, 20])
def test_averages_of_weights_go_on_where_they_were(folder, tmp_path, configured, step) -> None:
    reference = folder / "averaged"
    if not reference.exists():
        assert in_child(lambda: run(configured(*AVERAGED), reference)) == 0
    directory = tmp_path / "run"
    assert killed_before_step(step, lambda: run(configured(*AVERAGED), directory)) < 0
    assert in_child(lambda: resume(directory)) == 0
    assert_same_outcome(directory, reference)
