from __future__ import annotations

import hashlib
import itertools
import json
import math
import re
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from made_posts import SamplePosts, make_sample_posts
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from mental_health_classifier.contracts import InputError
from mental_health_classifier.data.sample import phrases as sample_phrases
from mental_health_classifier.data.sample.ceilings import specificity_at_recall
from mental_health_classifier.data.sample.corpus import write_sample_files
from mental_health_classifier.data.sample.grammar import SampleGrammar

SHARES = {
    "control": 0.28,
    "anxiety": 0.18,
    "depression": 0.20,
    "bipolar": 0.12,
    "ptsd": 0.12,
    "suicide": 0.10,
}
DEFAULTS = {
    "class_shares": SHARES,
    "cue_strength": 2.9,
    "label_noise": 0.03,
    "min_slots": 2,
    "max_slots": 3,
    "denied_share": 0.4,
    "author_strength": 0.3,
    "posts_per_author": 5.0,
    "author_exponent": 0.6,
    "near_duplicate_share": 0.01,
    "sign_off_rate": 0.25,
    "opening_rate": 0.1,
    "filler_log_mean": 0.0,
    "filler_log_spread": 0.6,
    "max_fillers": 4,
    "first_day": "2024-01-01",
    "num_days": 730,
    "missing_label_share": 0.3,
}
CLASSES = list(SHARES)
INVENTORY = yaml.safe_load(
    Path(sample_phrases.__file__).with_name("phrases.yaml").read_text(encoding="utf-8")
)
CUES = [(cue, name) for name, entry in INVENTORY["classes"].items() for cue in entry["cues"]]
# The sample's own words for one slot: carrier, perhaps a negator, one word, then the cue.
SLOT = re.compile(
    rf"\b(?:{'|'.join(INVENTORY['carriers'])}) "
    rf"(?:({'|'.join(INVENTORY['negators'])}) )?"
    rf"(?:{'|'.join(INVENTORY['intensifiers'])}) "
    rf"({'|'.join(sorted((cue for cue, _ in CUES), key=len, reverse=True))})\b"
)


def grammar_with(**changes: object) -> SampleGrammar:
    return SampleGrammar(**{**DEFAULTS, **changes})


def sequence_of(sample: SamplePosts) -> np.ndarray:
    return sample.oracle[[f"sequence/{name}" for name in CLASSES]].to_numpy()


def bag_of(sample: SamplePosts) -> np.ndarray:
    return sample.oracle[[f"bag_of_words/{name}" for name in CLASSES]].to_numpy()


def labels_of(sample: SamplePosts) -> np.ndarray:
    return sample.posts["label"].map(CLASSES.index).to_numpy()


def what_is_said(text: str) -> list[tuple[int, bool]]:
    """Cues (as places in CUES) and whether they are denied, from the text alone."""
    cues = [cue for cue, _ in CUES]
    return [
        (cues.index(cue), negator is not None)
        for negator, cue in (match.groups() for match in SLOT.finditer(text.lower()))
    ]


def standard_error(probabilities: np.ndarray) -> float:
    """Of the accuracy of guesses that are right with these probabilities."""
    return math.sqrt((probabilities * (1 - probabilities)).sum()) / len(probabilities)


def kernels(strength: float) -> tuple[np.ndarray, np.ndarray]:
    """p(cue | class) when affirmed and when denied, worked out from the inventory."""
    opposite = {name: entry["opposite"] for name, entry in INVENTORY["classes"].items()}
    affirmed = np.array([[name == home for _, home in CUES] for name in CLASSES]) * strength
    denied = np.array([[name == opposite[home] for _, home in CUES] for name in CLASSES]) * strength
    return (
        np.exp(affirmed) / np.exp(affirmed).sum(axis=1, keepdims=True),
        np.exp(denied) / np.exp(denied).sum(axis=1, keepdims=True),
    )


def confusion_by_hand(noise: float) -> np.ndarray:
    total = sum(weight for _, _, weight in INVENTORY["confusions"])
    joint = np.diag(list(SHARES.values()))
    for one, other, weight in INVENTORY["confusions"]:
        a, b = CLASSES.index(one), CLASSES.index(other)
        moved = noise * weight / total / 2  # half goes each way
        joint[a, b] += moved
        joint[b, a] += moved
        joint[a, a] -= moved
        joint[b, b] -= moved
    return joint / np.array(list(SHARES.values()))[:, None]


