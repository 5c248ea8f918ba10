"""Reader of a run's record, whatever state that is in."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import orjson

from mental_health_classifier.contracts import InputError
from mental_health_classifier.contracts.pretraining import is_pretraining
from mental_health_classifier.storage.files import read_json
from mental_health_classifier.tracking.record.annotations import (
    NOTHING_SAID,
    Annotations,
    read_annotations,
)
from mental_health_classifier.tracking.record.attempts import latest_attempt, life_of
from mental_health_classifier.tracking.record.failures import problem_in_words
from mental_health_classifier.tracking.record.record_shape import DATA, END, RUN
from mental_health_classifier.tracking.record.shapes import Shape

EXTERNAL = "external"
"""Key of a configuration that says what a run's predictions are that another program made."""
EXPORTED = "exported"
"""Key of a configuration that says which run an exported model is of."""
Status = Literal[
    "completed", "failed", "interrupted", "pruned", "running", "killed", "damaged", "unknown"
]


ENDED = ("completed", "failed", "interrupted", "pruned")
"""What a run itself says of its end."""


@dataclass(frozen=True, slots=True)
class RunSummary:
    """What the record of one run says. Missing facts are None or empty, never an invented value."""

    directory: Path
    status: Status
    """completed, failed and interrupted: written by the run itself. pruned: too, since a search
    ended it before its time. running: its process lives.
    killed: its process is gone without a word. damaged: see `problems`. unknown: the process was on
    another machine, see `life_of`."""
    run: Mapping[str, Any] = field(default_factory=dict)
    """run.json; empty where it is damaged."""
    data: Mapping[str, Any] = field(default_factory=dict)
    """data.json; empty where the data was not read yet."""
    end: Mapping[str, Any] = field(default_factory=dict)
    """end.json of the latest attempt; empty where there is none."""
    problems: tuple[str, ...] = ()
    """What is wrong with the record, in sentences."""
    annotations: Annotations = NOTHING_SAID
    """What people said of it later."""

    @property
    def id(self) -> str | None:
        return self.run.get("id")

    @property
    def name(self) -> str | None:
        """As people call it now."""
        renamed = self.annotations.name
        return self.recorded_name if renamed is None else renamed.text

    @property
    def recorded_name(self) -> str | None:
        return self.run.get("name")

    @property
    def description(self) -> str | None:
        return self.run.get("description")

    @property
    def hypothesis(self) -> str | None:
        return self.run.get("hypothesis")

    @property
    def tags(self) -> tuple[str, ...]:
        return self.annotations.tags(self.run.get("tags", ()))

    @property
    def is_archived(self) -> bool:
        """Whether lists leave it out until they are asked for it."""
        return self.annotations.archive is not None

    @property
    def seed(self) -> int | None:
        return self.run.get("seed")

    @property
    def trial(self) -> int | None:
        """Its number in the search that it is a try of. None: it is no try."""
        return self.run.get("trial")

    @property
    def model(self) -> str | None:
        return self.run.get("model")

    @property
    def variants(self) -> tuple[str, ...]:
        return tuple(self.run.get("variants", ()))

    @property
    def commit(self) -> str | None:
        return self.run.get("git", {}).get("commit")

    @property
    def branch(self) -> str | None:
        return self.run.get("git", {}).get("branch")

    @property
    def is_dirty(self) -> bool | None:
        return self.run.get("git", {}).get("is_dirty")

    @property
    def created_at(self) -> str | None:
        """ISO 8601 in UTC."""
        return self.run.get("created_at")

    @property
    def configuration(self) -> Mapping[str, Any]:
        return self.run.get("config", {})

    def setting(self, group: str, key: str) -> Any:
        """What was chosen for a key of a group of the configuration. None: nothing was.

        A configuration is free in its form: what a notebook records may have a text in place of a
        group.
        """
        chosen = self.configuration.get(group)
        return chosen.get(key) if isinstance(chosen, Mapping) else None

    @property
    def judges_posts(self) -> bool:
        """Whether its model says something of a post; pretraining leaves an encoder for others."""
        return not is_pretraining(self.configuration)

    @property
    def is_external(self) -> bool:
        """Whether another program made its predictions, so that no model of it is here."""
        return EXTERNAL in self.configuration

    @property
    def is_export(self) -> bool:
        """Whether it is the model of another run in another form, so that nothing was trained."""
        return EXPORTED in self.configuration

    @property
    def imported_from(self) -> str | None:
        """The other tracker that recorded it, of which nothing but numbers is here."""
        return self.run.get("imported", {}).get("from")

    @property
    def is_ranked(self) -> bool:
        """Whether it can be better or worse than others. Of what another tracker recorded nobody
        knows here which posts it was tested on."""
        return self.judges_posts and self.imported_from is None

    @property
    def configuration_hash(self) -> str | None:
        """Shared by runs that differ only in their seed."""
        return self.run.get("configuration_hash")

    @property
    def fold(self) -> tuple[int, int] | None:
        """Which of how many folds was tested on; None: the test part of one split."""
        fold, num_folds = (self.setting("data", key) for key in ("fold", "num_folds"))
        both = isinstance(fold, int) and isinstance(num_folds, int)
        return (fold, num_folds) if both else None

    @property
    def posts_called(self) -> str:
        """The posts that it was tested on: `cssrs_posts`, or `cssrs_posts, fold 1 of 5 (split seed
        1)`."""
        name = str(self.data.get("name"))
        if self.fold is None:
            return name
        fold, num_folds = self.fold
        return (
            f"{name}, fold {fold} of {num_folds} (split seed {self.setting('data', 'split_seed')})"
        )

    @property
    def parts_fingerprint(self) -> str | None:
        """Equal for runs that learned from and were tested on the same posts."""
        if not self.data:
            return None
        what_decides = [
            self.data.get("fingerprint"),
            self.data.get("parts"),
            self.setting("data", "split_seed"),
        ]
        if self.fold is not None:
            what_decides.append(self.fold)
        return _fingerprint(_document(what_decides))

    @property
    def duration_seconds(self) -> float | None:
        """None also where another program made the predictions: judging them is no cost of theirs,
        and what theirs was is not known."""
        return None if self.is_external else self.end.get("duration_seconds")

    @property
    def peak_memory_bytes(self) -> int | None:
        """See `duration_seconds`."""
        return None if self.is_external else self.end.get("peak_memory_bytes")

    @property
    def metrics(self) -> Mapping[str, float | None]:
        return self.end.get("metrics", {})

    @property
    def intervals(self) -> Mapping[str, tuple[float, float]]:
        return self.end.get("intervals", {})

    @property
    def yardstick(self) -> Mapping[str, Any] | None:
        return self.end.get("yardstick")

    @property
    def selection(self) -> Mapping[str, Any] | None:
        return self.end.get("selection")

    @property
    def model_facts(self) -> Mapping[str, Any]:
        return self.end.get("model", {})

    @property
    def error(self) -> Mapping[str, Any] | None:
        return self.end.get("error")

    @property
    def problem(self) -> str | None:
        """What went wrong, in one line; None where nothing is known to."""
        if self.problems:
            return " ".join(self.problems)
        return problem_in_words(self.error) if self.error else None


