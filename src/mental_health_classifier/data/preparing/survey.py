"""Survey of a file of posts: what preparing would make of it, in numbers, with nothing stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import csr_array, vstack

from mental_health_classifier.contracts import PARTS, InputError
from mental_health_classifier.data.preparing.duplicates import (
    band_keys,
    cluster_near_duplicates,
    find_duplicates,
    hash_shingles,
    join_groups,
)
from mental_health_classifier.data.preparing.prepared_posts import (
    DOUBLED_ID,
    MAX_CLASSES,
    doubled_ids,
    in_order,
)
from mental_health_classifier.data.preparing.row_chunks import Chunk, over_chunks
from mental_health_classifier.data.preparing.splits import SHARES, SPLIT_SEED, usable_parts
from mental_health_classifier.data.reading.account import Account
from mental_health_classifier.data.reading.names import is_name
from mental_health_classifier.data.reading.posts import clean_rows, hash64
from mental_health_classifier.data.reading.source import Source
from mental_health_classifier.data.reading.words import num_words

_MOST_PLACES = 10
_MOST_COMPARED = 20_000
"""Posts among which near-duplicates are looked for, which takes longer than all else. Among more
it is seldom they that leave a class too few groups."""
_NEVER_SHORT = 1000
"""Groups of a class of which every part has some, however they are divided. Dividing a million
posts takes as long as reading them."""


class Lengths(NamedTuple):
    """Of the texts of the posts that stay."""

    middle: int
    most: int
    """95 % of the texts are no longer."""
    longest: int


class Survey(NamedTuple):
    account: Account
    classes: Mapping[str, int]
    """Posts of each class that stay, the largest first."""
    labels: Mapping[str, int]
    """Rows of each folded label, where the source says which class each is."""
    num_authors: int
    num_without_author: int
    num_respelled: int
    """Authors who are spelled in several ways."""
    num_in_several_parts: int
    """Authors with posts in more than one of the parts that the corpus ships."""
    parts: Mapping[str, int]
    """Posts in each part that the corpus ships, in the order of PARTS."""
    lost: Mapping[str, int]
    """Rows of each class that are left out."""
    refusal: str | None
    """Why training would refuse to divide the posts; None: it would not, or there is more to say
    against their classes."""
    words: Lengths
    characters: Lengths


def survey_posts(source: Source, advance: Callable[[int], object]) -> Survey:
    """Reads every row and keeps some numbers of each post.

    Args:
        source: of the posts.
        advance: called with the number of rows read since the last call.

    Raises:
        InputError: the source cannot be read, or a worker was killed.
    """
    account = Account()
    classes: dict[str, int] = {}
    labels: Counter[str] = Counter()
    lost: Counter[str] = Counter()
    looks = []
    for look in _looks_at_all(source, account):
        account.include(look.account)
        labels.update(look.labels)
        lost.update(look.lost)
        of_all = [classes.setdefault(name, len(classes)) for name in look.classes]
        look.columns["label"] = np.array(of_all, np.int64)[look.columns["label"]]
        looks.append(look)
        advance(look.account["rows_read"])
    columns = _joined(looks or [_look_at(Chunk(0, 0, ()), source=source)])
    is_kept = _without_duplicates(columns, account, source)
    of_class = np.bincount(columns["label"][~is_kept], minlength=len(classes)).tolist()
    lost.update(dict(zip(classes, of_class, strict=True)))
    doubled = doubled_ids(columns["id"], is_kept)
    if len(doubled):
        rows = _first_rows(doubled, columns, source)
        account.note(DOUBLED_ID, *rows, num_rows=len(doubled))
    kept = {name: values[is_kept] for name, values in columns.items()}
    hashes = kept["author"]
    pairs = np.unique(np.stack([hashes, kept["spelling"]]), axis=1)
    spelled = Counter(pairs[0][pairs[0] > 0].tolist())
    counts = np.bincount(kept["label"], minlength=len(classes)).tolist()
    sizes = {name: count for name, count in zip(classes, counts, strict=True) if count}
    refusal = None
    if 2 <= len(sizes) <= MAX_CLASSES:
        groups = _one_a_post(hashes)
        if len(is_kept) <= _MOST_COMPARED:
            groups = join_groups(_near_duplicates(looks, is_kept), groups)
        refusal = _refusal(kept, [*classes], groups, source)
    shipped = Counter(kept["part"].tolist())
    # What is shipped in no part is divided like the training part, by authors.
    places = np.unique(np.stack([hashes, np.maximum(kept["part"], 0).astype(np.uint64)]), axis=1)
    num_parts = Counter(places[0][places[0] > 0].tolist())
    return Survey(
        account=account,
        classes=dict(sorted(sizes.items(), key=lambda each: -each[1])),
        labels=labels,
        num_authors=len(spelled),
        num_without_author=int((hashes == 0).sum()),
        num_respelled=sum(count > 1 for count in spelled.values()),
        num_in_several_parts=sum(number > 1 for number in num_parts.values()),
        parts={name: shipped[place] for place, name in enumerate(PARTS) if shipped[place]},
        lost={name: number for name, number in lost.most_common() if number},
        refusal=refusal,
        words=_lengths(kept["words"]),
        characters=_lengths(kept["characters"]),
    )


class _Look(NamedTuple):
    """At the posts of a chunk of rows."""

    account: Mapping[str, Any]
    """As `Account.describe` has it."""
    classes: Sequence[str]
    labels: Counter[str]
    lost: Counter[str]
    columns: dict[str, np.ndarray]
    """Numbers of each post, `label` among them, its place in `classes`."""
    shingles: csr_array | None
    """Of each post, and `bands`; None: there are too many rows before."""
    bands: np.ndarray | None


def _looks_at_all(source: Source, account: Account) -> Iterator[_Look]:
    """A look at each chunk of the rows of a source; rows that are none go to the account."""
    try:
        yield from over_chunks(
            partial(_look_at, source=source), source.rows(account), num_workers=None
        )
    except BrokenProcessPool:
        raise InputError(
            "A process that cleaned posts was killed, most likely because the memory was full. "
            "Nothing is lost: start again with more memory, or on one processor, as `taskset "
            "--cpu-list 0 mhc check ...` does."
        ) from None


def _look_at(chunk: Chunk, *, source: Source) -> _Look:
    clean = clean_rows(chunk.rows, source)
    posts = clean.posts
    classes = list(dict.fromkeys(post.label for post in posts))
    places = {name: place for place, name in enumerate(classes)}
    hashes = {
        "text": [post.text_hash for post in posts],
        "id": [hash64(post.id) for post in posts],
        "author": [hash64(post.author_key) if post.author_key else 0 for post in posts],
        "spelling": [hash64(post.author) if post.author else 0 for post in posts],
    }
    numbers = {
        "label": [places[post.label] for post in posts],
        "part": [post.part for post in posts],
        "file": [post.file for post in posts],
        "row": [post.row for post in posts],
        "words": [num_words(post.text) for post in posts],
        "characters": [len(post.text) for post in posts],
    }
    is_compared = chunk.num_before < _MOST_COMPARED
    shingles = hash_shingles([post.text for post in posts]) if is_compared else None
    return _Look(
        account=clean.account.describe(),
        classes=classes,
        labels=clean.labels,
        lost=clean.lost,
        columns={
            **{name: np.array(values, np.uint64) for name, values in hashes.items()},
            **{name: np.array(values, np.int64) for name, values in numbers.items()},
        },
        shingles=shingles,
        bands=None if shingles is None else band_keys(shingles),
    )


def _joined(looks: Sequence[_Look]) -> dict[str, np.ndarray]:
    """The columns of all, each of which lets go of its own."""
    names = list(looks[0].columns)
    return {n: np.concatenate([look.columns.pop(n) for look in looks]) for n in names}


def _without_duplicates(
    columns: Mapping[str, np.ndarray], account: Account, source: Source
) -> np.ndarray:
    """Whether each post stays, bool, shape `(posts,)`; the account says why others do not."""
    is_kept = np.ones(len(columns["text"]), bool)
    duplicates, _ = find_duplicates(
        columns["text"], columns["label"], np.maximum(columns["part"], 0)
    )
    for reason, places in duplicates.items():
        is_kept[places] = False
        if len(places):
            first = _first_rows(places, columns, source)
            account.drop(reason, *first, num_rows=len(places))
    account.rows_kept = int(is_kept.sum())
    return is_kept


def _first_rows(places: np.ndarray, columns: Mapping[str, np.ndarray], source: Source) -> list[str]:
    """How messages refer to the first few of some posts."""
    return [
        source.reference(int(columns["file"][place]), int(columns["row"][place]))
        for place in places[:_MOST_PLACES]
    ]


def _near_duplicates(looks: Sequence[_Look], is_kept: np.ndarray) -> np.ndarray:
    """The number of the near-duplicate cluster of each kept post."""
    shingles = [look.shingles for look in looks if look.shingles is not None]
    bands = [look.bands for look in looks if look.bands is not None]
    kept = csr_array(vstack(shingles))[np.flatnonzero(is_kept)]
    keys = np.concatenate(bands)[is_kept]
    return cluster_near_duplicates(
        keys.T, shingles_of=lambda places: kept[places], num_posts=len(keys)
    )


def _one_a_post(authors: np.ndarray) -> np.ndarray:
    """A number for each post, from 0 and equal for posts of one author."""
    is_known = authors > 0
    numbers = np.arange(len(authors))
    _, first, places = np.unique(authors[is_known], return_index=True, return_inverse=True)
    numbers[is_known] = numbers[is_known][first][places]
    return numbers


def _refusal(
    kept: Mapping[str, np.ndarray],
    classes: Sequence[str],
    leak_groups: np.ndarray,
    source: Source,
) -> str | None:
    """What training would say against dividing the posts as it usually does."""
    present = np.unique(kept["label"])
    num_groups = [len(np.unique(leak_groups[kept["label"] == place])) for place in present]
    if min(num_groups) >= _NEVER_SHORT and (kept["part"] < 0).all():
        return None
    # In the order in which they are prepared: how posts are divided depends on it.
    names = in_order([classes[int(place)] for place in present], source)
    places = {name: place for place, name in enumerate(names)}
    labels = np.array([places.get(name, -1) for name in classes])[kept["label"]]
    called = []
    for place, name in enumerate(names):
        first, *others = np.flatnonzero(labels == place)
        where = source.reference(int(kept["file"][first]), int(kept["row"][first]))
        # What stands there once may be a cell of another column that has slipped.
        called.append(f"Class {name!r}" if others and is_name(name) else f"The class of {where}")
    try:
        usable_parts(
            labels=labels,
            leak_groups=leak_groups,
            shipped=kept["part"],
            class_names=called,
            shares=SHARES,
            seed=SPLIT_SEED,
        )
    except InputError as error:
        return str(error)
    return None


def _lengths(values: np.ndarray) -> Lengths:
    if not len(values):
        return Lengths(0, 0, 0)
    middle, most, longest = np.percentile(values, [50, 95, 100], method="lower").astype(int)
    return Lengths(int(middle), int(most), int(longest))