@pytest.fixture(scope="module")
def sample() -> SamplePosts:
    return make_sample_posts(size=20_000, seed=7, grammar=grammar_with())


# --- what a post says ---------------------------------------------------------------------------


def test_the_text_alone_tells_every_cue_and_its_negator(sample: SamplePosts) -> None:
    for text, spans in zip(sample.posts["text"], sample.oracle["cue_spans"], strict=True):
        said = what_is_said(text)
        marked = [span.split(":") for span in spans.split()]
        assert [CUES[cue][0] for cue, _ in said] == [text[int(a) : int(b)] for a, b, _ in marked]
        assert [is_denied for _, is_denied in said] == [p == "denied" for _, _, p in marked]
        assert 2 <= len(said) <= 3


def test_the_bag_of_words_tells_the_cues_and_the_number_of_negators(sample: SamplePosts) -> None:
    counts = Counter(
        word
        for phrase in sample_phrases.read_sample_phrases().all_phrases
        for word in phrase.split()
    )
    own_word = {cue: next(w for w in cue.split() if counts[w] == 1) for cue, _ in CUES}
    for text in sample.posts["text"][:2000]:
        words = Counter(re.findall(r"[a-z]+", text.lower()))
        said = what_is_said(text)
        assert Counter({c: words[own_word[c]] for c in own_word if words[own_word[c]]}) == Counter(
            CUES[cue][0] for cue, _ in said
        )
        assert sum(words[negator] for negator in INVENTORY["negators"]) == sum(d for _, d in said)


def test_a_negator_never_stands_next_to_its_cue(sample: SamplePosts) -> None:
    first_words = {cue.split()[0] for cue, _ in CUES}
    for text in sample.posts["text"][:2000]:
        words = re.findall(r"[a-z]+", text.lower())
        for word, following in itertools.pairwise(words):
            assert not (word in INVENTORY["negators"] and following in first_words)


def test_posts_are_short_and_their_length_tells_nothing_of_the_class(sample: SamplePosts) -> None:
    num_words = sample.posts["text"].str.split().str.len()
    assert 14 <= num_words.mean() <= 22
    lengths = {
        name: sorted(len(cue.split()) for cue in entry["cues"])
        for name, entry in INVENTORY["classes"].items()
    }
    assert len({tuple(of_class) for of_class in lengths.values()}) == 1
    overall = num_words.mean()
    for _, of_class in num_words.groupby(sample.posts["label"]):
        assert abs(of_class.mean() - overall) < 4 * num_words.std() / math.sqrt(len(of_class))


def test_classes_are_as_common_as_asked_and_labels_as_noisy(sample: SamplePosts) -> None:
    size = len(sample.posts)
    for table, column in ((sample.posts, "label"), (sample.oracle, "true_label")):
        for name, share in SHARES.items():
            found = (table[column] == name).mean()
            assert abs(found - share) < 4 * math.sqrt(share * (1 - share) / size)
    is_wrong = sample.posts["label"] != sample.oracle["true_label"]
    assert abs(is_wrong.mean() - 0.03) < 4 * math.sqrt(0.03 * 0.97 / size)
    pairs = Counter(
        frozenset(pair)
        for pair in zip(
            sample.posts["label"][is_wrong], sample.oracle["true_label"][is_wrong], strict=True
        )
    )
    assert pairs.most_common(1)[0][0] == {"depression", "suicide"}


def test_tables_hold_what_they_promise_and_the_corpus_nothing_of_the_oracle(
    sample: SamplePosts,
) -> None:
    assert list(sample.posts) == [
        *("id", "text", "label", "author", "created_at", "synthetic"),
        *("severity", "urgency", "emotions", "cue_spans"),
    ]
    assert (sample.posts["synthetic"] == 1).all()
    assert sample.posts["id"].is_unique
    assert list(sample.posts["id"]) == list(sample.oracle["id"])
    times = pd.to_datetime(sample.posts["created_at"], utc=True)
    assert times.is_monotonic_increasing
    assert times.min() >= pd.Timestamp("2024-01-01", tz="UTC")
    assert times.max() < pd.Timestamp("2024-01-01", tz="UTC") + pd.Timedelta(days=730)


