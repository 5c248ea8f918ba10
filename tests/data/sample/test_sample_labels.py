"""Severity, urgency, emotions and places of cues of the sample posts."""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd
import pytest
from made_posts import SamplePosts, make_sample_posts
from test_sample_posts import CLASSES, grammar_with, what_is_said

from mental_health_classifier.data.reading.scrubbing import scrub

LABELS = ["severity", "urgency", "emotions", "cue_spans"]


@pytest.fixture(scope="module")
def sample() -> SamplePosts:
    return make_sample_posts(size=20_000, seed=7, grammar=grammar_with())


def test_the_posts_of_a_seed_are_those_of_the_first_schema() -> None:
    # Worked out with the code that knew no further labels.
    posts = make_sample_posts(size=500, seed=1, grammar=grammar_with()).posts
    first = posts.drop(columns=LABELS).to_csv(index=False, lineterminator="\n")
    assert hashlib.sha256(first.encode()).hexdigest().startswith("b31430cea9166831")


def test_labels_change_no_post_and_no_ceiling() -> None:
    one, other = (
        make_sample_posts(size=500, seed=1, grammar=grammar_with(missing_label_share=share))
        for share in (0.0, 0.9)
    )
    assert not (one.posts[LABELS] == "").any(axis=None)
    pd.testing.assert_frame_equal(one.posts.drop(columns=LABELS), other.posts.drop(columns=LABELS))
    pd.testing.assert_frame_equal(one.oracle, other.oracle)
    is_known = other.posts["severity"] != ""
    assert (one.posts["severity"] == other.posts["severity"])[is_known].all()


def test_three_in_ten_labels_are_missing_each_by_itself(sample: SamplePosts) -> None:
    is_missing = sample.posts[LABELS] == ""
    assert np.allclose(is_missing.mean(), 0.3, atol=4 * (0.21 / 20_000) ** 0.5)
    assert is_missing.all(axis=1).mean() == pytest.approx(0.3**4, abs=0.003)


def test_the_upper_levels_of_severity_lie_within_the_class_suicide(sample: SamplePosts) -> None:
    known = sample.posts["severity"] != ""
    levels = sample.posts["severity"][known].astype(int)
    is_suicide = sample.oracle["true_label"][known] == "suicide"
    assert set(levels) == {0, 1, 2, 3, 4}
    assert ((levels >= 2) == is_suicide).all()


def test_severity_rises_with_what_a_post_says(sample: SamplePosts) -> None:
    """Counted from the text alone: affirmed cues of suicide, and denied ones of control."""
    is_graded = (sample.posts["severity"] != "") & (sample.oracle["true_label"] == "suicide")
    control, suicide = CLASSES.index("control") * 6, CLASSES.index("suicide") * 6
    spoken = [
        sum(
            (suicide <= cue < suicide + 6 and not is_denied)
            or (control <= cue < control + 6 and is_denied)
            for cue, is_denied in what_is_said(text)
        )
        for text in sample.posts["text"][is_graded]
    ]
    levels = sample.posts["severity"][is_graded].astype(int)
    means = levels.groupby(np.array(spoken)).mean()
    for number, chance in enumerate((0.1, 0.25, 0.65, 0.9)):
        assert means[number] == pytest.approx(2 + 2 * chance, abs=0.25)


def test_emotions_follow_the_class(sample: SamplePosts) -> None:
    is_known = sample.posts["emotions"] != ""
    names = sample.posts["emotions"][is_known].str.split(";")
    has_fear = names.map(lambda of_post: "fear" in of_post)
    shares = has_fear.groupby(sample.oracle["true_label"][is_known]).mean()
    assert shares["anxiety"] == pytest.approx(0.85, abs=0.03)
    assert shares["control"] == pytest.approx(0.05, abs=0.03)
    assert set(names.explode()) == {"sadness", "fear", "anger", "shame", "joy", "none"}


def test_urgency_is_a_whole_number_up_to_a_hundred_and_highest_for_suicide(
    sample: SamplePosts,
) -> None:
    urgency = pd.to_numeric(sample.posts["urgency"]).dropna()
    assert urgency.between(0, 100).all() and (urgency % 1 == 0).all()
    means = urgency.groupby(sample.oracle["true_label"]).mean()
    assert means.idxmax() == "suicide" and means.idxmin() == "control"


def test_a_near_duplicate_has_the_labels_of_its_original() -> None:
    whole = make_sample_posts(size=5_000, seed=3, grammar=grammar_with(missing_label_share=0.0))
    by_id = whole.posts.set_index("id")
    copies = whole.oracle[whole.oracle["near_duplicate_of"] != ""]
    columns = ["severity", "urgency", "emotions"]
    ours = by_id.loc[copies["id"], columns].to_numpy()
    assert (ours == by_id.loc[copies["near_duplicate_of"], columns].to_numpy()).all()


def test_cue_spans_are_the_offsets_the_oracle_knows_in_the_text_as_it_is_read(
    sample: SamplePosts,
) -> None:
    for text, spans, gold in zip(
        sample.posts["text"][:2000],
        sample.posts["cue_spans"],
        sample.oracle["cue_spans"],
        strict=False,
    ):
        assert scrub(text)[0] == text
        assert spans in ("", " ".join(span.rpartition(":")[0] for span in gold.split()))
