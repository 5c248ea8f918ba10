"""Four parts that share no author and no near-duplicate: train, val, calibration, test."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from mental_health_classifier.contracts import PARTS, InputError

FOLDS = 20
# Above it groups are divided in bundles: the splitter weighs every fold for every group in Python.
_MAX_UNITS = 4000


def split_posts(
    *,
    labels: np.ndarray,
    groups: np.ndarray | None,
    shipped_parts: Sequence[str | None] | np.ndarray,
    shares: Mapping[str, float],
    seed: int,
) -> np.ndarray:
    """Gives every post a part, with the classes in like shares everywhere and each group in one
    part alone.

    Posts that the corpus ships in a part stay there; parts that it does not ship are carved out of
    its train part, in the proportions of `shares`.

    Args:
        labels: class index of each post, shape `(n,)`.
        groups: what must stay together (the posts of an author, near-duplicates) as integers,
            shape `(n,)`. None: every post by itself.
        shipped_parts: the part each post is shipped in, or None, length n.
        shares: share of the posts for each part, in steps of 1/20, summing to one.
        seed: chooses among the splits that satisfy all this.

    Returns:
        Names of parts, shape `(n,)`.

    Raises:
        InputError: shares that do not fit, or too few posts or groups for the parts.
    """
    folds_of = _folds_of_parts(shares)
    parts = np.array([part or "train" for part in shipped_parts], dtype=object)
    is_open = parts == "train"
    missing = [part for part in PARTS if part == "train" or not (parts == part).any()]
    if len(missing) > 1:
        parts[is_open] = _carve(
            labels[is_open],
            None if groups is None else groups[is_open],
            {p: folds_of[p] for p in missing},
            seed,
        )
    return parts


def _folds_of_parts(shares: Mapping[str, float]) -> dict[str, int]:
    folds = {part: round(float(shares.get(part, 0)) * FOLDS) for part in PARTS}
    exact = all(abs(folds[part] / FOLDS - float(shares.get(part, 0))) < 1e-6 for part in PARTS)
    if (
        set(shares) != set(PARTS)
        or sum(folds.values()) != FOLDS
        or min(folds.values()) < 1
        or not exact
    ):
        raise InputError(
            f"data.shares={dict(shares)}: the shares of {', '.join(PARTS)} have to be multiples of "
            f"{1 / FOLDS} above 0 that sum to 1."
        )
    return folds


def _carve(
    labels: np.ndarray, groups: np.ndarray | None, folds_of: Mapping[str, int], seed: int
) -> np.ndarray:
    num_folds = sum(folds_of.values())
    units = len(labels) if groups is None else len(np.unique(groups))
    if units < num_folds:
        what = "posts" if groups is None else "groups of posts (of one author, or almost equal)"
        raise InputError(
            f"{units} {what} are too few for the parts {', '.join(folds_of)}: {num_folds} at "
            "least are needed to divide them by data.shares. Give more posts."
        )
    splitter = StratifiedKFold if groups is None else StratifiedGroupKFold
    bundles = None if groups is None else _bundle(groups, seed)
    part_of_fold = [part for part, count in folds_of.items() for _ in range(count)]
    parts = np.empty(len(labels), dtype=object)
    with warnings.catch_warnings():
        # Rare classes cannot be in every fold; require_classes() judges the parts that result.
        warnings.simplefilter("ignore", UserWarning)
        try:
            folds = splitter(num_folds, shuffle=True, random_state=seed).split(
                labels, labels, bundles
            )
            for part, (_, indices) in zip(part_of_fold, folds, strict=True):
                parts[indices] = part
        except ValueError:  # every class has fewer posts than there are folds
            raise InputError(
                f"{len(labels)} posts are too few for the parts {', '.join(folds_of)}: one class "
                f"at least needs {num_folds} posts. Give more posts."
            ) from None
    return parts


def _bundle(groups: np.ndarray, seed: int) -> np.ndarray:
    """Puts groups together at random when there are many. Bundles of many groups have nearly the
    same classes, so the parts stay as even as with single groups."""
    _, codes = np.unique(groups, return_inverse=True)
    num_groups = codes.max() + 1
    if num_groups <= _MAX_UNITS:
        return codes
    return (np.random.default_rng(seed).permutation(num_groups) % _MAX_UNITS)[codes]


def require_classes(
    *, parts: np.ndarray, labels: np.ndarray, groups: np.ndarray | None, class_names: Sequence[str]
) -> None:
    """Raises InputError when a class is absent where a model is trained, chosen or tested.

    Args:
        class_names: what a message calls each class: a name that only the file knows may be a post
            or an author in a wrong column.
    """
    for index, name in enumerate(class_names):
        is_class = labels == index
        lacking = [
            part for part in ("train", "val", "test") if not (is_class & (parts == part)).any()
        ]
        if lacking:
            num_groups = 0 if groups is None else len(np.unique(groups[is_class]))
            among = (
                "" if groups is None else f" in {num_groups} groups of one author or almost equal"
            )
            raise InputError(
                f"{name} has {is_class.sum()} posts{among}, too few: none is left for "
                f"{' and '.join(lacking)}. Give more posts of it, map it to another class in "
                "data.labels, correct its rows if their cells have slipped, or try another "
                "data.split_seed."
            )