@pytest.mark.parametrize("size", [1, 2, 7])
def test_a_handful_of_posts_can_be_made(size: int) -> None:
    tiny = make_sample_posts(size=size, seed=0, grammar=grammar_with(near_duplicate_share=0.5))
    assert len(tiny.posts) == size
    assert np.allclose(sequence_of(tiny).sum(axis=1), 1)


def test_posts_without_fillers_openings_and_sign_offs_are_cues_alone() -> None:
    bare = make_sample_posts(
        size=300,
        seed=0,
        grammar=grammar_with(
            max_fillers=0, opening_rate=0.0, sign_off_rate=0.0, near_duplicate_share=0.0
        ),
    )
    for text in bare.posts["text"]:
        rest = SLOT.sub("", text.lower())
        assert set(re.findall(r"[a-z]+", rest)) <= {"and"}


# --- the ceilings -------------------------------------------------------------------------------


@pytest.mark.parametrize("max_slots", [2, 4])
def test_both_posteriors_equal_a_sum_over_everything_that_could_have_been_said(
    max_slots: int,
) -> None:
    grammar = grammar_with(min_slots=1, max_slots=max_slots, cue_strength=1.7, label_noise=0.08)
    small = make_sample_posts(size=150, seed=3, grammar=grammar)
    affirmed, denied = kernels(1.7)
    confusion = confusion_by_hand(0.08)
    shares = np.array(list(SHARES.values()))

    def joint(said: tuple[tuple[int, bool], ...]) -> np.ndarray:
        """p(y) p(cues, places of the negators | y, number of slots and negators)."""
        placements = math.comb(len(said), sum(is_denied for _, is_denied in said))
        factors = [(denied if is_denied else affirmed)[:, cue] for cue, is_denied in said]
        return shares * np.prod(factors, axis=0) / placements

    for text, sequence, bag in zip(
        small.posts["text"], sequence_of(small), bag_of(small), strict=True
    ):
        said = what_is_said(text)
        expected = joint(tuple(said))
        np.testing.assert_allclose(sequence, expected / expected.sum() @ confusion, atol=1e-12)

        cues = [cue for cue, _ in said]
        polarities = [is_denied for _, is_denied in said]
        same_bag = {
            tuple(zip(order, placed, strict=True))
            for order in itertools.permutations(cues)
            for placed in itertools.permutations(polarities)
        }
        expected = np.sum([joint(other) for other in same_bag], axis=0)
        np.testing.assert_allclose(bag, expected / expected.sum() @ confusion, atol=1e-12)


def test_the_drawn_posts_follow_the_model_behind_the_posteriors(sample: SamplePosts) -> None:
    """How often each class says each cue, counted, against the probabilities."""
    affirmed, denied = kernels(2.9)
    counted = np.zeros((2, len(CLASSES), len(CUES)))
    for text, name in zip(sample.posts["text"], sample.oracle["true_label"], strict=True):
        for cue, is_denied in what_is_said(text):
            counted[int(is_denied), CLASSES.index(name), cue] += 1
    for counts, probabilities in zip(counted, (affirmed, denied), strict=True):
        totals = counts.sum(axis=1, keepdims=True)
        errors = np.sqrt(probabilities * (1 - probabilities) / totals)
        assert (np.abs(counts / totals - probabilities) < 5 * errors).all()
    assert counted[1].sum() / counted.sum() == pytest.approx(0.4, abs=0.01)


def test_the_expected_accuracy_is_what_the_oracle_achieves(sample: SamplePosts) -> None:
    labels = labels_of(sample)
    for posterior, key in ((sequence_of(sample), "sequence"), (bag_of(sample), "bag_of_words")):
        ceiling = sample.manifest["ceilings"][key]
        assert ceiling == pytest.approx(posterior.max(axis=1).mean())
        achieved = (posterior.argmax(axis=1) == labels).mean()
        assert abs(achieved - ceiling) < 3 * standard_error(posterior.max(axis=1))


