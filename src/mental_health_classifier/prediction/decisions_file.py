"""Decisions for a file of posts of any size, and the audit line that they leave with the run."""

from __future__ import annotations

import csv
import fcntl
import os
import random
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np

from mental_health_classifier.contracts import InputError
from mental_health_classifier.data.reading.account import Account
from mental_health_classifier.data.reading.posts_to_judge import (
    UnlabelledPost,
    read_unlabelled,
)
from mental_health_classifier.evaluation.decisions import Decision
from mental_health_classifier.evaluation.drift import counts_in_bins, shift_from
from mental_health_classifier.prediction.predictor import Predictor
from mental_health_classifier.storage.files import (
    force_to_disk,
    give_free_name,
    null_where_not_finite,
    place_in,
    temporary_path,
)
from mental_health_classifier.storage.json_lines import append_record, open_records
from mental_health_classifier.storage.leftovers import sweep
from mental_health_classifier.storage.spreadsheet_cells import inert
from mental_health_classifier.tracking.record.assessments import FOLDER
from mental_health_classifier.tracking.record.attempts import now
from mental_health_classifier.tracking.record.weight_files import hash_of_weights

POSTS_AT_ONCE = 8192
AUDIT = "decisions.jsonl"
UNREADABLE = "unreadable_row"
IS_CERTIFIED = "is_certified"


def write_decisions(
    predictor: Predictor,
    posts: Path,
    output: Path,
    *,
    columns: Mapping[str, Any],
    audit_sample: int = 0,
    seed: int = 0,
    advance: Callable[[int], object] = lambda _: None,
) -> dict[str, Any]:
    """Decides for every post of a file, in little memory, and leaves an audit line with the run.

    Args:
        predictor: the model and its threshold.
        posts, columns: see `read_unlabelled`.
        output: a CSV file that does not exist yet; it appears whole or not at all. One row a post:
            `post,decision,reason,uncertainty,is_certified,p_CLASS,...`, without its text. A post is
            called by its id or FILE:ROW, see `inert`.
        audit_sample: so many of the posts without an alert, drawn at random, are named in a file
            beside it, for people to look for what was missed.
        seed: of that draw.
        advance: called with the number of posts that were decided since the last call.

    Returns:
        The audit line: what decided, counts, alert rate, and drift.

    Raises:
        InputError: the output exists, or the posts cannot be used.
        OSError: the output or the run's record cannot be written; then there are no decisions and
            there is no audit line. Where that can be told at once, no post is read.
    """
    _refuse_existing(output)
    sampled_output = output.with_name(f"{output.stem}-audit.csv")
    outputs = [output, *([sampled_output] if audit_sample else ())]
    for path in outputs:
        _refuse_existing(path)
    record = place_in(predictor.run.directory, f"{FOLDER}/{AUDIT}")
    for path in (*outputs, record):
        _refuse_unwritable(path)
    decided = _DecidedPosts(predictor, audit_sample=audit_sample, seed=seed)
    output.parent.mkdir(parents=True, exist_ok=True)
    sweep(output.parent)
    # Hidden, and beside their names to be, because a rename between file systems is a copy.
    temporary = {path: temporary_path(path.parent) for path in outputs}
    try:
        _write_rows(temporary[output], decided.rows(posts, columns=columns, advance=advance))
        if decided.is_void:
            _say_uncertified(temporary[output])
        if audit_sample:
            _write_rows(
                temporary[sampled_output], [["post"], *([each] for each in decided.sampled)]
            )
        with _alone_in(output.parent):
            for path in outputs:
                _refuse_existing(path)
            line = decided.account()
            # Before anybody can use the decisions: none is without its account, whatever ends this.
            with open_records(record) as handle:
                append_record(handle, null_where_not_finite(line))
                os.fsync(handle.fileno())
            for path in reversed(outputs):
                give_free_name(temporary[path], path)
    except FileExistsError as error:
        raise _is_taken(error.filename2 or error.filename) from None
    finally:
        for path in temporary.values():
            path.unlink(missing_ok=True)
    return line


def _write_rows(path: Path, rows: Iterable[Sequence[object]]) -> None:
    with path.open("x", newline="", encoding="utf-8", errors="backslashreplace") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows(rows)
    force_to_disk(path)


def _say_uncertified(path: Path) -> None:
    """Writes all rows again, without a certificate: that it is void shows when all are decided."""
    uncertified = temporary_path(path.parent)
    with path.open(newline="", encoding="utf-8", errors="backslashreplace") as file:
        rows = csv.reader(file)
        header = next(rows)
        place = header.index(IS_CERTIFIED)
        changed = ([*row[:place], "no", *row[place + 1 :]] for row in rows)
        _write_rows(uncertified, chain([header], changed))
    uncertified.replace(path)


def _refuse_existing(path: Path) -> None:
    if os.path.lexists(path):
        raise _is_taken(path)


def _is_taken(path: Path | str) -> InputError:
    return InputError(f"{path} exists and is not replaced. Name another --output.")


