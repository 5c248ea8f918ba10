"""Pages of a finished run in TensorBoard: hyperparameters beside numbers, and figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lightning.pytorch.loggers import Logger, TensorBoardLogger

from mental_health_classifier.contracts.folder_names import folder_name

if TYPE_CHECKING:
    from matplotlib.figure import Figure

GROUPS = ("model", "optimizer", "objective", "sampler")
METRICS = ("accuracy", "f1_macro", "recall_at_spec80", "partial_auc", "auprc")


def begin_hyperparameter_page(loggers: Sequence[Logger], config: Mapping[str, Any]) -> None:
    """Writes what a person varies when a run begins, so that a run that fails has it too."""
    for logger in loggers:
        if isinstance(logger, TensorBoardLogger):
            # Nobody else waits for it.
            from torch.utils.tensorboard.summary import hparams

            names = [*_names("val"), *_names("final")]
            experiment, start, _ = hparams(_shown(config), dict.fromkeys(names, 0.0))
            # What Lightning writes comes with an end, which is not known yet.
            for summary in (experiment, start):
                logger.experiment.file_writer.add_summary(summary)


def write_hyperparameter_page(
    loggers: Sequence[Logger], config: Mapping[str, Any], metrics: Mapping[str, float | None]
) -> None:
    """Writes what a person varies beside the numbers that runs are compared by, and closes.

    Args:
        loggers: of the run; those other than TensorBoard's have no such page.
        config: the resolved configuration.
        metrics: final numbers by key; those that were not measured are left out.
    """
    measured = {
        name_shown: value
        for prefix, part in (("val", "val"), ("final", "test"))
        for name_shown, name in zip(_names(prefix), METRICS, strict=True)
        if (value := metrics.get(f"{part}/{name}")) is not None
    }
    for logger in loggers:
        if isinstance(logger, TensorBoardLogger):
            logger.log_hyperparams(_shown(config), measured)
            logger.finalize("success")


def _names(prefix: str) -> list[str]:
    # Named as in tables: a second `val/accuracy` would cut off the curve of that name.
    return [f"{prefix}_{name}" for name in METRICS]


def readable_name(config: Mapping[str, Any]) -> str:
    """`width256-layers3-lr0.0005-standard-seed1`: a run among others in TensorBoard, whose list
    shows the path of its events; what a model does not have is left out."""
    values = _varied(config)
    parts = {"width": values["Width"], "layers": values["Layers"], "lr": values["Learning rate"]}
    return "-".join(
        [
            *(f"{name}{value:g}" for name, value in parts.items() if value is not None),
            folder_name(values["Variants"].replace("+", "-")),
            f"seed{values['Seed']}",
        ]
    )


def _shown(config: Mapping[str, Any]) -> dict[str, Any]:
    """What people vary most, and all other hyperparameters."""
    varied = {name: value for name, value in _varied(config).items() if value is not None}
    repeated = {
        *("variants", "seed", "model.width", "model.num_layers"),
        *("model.learning_rate", "optimizer.learning_rate"),
    }
    others = hyperparameters(config).items()
    return varied | {name: value for name, value in others if name not in repeated}


def _varied(config: Mapping[str, Any]) -> dict[str, Any]:
    # TensorBoard orders columns by name, capitals first, and shows five until asked for more.
    model, values = config["model"], hyperparameters(config)
    return {
        "Width": model.get("width"),
        "Layers": model.get("num_layers"),
        "Learning rate": values.get("optimizer.learning_rate", model.get("learning_rate")),
        "Variants": values["variants"],
        "Seed": values["seed"],
    }


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