def test_the_oracle_is_calibrated(sample: SamplePosts) -> None:
    labels = labels_of(sample)
    for posterior in (sequence_of(sample), bag_of(sample)):
        for scores, hits in (
            (posterior.max(axis=1), posterior.argmax(axis=1) == labels),
            (posterior[:, CLASSES.index("suicide")], labels == CLASSES.index("suicide")),
        ):
            bins = np.array_split(np.argsort(scores), 15)
            gaps = [abs(scores[rows].mean() - hits[rows].mean()) for rows in bins]
            assert np.mean(gaps) < 0.02


def test_the_default_corpus_leaves_room_between_the_ceilings(sample: SamplePosts) -> None:
    ceilings = sample.manifest["ceilings"]
    assert ceilings["chance"] == pytest.approx(max(SHARES.values()))
    assert ceilings["chance"] + 0.2 < ceilings["bag_of_words"] < ceilings["sequence"] - 0.1
    assert 0.80 <= ceilings["sequence"] <= 0.90
    assert 0.80 <= ceilings["specificity_at_recall_90"] <= 0.95


def test_a_reader_of_cues_and_their_negators_reaches_the_ceiling(sample: SamplePosts) -> None:
    features = np.zeros((len(sample.posts), 2 * len(CUES)))
    for row, text in enumerate(sample.posts["text"]):
        for cue, is_denied in what_is_said(text):
            features[row, cue + is_denied * len(CUES)] += 1
    labels = labels_of(sample)
    model = LogisticRegression(max_iter=500).fit(features[:14_000], labels[:14_000])
    ceiling = sequence_of(sample)[14_000:].max(axis=1).mean()
    assert abs(model.score(features[14_000:], labels[14_000:]) - ceiling) < 0.02


@pytest.mark.parametrize(
    "vectoriser",
    [
        pytest.param(CountVectorizer(token_pattern=r"[a-z]+"), id="counts of words"),
        pytest.param(
            TfidfVectorizer(
                token_pattern=r"[a-z]+", ngram_range=(1, 2), min_df=2, sublinear_tf=True
            ),
            id="TF-IDF of words and pairs",
            marks=pytest.mark.slow,
        ),
    ],
)
@pytest.mark.parametrize("class_weight", [None, "balanced"])
def test_a_linear_reader_of_words_does_not_pass_the_bag_of_words_ceiling(
    sample: SamplePosts, vectoriser: CountVectorizer, class_weight: str | None
) -> None:
    posts, labels = sample.posts["text"], labels_of(sample)
    train, test = split_by_author(sample)
    model = LogisticRegression(max_iter=500, class_weight=class_weight)
    model.fit(vectoriser.fit_transform(posts[train]), labels[train])
    best = bag_of(sample)[test].max(axis=1)
    accuracy = model.score(vectoriser.transform(posts[test]), labels[test])
    assert accuracy < best.mean() + 3 * standard_error(best)


def test_specificity_at_recall_is_read_off_the_highest_threshold_that_finds_enough() -> None:
    scores = np.array([0.9, 0.8, 0.7, 0.2, 0.75, 0.1, 0.3, 0.7])
    is_positive = np.array([True, True, True, True, False, False, False, False])
    assert specificity_at_recall(scores, is_positive, recall=0.75) == 0.5  # 0.75 and 0.7 alerted
    assert specificity_at_recall(scores, is_positive, recall=0.5) == 1.0
    assert specificity_at_recall(scores, is_positive, recall=1.0) == 0.25
    assert specificity_at_recall(scores, is_positive & False, recall=0.9) is None
    assert specificity_at_recall(scores, is_positive | True, recall=0.9) is None


# --- authors and near-duplicates ----------------------------------------------------------------


def split_by_author(sample: SamplePosts) -> tuple[np.ndarray, np.ndarray]:
    """70 to 30, no author in both, near-duplicates left out."""
    authors = sample.posts["author"].unique()
    in_train = set(np.random.default_rng(0).permutation(authors)[: int(0.7 * len(authors))])
    is_train = sample.posts["author"].isin(in_train).to_numpy()
    is_original = (sample.oracle["near_duplicate_of"] == "").to_numpy()
    return np.flatnonzero(is_train & is_original), np.flatnonzero(~is_train & is_original)


