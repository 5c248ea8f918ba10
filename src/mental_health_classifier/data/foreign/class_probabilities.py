"""Class probabilities of a table of predictions: its numbers or names, checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches

import numpy as np

from mental_health_classifier.contracts import InputError, Task
from mental_health_classifier.contracts.predictions import DECIMALS, are_distributions
from mental_health_classifier.data.foreign.foreign_predictions import first_of
from mental_health_classifier.data.reading.spellings import folded, is_missing, with_decimal_point
from mental_health_classifier.data.reading.tables import NO_COLUMN

_FEWEST_DECIMALS = 2
_HALF = 2**-7
"""By which sums may miss one: numbers of 16 bits have as few as 8 that count (bfloat16)."""


def read_numbers(
    columns: Sequence[Sequence[str]], rows: Sequence[str], of_class: Mapping[str, str]
) -> np.ndarray:
    """Cells as finite numbers, shape `(rows, columns)`; a decimal comma is read as a point.

    Args:
        columns: cells of each column of `of_class`, which says its class.
        rows: what messages call each row.
    """
    numbers = np.full((len(rows), len(columns)), np.nan)
    for place, cells in enumerate(columns):
        for row, cell in enumerate(cells):
            try:
                numbers[row, place] = float(with_decimal_point(cell.strip()))
            except ValueError:
                continue
    bad = np.flatnonzero(~np.isfinite(numbers).all(axis=1)).tolist()
    if len(bad):
        where = first_of([rows[row] for row in bad])
        raise InputError(
            f"No finite number stands in {', '.join(of_class.values())} in {len(bad):,} of "
            f"{len(rows):,} rows ({where}). Where the model gave no answer, leave the rows out and "
            "give --refer-missing."
        )
    return numbers


def softmax_of(numbers: np.ndarray, of_class: Mapping[str, str], task: Task) -> np.ndarray:
    """Probabilities of scores of any size, shape `(rows, classes)`.

    Raises:
        InputError: the scores are probabilities already.
    """
    if numbers.shape[1] > 1 and are_distributions(numbers, tolerance=_HALF).all():
        raise InputError(
            f"The scores in {', '.join(of_class.values())} lie between 0 and 1 and sum to one: "
            "they are probabilities, of which a softmax makes others. Say so: call their columns "
            "p_CLASS."
        )
    if numbers.shape[1] == 1:  # the other of two classes has none
        numbers = np.hstack([numbers, np.zeros_like(numbers)])
        numbers = numbers if next(iter(of_class)) == task.class_names[0] else numbers[:, ::-1]
    odds = np.exp(numbers - numbers.max(axis=1, keepdims=True))
    return (odds / odds.sum(axis=1, keepdims=True)).round(DECIMALS)


def distributions_of(
    numbers: np.ndarray,
    columns: Sequence[Sequence[str]],
    rows: Sequence[str],
    of_class: Mapping[str, str],
    task: Task,
    notes: list[str],
) -> np.ndarray:
    """Probabilities that sum to one, up to their rounding, shape `(rows, classes)`.

    Args:
        numbers: what `read_numbers` made of the cells in `columns`.
        notes: gets a sentence where numbers were divided by their sum.

    Raises:
        InputError: some are below 0, above 1 or do not sum to one.
    """
    if numbers.shape[1] == 1:
        numbers = np.hstack([numbers, 1 - numbers])
        numbers = numbers if next(iter(of_class)) == task.class_names[0] else numbers[:, ::-1]
    # Each may be off by half of its last decimal.
    decimals = [
        max(len(cell.strip().partition(".")[2]) for cell in cells)
        for cells in zip(*columns, strict=True)
    ]
    units = 10.0 ** -np.clip(decimals, _FEWEST_DECIMALS, DECIMALS)
    tolerance = np.maximum((0.5 * task.num_classes + 1) * units, _HALF)
    is_good = are_distributions(numbers, tolerance=tolerance)
    if not is_good.all():
        bad = [rows[row] for row in np.flatnonzero(~is_good).tolist()]
        are_beyond = bool((numbers < 0).any() or (numbers > 1).any())
        way = (
            "Divide percent by 100. Where they are scores of any size, call their columns "
            "score_CLASS: their softmax is taken."
            if are_beyond
            else "Where each class was judged by itself, divide them by their sum in each row."
        )
        raise InputError(
            f"Probabilities between 0 and 1 that sum to one were expected, and are not there in "
            f"{len(bad):,} of {len(rows):,} rows ({first_of(bad)}). {way}"
        )
    exact = (0.5 * task.num_classes + 1) * 10.0**-DECIMALS
    is_rounded = ~are_distributions(numbers, tolerance=exact)
    if is_rounded.any():
        # Others stay as they are, to the last digit.
        numbers = np.where(
            is_rounded[:, None], numbers / numbers.sum(axis=1, keepdims=True), numbers
        )
        notes.append(
            f"Probabilities are rounded, and were divided by their sum in {is_rounded.sum():,} of "
            f"{len(rows):,} rows."
        )
    return numbers.round(DECIMALS)


def read_classes(
    cells: Sequence[str], rows: Sequence[str], mapped: Mapping[str, str], task: Task
) -> np.ndarray:
    """Place of the class that each cell names, shape `(rows,)`.

    Raises:
        InputError: a cell names none.
    """
    unknown = [row for row, cell in zip(rows, cells, strict=True) if folded(cell) not in mapped]
    if unknown:
        strange = next(folded(cell) for cell in cells if folded(cell) not in mapped)
        near = get_close_matches(strange, list(mapped), n=1)
        hint = f" One is near {mapped[near[0]]}." if near and not is_missing(strange) else ""
        raise InputError(
            f"The prediction is none of {', '.join(task.class_names)} in {len(unknown):,} of "
            f"{len(rows):,} rows ({first_of(unknown)}).{hint} Map them: --label SPELLING=CLASS"
        )
    return np.array([task.class_names.index(mapped[folded(cell)]) for cell in cells])


def require_likeliest(
    given: np.ndarray, probabilities: np.ndarray, rows: Sequence[str], column: str
) -> None:
    """Raises InputError where a file names another class than its numbers do."""
    is_other = probabilities[np.arange(len(given)), given] < probabilities.max(axis=1)
    if is_other.any():
        bad = [rows[row] for row in np.flatnonzero(is_other).tolist()]
        raise InputError(
            f"Column {column!r} names another class than the likeliest one in {len(bad):,} of "
            f"{len(rows):,} rows ({first_of(bad)}). If the columns of classes are mixed up, name "
            "them: --column p_CLASS=NAME. If a threshold of the other program decided, leave it "
            f"out, since one is chosen on val here: --column prediction={NO_COLUMN}"
        )
