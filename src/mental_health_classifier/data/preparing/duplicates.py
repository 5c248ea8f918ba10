"""Posts whose text occurs more than once: one is kept, or none where labels conflict."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd


class Duplicates(NamedTuple):
    """Places of posts that are left out, each kind in ascending order."""

    conflicting: np.ndarray
    """The text occurs under several labels: none of its posts is kept."""
    crossing: np.ndarray
    """The text is kept in another part."""
    repeated: np.ndarray
    num_crossing_texts: int
    """Texts that the corpus ships in more than one part, whatever their labels."""


def find_duplicates(
    text_hashes: np.ndarray, labels: np.ndarray, shipped_parts: np.ndarray
) -> Duplicates:
    """Keeps one of each text and none of those that carry two labels.

    Of equal texts in two shipped parts the later part's stays, so that a shipped test part keeps
    its posts and training loses the leak.

    Args:
        text_hashes: equal for equal texts, shape `(posts,)`.
        labels: class of each post as a number, shape `(posts,)`.
        shipped_parts: place in PARTS, -1 for none, shape `(posts,)`.
    """
    posts = pd.DataFrame({"text": text_hashes, "label": labels, "part": shipped_parts})
    posts = posts[posts["text"].duplicated(keep=False)]
    texts = posts.groupby("text", sort=False)
    has_conflict = texts["label"].transform("nunique") > 1
    agreeing = posts[~has_conflict]
    # Sorting is stable, so that of one part the first post stays.
    latest = agreeing.sort_values("part", ascending=False, kind="stable")
    kept = latest.drop_duplicates("text")
    left_out = agreeing.drop(index=kept.index)
    kept_part = left_out["text"].map(kept.set_index("text")["part"])
    crosses = (left_out["part"] != kept_part).to_numpy()
    return Duplicates(
        conflicting=posts.index[has_conflict].to_numpy(),
        crossing=np.sort(left_out.index[crosses].to_numpy()),
        repeated=np.sort(left_out.index[~crosses].to_numpy()),
        num_crossing_texts=int((texts["part"].nunique() > 1).sum()),
    )
