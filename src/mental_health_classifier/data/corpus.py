"""FileCorpus and what every corpus is configured with: prepared once, then opened."""

# Annotations are left as they are, not turned into text: what inherits the settings elsewhere is
# asked for their types.

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, get_args

import pandas as pd
from annotated_types import Interval

from mental_health_classifier.contracts import PARTS, Corpus, InputError, Task
from mental_health_classifier.contracts.ranges import NumberAsName, Seed, SmallCount
from mental_health_classifier.data.preparation_version import preparation_version
from mental_health_classifier.data.preparing.chunks import kept_column
from mental_health_classifier.data.preparing.groups import group_column
from mental_health_classifier.data.preparing.prepared_posts import (
    open_cells,
    open_posts,
    prepare_posts,
    read_about,
)
from mental_health_classifier.data.preparing.splits import (
    Fold,
    divide_posts,
    read_leaks,
    read_parts,
)
from mental_health_classifier.data.reading.auxiliary_labels import (
    TaskDeclaration,
    declared_tasks,
    kept_columns,
    label_posts,
)
from mental_health_classifier.data.reading.source import UNLABELLED, Source
from mental_health_classifier.data.reading.spellings import spelled_as
from mental_health_classifier.data.reading.tables import has_labels
from mental_health_classifier.data.tokens.windows import MAX_WINDOWS, Truncation
from mental_health_classifier.storage.cache import cache_key, cached_folder
from mental_health_classifier.storage.digests import content_digest

MAX_FOLDS = 100


@dataclass(frozen=True, kw_only=True)
class CorpusSettings:
    """Settings of every corpus, and how its source becomes a Corpus."""

    name: str
    """What the corpus is called in tables."""
    task_name: str
    """What the labels answer."""
    priority_class: str | bool | NumberAsName | None
    """The class whose misses cost most, in any spelling of it (1, 1.0, True, Suicide). None: no
    class matters more than the others."""
    truncate: Truncation
    """How much of a post too long for a model is read."""
    window_overlap: Annotated[int, Interval(ge=0, le=2**20)] | None = None
    """Tokens that a window has in common with the one before it. None: a quarter of a window."""
    max_windows: SmallCount = MAX_WINDOWS
    """Of a post; what follows them is not read."""
    shares: Mapping[str, float]
    split_seed: Seed
    """See `split_posts`. The split has a seed of its own, so that runs that differ in `seed` are
    tested on the same posts."""
    fold: Annotated[int, Interval(ge=1, le=MAX_FOLDS)] | None = None
    """From 1 to `num_folds`: this fold of all posts is tested on, and the other parts are made of
    the others. None: one split, by `shares`, or as the corpus ships it."""
    num_folds: Annotated[int, Interval(ge=2, le=MAX_FOLDS)] = 5
    """Folds share no author and no near-duplicate, and have like shares of the classes. All runs of
    one `split_seed` have the same ones."""
    cache_dir: str
    """Prepared posts are kept under it."""
    num_workers: SmallCount | None
    """Processes that prepare posts. None: one for each processor."""
    # Runs recorded before there were any have none of these in their configuration.
    auxiliary_tasks: Mapping[str, Any] = field(default_factory=dict)
    """What else its columns answer, for a configuration to choose from."""
    tasks: Mapping[str, Any] = field(default_factory=dict)
    """Those that are learned, see `declared_tasks`."""
    kept_columns: Sequence[str] = ()
    """Further columns, for what reads them."""
    are_labels_needed: bool = True
    """false: a file without a column of labels will do, for what learns from texts alone."""

    def __post_init__(self) -> None:
        """Raises InputError where there is no such fold."""
        if self.fold is not None and self.fold > self.num_folds:
            raise InputError(
                f"data.fold={self.fold}: expected 1 to data.num_folds={self.num_folds}. Change one "
                "of them; sweep=folds trains on each."
            )

    @property
    def declarations(self) -> list[TaskDeclaration]:
        """The tasks beside the main one."""
        return declared_tasks(self.tasks, main_task=self.task_name, offered=self.auxiliary_tasks)

    @property
    def needed_columns(self) -> dict[str, str]:
        """Columns to be kept as they are, each with the key that names it."""
        further = dict.fromkeys(self.kept_columns, "data.kept_columns")
        return kept_columns(self.declarations) | further

    def corpus_of(
        self,
        source: Source,
        *,
        is_synthetic: bool = False,
        ceilings: Mapping[str, float] | None = None,
    ) -> Corpus:
        """Prepares and divides posts, or opens what an earlier run prepared.

        Args:
            is_synthetic, ceilings: see `Corpus`.

        Raises:
            InputError: the posts cannot be used, are too few for the parts, or do not answer a
                task.
        """
        if self.truncate not in get_args(Truncation):
            raise InputError(
                f"data.truncate={self.truncate}: one of {', '.join(get_args(Truncation))} was "
                "expected. Change it."
            )
        cache_dir, shares = Path(self.cache_dir), self.shares
        posts_key = _posts_key(source, cache_dir)
        prepared = cached_folder(
            cache_dir / "posts" / posts_key,
            lambda folder: prepare_posts(folder, source, num_workers=self.num_workers),
        )
        about = read_about(prepared)
        fold = None if self.fold is None else Fold(self.fold, self.num_folds)
        parts_key = cache_key(
            posts_key,
            json.dumps({k: float(v) for k, v in shares.items()}),
            str(self.split_seed),
            *(() if fold is None else map(str, fold)),
        )
        divided = cached_folder(
            cache_dir / "parts" / parts_key,
            lambda folder: divide_posts(
                folder, prepared, shares=shares, split_seed=self.split_seed, fold=fold
            ),
        )
        # Not before: it names the classes, and what slipped into the column is found by dividing.
        names = tuple(about["class_names"])
        priority = spelled_as(self.priority_class, names)
        task = Task.categorical(self.task_name, names, priority)
        severity = ["severity"] if about["has_severity"] else []
        groups = [group_column(name) for name in about["groups"]]
        kept = [kept_column(name) for name in self.kept_columns]
        posts = open_posts(
            prepared, ["id", "text", "label", "author", "leak_group", *severity, *groups, *kept]
        )
        posts["part"] = pd.Categorical.from_codes(
            read_parts(divided), dtype=pd.CategoricalDtype(list(PARTS))
        )
        leaks = read_leaks(divided)
        is_train = (posts["part"] == "train").to_numpy()
        auxiliary = [
            label_posts(declaration, *open_cells(prepared, declaration.column), is_train=is_train)
            for declaration in self.declarations
        ]
        return Corpus(
            name=self.name,
            posts=posts,
            task=task,
            fingerprint=about["fingerprint"],
            key=parts_key,
            account={**about["account"], "near_duplicates": leaks["near_duplicates"]},
            warnings=[*about["warnings"], *leaks["warnings"]],
            is_synthetic=is_synthetic,
            truncate=self.truncate,
            ceilings=ceilings,
            auxiliary_tasks=[each for each, _ in auxiliary],
            auxiliary_labels={each.name: labels for each, labels in auxiliary},
        )