def test_authors_keep_to_a_class_as_much_as_asked() -> None:
    many = make_sample_posts(
        size=20_000,
        seed=1,
        grammar=grammar_with(
            author_strength=0.5, posts_per_author=500, label_noise=0.0, near_duplicate_share=0.0
        ),
    )
    mixes = pd.crosstab(many.posts["author"], many.posts["label"])[CLASSES].to_numpy()
    shares = np.array(list(SHARES.values()))
    expected = 0.5 * np.eye(len(CLASSES)) + 0.5 * shares
    for mix in mixes:
        total = mix.sum()
        errors = np.sqrt(expected * (1 - expected) / total)
        assert (np.abs(mix / total - expected) < 5 * errors).all(axis=1).any()


def test_the_name_of_an_author_tells_nothing_of_the_class(sample: SamplePosts) -> None:
    one_each = sample.posts.drop_duplicates("author")
    numbers = one_each["author"].str.removeprefix("author-").astype(int)
    for _, of_class in numbers.groupby(one_each["label"]):
        assert abs(of_class.mean() - numbers.mean()) < 4 * numbers.std() / math.sqrt(len(of_class))


def test_a_calibration_part_of_the_default_corpus_has_thirty_authors_of_suicide_posts() -> None:
    for size, seed in ((4_000, 1), (8_000, 0), (8_000, 1)):
        default = make_sample_posts(size=size, seed=seed, grammar=grammar_with()).posts
        authors = default["author"].drop_duplicates().sample(frac=1, random_state=seed)
        num_posts = default["author"].value_counts()[authors].cumsum()
        chosen = authors[num_posts.to_numpy() <= 0.15 * size]
        calibration = default[default["author"].isin(chosen)]
        assert calibration.loc[calibration["label"] == "suicide", "author"].nunique() >= 30


def test_words_of_sign_offs_are_shared_and_their_pairs_hardly(sample: SamplePosts) -> None:
    is_original = sample.oracle["near_duplicate_of"] == ""
    signed = sample.posts[is_original & sample.posts["text"].str.contains(" - ", regex=False)]
    assert len(signed) / is_original.sum() == pytest.approx(0.25, abs=0.02)
    pairs = signed["text"].str.split(" - ").str[1]
    assert (pairs.groupby(signed["author"]).nunique() == 1).all()
    authors_of_pair = signed.groupby(pairs)["author"].nunique()
    authors_of_word = signed.groupby(pairs.str.split().str[0])["author"].nunique()
    assert authors_of_pair.mean() < 5
    assert authors_of_word.min() >= 20


@pytest.mark.slow
def test_authors_in_two_parts_leak_and_a_grouped_split_stops_it() -> None:
    leaky = make_sample_posts(
        size=12_000,
        seed=5,
        grammar=grammar_with(
            cue_strength=1.2,
            author_strength=0.8,
            posts_per_author=60,
            sign_off_rate=1.0,
            near_duplicate_share=0.0,
        ),
    )
    texts, labels = leaky.posts["text"].to_numpy(), labels_of(leaky)

    def accuracy(train: np.ndarray, test: np.ndarray) -> float:
        vectoriser = TfidfVectorizer(ngram_range=(1, 2), min_df=2)
        model = LogisticRegression(max_iter=500, C=3.0)
        model.fit(vectoriser.fit_transform(texts[train]), labels[train])
        return float(model.score(vectoriser.transform(texts[test]), labels[test]))

    train, test = split_by_author(leaky)
    mixed = np.random.default_rng(0).permutation(len(texts))
    across_authors = accuracy(train, test)
    within_authors = accuracy(mixed[: len(train)], mixed[len(train) :])
    ceiling = sequence_of(leaky)[test].max(axis=1)
    assert within_authors > across_authors + 0.05
    # Posts of one author are not independent, so the error is taken over authors.
    is_right = sequence_of(leaky)[test].argmax(axis=1) == labels[test]
    clusters = pd.Series(is_right - ceiling).groupby(leaky.posts["author"].to_numpy()[test])
    error = math.sqrt((clusters.sum() ** 2).sum()) / len(test)
    assert across_authors < ceiling.mean() + 3 * error


