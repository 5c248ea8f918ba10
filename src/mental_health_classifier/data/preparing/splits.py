"""The split into train, val, calibration and test, and a count of what leaks across it.

Parts and folds that we make share no author and no near-duplicate; parts that a corpus ships may.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from mental_health_classifier.console.progress import showing
from mental_health_classifier.console.wording import count
from mental_health_classifier.contracts import PARTS, InputError
from mental_health_classifier.data.preparing.prepared_posts import open_posts, read_about

FOLDS = 20
SHARES = {"train": 0.60, "val": 0.10, "calibration": 0.15, "test": 0.15}
SPLIT_SEED = 1
"""As conf/data/_corpus.yaml has them, for a survey that foretells what training will say."""
# Above it groups are divided in bundles: the splitter weighs every fold for every group in Python.
_MAX_UNITS = 4000
_PARTS = "parts.npy"
_LEAKS = "leaks.json"
_COLUMNS = ("label", "author", "shipped_part", "cluster", "leak_group", "file", "row")
_SHOWN = 5


class Fold(NamedTuple):
    """One of several parts of all posts, of which each is tested on once."""

    number: int
    """From 1 to `of`."""
    of: int


def divide_posts(
    folder: Path,
    prepared: Path,
    *,
    shares: Mapping[str, float],
    split_seed: int,
    fold: Fold | None = None,
) -> None:
    """Writes what `read_parts` and `read_leaks` read into `folder`.

    Args:
        folder: to write to.
        prepared: folder of `prepare_posts`.
        shares, split_seed: see `split_posts`.
        fold: what is tested on, whatever the corpus ships. None: a part is, see `split_posts`.

    Raises:
        InputError: the posts are too few for the parts.
    """
    posts, about = open_posts(prepared, _COLUMNS), read_about(prepared)
    is_passed_over = fold is not None and bool((posts["shipped_part"] >= 0).any())
    if fold is not None:
        posts["shipped_part"] = np.int8(-1)
    labels, shipped = posts["label"].to_numpy(), posts["shipped_part"].to_numpy()
    with showing("Dividing posts"):
        parts = usable_parts(
            labels=labels,
            leak_groups=posts["leak_group"].to_numpy(),
            shipped=shipped,
            class_names=_names_for_messages(posts, about),
            shares=shares,
            seed=split_seed,
            fold=fold,
        )
    codes = pd.Index(PARTS).get_indexer(pd.Index(parts)).astype(np.int8)
    np.save(folder / _PARTS, codes, allow_pickle=False)
    leaks = count_leaks(posts, codes, texts_in_several_parts=about["texts_in_several_parts"])
    if is_passed_over:
        leaks["warnings"].append(
            "The corpus ships a split, which data.fold passes over: all of its posts were divided "
            "anew, so numbers are not those of the shipped test part."
        )
    (folder / _LEAKS).write_text(json.dumps(leaks), encoding="utf-8")


def usable_parts(
    *,
    labels: np.ndarray,
    leak_groups: np.ndarray,
    shipped: np.ndarray,
    class_names: Sequence[str],
    shares: Mapping[str, float],
    seed: int,
    fold: Fold | None = None,
) -> np.ndarray:
    """What `split_posts` returns, where it passes `require_classes`.

    Args:
        leak_groups: a number for each post, shape `(n,)`; all may differ.
        shipped: place in PARTS of the part each post is shipped in, -1 for none, shape `(n,)`.

    Raises:
        InputError: the posts are too few for the parts.
    """
    groups = leak_groups if len(np.unique(leak_groups)) < len(leak_groups) else None
    parts = split_posts(
        labels=labels,
        leak_groups=groups,
        shipped_parts=np.array([*PARTS, None], dtype=object)[shipped],
        shares=shares,
        seed=seed,
        fold=fold,
    )
    require_classes(
        parts=parts,
        labels=labels,
        leak_groups=groups,
        class_names=class_names,
        shipped=[part for place, part in enumerate(PARTS) if (shipped == place).any()],
    )
    return parts


def split_posts(
    *,
    labels: np.ndarray,
    leak_groups: np.ndarray | None,
    shipped_parts: Sequence[str | None] | np.ndarray,
    shares: Mapping[str, float],
    seed: int,
    fold: Fold | None = None,
) -> np.ndarray:
    """Gives every post a part, with the classes in like shares everywhere and each group in one
    part alone.

    Posts that the corpus ships in a part stay there; parts that it does not ship are carved out of
    its train part, in the proportions of `shares`.

    Args:
        labels: class index of each post, shape `(n,)`.
        leak_groups: what must stay together (the posts of an author, near-duplicates) as integers,
            shape `(n,)`. None: every post by itself.
        shipped_parts: the part each post is shipped in, or None, length n.
        shares: share of the posts for each part, in steps of 1/20, summing to one.
        seed: chooses among the splits that satisfy all this.
        fold: the test part; the other parts are carved out of all other folds, in the proportions
            of `shares`. None: `shares` say how large the test part is.

    Returns:
        Names of parts, shape `(n,)`.

    Raises:
        InputError: shares that do not fit, or too few posts or groups for the parts.
    """
    folds_of = _folds_of_parts(shares)
    parts = np.array([part or "train" for part in shipped_parts], dtype=object)
    if fold is not None:
        folds = {str(number): 1 for number in range(1, fold.of + 1)}
        parts[_carve(labels, leak_groups, folds, seed) == str(fold.number)] = "test"
    is_open = parts == "train"
    missing = [part for part in PARTS if part == "train" or not (parts == part).any()]
    if len(missing) > 1:
        parts[is_open] = _carve(
            labels[is_open],
            None if leak_groups is None else leak_groups[is_open],
            {p: folds_of[p] for p in missing},
            seed,
        )
    return parts


def _folds_of_parts(shares: Mapping[str, float]) -> dict[str, int]:
    """Each part as a number of the FOLDS folds."""
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
    labels: np.ndarray, leak_groups: np.ndarray | None, folds_of: Mapping[str, int], seed: int
) -> np.ndarray:
    """Splits posts into folds and gives each part as many as it is due."""
    num_folds = sum(folds_of.values())
    units = len(labels) if leak_groups is None else len(np.unique(leak_groups))
    if units < num_folds:
        what = (
            "posts" if leak_groups is None else "groups of posts (of one author, or almost equal)"
        )
        raise InputError(
            f"{units} {what} are too few for the parts {', '.join(folds_of)}: {num_folds} at "
            "least are needed to divide them by data.shares or data.num_folds. Give more posts."
        )
    splitter = StratifiedKFold if leak_groups is None else StratifiedGroupKFold
    bundles = None if leak_groups is None else _bundle(leak_groups, seed)
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


def _bundle(leak_groups: np.ndarray, seed: int) -> np.ndarray:
    """Puts groups together at random when there are many. Bundles of many groups have nearly the
    same classes, so the parts stay as even as with single groups."""
    _, codes = np.unique(leak_groups, return_inverse=True)
    num_groups = codes.max() + 1
    if num_groups <= _MAX_UNITS:
        return codes
    return (np.random.default_rng(seed).permutation(num_groups) % _MAX_UNITS)[codes]


def require_classes(
    *,
    parts: np.ndarray,
    labels: np.ndarray,
    leak_groups: np.ndarray | None,
    class_names: Sequence[str],
    shipped: Sequence[str] = (),
) -> None:
    """Raises InputError when a class is absent where a model is trained, chosen or tested.

    Args:
        shipped: parts that the corpus ships, which no other way of dividing posts fills.
        class_names: what a message calls each class: a name that only the file knows may be a post
            or an author in a wrong column.
    """
    for index, name in enumerate(class_names):
        is_class = labels == index
        lacking = [
            part for part in ("train", "val", "test") if not (is_class & (parts == part)).any()
        ]
        if given := [part for part in lacking if part != "train" and part in shipped]:
            raise InputError(
                f"{name} has {count(int(is_class.sum()), 'post')}, none of them in "
                f"{', '.join(given)}, which the corpus ships. Move some there, map the class to "
                "another one in data.labels, or have all posts divided anew: "
                "data.columns.split=[], or one file that holds them all."
            )
        if lacking:
            among = ""
            if leak_groups is not None:
                groups = count(len(np.unique(leak_groups[is_class])), "group")
                among = f" in {groups} of one author or almost equal"
            raise InputError(
                f"{name} has {count(int(is_class.sum()), 'post')}{among}, too few: none is left "
                f"for {', '.join(lacking)}. Give more posts of it, map it to another class in "
                "data.labels, correct its rows if their cells have slipped, or try another "
                "data.split_seed, or fewer data.num_folds where these are used."
            )


def _names_for_messages(posts: pd.DataFrame, about: Mapping[str, Any]) -> list[str]:
    """What to call each class: by its name where the configuration gives it, else by its posts."""
    if about["are_names_given"]:
        return [f"Class {name!r}" for name in about["class_names"]]
    called = []
    for label in range(len(about["class_names"])):
        first = posts.loc[posts["label"] == label, ["file", "row"]].head(_SHOWN)
        rows = [f"{about['files'][file]}:{row}" for file, row in first.itertuples(index=False)]
        called.append(f"The class of {', '.join(rows)}")
    return called


def read_parts(folder: Path) -> np.ndarray:
    """Place in PARTS of each post's part, int8, shape `(posts,)`."""
    return np.load(folder / _PARTS, allow_pickle=False)


