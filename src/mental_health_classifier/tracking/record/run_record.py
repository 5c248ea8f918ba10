"""Writer of a run's record, which survives whatever ends the run."""

from __future__ import annotations

import logging
import os
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from io import FileIO
from pathlib import Path
from typing import Any

from mental_health_classifier.contracts import AuxiliaryPredictions, InputError, Predictions
from mental_health_classifier.contracts.errors import Pruned
from mental_health_classifier.storage.files import (
    SCHEMA_VERSION,
    null_where_not_finite,
    read_json,
    write_atomically,
    write_json_once,
)
from mental_health_classifier.storage.json_lines import append_record, open_records
from mental_health_classifier.tracking.provenance.configuration_hash import (
    configuration_hash,
    plain_configuration,
)
from mental_health_classifier.tracking.provenance.environment import read_environment, read_hardware
from mental_health_classifier.tracking.provenance.git import GitState, read_git_state
from mental_health_classifier.tracking.provenance.source_files import (
    PROJECT,
    read_source,
    sentence_about,
)
from mental_health_classifier.tracking.record.attempts import Attempt, claim_directory, now
from mental_health_classifier.tracking.record.failures import describe_error, problem_in_words
from mental_health_classifier.tracking.record.interruption import StopSignals, is_interruption
from mental_health_classifier.tracking.record.prediction_files import (
    path_of_auxiliary_predictions,
    write_predictions,
)
from mental_health_classifier.tracking.record.record_check import artefacts_of, peak_memory_bytes

log = logging.getLogger(__name__)