@dataclass(frozen=True, kw_only=True)
class FileCorpus(CorpusSettings):
    """Posts in a table, in a folder of tables, or in the files of a public corpus.

    The settings of its own: see `Source.of`.
    """

    path: str | None
    files: Mapping[str, str] | None
    columns: Mapping[str, str | Sequence[str] | None]
    labels: Mapping[str, str] | Sequence[str] | None
    severity_levels: Mapping[str, int] | None
    encoding: str | None = None

    def read(self) -> Corpus:
        """Raises InputError for everything about the posts that does not fit the configuration."""
        columns, labels = self.columns, self.labels
        if not self.are_labels_needed and not has_labels(
            self.path, self.files, columns, self.encoding
        ):
            columns, labels = {**columns, "label": []}, UNLABELLED
        source = Source.of(
            self.path,
            files=self.files,
            columns=columns,
            labels=labels,
            severity_levels=self.severity_levels,
            kept_columns=self.needed_columns,
            encoding=self.encoding,
        )
        return self.corpus_of(source)


def _posts_key(source: Source, cache_dir: Path) -> str:
    """Names the posts by what the files hold, how they are read, and the code that reads them."""
    digests = []
    for file, _ in source.files:
        place = file.path.resolve()
        memo = cache_dir / "digests" / f"{cache_key(str(place))}.json"
        digests.append(content_digest(place, memo=memo))
    reading = {
        "names": [(file.path.name, file.name) for file, _ in source.files],
        "parts": [part for _, part in source.files],
        "columns": {role: name for role, name in source.columns.items() if name is not None},
        "labels": source.labels,
        "severity_levels": source.severity_levels,
        "kept_columns": list(source.kept_columns),
        "unread_folders": source.unread_folders,
    }
    if encoding := source.files[0][0].encoding:  # that of all of them
        reading["encoding"] = encoding
    return cache_key(preparation_version(), *digests, json.dumps(reading))
