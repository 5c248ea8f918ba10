"""Figures of a finished run on TensorBoard's page of images."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from lightning.pytorch.loggers import Logger, TensorBoardLogger

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def write_figure_page(loggers: Sequence[Logger], draw: Callable[[], Mapping[str, Figure]]) -> None:
    """Writes what `draw` returns, by name; draws nothing for loggers other than TensorBoard's."""
    for logger in loggers:
        if isinstance(logger, TensorBoardLogger):
            for name, figure in draw().items():
                logger.experiment.add_figure(name, figure)
