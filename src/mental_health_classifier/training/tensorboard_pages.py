"""Pages of a finished run in TensorBoard: hyperparameters beside numbers, and figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lightning.pytorch.loggers import Logger, TensorBoardLogger

if TYPE_CHECKING:
    from matplotlib.figure import Figure

GROUPS = ("model", "optimizer", "objective", "sampler")
METRICS = ("accuracy", "f1_macro", "recall_at_spec80", "partial_auc", "auprc")


def write_hyperparameter_page(
    loggers: Sequence[Logger], config: Mapping[str, Any], metrics: Mapping[str, float | None]
) -> None:
    """Writes what a person varies beside the numbers that runs are compared by, and closes.

    Args:
        loggers: of the run; those other than TensorBoard's have no such page.
        config: the resolved configuration.
        metrics: final numbers by key; those that were not measured are left out.
    """
    # Named as in tables: a second `val/accuracy` would cut off the curve of that name.
    measured = {
        f"{prefix}_{name}": value
        for prefix, part in (("val", "val"), ("final", "test"))
        for name in METRICS
        if (value := metrics.get(f"{part}/{name}")) is not None
    }
    for logger in loggers:
        if isinstance(logger, TensorBoardLogger):
            logger.log_hyperparams(hyperparameters(config), measured)
            logger.finalize("success")


def hyperparameters(config: Mapping[str, Any]) -> dict[str, Any]:
    """The single values of the groups that describe a model and its training, as `group.key`."""
    values = {
        f"{group}.{key}": value
        for group in GROUPS
        for key, value in (config.get(group) or {}).items()
        if isinstance(value, bool | int | float) and not key.startswith("_")
    }
    names = {group: config[group]["name"] for group in ("data", "model")}
    variants = "+".join(sorted(config["clinical"]["variants"])) or "standard"
    return {**names, "variants": variants, "seed": config["seed"], **values}


def write_figure_page(loggers: Sequence[Logger], draw: Callable[[], Mapping[str, Figure]]) -> None:
    """Writes what `draw` returns, by name; draws nothing for loggers other than TensorBoard's."""
    for logger in loggers:
        if isinstance(logger, TensorBoardLogger):
            for name, figure in draw().items():
                logger.experiment.add_figure(name, figure)
