"""Prepared posts are divided into parts, and what leaks from part to part is counted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mental_health_classifier.console.progress import showing
from mental_health_classifier.contracts import PARTS
from mental_health_classifier.data.preparing.prepared_posts import open_posts, read_about
from mental_health_classifier.data.preparing.splits import FOLDS, require_classes, split_posts

_PARTS = "parts.npy"
_LEAKS = "leaks.json"
_COLUMNS = ("label", "author", "shipped_part", "cluster", "group", "file", "row")
_SHOWN = 5


def divide_posts(
    folder: Path, prepared: Path, *, shares: Mapping[str, float], split_seed: int
) -> None:
    """Writes what `read_parts` and `read_leaks` read into `folder`.

    Args:
        folder: to write to.
        prepared: folder of `prepare_posts`.
        shares, split_seed: see `split_posts`.

    Raises:
        InputError: the posts are too few for the parts.
    """
    posts, about = open_posts(prepared, _COLUMNS), read_about(prepared)
    labels, shipped = posts["label"].to_numpy(), posts["shipped_part"].to_numpy()
    groups = posts["group"].to_numpy() if posts["group"].duplicated().any() else None
    with showing("Dividing posts"):
        parts = split_posts(
            labels=labels,
            groups=groups,
            shipped_parts=np.array([*PARTS, None], dtype=object)[shipped],
            shares=shares,
            seed=split_seed,
        )
    require_classes(
        parts=parts, labels=labels, groups=groups, class_names=_names_for_messages(posts, about)
    )
    codes = pd.Index(PARTS).get_indexer(pd.Index(parts)).astype(np.int8)
    np.save(folder / _PARTS, codes, allow_pickle=False)
    leaks = count_leaks(posts, codes, texts_in_several_parts=about["texts_in_several_parts"])
    (folder / _LEAKS).write_text(json.dumps(leaks), encoding="utf-8")


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
        posts: label, author, shipped_part, cluster and group, as `open_posts` returns them.
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
                f"{crossing} authors have posts in more than one part, because the corpus ships "
                "its split: scores may look better than they are on new authors."
            )
    if crossing := near_duplicates["clusters_in_several_parts"]:
        warnings.append(
            f"Near-duplicates are in more than one part (clusters: {crossing}), because the corpus "
            "ships its split: scores may look better than they are on new posts."
        )
    largest = int(posts["group"].value_counts().iloc[0])
    if largest > len(posts) / FOLDS:
        warnings.append(
            f"Authors and near-duplicates link {largest:,} of {len(posts):,} posts into one group, "
            "which has to stay in one part: the parts may not have the shares of data.shares."
        )
    if texts_in_several_parts:
        warnings.append(
            f"{texts_in_several_parts} texts were shipped in more than one part. Each was kept in "
            "the last of its parts, or left out of all where its labels conflict; scores published "
            "on the shipped parts still hold this leak."
        )
    return {"near_duplicates": near_duplicates, "warnings": warnings}
