"""Duplicates, exact and near: the same text, or the same but for a greeting, a signature, an edit.

Two posts are near-duplicates when the sets of their runs of three words overlap by a Jaccard index
of at least `THRESHOLD`. Candidates come from MinHash with locality-sensitive hashing (Broder 1997;
Leskovec et al., Mining of Massive Datasets, chapter 3), and every pair of them is verified exactly.

The permutations and the division into bands are those of datasketch. Its index keeps Python
objects for each post and band, more than fits for millions of posts, so the same computation is
done here on arrays, a chunk of posts at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any

import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from mental_health_classifier.data.reading.words import words_of

THRESHOLD = 0.8
NUM_PERMUTATIONS = 128
_WORDS_IN_SHINGLE = 3
_NUM_HASHES = 2**31 - 1
# A missed pair is a leak, a false candidate only costs its verification.
_FALSE_POSITIVE_WEIGHT = 0.05
_SEED = 1
_POSTS_AT_ONCE = 1024
_PAIRS_AT_ONCE = 2**16


def find_duplicates(
    text_hashes: np.ndarray, labels: np.ndarray, shipped_parts: np.ndarray
) -> tuple[dict[str, np.ndarray], int]:
    """Keeps one of each text and none of those that carry two labels.

    Of equal texts in two shipped parts the later part's stays, so that a shipped test part keeps
    its posts and training loses the leak.

    Args:
        text_hashes: equal for equal texts, shape `(posts,)`.
        labels: class of each post as a number, shape `(posts,)`.
        shipped_parts: place in PARTS, -1 for none, shape `(posts,)`.

    Returns:
        Places of the posts that are left out, in ascending order, by the reason that an account
        gives; and how many texts the corpus ships in more than one part, whatever their labels.
    """
    import pandas as pd  # here, because the processes that only hash need none of it

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
    places = {
        "conflicting labels for one text": posts.index[has_conflict].to_numpy(),
        "duplicate of a post in another part": np.sort(left_out.index[crosses].to_numpy()),
        "duplicate": np.sort(left_out.index[~crosses].to_numpy()),
    }
    return places, int((texts["part"].nunique() > 1).sum())


def hash_shingles(texts: Sequence[str]) -> csr_array:
    """Which runs of three words occur in each text, as numbers below 2^31 in place of columns.

    A text of fewer words is one run by itself, and so is a text without words.
    """
    from sklearn.feature_extraction.text import HashingVectorizer

    # The library's annotations know only names of built-in analyzers.
    options: dict[str, Any] = {"analyzer": _shingles, "norm": None, "dtype": np.float32}
    vectorizer = HashingVectorizer(
        n_features=_NUM_HASHES, binary=True, alternate_sign=False, **options
    )
    if not texts:  # which the vectorizer refuses
        return csr_array((0, _NUM_HASHES), dtype=np.float32)
    return csr_array(vectorizer.transform(texts))


def shingle_table(offsets: np.ndarray, hashes: np.ndarray) -> csr_array:
    """What `hash_shingles` returned, from its `indptr` and `indices`."""
    ones = np.ones(len(hashes), np.float32)
    return csr_array((ones, hashes, offsets), shape=(len(offsets) - 1, _NUM_HASHES))


def _shingles(text: str) -> list[str]:
    words = words_of(text.casefold()) or [text]
    starts = range(max(1, len(words) - _WORDS_IN_SHINGLE + 1))
    return [" ".join(words[start : start + _WORDS_IN_SHINGLE]) for start in starts]


@cache
def num_bands() -> int:
    return _bands()[0]


@cache
def _bands() -> tuple[int, int]:
    """How many bands there are, and of how many values of the signature each consists."""
    from datasketch import MinHashLSH

    weights = (_FALSE_POSITIVE_WEIGHT, 1 - _FALSE_POSITIVE_WEIGHT)
    index = MinHashLSH(threshold=THRESHOLD, num_perm=NUM_PERMUTATIONS, weights=weights)
    return index.b, index.r


@cache
def _permutations() -> np.ndarray:
    from datasketch import MinHash

    return np.asarray(MinHash(num_perm=NUM_PERMUTATIONS, seed=_SEED, scheme="legacy").permutations)


def minhash_signatures(shingles: csr_array) -> np.ndarray:
    """The MinHash of each post, as datasketch computes it from the same hashes, uint32, shape
    `(posts, NUM_PERMUTATIONS)`."""
    prime, lowest_32_bits = np.uint64((1 << 61) - 1), np.uint64((1 << 32) - 1)
    signatures = np.empty((len(shingles.indptr) - 1, NUM_PERMUTATIONS), np.uint32)
    for start in range(0, len(signatures), _POSTS_AT_ONCE):  # few enough to stay in the cache
        posts = signatures[start : start + _POSTS_AT_ONCE]
        pointers = shingles.indptr[start : start + len(posts) + 1]
        hashes = shingles.indices[pointers[0] : pointers[-1]].astype(np.uint64)
        for column, (factor, term) in enumerate(_permutations().T):
            permuted = ((hashes * factor + term) % prime & lowest_32_bits).astype(np.uint32)
            posts[:, column] = np.minimum.reduceat(permuted, pointers[:-1] - pointers[0])
    return signatures


def band_keys(shingles: csr_array) -> np.ndarray:
    """One number for each band of each post's signature, uint64, shape `(posts, bands)`.

    Posts with the same number in any band are candidates.
    """
    count, length = _bands()
    signatures = minhash_signatures(shingles)[:, : count * length].astype(np.uint64)
    # Odd factors that wrap around: equal bands get equal numbers, others hardly ever.
    factors = np.random.default_rng(_SEED).integers(0, 2**63, length, dtype=np.uint64) * 2 + 1
    return (signatures.reshape(-1, count, length) * factors).sum(axis=2, dtype=np.uint64)


def cluster_near_duplicates(
    bands: Iterable[np.ndarray], *, shingles_of: Callable[[np.ndarray], csr_array], num_posts: int
) -> np.ndarray:
    """The number of the cluster that each post is in, shape `(posts,)`.

    Posts of one cluster are near-duplicates of each other, or linked by others that are.

    Args:
        bands: the columns of `band_keys` of all posts.
        shingles_of: reads the shingles of posts, whose places it is given.
        num_posts: how many there are.
    """
    buckets, members = _shared_buckets(bands)
    clusters = np.arange(num_posts)
    if not len(members):
        return clusters
    candidates, members = np.unique(members, return_inverse=True)
    shingles = shingles_of(candidates)
    edges = np.empty((2, 0), np.int64)
    found = np.arange(len(candidates))
    # In each round the first member left in every bucket meets those that are not in its cluster
    # yet. Buckets of true near-duplicates are done after one round, however large they are.
    while len(members):
        is_first = np.diff(buckets, prepend=-1) > 0
        firsts = members[is_first][np.cumsum(is_first) - 1]
        others = found[firsts] != found[members]
        numbers = np.unique(firsts[others] * len(candidates) + members[others])
        pairs = np.stack(np.divmod(numbers, len(candidates)))
        is_near = exact_jaccard(shingles, pairs) >= THRESHOLD
        edges = np.concatenate([edges, pairs[:, is_near]], axis=1)
        found = _components(edges, len(candidates))
        is_left = ~is_first & _has_several(buckets, found[members])
        buckets, members = buckets[is_left], members[is_left]
    clusters[candidates] = candidates[np.unique(found, return_index=True)[1]][found]
    return clusters


def _shared_buckets(bands: Iterable[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Buckets that hold several posts, as numbers in ascending order, and beside each entry its
    post."""
    buckets, members, first_bucket = [], [], 0
    for keys in bands:
        order = np.argsort(keys, kind="stable")
        ordered = keys[order]
        is_new = np.concatenate([[True], ordered[1:] != ordered[:-1]])[: len(ordered)]
        numbers = np.cumsum(is_new) - 1
        is_shared = np.bincount(numbers)[numbers] > 1
        buckets.append(numbers[is_shared] + first_bucket)
        members.append(order[is_shared])
        first_bucket += len(keys)
    return np.concatenate(buckets), np.concatenate(members)