def test_near_duplicates_are_marked_and_repeat_an_earlier_post(sample: SamplePosts) -> None:
    rows = {identifier: row for row, identifier in enumerate(sample.posts["id"])}
    copies = sample.oracle["near_duplicate_of"]
    assert (copies != "").sum() == 200
    openings = set(INVENTORY["openings"])

    def words(row: int) -> list[str]:
        return re.findall(r"[a-z]+", sample.posts["text"][row].lower())

    def body(row: int) -> list[str]:
        return words(row)[1:] if words(row)[0] in openings else words(row)

    def shingles(row: int) -> set[tuple[str, ...]]:
        return set(zip(words(row), words(row)[1:], words(row)[2:], strict=False))

    similarities = []
    for copy, original_id in enumerate(copies):
        if not original_id:
            continue
        original = rows[original_id]
        assert original < copy
        assert not copies[original]
        assert body(copy) == body(original)
        assert sample.posts["text"][copy] != sample.posts["text"][original]
        assert sample.posts["label"][copy] == sample.posts["label"][original]
        assert sample.oracle["true_label"][copy] == sample.oracle["true_label"][original]
        ours, theirs = shingles(copy), shingles(original)
        similarities.append(len(ours & theirs) / len(ours | theirs))
    assert np.mean(np.array(similarities) >= 0.8) > 0.95


# --- files --------------------------------------------------------------------------------------


def write(folder: Path, **changes: int) -> dict:
    arguments = {"size": 400, "seed": 11, **changes}
    folder.mkdir(parents=True, exist_ok=True)
    return write_sample_files(folder, grammar=grammar_with(), **arguments)


def test_the_same_seed_writes_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    write(tmp_path / "a")
    write(tmp_path / "deep" / "b")
    write(tmp_path / "c", seed=12)
    for name in ("sample.csv", "sample.oracle.csv", "manifest.json"):
        first = (tmp_path / "a" / name).read_bytes()
        assert first == (tmp_path / "deep" / "b" / name).read_bytes()
        assert first != (tmp_path / "c" / name).read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "c", "deep"]


