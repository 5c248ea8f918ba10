"""From a source of posts to a Corpus: read, named by keyed hashes, divided into parts, leaks
accounted for."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from mental_health_classifier.contracts import Corpus, Task
from mental_health_classifier.data.identity import fingerprint_and_key, keyed_hash
from mental_health_classifier.data.posts import Account, Post, read_posts
from mental_health_classifier.data.sample_grammar import SampleGrammar
from mental_health_classifier.data.sample_phrases import read_sample_phrases
from mental_health_classifier.data.sample_posts import SCHEMA_VERSION, write_sample_posts
from mental_health_classifier.data.splits import require_classes, split_posts
from mental_health_classifier.data.token_cache import cache_key


class FileCorpus:
    """Posts in a table, or in the files of a public corpus.

    Args:
        name: what the corpus is called in tables.
        path, files, columns, labels: see `read_posts`.
        task_name: what the labels answer.
        priority_class: the class whose misses cost most, or None.
        shares, split_seed: see `split_posts`. The split has a seed of its own, so that runs that
            differ in `seed` are tested on the same posts.
    """

    def __init__(
        self,
        *,
        name: str,
        path: str | None,
        files: Mapping[str, str] | None,
        columns: Mapping[str, str | Sequence[str] | None],
        labels: Mapping[str, str] | None,
        task_name: str,
        priority_class: str | None,
        shares: Mapping[str, float],
        split_seed: int,
    ) -> None:
        self.name = name
        self.path = path
        self.files = files
        self.columns = columns
        self.labels = labels
        self.task_name = task_name
        self.priority_class = priority_class
        self.shares = shares
        self.split_seed = split_seed

    def read(self) -> Corpus:
        """Raises InputError for everything about the posts that does not fit the configuration."""
        posts, account = read_posts(
            self.path, files=self.files, columns=self.columns, labels=self.labels
        )
        return divide(
            posts,
            account,
            name=self.name,
            task=Task(self.task_name, class_names(posts, self.labels), self.priority_class),
            shares=self.shares,
            split_seed=self.split_seed,
            is_synthetic=False,
            ceilings=None,
        )


class SampleCorpus:
    """Synthetic posts that come with the accuracy no model can exceed; made once, then read like
    any file.

    Args:
        size: how many posts.
        sample_seed: chooses the posts.
        grammar: how posts are made, see `SampleGrammar`.
        cache_dir: the posts are kept under it.
        The others: see `FileCorpus`.
    """

    def __init__(
        self,
        *,
        name: str,
        size: int,
        sample_seed: int,
        grammar: Mapping[str, object],
        task_name: str,
        priority_class: str | None,
        shares: Mapping[str, float],
        split_seed: int,
        cache_dir: str,
    ) -> None:
        self.name = name
        self.size = size
        self.sample_seed = sample_seed
        self.grammar = SampleGrammar(**grammar)  # pyright: ignore[reportArgumentType]
        self.task_name = task_name
        self.priority_class = priority_class
        self.shares = shares
        self.split_seed = split_seed
        self.folder = Path(cache_dir) / "sample_posts"

    def read(self) -> Corpus:
        """Raises InputError for a grammar or size that cannot be used."""
        versions = f"{SCHEMA_VERSION}.{read_sample_phrases().version}"
        folder = self.folder / cache_key(
            versions, str(self.size), str(self.sample_seed), repr(self.grammar)
        )
        if not (folder / "manifest.json").exists():
            write_sample_posts(folder, size=self.size, seed=self.sample_seed, grammar=self.grammar)
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        # The file beside it that knows the true classes is never opened here.
        posts, account = read_posts(str(folder / "sample.csv"), files=None, columns={}, labels=None)
        return divide(
            posts,
            account,
            name=self.name,
            task=Task(self.task_name, class_names(posts, None), self.priority_class),
            shares=self.shares,
            split_seed=self.split_seed,
            is_synthetic=True,
            ceilings={kind: manifest["ceilings"][kind] for kind in ("sequence", "bag_of_words")},
        )


def class_names(posts: Sequence[Post], labels: Mapping[str, str] | None) -> tuple[str, ...]:
    """The classes that occur, in the order of the label map, else by name."""
    found = {post.label for post in posts}
    if labels is None:
        return tuple(sorted(found))
    return tuple(name for name in dict.fromkeys(map(str, labels.values())) if name in found)


def divide(
    posts: Sequence[Post],
    account: Account,
    *,
    name: str,
    task: Task,
    shares: Mapping[str, float],
    split_seed: int,
    is_synthetic: bool,
    ceilings: Mapping[str, float] | None,
) -> Corpus:
    """Divides posts into parts and replaces ids and authors by keyed hashes.

    Raises:
        InputError: the posts are too few for the parts.
    """
    fingerprint, key = fingerprint_and_key(
        (post.text, post.label, post.author or "", post.part or "") for post in posts
    )
    labels = np.array([task.class_names.index(post.label) for post in posts], dtype=np.int64)
    # A post without a known author stands for itself.
    group_names = [post.author or f"post {index}" for index, post in enumerate(posts)]
    has_authors = any(post.author for post in posts)
    groups = pd.factorize(np.array(group_names, dtype=object))[0] if has_authors else None
    shipped_parts = [post.part for post in posts]
    parts = split_posts(
        labels=labels, groups=groups, shipped_parts=shipped_parts, shares=shares, seed=split_seed
    )
    require_classes(parts=parts, labels=labels, groups=groups, class_names=task.class_names)
    return Corpus(
        name=name,
        posts=pd.DataFrame(
            {
                "id": [keyed_hash(post.id, key) for post in posts],
                "text": [post.text for post in posts],
                "label": labels,
                "author": [keyed_hash(p.author, key) if p.author else None for p in posts],
                "part": parts,
            }
        ),
        task=task,
        fingerprint=fingerprint,
        account=account.describe(),
        warnings=_warnings(groups, parts, is_shipped=any(shipped_parts)),
        is_synthetic=is_synthetic,
        ceilings=ceilings,
    )


def _warnings(groups: np.ndarray | None, parts: np.ndarray, *, is_shipped: bool) -> list[str]:
    if groups is None:
        origin = "the shipped" if is_shipped else "a random"
        return [
            f"Authors are not known: {origin} split may have posts of one author on both sides, "
            "which makes scores look better than they are on new authors."
        ]
    crossing = pd.Series(parts).groupby(groups).nunique() > 1
    if not crossing.any():
        return []
    return [
        f"{int(crossing.sum())} authors have posts in more than one part, because the corpus "
        "ships its split: scores may look better than they are on new authors."
    ]