def _has_several(buckets: np.ndarray, clusters: np.ndarray) -> np.ndarray:
    """Whether the bucket of each entry holds posts of more than one cluster."""
    starts = np.flatnonzero(np.diff(buckets, prepend=-1))
    lowest = np.minimum.reduceat(clusters, starts)
    highest = np.maximum.reduceat(clusters, starts)
    return np.repeat(lowest != highest, np.diff(starts, append=len(buckets)))


def exact_jaccard(shingles: csr_array, pairs: np.ndarray) -> np.ndarray:
    """Shared shingles as a share of all of two posts, shape `(pairs,)` from `(2, pairs)`."""
    sizes = np.diff(shingles.indptr)
    shared = np.empty(pairs.shape[1])
    for start in range(0, len(shared), _PAIRS_AT_ONCE):
        ones, others = pairs[:, start : start + _PAIRS_AT_ONCE]
        both = shingles[ones].multiply(shingles[others])
        shared[start : start + len(ones)] = both.sum(axis=1)
    return shared / (sizes[pairs[0]] + sizes[pairs[1]] - shared)


def _components(edges: np.ndarray, num_posts: int) -> np.ndarray:
    graph = coo_array((np.ones(edges.shape[1], bool), tuple(edges)), shape=(num_posts, num_posts))
    return connected_components(graph, directed=False)[1]


def join_groups(*partitions: np.ndarray) -> np.ndarray:
    """The finest groups that keep together what any of the partitions keeps together.

    Args:
        partitions: each the number of every post's class, from 0, shape `(posts,)`.

    Returns:
        Numbers from 0, in the order in which groups first occur, shape `(posts,)`.
    """
    import pandas as pd

    num_posts = len(partitions[0])
    posts = np.arange(num_posts)
    edges = [np.stack([posts, num_posts * (i + 1) + part]) for i, part in enumerate(partitions)]
    joined = _components(np.concatenate(edges, axis=1), num_posts * (len(partitions) + 1))
    return pd.factorize(joined[:num_posts])[0]