def test_the_manifest_says_how_the_files_were_made(tmp_path: Path) -> None:
    manifest = write(tmp_path / "posts")
    assert json.loads((tmp_path / "posts" / "manifest.json").read_text()) == manifest
    assert manifest["schema_version"] == 2
    assert (manifest["seed"], manifest["size"]) == (11, 400)
    assert manifest["parameters"] == DEFAULTS
    assert manifest["phrases_version"] == INVENTORY["version"]
    assert "findahelpline.com" in manifest["notice"]
    assert set(manifest["sha256"]) == {"sample.csv", "sample.oracle.csv"}
    for name, digest in manifest["sha256"].items():
        content = (tmp_path / "posts" / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == digest
    posts = pd.read_csv(tmp_path / "posts" / "sample.csv", dtype=str, keep_default_na=False)
    made = make_sample_posts(size=400, seed=11, grammar=grammar_with())
    pd.testing.assert_frame_equal(posts, made.posts.astype(str), check_dtype=False)


def test_what_an_interrupted_call_left_is_written_over(tmp_path: Path) -> None:
    write(tmp_path / "other", seed=12)
    assert write(tmp_path / "other") == write(tmp_path / "posts")
    names = sorted(path.name for path in (tmp_path / "posts").iterdir())
    assert names == ["manifest.json", "sample.csv", "sample.oracle.csv"]
    for name in names:
        assert (tmp_path / "other" / name).read_bytes() == (tmp_path / "posts" / name).read_bytes()


@pytest.mark.slow
def test_a_hundred_thousand_posts_take_seconds(tmp_path: Path) -> None:
    started = time.process_time()
    write(tmp_path / "posts", size=100_000)
    assert time.process_time() - started < 20


# --- what is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"cue_strength": -1.0}, r"data\.grammar\.cue_strength must be a number from 0"),
        ({"cue_strength": math.nan}, r"cue_strength .* came nan"),
        ({"cue_strength": "strong"}, r"cue_strength .* came 'strong'"),
        ({"label_noise": 1.5}, r"data\.grammar\.label_noise must be a number from 0"),
        ({"label_noise": 0.9}, r"data\.grammar\.label_noise=0\.9 mislabels more posts"),
        ({"min_slots": 0}, r"data\.grammar\.min_slots must be a whole number from 1"),
        ({"max_slots": 2.5}, r"data\.grammar\.max_slots must be a whole number"),
        ({"min_slots": 4}, r"max_slots must be at least data\.grammar\.min_slots=4, came 3"),
        ({"denied_share": 1.01}, r"data\.grammar\.denied_share"),
        ({"author_strength": -0.1}, r"data\.grammar\.author_strength"),
        ({"posts_per_author": 0.5}, r"data\.grammar\.posts_per_author"),
        ({"near_duplicate_share": 0.6}, r"data\.grammar\.near_duplicate_share"),
        ({"num_days": 0}, r"data\.grammar\.num_days"),
        ({"first_day": "yesterday"}, r"data\.grammar\.first_day must be a quoted date"),
        (
            {"class_shares": {**SHARES, "suicide": 0.2}},
            r"data\.grammar\.class_shares .* together 1",
        ),
        ({"class_shares": {"control": 0.5, "suicide": 0.5}}, r"each of control, anxiety"),
        ({"class_shares": None}, r"data\.grammar\.class_shares .* came None"),
        ({"class_shares": {**SHARES, "suicide": "some"}}, r"data\.grammar\.class_shares"),
        ({"class_shares": {**SHARES, "suicide": 0.0, "control": 0.38}}, r"a share above 0"),
    ],
)
def test_parameters_that_make_no_sense_are_refused(
    changes: dict[str, object], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        grammar_with(**changes)


def test_a_size_or_seed_below_the_lowest_is_refused() -> None:
    with pytest.raises(InputError, match=r"data\.size must be .* at least 1, came 0"):
        make_sample_posts(size=0, seed=1, grammar=grammar_with())
    with pytest.raises(InputError, match=r"data\.size must be a whole number"):
        make_sample_posts(size=2.5, seed=1, grammar=grammar_with())
    with pytest.raises(InputError, match=r"data\.sample_seed must be .* at least 0, came -1"):
        make_sample_posts(size=10, seed=-1, grammar=grammar_with())


# --- safety -------------------------------------------------------------------------------------

# Stems of methods, means, places, plans and notes, and of what should not be in print here at all.
BLOCKED = re.compile(
    r"suicid|kill|murder|hang|noose|rope|knife|blade|razor|cut|slit|stab|wrist|vein|bleed|blood|"
    r"gun|pistol|rifle|bullet|shoot|shot|pill|tablet|overdos|dose|poison|drug|medic|gas|pesticid|"
    r"bleach|alcohol|drown|jump|burn|fire|bridge|roof|cliff|balcon|track|rail|train|ledge|window|"
    r"tower|weapon|method|lethal|fatal|harm|hurt|self|wound|injur|goodbye|farewell|note|letter|"
    r"will|plan|tonight|attempt|end|die|corpse|grave|funeral|rape|abus|assault|molest|beat|weigh|"
    r"starv|purg"
)
# Everyday words that begin like one of these, each with the sense it has here.
HARMLESS = {
    "jumpy": "easily startled",
    "died": "said of a phone",
    "starving": "hungry before lunch",
    "willow": "a tree in a sign-off",
}


def test_no_phrase_speaks_of_methods_means_places_plans_or_notes() -> None:
    for phrase in sample_phrases.read_sample_phrases().all_phrases:
        for word in phrase.split():
            assert word in HARMLESS or not BLOCKED.match(word), word


def test_idioms_that_sound_alarming_are_in_the_posts_of_every_class(sample: SamplePosts) -> None:
    for idiom in ("dying to see that film", "bored to death in class", "my phone died"):
        has_idiom = sample.posts["text"].str.contains(idiom, regex=False)
        assert set(sample.posts["label"][has_idiom]) == set(CLASSES)


def test_the_phrases_open_with_a_help_line() -> None:
    source = Path(sample_phrases.__file__).with_name("phrases.yaml").read_text("utf-8")
    header = source.split("\n\n")[0]
    assert "contact local emergency services or a crisis line" in header
    assert "findahelpline.com" in header
