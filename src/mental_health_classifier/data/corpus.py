"""From a source of posts to a Corpus: prepared once, then opened."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd

from mental_health_classifier.console.progress import showing
from mental_health_classifier.contracts import PARTS, Corpus, InputError, Task
from mental_health_classifier.data.preparation_version import preparation_version
from mental_health_classifier.data.preparing.chunks import kept_column
from mental_health_classifier.data.preparing.division import divide_posts, read_leaks, read_parts
from mental_health_classifier.data.preparing.prepared_posts import (
    group_column,
    open_cells,
    open_posts,
    prepare_posts,
    read_about,
)
from mental_health_classifier.data.reading.auxiliary_labels import (
    TaskDeclaration,
    declared_tasks,
    kept_columns,
    label_posts,
)
from mental_health_classifier.data.reading.posts import Source
from mental_health_classifier.data.sample.files import write_sample_files
from mental_health_classifier.data.sample.grammar import SampleGrammar
from mental_health_classifier.data.sample.labels import read_sample_labelling
from mental_health_classifier.data.sample.phrases import read_sample_phrases
from mental_health_classifier.data.sample.posts import SCHEMA_VERSION
from mental_health_classifier.storage.cache import cache_key, cached_folder
from mental_health_classifier.storage.digests import content_digest

TRUNCATIONS = ("head", "tail", "head_tail")
NO_TASKS: Mapping[str, Any] = MappingProxyType({})


KEPT = "data.kept_columns"
"""The key that names further columns."""


class FileCorpus:
    """Posts in a table, in a folder of tables, or in the files of a public corpus.

    Args:
        name: what the corpus is called in tables.
        path, files, columns, labels, severity_levels: see `Source.of`.
        task_name: what the labels answer.
        priority_class: the class whose misses cost most, or None.
        truncate: which end of a post too long for a model is kept, one of TRUNCATIONS.
        shares, split_seed: see `split_posts`. The split has a seed of its own, so that runs that
            differ in `seed` are tested on the same posts.
        auxiliary_tasks: what else its columns answer, for a configuration to choose from.
        tasks: those that are learned, see `declared_tasks`.
        cache_dir: prepared posts are kept under it.
        num_workers: processes that prepare posts. None: one for each processor.
    """

    def __init__(
        self,
        *,
        name: str,
        path: str | None,
        files: Mapping[str, str] | None,
        columns: Mapping[str, str | Sequence[str] | None],
        labels: Mapping[str, str] | None,
        severity_levels: Mapping[str, int] | None,
        task_name: str,
        priority_class: str | None,
        truncate: str,
        shares: Mapping[str, float],
        split_seed: int,
        cache_dir: str,
        num_workers: int | None,
        # Runs recorded before there were any have none of these in their configuration.
        auxiliary_tasks: Mapping[str, Any] = NO_TASKS,
        tasks: Mapping[str, Any] = NO_TASKS,
        kept_columns: Sequence[str] = (),
    ) -> None:
        self.name = name
        self.path = path
        self.files = files
        self.columns = columns
        self.labels = labels
        self.severity_levels = severity_levels
        self.task_name = task_name
        self.priority_class = priority_class
        self.truncate = truncate
        self.shares = shares
        self.split_seed = split_seed
        self.tasks = declared_tasks(tasks, main_task=task_name, offered=auxiliary_tasks)
        self.kept_columns = kept_columns
        self.cache_dir = Path(cache_dir)
        self.num_workers = num_workers

    def read(self) -> Corpus:
        """Raises InputError for everything about the posts that does not fit the configuration."""
        source = Source.of(
            self.path,
            files=self.files,
            columns=self.columns,
            labels=self.labels,
            severity_levels=self.severity_levels,
            kept_columns=kept_columns(self.tasks) | dict.fromkeys(self.kept_columns, KEPT),
        )
        return read_corpus(
            source,
            name=self.name,
            task_name=self.task_name,
            priority_class=self.priority_class,
            truncate=self.truncate,
            shares=self.shares,
            split_seed=self.split_seed,
            tasks=self.tasks,
            kept_columns=self.kept_columns,
            cache_dir=self.cache_dir,
            num_workers=self.num_workers,
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
        truncate: str,
        shares: Mapping[str, float],
        split_seed: int,
        cache_dir: str,
        num_workers: int | None,
        # Runs recorded before there were any have none of these in their configuration.
        auxiliary_tasks: Mapping[str, Any] = NO_TASKS,
        tasks: Mapping[str, Any] = NO_TASKS,
        kept_columns: Sequence[str] = (),
    ) -> None:
        self.name = name
        self.size = size
        self.sample_seed = sample_seed
        self.grammar = SampleGrammar(**grammar)  # pyright: ignore[reportArgumentType]
        self.task_name = task_name
        self.priority_class = priority_class
        self.truncate = truncate
        self.shares = shares
        self.split_seed = split_seed
        self.tasks = declared_tasks(tasks, main_task=task_name, offered=auxiliary_tasks)
        self.kept_columns = kept_columns
        self.cache_dir = Path(cache_dir)
        self.num_workers = num_workers

    def read(self) -> Corpus:
        """Raises InputError for a grammar or size that cannot be used."""
        versions = ".".join(
            map(
                str,
                (SCHEMA_VERSION, read_sample_phrases().version, read_sample_labelling().version),
            )
        )
        name = cache_key(versions, str(self.size), str(self.sample_seed), repr(self.grammar))
        folder = cached_folder(self.cache_dir / "sample_posts" / name, self._make_posts)
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        # The file beside it that knows the true classes is never opened here.
        source = Source.of(
            str(folder / "sample.csv"),
            files=None,
            columns={},
            labels=None,
            severity_levels=None,
            kept_columns=kept_columns(self.tasks) | dict.fromkeys(self.kept_columns, KEPT),
        )
        return read_corpus(
            source,
            name=self.name,
            task_name=self.task_name,
            priority_class=self.priority_class,
            truncate=self.truncate,
            shares=self.shares,
            split_seed=self.split_seed,
            tasks=self.tasks,
            kept_columns=self.kept_columns,
            cache_dir=self.cache_dir,
            num_workers=self.num_workers,
            is_synthetic=True,
            ceilings={kind: manifest["ceilings"][kind] for kind in ("sequence", "bag_of_words")},
        )

    def _make_posts(self, folder: Path) -> None:
        with showing("Making sample posts"):
            write_sample_files(folder, size=self.size, seed=self.sample_seed, grammar=self.grammar)


def read_corpus(
    source: Source,
    *,
    name: str,
    task_name: str,
    priority_class: str | None,
    truncate: str,
    shares: Mapping[str, float],
    split_seed: int,
    tasks: Sequence[TaskDeclaration],
    kept_columns: Sequence[str],
    cache_dir: Path,
    num_workers: int | None,
    is_synthetic: bool,
    ceilings: Mapping[str, float] | None,
) -> Corpus:
    """Prepares and divides posts, or opens what an earlier run prepared.

    Raises:
        InputError: the posts cannot be used, are too few for the parts, or do not answer a task.
    """
    if truncate not in TRUNCATIONS:
        raise InputError(
            f"data.truncate={truncate}: one of {', '.join(TRUNCATIONS)} was expected. Change it."
        )
    posts_key = _posts_key(source, cache_dir)
    prepared = cached_folder(
        cache_dir / "posts" / posts_key,
        lambda folder: prepare_posts(folder, source, num_workers=num_workers),
    )
    about = read_about(prepared)
    parts_key = cache_key(
        posts_key, json.dumps({k: float(v) for k, v in shares.items()}), str(split_seed)
    )
    divided = cached_folder(
        cache_dir / "parts" / parts_key,
        lambda folder: divide_posts(folder, prepared, shares=shares, split_seed=split_seed),
    )
    # Not before: it names the classes, and what slipped into the column is found by dividing.
    task = Task(task_name, tuple(about["class_names"]), priority_class)
    severity = ["severity"] if about["has_severity"] else []
    groups = [group_column(name) for name in about["groups"]]
    kept = [kept_column(name) for name in kept_columns]
    posts = open_posts(
        prepared, ["id", "text", "label", "author", "group", *severity, *groups, *kept]
    )
    posts["part"] = pd.Categorical.from_codes(
        read_parts(divided), dtype=pd.CategoricalDtype(list(PARTS))
    )
    leaks = read_leaks(divided)
    is_train = (posts["part"] == "train").to_numpy()
    auxiliary = [
        label_posts(declaration, *open_cells(prepared, declaration.column), is_train=is_train)
        for declaration in tasks
    ]
    return Corpus(
        name=name,
        posts=posts,
        task=task,
        fingerprint=about["fingerprint"],
        key=parts_key,
        account={**about["account"], "near_duplicates": leaks["near_duplicates"]},
        warnings=leaks["warnings"],
        is_synthetic=is_synthetic,
        truncate=truncate,
        ceilings=ceilings,
        auxiliary_tasks=[each for each, _ in auxiliary],
        auxiliary_labels={each.name: labels for each, labels in auxiliary},
    )


def _posts_key(source: Source, cache_dir: Path) -> str:
    """Names the posts by what the files hold, how they are read, and the code that reads them."""
    digests = []
    for file, _ in source.files:
        place = Path(file).resolve()
        memo = cache_dir / "digests" / f"{cache_key(str(place))}.json"
        digests.append(content_digest(place, memo=memo))
    reading = {
        "names": list(source.names),
        "parts": [part for _, part in source.files],
        "columns": {role: name for role, name in source.columns.items() if name is not None},
        "labels": source.labels,
        "severity_levels": source.severity_levels,
        "kept_columns": list(source.kept_columns),
    }
    return cache_key(preparation_version(), *digests, json.dumps(reading))