def read_leaks(folder: Path) -> dict[str, Any]:
    """The keys that `count_leaks` returns."""
    return json.loads((folder / _LEAKS).read_text(encoding="utf-8"))


def count_leaks(
    posts: pd.DataFrame, parts: np.ndarray, *, texts_in_several_parts: int
) -> dict[str, Any]:
    """How far the parts know each other.

    Args:
        posts: label, author, shipped_part, cluster and leak_group, as `open_posts` returns them.
        parts: place in PARTS of each post's part, shape `(posts,)`.
        texts_in_several_parts: exact texts that the corpus shipped in more than one part.

    Returns:
        `near_duplicates` (posts that have one, clusters of them, clusters in several parts, and
        clusters with several labels), and `warnings`.
    """
    frame = posts[["cluster", "label"]].assign(part=parts)
    frame = frame[frame["cluster"].duplicated(keep=False)]
    clusters = frame.groupby("cluster").nunique()
    near_duplicates = {
        "posts": len(frame),
        "clusters": len(clusters),
        "clusters_in_several_parts": int((clusters["part"] > 1).sum()),
        "clusters_with_several_labels": int((clusters["label"] > 1).sum()),
    }
    is_shipped = bool((posts["shipped_part"] >= 0).any())
    warnings = []
    known = posts["author"].notna().to_numpy()
    if not known.any():
        origin = "the shipped" if is_shipped else "a random"
        warnings.append(
            f"Authors are not known: {origin} split may have posts of one author on both sides, "
            "which makes scores look better than they are on new authors."
        )
    elif is_shipped:
        authors = pd.factorize(posts["author"][known])[0]
        crossing = int((pd.Series(parts[known]).groupby(authors).nunique() > 1).sum())
        if crossing:
            warnings.append(
                f"{count(crossing, 'author')} with posts in more than one part, because the corpus "
                "ships its split: scores may look better than they are on new authors."
            )
    if crossing := near_duplicates["clusters_in_several_parts"]:
        warnings.append(
            f"Near-duplicates are in more than one part (clusters: {crossing}), because the corpus "
            "ships its split: scores may look better than they are on new posts."
        )
    largest = int(posts["leak_group"].value_counts().iloc[0])
    if largest > len(posts) / FOLDS:
        warnings.append(
            f"Authors and near-duplicates link {largest:,} of {len(posts):,} posts into one group, "
            "which has to stay in one part: the parts may not have the shares of data.shares."
        )
    if texts_in_several_parts:
        warnings.append(
            f"Texts that were shipped in more than one part: {texts_in_several_parts}. Each was "
            "kept in the last of its parts, or left out of all where its labels conflict; scores "
            "published on the shipped parts still hold this leak."
        )
    return {"near_duplicates": near_duplicates, "warnings": warnings}
