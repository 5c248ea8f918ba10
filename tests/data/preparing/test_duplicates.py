from collections.abc import Sequence

import numpy as np
import pytest
from datasketch import MinHash
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from mental_health_classifier.data.preparing.duplicates import (
    NUM_PERMUTATIONS,
    THRESHOLD,
    band_keys,
    cluster_near_duplicates,
    exact_jaccard,
    hash_shingles,
    join_groups,
    minhash_signatures,
    num_bands,
)

WORDS = "one two three four five six seven eight nine ten eleven twelve thirteen"


def cluster(texts: Sequence[str]) -> np.ndarray:
    shingles = hash_shingles(texts)
    keys = band_keys(shingles)
    return cluster_near_duplicates(
        (keys[:, band] for band in range(num_bands())),
        shingles_of=lambda places: shingles[places],
        num_posts=len(texts),
    )


def jaccard(one: str, other: str) -> float:
    """By hand, from runs of three words."""
    sets = []
    for words in (one.split(), other.split()):
        sets.append({tuple(words[i : i + 3]) for i in range(len(words) - 2)})
    return len(sets[0] & sets[1]) / len(sets[0] | sets[1])


def test_a_changed_greeting_is_near_and_a_changed_middle_is_not() -> None:
    greeting = f"well {WORDS}"  # 11 of 12 shingles
    ending = WORDS.replace("thirteen", "fourteen")  # 10 of 12
    middle = WORDS.replace("six", "another")  # 8 of 14
    assert cluster([WORDS, middle, greeting, ending]).tolist() == [0, 1, 0, 0]


def test_an_edit_of_a_text_without_spaces_is_near() -> None:
    text = "".join(map(chr, range(0x4E00, 0x4E20)))
    assert cluster([text, text[:-1] + "\u5000", text[::-1]]).tolist() == [0, 0, 2]


def test_case_and_punctuation_do_not_count() -> None:
    assert cluster(["Not, ok!", "other", "not ok"]).tolist() == [0, 1, 0]


def test_posts_without_words_are_near_only_to_themselves() -> None:
    assert cluster(["!!!", "???", ":)", "a"]).tolist() == [0, 1, 2, 3]


def test_no_posts_and_one_post_are_no_trouble() -> None:
    assert band_keys(hash_shingles([])).shape == (0, num_bands())
    assert cluster([WORDS]).tolist() == [0]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.sampled_from("abcdef"), min_size=3, max_size=12), min_size=2))
def test_the_exact_index_is_the_one_worked_out_by_hand(posts: list[list[str]]) -> None:
    texts = [" ".join(words) for words in posts]
    pairs = np.array([(i, j) for i in range(len(texts)) for j in range(i)]).T
    expected = [jaccard(texts[i], texts[j]) for i, j in pairs.T]
    assert exact_jaccard(hash_shingles(texts), pairs) == pytest.approx(expected)


def test_signatures_are_those_of_datasketch() -> None:
    texts = [WORDS, f"{WORDS} and more of it", "short"] * 400
    shingles = hash_shingles(texts)
    ours = minhash_signatures(shingles)
    for post in (0, 1, 2, 1199):
        theirs = MinHash(NUM_PERMUTATIONS, seed=1, hashfunc=int, scheme="legacy")
        theirs.update_batch(shingles.indices[shingles.indptr[post] : shingles.indptr[post + 1]])
        assert (ours[post] == theirs.hashvalues).all()


def random_posts(num_posts: int, seed: int) -> list[str]:
    """Posts with a word changed here and there, so that pairs of every index occur."""
    generator = np.random.default_rng(seed)
    texts = []
    for _ in range(num_posts // 4):
        words = generator.integers(0, 5000, generator.integers(8, 40))
        for _ in range(4):
            copy = words.copy()
            copy[generator.random(len(copy)) < generator.choice([0, 0.01, 0.03, 0.1])] = 9999
            texts.append(" ".join(f"w{word}" for word in copy))
    return texts


def test_clusters_hold_nearly_all_pairs_above_the_threshold_and_none_below() -> None:
    texts = random_posts(1600, seed=0)
    clusters = cluster(texts)
    pairs = np.array(np.triu_indices(len(texts), 1))
    is_near = exact_jaccard(hash_shingles(texts), pairs) >= THRESHOLD
    is_found = clusters[pairs[0]] == clusters[pairs[1]]
    assert is_near.sum() > 300
    assert is_found[is_near].mean() > 0.99
    # What is in one cluster and yet no near pair is linked by posts that are.
    linked = join_groups(clusters * 0 + np.arange(len(texts)))
    for one, other in pairs[:, is_near].T:
        linked[linked == linked[other]] = linked[one]
    assert (linked[pairs[0]] == linked[pairs[1]])[is_found].all()


def test_many_copies_and_a_chain_of_edits_are_one_cluster() -> None:
    words = [f"w{i}" for i in range(60)]
    chain = [" ".join(words[start : start + 30]) for start in range(25)]
    texts = [f"{WORDS} number {i}" for i in range(500)] + chain
    clusters = cluster(texts)
    assert set(clusters[:500]) == {0} and set(clusters[500:]) == {500}
    assert jaccard(chain[0], chain[-1]) < 0.1


def test_shingles_are_read_only_for_candidates() -> None:
    texts = [WORDS, "quite another post", f"{WORDS} and", "and one more of them"]
    shingles = hash_shingles(texts)
    asked: list[int] = []

    def shingles_of(places: np.ndarray) -> csr_array:
        asked.extend(places)
        return shingles[places]

    keys = band_keys(shingles)
    bands = (keys[:, band] for band in range(num_bands()))
    cluster_near_duplicates(bands, shingles_of=shingles_of, num_posts=4)
    assert asked == [0, 2]


def test_groups_keep_together_what_either_partition_does() -> None:
    authors, clusters = np.array([0, 0, 1, 2, 3]), np.array([0, 1, 1, 2, 3])
    assert join_groups(authors, clusters).tolist() == [0, 0, 0, 1, 2]
