"""Check of Lightning's trainer options against what a recorded run needs, before data is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mental_health_classifier.contracts import InputError

STRATEGIES = ("auto", "ddp", "ddp_find_unused_parameters_true", "fsdp")
PRECISIONS = ("32-true", "32", 32, "16-mixed", "bf16-mixed")


def _is_all(value: Any) -> bool:
    return value is None or (isinstance(value, float) and value == 1.0)


_EXPECTED: dict[str, tuple[Callable[[Any], bool], str]] = {
    "fast_dev_run": (
        lambda value: not value,
        "it switches off the checkpoints and loggers that a record is made of. trainer=smoke tries "
        "everything in a few steps.",
    ),
    "overfit_batches": (
        lambda value: not value,
        "batches come from a sampler of our own. debug=overfit learns one batch by heart.",
    ),
    "barebones": (
        lambda value: not value,
        "it switches off what a record is made of. Leave it out.",
    ),
    "max_epochs": (
        lambda value: value is None or value >= 1,
        "a run trains for an epoch at least, and the learning rate falls over a known number of "
        "steps. Give 1 or more.",
    ),
    "max_steps": (
        lambda value: value == -1 or value >= 1,
        "a run trains for a step at least. Give 1 or more, or -1 for no limit.",
    ),
    "limit_train_batches": (
        lambda value: value is None or value > 0,
        "a run trains on a batch at least. Give a share or a number of batches above 0.",
    ),
    "limit_val_batches": (
        lambda value: value is None or value > 0,
        "the validation part chooses the checkpoint. Give a share or a number above 0.",
    ),
    "accumulate_grad_batches": (
        lambda value: value >= 1,
        "gradients of one batch at least make a step. Give 1 or more.",
    ),
    "limit_test_batches": (
        _is_all,
        "every number of a run comes from its predictions for all posts. Leave it out.",
    ),
    "limit_predict_batches": (
        _is_all,
        "every number of a run comes from its predictions for all posts. Leave it out.",
    ),
    "precision": (
        lambda value: value in (None, *PRECISIONS),
        f"expected {', '.join(map(str, PRECISIONS[2:]))}: posts travel as whole numbers, and "
        "predictions are compared in single precision.",
    ),
    "devices": (
        lambda value: value not in (0, "0", []),
        "a run uses one device at least. Give their number, or auto.",
    ),
    "strategy": (
        lambda value: value in STRATEGIES,
        f"expected {', '.join(STRATEGIES)}: a run starts its processes itself, whose batches come "
        "from one sampler.",
    ),
    "enable_checkpointing": (
        lambda value: value is not False,
        "a record keeps its best weights. Leave it out.",
    ),
    "enable_progress_bar": (
        lambda value: value is not False,
        "callbacks.progress=null leaves the progress bar out.",
    ),
}
"""By option, whether a value can be used, and what to say where it cannot."""


def check_trainer(trainer: Mapping[str, Any]) -> None:
    """Refuses what would leave a run without best weights or without all its predictions.

    Raises:
        InputError: one option that cannot be used, as one sentence with its key.
    """
    for name, (is_usable, reason) in _EXPECTED.items():
        if name in trainer and not is_usable(trainer[name]):
            shown = "null" if trainer[name] is None else trainer[name]
            raise InputError(f"trainer.{name}={shown}: {reason}")
    if trainer.get("max_epochs") is None and trainer.get("max_steps") in (None, -1):
        raise InputError(
            "trainer.max_epochs=null: how long to train is missing. Give trainer.max_epochs or "
            "trainer.max_steps."
        )