def _refuse_unwritable(path: Path) -> None:
    """Raises what writing the file would raise, before hours are spent on what goes into it."""
    if path.exists():
        path.open("ab").close()
    else:
        folder = next(parent for parent in path.parents if parent.exists())
        tempfile.TemporaryFile(dir=folder).close()


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Keeps others who decide out of a folder, so that of two with one output one has none, and no
    audit line either."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # without locks, the loser is left with an audit line
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


class _DecidedPosts:
    """Decides chunk by chunk, and keeps count."""

    def __init__(self, predictor: Predictor, *, audit_sample: int, seed: int) -> None:
        self._predictor = predictor
        looks = predictor.reference or {}
        self._histograms = {name: looks[name] for name in ("scores", "characters") if looks}
        self._counts = {
            name: np.zeros(len(histogram["shares"]), dtype=np.int64)
            for name, histogram in self._histograms.items()
        }
        self._actions: Counter[str] = Counter()
        self._reasons: Counter[str] = Counter()
        self._read = Account()
        self._audit_sample = audit_sample
        self._random = random.Random(seed)
        self.sampled: list[str] = []

    def rows(
        self, posts: Path, *, columns: Mapping[str, Any], advance: Callable[[int], object]
    ) -> Iterator[Sequence[object]]:
        """The whole output for a file of posts, its header first."""
        header = ["post", "decision", "reason", "uncertainty", IS_CERTIFIED]
        yield header + [inert(f"p_{name}") for name in self._predictor.task.class_names]
        for chunk in _chunks(read_unlabelled(posts, columns=columns, account=self._read)):
            yield from self.decide(chunk)
            advance(len(chunk))

    def decide(self, posts: Sequence[UnlabelledPost]) -> Iterator[list[object]]:
        """A row of the output for each post."""
        judged = self._predictor.judge([post.text or "" for post in posts])
        is_read = np.array([post.text is not None for post in posts])
        # Nothing was said of a row that could not be read.
        judged.probabilities[~is_read] = np.nan
        self._count("scores", judged.probabilities[is_read, self._predictor.priority_index])
        self._count("characters", judged.characters[is_read])
        is_certified = "yes" if self._predictor.is_certified else "no"
        for post, row, decision in zip(
            posts, judged.probabilities.tolist(), judged.decisions, strict=True
        ):
            if post.text is None:
                decision = Decision("refer", UNREADABLE, None)
            action, reason, uncertainty = decision
            self._actions[action] += 1
            self._reasons[reason] += 1
            if action == "no_alert" and self._audit_sample:
                self._draw(inert(post.id))
            yield [
                inert(post.id),
                action,
                reason,
                "" if uncertainty is None else f"{uncertainty:.4f}",
                is_certified,
                *["" if p != p else f"{p:.6f}" for p in row],  # NaN: the model said nothing
            ]

    @property
    def is_void(self) -> bool:
        """Whether the posts differ so much from those of the certificate that it is void."""
        return self._predictor.is_certified and any(
            each["is_large"] for each in self._drift().values()
        )

    def _drift(self) -> dict[str, dict[str, Any]]:
        return {
            name: shift_from(histogram, self._counts[name])
            for name, histogram in self._histograms.items()
        }

    def account(self) -> dict[str, Any]:
        """What is left of the posts when they are forgotten."""
        total = sum(self._actions.values())
        drift, is_void = self._drift(), self.is_void
        certificate = self._predictor.certificate if self._predictor.is_certified else None
        return {
            "time": now(),
            "run": self._predictor.run.id,
            "model_sha256": hash_of_weights(self._predictor.run),
            "threshold": self._predictor.threshold,
            "refer_from": self._predictor.refer_from,
            "is_certified": certificate is not None and not is_void,
            "is_void": is_void,
            "promise": certificate
            and {key: certificate[key] for key in ("required_recall", "confidence")},
            "posts": total,
            "noted": self._read.describe()["noted"],
            "decisions": dict(self._actions),
            "reasons": dict(self._reasons),
            "alert_rate": self._actions["alert"] / total,
            "refer_rate": self._actions["refer"] / total,
            "drift": drift,
            "is_drifting": any(each["is_large"] for each in drift.values()),
        }

    def _count(self, name: str, values: np.ndarray) -> None:
        if name in self._counts:
            edges = np.array(self._histograms[name]["edges"])
            self._counts[name] += counts_in_bins(values[np.isfinite(values)], edges)

    def _draw(self, post: str) -> None:
        """Keeps every post so far with the same chance (reservoir sampling)."""
        if len(self.sampled) < self._audit_sample:
            self.sampled.append(post)
            return
        place = self._random.randrange(self._actions["no_alert"])
        if place < self._audit_sample:
            self.sampled[place] = post


def _chunks(posts: Iterator[UnlabelledPost]) -> Iterator[list[UnlabelledPost]]:
    while chunk := list(islice(posts, POSTS_AT_ONCE)):
        yield chunk
