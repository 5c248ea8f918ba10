"""Random drafts of sample posts: what each one says, who writes it, and how it reads."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

import numpy as np

from mental_health_classifier.data.sample.ceilings import NO_CUE
from mental_health_classifier.data.sample.grammar import SampleGrammar
from mental_health_classifier.data.sample.phrases import SamplePhrases

_DRAWN_AT_ONCE = 2**16


class Drafts(NamedTuple):
    """What posts say and in which words, before they are signed or copied. One row a post.

    Legend of shapes: n posts, S slots and F fillers of the longest post. A post has a slot for each
    cue; the slots and fillers that it lacks hold -1.
    """

    true_classes: np.ndarray  # (n,)
    labels: np.ndarray  # (n,)
    cues: np.ndarray  # (n, S)
    is_denied: np.ndarray  # (n, S)
    carriers: np.ndarray  # (n, S)
    negators: np.ndarray  # (n, S)
    intensifiers: np.ndarray  # (n, S)
    fillers: np.ndarray  # (n, F)
    is_comma: np.ndarray  # (n, S + F), whether a comma or "and" joins a phrase to the one before
    has_sign_off: np.ndarray  # (n,)


class Styles(NamedTuple):
    """In what a post differs from its near-duplicate. One row a post."""

    openings: np.ndarray  # (n,), -1 for none
    is_capitalised: np.ndarray  # (n,)
    endings: np.ndarray  # (n,)


def draw_sources(rng: np.random.Generator, size: int, grammar: SampleGrammar) -> np.ndarray:
    """For each post the earlier post that it repeats, or itself, shape `(n,)`.

    No post repeats a repetition.
    """
    source = np.arange(size)
    num_copies = min(round(grammar.near_duplicate_share * size), size - 1)
    if num_copies:
        copies = rng.choice(np.arange(1, size), num_copies, replace=False)
        originals = np.delete(source, copies)
        # At least one original is earlier, because the first post is never a copy.
        source[copies] = originals[rng.integers(0, np.searchsorted(originals, copies))]
    return source


def draw_drafts(
    rng: np.random.Generator, size: int, grammar: SampleGrammar, phrases: SamplePhrases
) -> Drafts:
    """Classes, labels, cues and wording. The wording does not depend on the class."""
    oracle = grammar.oracle
    true_classes = _draw_each(rng, oracle.class_shares[None], np.zeros(size, int))
    num_slots = rng.integers(grammar.min_slots, grammar.max_slots + 1, size)
    is_said = np.arange(grammar.max_slots) < num_slots[:, None]

    # Rounded up or down at random, so that every slot is denied with probability `denied_share`.
    num_denied = np.floor(grammar.denied_share * num_slots + rng.random(size))
    rank = np.where(is_said, rng.random(is_said.shape), np.inf).argsort(axis=1).argsort(axis=1)
    is_denied = rank < num_denied[:, None]
    cues = np.full(is_said.shape, NO_CUE)
    affirmed_or_denied = np.concatenate([oracle.affirmed, oracle.denied])
    for slot in range(grammar.max_slots):
        said = is_said[:, slot]
        rows = true_classes[said] + len(oracle.affirmed) * is_denied[said, slot]
        cues[said, slot] = _draw_each(rng, affirmed_or_denied, rows)

    log_counts = rng.normal(grammar.filler_log_mean, grammar.filler_log_spread, (size, 1))
    has_filler = np.arange(grammar.max_fillers) < np.floor(np.exp(log_counts))
    fillers = rng.integers(0, len(phrases.fillers), has_filler.shape)
    return Drafts(
        true_classes=true_classes,
        labels=_draw_each(rng, oracle.confusion, true_classes),
        cues=cues,
        is_denied=is_denied,
        carriers=rng.integers(0, len(phrases.carriers), is_said.shape),
        negators=rng.integers(0, len(phrases.negators), is_said.shape),
        intensifiers=rng.integers(0, len(phrases.intensifiers), is_said.shape),
        fillers=np.where(has_filler, fillers, -1),
        is_comma=rng.random((size, grammar.max_slots + grammar.max_fillers)) < 0.5,
        has_sign_off=rng.random(size) < grammar.sign_off_rate,
    )


def draw_authors(
    rng: np.random.Generator, true_classes: np.ndarray, grammar: SampleGrammar
) -> np.ndarray:
    """Number of each post's author, from 1, shape `(n,)`.

    Every author is at home in one class. A post comes from the authors at home in its class with
    probability `author_strength`, else from anyone's, a home being as likely as its class is
    common. By Bayes' rule an author then posts on the home class with that probability more than
    others do, while the classes keep their shares exactly.
    """
    size, shares = len(true_classes), grammar.oracle.class_shares
    is_at_home = rng.random(size) < grammar.author_strength
    homes = np.where(is_at_home, true_classes, _draw_each(rng, shares[None], np.zeros(size, int)))
    num_authors = np.maximum(1, np.round(size * shares / grammar.posts_per_author)).astype(int)
    # Numbers are dealt out at random, so that neither name nor sign-off tells the home.
    numbers = np.split(rng.permutation(num_authors.sum()) + 1, num_authors.cumsum()[:-1])
    authors = np.empty(size, dtype=int)
    for home, residents in enumerate(numbers):
        activity = np.arange(1.0, len(residents) + 1) ** -grammar.author_exponent
        is_here = homes == home
        authors[is_here] = rng.choice(residents, is_here.sum(), p=activity / activity.sum())
    return authors


def draw_styles(
    rng: np.random.Generator, source: np.ndarray, grammar: SampleGrammar, phrases: SamplePhrases
) -> Styles:
    """Openings, capitals and endings; a post that repeats another differs from it in all three."""
    size, num_openings, num_endings = len(source), len(phrases.openings), len(phrases.endings)
    has_opening = rng.random(size) < grammar.opening_rate
    openings = np.where(has_opening, rng.integers(0, num_openings, size), -1)
    is_capitalised = rng.random(size) < 0.5
    endings = rng.integers(0, num_endings, size)
    is_copy = source != np.arange(size)
    other_openings = openings[source] + rng.integers(1, num_openings, size)
    other_endings = endings[source] + rng.integers(1, num_endings, size)
    return Styles(
        openings=np.where(is_copy, other_openings % num_openings, openings),
        is_capitalised=is_capitalised[source] ^ is_copy,
        endings=np.where(is_copy, other_endings % num_endings, endings),
    )


def draw_sign_offs(
    rng: np.random.Generator, authors: np.ndarray, phrases: SamplePhrases
) -> np.ndarray:
    """The two words with which the author of each post signs, shape `(n,)`."""
    pairs = list(map(" ".join, product(phrases.sign_off["first"], phrases.sign_off["second"])))
    return rng.permutation(np.array(pairs, dtype=object))[authors % len(pairs)]


def write_texts(
    drafts: Drafts, styles: Styles, sign_offs: np.ndarray, phrases: SamplePhrases
) -> tuple[np.ndarray, np.ndarray]:
    """The posts as text, shape `(n,)`, and where their cues stand in it, shape `(n, S, 2)`.

    A cue stands at `text[start:end]`, where the post has it.
    """
    cues = _choose(phrases.cue_texts, drafts.cues)
    negators = np.where(drafts.is_denied, " " + _choose(phrases.negators, drafts.negators), "")
    intensifiers = " " + _choose(phrases.intensifiers, drafts.intensifiers) + " "
    slots = _choose(phrases.carriers, drafts.carriers) + negators + intensifiers + cues
    pieces = np.concatenate([slots, _choose(phrases.fillers, drafts.fillers)], axis=1)
    is_said = np.concatenate([drafts.cues != NO_CUE, drafts.fillers >= 0], axis=1)

    joints = np.where(drafts.is_comma, ", ", " and ").astype(object)
    openings = _choose(phrases.openings, styles.openings) + ", "
    joints[:, 0] = np.where(styles.openings < 0, "", openings)
    pieces = np.where(is_said, joints + pieces, "")
    lengths_of = np.vectorize(len, otypes=[int])
    ends = lengths_of(pieces).cumsum(axis=1)[:, : cues.shape[1]]
    starts = ends - lengths_of(cues)

    bodies = pieces.sum(axis=1)
    capitalise = np.vectorize(lambda text: text[0].upper() + text[1:], otypes=[object])
    bodies = np.where(styles.is_capitalised, capitalise(bodies), bodies)
    closings = np.where(drafts.has_sign_off, " - " + sign_offs, "")
    texts = bodies + _choose(phrases.endings, styles.endings) + closings
    return texts, np.stack([starts, ends], axis=2)


def _choose(options: Sequence[str], indices: np.ndarray) -> np.ndarray:
    return np.array(options, dtype=object)[indices]


def _draw_each(rng: np.random.Generator, probabilities: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """One choice for each of `rows` of the table of probabilities, shape `(n,)` from `(T, C)` and
    `(n,)`."""
    limits = probabilities.cumsum(axis=1)[:, :-1]  # the last choice takes what rounding leaves
    draws = rng.random(len(rows))
    choices = np.empty(len(rows), int)
    for start in range(0, len(rows), _DRAWN_AT_ONCE):
        some = slice(start, start + _DRAWN_AT_ONCE)
        choices[some] = (limits[rows[some]] <= draws[some, None]).sum(axis=1)
    return choices
