"""What recording takes beside the training steps of an epoch."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from lightning.pytorch import Callback
from our_training import CONF
from stopwatch import Stopwatch

from mental_health_classifier.configuration.build import (
    build_corpus,
    build_loggers,
    register_resolvers,
    set_num_threads,
)
from mental_health_classifier.configuration.learner import build_learner
from mental_health_classifier.experiment.run import describe_run
from mental_health_classifier.tracking.record.run_record import recorded_run
from mental_health_classifier.training.callbacks.checkpoints import BestAndLast
from mental_health_classifier.training.callbacks.clinical_metrics import ClinicalMetrics
from mental_health_classifier.training.callbacks.git_state_stamp import GitStateStamp
from mental_health_classifier.training.callbacks.resource_use import ResourceUse
from mental_health_classifier.training.network_learner import NetworkLearner

RECORDING = (ClinicalMetrics, GitStateStamp, ResourceUse)


class StepClock(Callback):
    """Processor seconds of all training steps, without what other callbacks do before them."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._start = 0.0

    def on_train_batch_start(self, *_: Any, **__: Any) -> None:
        self._start = time.process_time()

    def on_train_batch_end(self, *_: Any, **__: Any) -> None:
        self.seconds += time.process_time() - self._start


def measure_recording(folder: Path) -> dict[str, float]:
    """Trains baseline_small for an epoch of the sample posts, in one thread.

    Returns:
        Processor seconds of recording (callbacks and loggers, TensorBoard's among them) and of the
        checkpoints over those of the training steps, in per cent.
    """
    from hydra import compose, initialize_config_dir

    register_resolvers()
    overrides = [
        *("trainer=cpu", "trainer.max_epochs=1", "num_threads=1", "callbacks.progress=null"),
        "+trainer.enable_progress_bar=false",
    ]
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("config", overrides=[*overrides, f"cache_dir={folder / 'cache'}"])
    set_num_threads(config.num_threads)
    watch, clock = Stopwatch(), StepClock()
    with recorded_run(folder / "trained", **describe_run(config, overrides)) as record:
        loggers = build_loggers(config, record)
        learner = build_learner(config, build_corpus(config), record, loggers)
        assert isinstance(learner, NetworkLearner)
        trainer = learner._trainer
        for callback in trainer.callbacks:
            if isinstance(callback, (*RECORDING, BestAndLast)):
                name = "recording" if isinstance(callback, RECORDING) else "checkpoints"
                _measure_methods(watch, name, callback, prefix="on_")
        for logger in loggers:
            _measure_methods(watch, "recording", logger, prefix="log_")
            _measure_methods(watch, "recording", logger, prefix="save")
        trainer.callbacks.append(clock)
        learner.fit(None)
        record.finish(metrics={})
    return {
        f"{name} beside a training step (baseline_small): %": round(100 * spent / clock.seconds, 2)
        for name, (_, spent) in watch.seconds.items()
    } | {"steps of the epoch": trainer.global_step}


def _measure_methods(watch: Stopwatch, name: str, owner: Any, *, prefix: str) -> None:
    for method in dir(type(owner)):
        if method.startswith(prefix) and callable(getattr(owner, method)):
            setattr(owner, method, watch.measure(name, getattr(owner, method)))
