"""Tracker of experiments that `train.py` does not start: notebooks, scripts, other libraries.

    from mental_health_classifier import tracker

    with tracker.experiment("custom_test", config={"width": 64}, tags=["custom"]) as id:
        tracker.log_metrics(id, {"accuracy": 0.85}, epoch=5)
        tracker.finish_experiment(id, final_metrics={"val/accuracy": 0.9})

The runs stand in every table beside the others.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mental_health_classifier.contracts import InputError
from mental_health_classifier.contracts.folder_names import folder_name, new_run_directory
from mental_health_classifier.tracking.record.run_record import RunRecord, recorded_run
from mental_health_classifier.tracking.run_index import ROOTS, find_runs
from mental_health_classifier.tracking.selection.best_models import best_models


class Tracker:
    """Keeps experiments open by their ids until they are finished.

    An experiment whose process ends before that counts as killed.

    Args:
        roots: folders whose runs are compared; new experiments go below the first.
    """

    def __init__(self, roots: Sequence[str | Path] = ROOTS) -> None:
        self.roots = [Path(root) for root in roots]
        self._open: dict[str, RunRecord] = {}
        self._steps: dict[str, int] = {}
        self._finished: set[str] = set()

    def start_experiment(
        self,
        experiment_name: str,
        description: str = "",
        config: Mapping[str, Any] | None = None,
        tags: Sequence[str] = (),
    ) -> str:
        """Begins to record and returns the id of the experiment.

        Args:
            config: whatever describes the experiment: text, numbers, lists and mappings. Its
                `seed` is taken for that of the run.

        Raises:
            InputError: the configuration holds a value that JSON has not, or the tags are one text.
        """
        if isinstance(tags, str):
            raise InputError(f"tags={tags!r}: expected a list of texts. Write [{tags!r}].")
        config = dict(config or {})
        model = config.get("model")
        seed = config.get("seed")
        record = recorded_run(
            new_run_directory(self.roots[0], experiment_name),
            name=str(experiment_name),
            description=str(description),
            tags=[str(tag) for tag in tags],
            seed=seed if isinstance(seed, int) else None,
            model=str(model.get("name", "")) if isinstance(model, Mapping) else str(model or ""),
            config=config,
            argv=sys.argv,
            # Several experiments can be open at once, and signals belong to the program.
            handles_signals=False,
        )
        self._open[record.run_id] = record
        return record.run_id

    @contextmanager
    def experiment(self, experiment_name: str, **facts: Any) -> Iterator[str]:
        """Lends the id of an experiment, whose end the block decides.

        An exception ends it as failed or interrupted; a block that does not call
        `finish_experiment` ends it without results, as failed.

        Args:
            facts: as for `start_experiment`.
        """
        experiment_id = self.start_experiment(experiment_name, **facts)
        record = self._open[experiment_id]
        try:
            yield experiment_id
        except BaseException:  # Ctrl-C too: the record says how the block ended
            if self._open.pop(experiment_id, None) is not None:
                with record:
                    raise
            raise
        if self._open.pop(experiment_id, None) is not None:
            with record:
                pass

    def log_metrics(
        self,
        experiment_id: str,
        metrics: Mapping[str, Any],
        step: int | None = None,
        epoch: int | None = None,
    ) -> None:
        """Adds numbers to metrics.jsonl.

        Args:
            step: counts the calls where it is not given.
            epoch: epochs completed; 0 where it is not given.

        Raises:
            InputError: the experiment is not open, or a value is no finite number.
        """
        record = self._find(experiment_id)
        numbers = _finite(metrics)
        step = self._steps.get(experiment_id, 0) if step is None else step
        record.log_metrics(numbers, step=step, epoch=0 if epoch is None else epoch)
        self._steps[experiment_id] = step + 1

    def save_model(self, experiment_id: str, model: Any, name: str) -> Path:
        """Saves the weights of a torch module as safetensors, whole or not at all.

        Args:
            model: a module, or a mapping of names to tensors.
            name: of the file in the run's folder `checkpoints`.

        Raises:
            InputError: the experiment is not open, or the model has no tensors to save.
        """
        from mental_health_classifier.tracking.record.weight_files import write_weights

        record = self._find(experiment_id)
        path = record.directory / "checkpoints" / f"{folder_name(name)}.safetensors"
        write_weights(model, path)
        return path

    def finish_experiment(
        self, experiment_id: str, final_metrics: Mapping[str, Any] | None = None, notes: str = ""
    ) -> None:
        """Ends an experiment as completed.

        Args:
            final_metrics: `test/accuracy`, `val/accuracy` and so on; a name without a part counts
                as one of test. Best models are chosen by `val/` alone.

        Raises:
            InputError: the experiment is not open, or a value is no finite number.
        """
        record = self._find(experiment_id)
        metrics = _finite(final_metrics or {})
        record.finish(metrics=metrics, notes=notes or None)
        with record:
            del self._open[experiment_id]
            self._finished.add(experiment_id)

    def get_best_models(self) -> dict[str, dict[str, Any]]:
        """The best of all recorded runs under four headings, see `best_models`."""
        return best_models(find_runs(self.roots))

    def _find(self, experiment_id: str) -> RunRecord:
        if experiment_id in self._open:
            return self._open[experiment_id]
        if experiment_id in self._finished:
            raise InputError(
                f"Experiment {experiment_id} is finished, and its record is not changed any more. "
                "Start another one."
            )
        known = ", ".join(self._open) or "none"
        raise InputError(
            f"No experiment {experiment_id!r} was started here. Open are: {known}. Use the id "
            "that start_experiment returned."
        )


def _finite(metrics: Mapping[str, Any]) -> dict[str, float]:
    """The numbers as Python has them; scalars of NumPy and torch among them."""
    numbers = {}
    for name, value in metrics.items():
        plain = value.item() if hasattr(value, "item") else value
        if not isinstance(plain, int | float) or not math.isfinite(plain):
            kind = plain if isinstance(plain, float) else type(value).__name__
            raise InputError(
                f"Metric {name} is {kind}; expected a finite number. Leave out what was not "
                "measured."
            )
        numbers[str(name)] = plain
    return numbers


tracker = Tracker()
"""What `from mental_health_classifier import tracker` hands out."""