class RunRecord:
    """The record of one run, from `recorded_run`.

    A context manager: leaving it after `finish` writes the end as completed, an exception as
    failed, interrupted or pruned. The exception goes on.
    """

    def __init__(
        self,
        directory: Path,
        *,
        run_id: str,
        git: GitState,
        attempt: Attempt,
        signals: StopSignals,
        is_resumed: bool = False,
    ) -> None:
        self.directory = directory
        """Absolute and without links, because Lightning names checkpoints like that: it removes a
        checkpoint that a better one replaces unless both have the same path."""
        self.run_id = run_id
        self.git = git
        self.is_resumed = is_resumed
        """Whether an earlier attempt at this run has left something behind."""
        self._attempt = attempt
        self._signals = signals
        self._started_at = now()
        self._start = time.monotonic()
        self._phases: dict[str, float] = {}
        self._model: dict[str, Any] = {}
        self._results: dict[str, Any] | None = None
        self._handles: dict[str, FileIO] = {}
        self._has_ended = False

    def log_metrics(self, metrics: Mapping[str, Any], *, step: int, epoch: int | None) -> None:
        """Appends numbers that the same command gives again, bit for bit, to metrics.jsonl.

        Args:
            metrics: names as everywhere (`val/recall/suicide`); what is not finite becomes null.
            step: optimisation steps done.
            epoch: epochs completed before this one. None: whoever logs does not say.
        """
        clash = {"step", "epoch", "crc32"} & metrics.keys()
        if clash:
            raise InputError(
                f"A metric is called {', '.join(sorted(clash))}, which every line already holds. "
                "Give it another name."
            )
        self._append("metrics.jsonl", {"step": step, "epoch": epoch, **metrics})
        self.stop_if_asked()

    def log_resources(self, resources: Mapping[str, Any]) -> None:
        """Appends what differs from run to run (speed, memory, device use) to resources.jsonl.

        `time` in each line counts seconds since this attempt began.
        """
        elapsed = round(time.monotonic() - self._start, 3)
        self._append("resources.jsonl", {"time": elapsed, **resources})

    def keep_metrics(self) -> int:
        """Forces metrics.jsonl to disk and returns its size, for `rewind_metrics`."""
        handle = self._handles.get("metrics.jsonl")
        if handle is not None:
            os.fsync(handle.fileno())
        path = self.directory / "metrics.jsonl"
        return path.stat().st_size if path.exists() else 0

    def rewind_metrics(self, num_bytes: int) -> None:
        """Takes back the lines that an earlier attempt wrote after its checkpoint.

        They come again, and each must stand there once.
        """
        assert "metrics.jsonl" not in self._handles
        path = self.directory / "metrics.jsonl"
        if path.exists():
            write_atomically(path, path.read_bytes()[:num_bytes])

    def write_data(self, account: Mapping[str, Any]) -> None:
        """Writes data.json: what was read, how it was divided, and what was dropped and why.

        Raises:
            InputError: an earlier attempt at this run read other posts.
        """
        path = self.directory / "data.json"
        facts = {"schema_version": SCHEMA_VERSION, **null_where_not_finite(account)}
        if self.is_resumed and path.exists():
            recorded = read_json(path).items()
            differing = [key for key, value in recorded if not _still_holds(value, facts.get(key))]
            if differing:
                raise InputError(
                    f"The posts are not those that run {self.run_id} began with: "
                    f"{', '.join(differing)} of {path} differ. Start a new run with them."
                )
        else:
            write_json_once(path, facts)

    def write_predictions(self, predictions: Predictions, folder: str = "predictions") -> Path:
        """Writes the predictions of one part and says where.

        Raises:
            InputError: the probabilities are not finite or do not sum to one.
        """
        path = self.directory / folder / f"{predictions.part}.csv"
        write_predictions(predictions, path)
        return path

    def write_auxiliary_predictions(self, predictions: AuxiliaryPredictions) -> None:
        """Writes the predictions of one auxiliary task for one part.

        Raises:
            InputError: they are not finite.
        """
        task, part = predictions.task, predictions.part
        path = path_of_auxiliary_predictions(self.directory, task, part)
        write_predictions(predictions, path)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Adds the time the block takes to the duration of a phase, also when the block fails."""
        start = time.monotonic()
        try:
            yield
        finally:
            self._phases[name] = self._phases.get(name, 0.0) + time.monotonic() - start
        self.stop_if_asked()

    def stop_if_asked(self) -> None:
        """Ends the run as interrupted if a signal has asked for it and Python swallowed that.

        Phases and `log_metrics` do so by themselves.
        """
        self._signals.stop_if_asked()

    def note_model(self, **facts: Any) -> None:
        """Notes facts about the model (parameters, sizes); later ones are added to earlier ones."""
        self._model |= null_where_not_finite(facts)

    def finish(
        self,
        *,
        metrics: Mapping[str, float | None],
        intervals: Mapping[str, tuple[float, float]] | None = None,
        yardstick: Mapping[str, Any] | None = None,
        selection: Mapping[str, Any] | None = None,
        notes: str | None = None,
    ) -> None:
        """Hands over the results. Without it a run does not count as completed.

        Args:
            metrics: final numbers, `test/accuracy` and so on; None: not measured.
            intervals: for some of the metrics the lower and upper bound.
            yardstick: the same for the reference model fitted on the same parts, with differences.
            selection: which checkpoint was chosen, by what.
            notes: what a person has to say about the outcome.
        """
        if self._results is not None:
            raise RuntimeError(f"finish() was called twice for run {self.run_id}; call it once.")
        self._results = null_where_not_finite(
            {
                "metrics": metrics,
                "intervals": intervals or {},
                "yardstick": yardstick,
                "selection": selection,
                "notes": notes,
            }
        )

    def __enter__(self) -> RunRecord:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        # Before anything is called: see `StopSignals`.
        self._signals.is_deferred = True
        if not self._attempt.is_own:
            return
        self._has_ended = True
        try:
            for handle in self._handles.values():
                handle.close()
            end = self._end(error)
            self._attempt.end(end)
            if end["status"] == "failed" and error is not None:
                # Into its own log, which `mhc show` names; on the screen the error itself follows.
                failure = problem_in_words(end["error"])
                log.error("Run %s failed: %s", self.run_id, failure, extra={"is_for_the_log": True})
        finally:
            self._signals.restore(is_left=error is not None)

    def _append(self, name: str, record: Mapping[str, Any]) -> None:
        if self._has_ended:
            raise RuntimeError(f"Run {self.run_id} has ended; nothing can be added to {name}.")
        handle = self._handles.get(name)
        if handle is None:
            handle = self._handles[name] = open_records(self.directory / name)
        append_record(handle, null_where_not_finite(record))

    def _end(self, error: BaseException | None) -> dict[str, Any]:
        if error is None and self._results is not None:
            status = "completed"
        elif error is not None and (self._signals.requested or is_interruption(error)):
            status = "interrupted"
        elif isinstance(error, Pruned):
            status = "pruned"
        else:
            status = "failed"
        if error is None and status == "failed":
            log.warning("Run %s ended without results and counts as failed.", self.run_id)
        nothing = {
            **{"metrics": {}, "intervals": {}},
            **dict.fromkeys(("yardstick", "selection", "notes")),
        }
        return {
            "status": status,
            "started_at": self._started_at,
            "ended_at": now(),
            "duration_seconds": time.monotonic() - self._start,
            "phases": self._phases,
            **(self._results or nothing),
            "model": self._model,
            "error": None if status == "completed" else describe_error(error),
            "artefacts": artefacts_of(self.directory),
            "peak_memory_bytes": peak_memory_bytes(),
        }


def recorded_run(
    directory: Path,
    *,
    name: str,
    description: str,
    hypothesis: str = "",
    tags: Sequence[str] = (),
    seed: int | None,
    model: str,
    variants: Sequence[str] = (),
    config: Mapping[str, Any],
    trial: int | None = None,
    overrides: Sequence[str] = (),
    argv: Sequence[str],
    handles_signals: bool = True,
) -> RunRecord:
    """Claims a directory for a run and writes down what is known before it starts.

    To be called before the data is read, so that a run that dies there has left its record.

    Args:
        directory: made if needed; must not hold another run.
        config: the resolved configuration, plain values only.
        trial: its number in the search that it is a try of.
        overrides, argv: how it was asked for.
        handles_signals: whether SIGTERM, SIGHUP and Ctrl-C end the run as interrupted; of several
            runs in one process at most one can.

    Raises:
        InputError: the directory holds a run, or the configuration a value that JSON has not.
    """
    directory = directory.resolve()
    plain = plain_configuration(config)
    # Of the code that runs, wherever it was started from.
    source = read_source(read_git_state(PROJECT))
    git = source.git
    run_id = uuid.uuid4().hex[:12]
    facts = {
        "schema_version": SCHEMA_VERSION,
        "id": run_id,
        "name": name,
        "description": description,
        "hypothesis": hypothesis,
        "tags": list(tags),
        "seed": seed,
        "model": model,
        "variants": list(variants),
        "argv": list(argv),
        "overrides": list(overrides),
        **({} if trial is None else {"trial": trial}),
        "configuration_hash": configuration_hash(plain),
        "config": plain,
        "git": asdict(git),
        "source": {
            "sha256": source.sha256,
            **({"cannot_be_rebuilt": source.obstacles} if source.obstacles else {}),
        },
        "environment": read_environment(),
        "hardware": read_hardware(),
        "created_at": now(),
    }
    signals = StopSignals(ending=RunRecord.__exit__)
    if handles_signals:
        signals.install()
    signals.is_deferred = True
    try:
        attempt = claim_directory(directory, facts)
    except BaseException:  # a request to stop too: the handlers of before come back
        signals.restore()
        raise
    record = RunRecord(directory, run_id=run_id, git=git, attempt=attempt, signals=signals)
    if source.obstacles:
        log.warning("%s", sentence_about(source.obstacles))
    try:
        source.write(directory / "source")
        signals.resume()
    except BaseException:
        # A full disk, or stopped while the directory was being claimed: that is this run's end.
        with record:
            raise
    return record


def _still_holds(recorded: Any, now_found: Any) -> bool:
    """Whether all that was recorded is so now. Later versions say more of the same posts."""
    if isinstance(recorded, Mapping) and isinstance(now_found, Mapping):
        return all(_still_holds(value, now_found.get(key)) for key, value in recorded.items())
    return recorded == now_found
