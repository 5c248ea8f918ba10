"""Predictions from elsewhere, put beside the posts they are of: by id, by keyed hash or by text,
never by their order."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mental_health_classifier.contracts import PARTS, InputError, Predictions
from mental_health_classifier.contracts.predictions import GIVEN, MODEL_ANSWER, NONE
from mental_health_classifier.data.foreign.foreign_predictions import ForeignPredictions, first_of
from mental_health_classifier.data.reading.scrubbing import scrub
from mental_health_classifier.data.reading.spellings import folded
from mental_health_classifier.data.reading.tables import NO_COLUMN


@dataclass(frozen=True, slots=True)
class KnownPosts:
    """Posts whose labels are known, which predictions are looked up among."""

    called: str
    """The posts as a whole, in messages."""
    parts: Mapping[str, Predictions]
    """Their labels, authors and groups by part; the probabilities in them are not used."""
    ids: Mapping[str, str]
    """Keyed hash of each post by its id in the corpus; empty: not known."""
    texts: Mapping[str, str]
    """Scrubbed text of each post by its keyed hash; empty: not at hand."""
    names: Mapping[str, str]
    """What messages call a post, by its keyed hash, where they call it otherwise."""
    are_parts_open: bool = False
    """Whether the predictions may say which part a post is in."""

    def name(self, post: str) -> str:
        return self.names.get(post, post)


def match(
    found: ForeignPredictions, known: KnownPosts, *, refers_missing: bool = False
) -> tuple[dict[str, Predictions], dict[str, dict[str, Any]], list[str]]:
    """Predictions of the known posts, part by part, in the order in which these are known.

    Args:
        refers_missing: whether a post without a row is taken for one that the model did not answer.

    Returns:
        Predictions by part; by part the `posts` without an answer, which go to a person, how many
        of them are of the `priority` class, and `reasons`; and what there is to say of the rows.

    Raises:
        InputError: it is not proven which posts the rows are of; a post has two answers, or none;
            or nothing is said of part test.
    """
    posts, notes = _posts_of(found, known)
    parts = _parts_of_posts(found, known, posts)
    place_of = _without_second_answers(found, posts)
    _check_labels(found, parts, place_of)
    answered: dict[str, Predictions] = {}
    referred: dict[str, dict[str, Any]] = {}
    for part in PARTS[1:]:
        given = parts.get(part)
        if given is None or not len(given):
            continue
        places = [place_of.get(post) for post in given.post_ids]
        if all(place is None for place in places):
            continue
        missing = [p for p, place in zip(given.post_ids, places, strict=True) if place is None]
        if missing and not refers_missing:
            raise InputError(
                f"{found.name} has no row for {len(missing):,} of the {len(given):,} posts of "
                f"{part}: {first_of([known.name(post) for post in missing])}. {' '.join(notes)} "
                "Numbers on the others alone would flatter: give all of them, or have these "
                "counted as posts that a person reads, by --refer-missing".replace("  ", " ")
            )
        probabilities = np.full((len(given), given.task.num_classes), np.nan)
        is_there = np.array([place is not None for place in places])
        rows = [place for place in places if place is not None]
        probabilities[is_there] = found.probabilities[rows]
        unanswered = int(np.isnan(found.probabilities[rows]).any(axis=1).sum())
        reasons = {"without an answer": unanswered, "without a row": len(missing)}
        is_open = np.isnan(probabilities[:, 0])
        groups = given.groups
        if is_open.any():
            values = [NONE if each else GIVEN for each in is_open.tolist()]
            groups = {**given.groups, MODEL_ANSWER: values}
            referred[part] = {
                "posts": int(is_open.sum()),
                "priority": int((is_open & given.is_priority).sum()),
                "reasons": {reason: n for reason, n in reasons.items() if n},
            }
        answered[part] = replace(
            given,
            probabilities=_with_referred(probabilities, given),
            groups=groups,
            has_probabilities=found.kind != "labels",
        )
    if "test" not in answered:
        raise InputError(
            f"{found.name} says nothing of part test of {known.called}, and all that is reported "
            "is measured there. Give predictions of it."
        )
    _require_both_kinds(answered["test"], known.called)
    return answered, referred, notes


def _require_both_kinds(test: Predictions, called: str) -> None:
    """Raises InputError where posts of the priority class cannot be told from others."""
    priority = test.task.priority_class
    if priority is not None and len(set(test.is_priority.tolist())) < 2:
        lacks = "another class" if test.is_priority.all() else f"class {priority}"
        raise InputError(
            f"Part test of {called} has no posts of {lacks}, so that nothing can be said of how "
            f"well {priority} is found. Put some into test, or judge without a class that matters "
            "most: --priority none"
        )


def _posts_of(found: ForeignPredictions, known: KnownPosts) -> tuple[list[str | None], list[str]]:
    """The keyed hash of the post of each row, None where it is not known, and what to say."""
    every = {post for given in known.parts.values() for post in given.post_ids}
    by_text: dict[str, str] = {}
    if "text" in found.keys:
        by_text = {_alike(text): post for post, text in known.texts.items()}
    texts = [_alike(scrub(cell)[0]) for cell in found.keys.get("text", ())]
    # What one program writes as 7 another writes as 7.0 or 07.
    by_spelling = _named_once({own: folded(own) for own in known.ids})
    deciding = next(iter(found.keys))
    lookups: dict[str, Callable[[int, str], str | None]] = {
        # A column of ids can hold the keyed hashes of a record.
        "post": lambda _, cell: cell.strip() if cell.strip() in every else None,
        "id": lambda _, cell: known.ids.get(
            cell.strip(),
            cell.strip()
            if cell.strip() in every
            else known.ids.get(by_spelling.get(folded(cell), "")),
        ),
        "text": lambda row, _: by_text.get(texts[row]),
    }
    posts = [lookups[deciding](row, cell) for row, cell in enumerate(found.keys[deciding])]
    strange = [row for row, post in zip(found.rows, posts, strict=True) if post is None]
    if len(strange) == len(posts):
        way = {
            "post": "the keyed hashes that mhc predictions writes were expected",
            "id": "the ids of the corpus were expected, or the keyed hashes of mhc predictions",
            "text": "the texts of the corpus were expected",
        }[deciding]
        if deciding == "id" and not known.ids:
            raise InputError(
                f"Column id of {found.name} names no posts: {known.called} has no column of ids, "
                "or one id for several posts. Name the posts by a column text."
            )
        raise InputError(
            f"None of the {len(posts):,} rows of {found.name} is of a post of {known.called}: "
            f"{way} in column {deciding}. They are of other posts, or these have changed since."
        )
    for other in list(found.keys)[1:]:
        checked = [lookups[other](row, cell) for row, cell in enumerate(found.keys[other])]
        if other == "text":
            checked = [
                post if post is not None and _alike(known.texts.get(post, "")) == text else None
                for post, text in zip(posts, texts, strict=True)
            ]
        if other == "id":
            if not known.ids:
                continue
            # An id that several posts have is no key, and yet the right one.
            checked = [
                post
                if check is None and post and folded(known.names.get(post, "")) == folded(cell)
                else check
                for post, check, cell in zip(posts, checked, found.keys[other], strict=True)
            ]
        wrong = [
            row
            for row, post, check in zip(found.rows, posts, checked, strict=True)
            if post is not None and post != check
        ]
        if wrong:
            raise InputError(
                f"{found.name} has another {other} than the post that column {deciding} names, in "
                f"{_some(wrong, found)}. Predictions of other posts are worth nothing here: make "
                "them again, of these."
            )
    notes = []
    if strange:
        notes.append(f"Left out: {_some(strange, found)}, of no post that {known.called} judges.")
    return posts, notes


def _alike(text: str) -> str:
    """One form of texts that look the same."""
    return unicodedata.normalize("NFC", text).casefold()


def _named_once(spellings: Mapping[str, str]) -> dict[str, str]:
    """The name behind each spelling that no two names have."""
    counts = Counter(spellings.values())
    return {spelled: name for name, spelled in spellings.items() if counts[spelled] == 1}


def _some(rows: Sequence[str], found: ForeignPredictions) -> str:
    return f"{len(rows):,} of {len(found.rows):,} rows ({first_of(rows)})"


def _parts_of_posts(
    found: ForeignPredictions, known: KnownPosts, posts: Sequence[str | None]
) -> Mapping[str, Predictions]:
    """The known posts by the part that they are judged in."""
    if found.parts is None or not any(found.parts):
        return known.parts
    said = {
        post: part
        for post, part in zip(posts, found.parts, strict=True)
        if post is not None and part
    }
    if not known.are_parts_open:
        part_of = {post: part for part, given in known.parts.items() for post in given.post_ids}
        wrong = [
            row
            for row, post, part in zip(found.rows, posts, found.parts, strict=True)
            if post is not None and part and part != part_of[post]
        ]
        if wrong:
            raise InputError(
                f"{found.name} names another part than {known.called} has the post in, in "
                f"{_some(wrong, found)}. Leave the column out, and each is judged in its own."
            )
        return known.parts
    pooled = [given for given in known.parts.values() if len(given)]
    unsaid = [known.name(p) for given in pooled for p in given.post_ids if p not in said]
    if unsaid:
        raise InputError(
            f"{found.name} names parts, but of {len(unsaid):,} posts of {known.called} no row says "
            f"in which they are: {first_of(unsaid)}. Give them rows, or say in a column split of "
            "the posts which are train."
        )
    return {
        part: _pooled(pooled, part, {post for post, its in said.items() if its == part})
        for part in PARTS
        if part in said.values()
    }


def _pooled(pooled: Sequence[Predictions], part: str, posts: set[str]) -> Predictions:
    """Some of several predictions as one part."""
    first = pooled[0]
    chosen = [
        [place for place, post in enumerate(given.post_ids) if post in posts] for given in pooled
    ]

    def joined(values: Callable[[Predictions], Sequence[str]]) -> list[str]:
        return [
            values(given)[place]
            for given, places in zip(pooled, chosen, strict=True)
            for place in places
        ]

    return replace(
        first,
        part=part,
        post_ids=joined(lambda given: given.post_ids),
        authors=None if first.authors is None else joined(lambda given: given.authors or ()),
        labels=np.concatenate([g.labels[c] for g, c in zip(pooled, chosen, strict=True)]),
        probabilities=np.concatenate(
            [g.probabilities[c] for g, c in zip(pooled, chosen, strict=True)]
        ),
        groups={name: joined(lambda given, n=name: given.groups[n]) for name in first.groups},
    )


def _without_second_answers(
    found: ForeignPredictions, posts: Sequence[str | None]
) -> dict[str, int]:
    """The row of each post."""
    place_of: dict[str, int] = {}
    twice = []
    for place, post in enumerate(posts):
        if post is None:
            continue
        first = place_of.setdefault(post, place)
        # Copies of one text have one post, and their model says the same of each.
        is_copy = next(iter(found.keys)) == "text" and np.array_equal(
            found.probabilities[first], found.probabilities[place], equal_nan=True
        )
        if first != place and not is_copy:
            twice.append(f"{found.rows[first]} and {found.rows[place]}")
    if twice:
        raise InputError(
            f"{found.name} has two answers to one post: {first_of(twice)}. Keep one of each."
        )
    return place_of


def _check_labels(
    found: ForeignPredictions, parts: Mapping[str, Predictions], place_of: Mapping[str, int]
) -> None:
    """Raises InputError where the file knows another label of a post."""
    if found.labels is None:
        return
    wrong, strange = [], []
    for given in parts.values():
        for post, label in zip(given.post_ids, given.labels.tolist(), strict=True):
            place = place_of.get(post)
            said = "" if place is None else found.labels[place]
            if place is None or not said or said == given.task.class_names[label]:
                continue
            (wrong if said in given.task.class_names else strange).append(found.rows[place])
    if strange:
        raise InputError(
            f"Column label of {found.name} names no class of the posts in {_some(strange, found)}, "
            "so that it cannot be checked. Map its spellings: --label SPELLING=CLASS. Or leave it "
            f"out: --column label={NO_COLUMN}"
        )
    if wrong:
        raise InputError(
            f"Column label of {found.name} has another class than the posts, in "
            f"{_some(wrong, found)}. If it holds what the model said, say so: --column "
            "prediction=label. Else these were judged on other labels."
        )


def _with_referred(probabilities: np.ndarray, given: Predictions) -> np.ndarray:
    """Posts without an answer go to a person, as those do that are alerted: they are given to the
    priority class."""
    is_open = np.isnan(probabilities[:, 0])
    if not is_open.any():
        return probabilities
    if given.task.priority_index is None:
        raise InputError(
            f"{int(is_open.sum())} posts of {given.part} have no answer, and as no class has "
            "priority there is nobody who would read them. Give all answers, or judge them on a "
            "run with data.priority_class."
        )
    return np.where(
        is_open[:, None], np.eye(given.task.num_classes)[given.task.priority_index], probabilities
    )