def _document(value: Any) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError:
        # A configuration can hold what orjson does not write: halves of characters, huge numbers.
        return json.dumps(value).encode()


@lru_cache(maxsize=64)
def _fingerprint(document: bytes) -> str:
    # Most runs are on posts that others are on too, and sorting takes longer than the rest.
    canonical = json.dumps(json.loads(document), sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()[:12]


def read_run(directory: Path) -> RunSummary:
    """Reads the record of the run in a directory; never fails, see `RunSummary.problems`."""
    problems: list[str] = []
    run = _read(f"{directory}/run.json", RUN, problems)
    if run is None:
        problems.append(f"{directory / 'run.json'} is missing.")
    status, end = _read_end(directory, problems)
    # After the end, so that a completed run is never seen without its data.
    data = _read(f"{directory}/data.json", DATA, problems)
    return RunSummary(
        directory=directory,
        status="damaged" if problems else status,
        run=run or {},
        data=data or {},
        end=end,
        problems=tuple(problems),
        annotations=read_annotations(directory),
    )


def _read_end(directory: Path, problems: list[str]) -> tuple[Status, Mapping[str, Any]]:
    try:
        attempt = latest_attempt(directory)
    except OSError as error:
        problems.append(f"{directory / 'attempts'} cannot be read: {error.strerror}.")
        return "damaged", {}
    if attempt is None:
        # An attempt is there before run.json is, so it was removed.
        problems.append(f"{directory / 'attempts'} holds no attempt.")
        return "damaged", {}
    end = _read(f"{attempt}/end.json", END, problems)
    if end is None:
        try:
            life = life_of(attempt)
        except (OSError, InputError) as error:
            problems.append(f"Whether the process of {attempt} lives cannot be told: {error}")
            return "damaged", {}
        if life != "killed":
            return life, {}
        # It may have ended between the two looks: the end is written before the lock is let go.
        end = _read(f"{attempt}/end.json", END, problems)
        if end is None:
            return "killed", {}
    status = end.get("status", "damaged")
    if status in ENDED:
        return status, end
    if end:
        problems.append(f"{attempt / 'end.json'} does not say how the run ended.")
    return "damaged", {}


def _read(path: str, shape: Shape, problems: list[str]) -> Mapping[str, Any] | None:
    """None: there is no such file. Empty: it is damaged, which is added to the problems."""
    try:
        content = read_json(path)
    except FileNotFoundError:
        return None
    except InputError as error:
        problems.append(str(error))
        return {}
    wrong = shape.wrong_in(content)
    if wrong is not None:
        problems.append(f"{path} is damaged: {wrong} is missing or of the wrong kind.")
        return {}
    return content
