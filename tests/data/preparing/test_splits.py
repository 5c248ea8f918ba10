from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mental_health_classifier.contracts import InputError
from mental_health_classifier.data.preparing import splits
from mental_health_classifier.data.preparing.splits import Fold, require_classes, split_posts

SHARES = {"train": 0.6, "val": 0.1, "calibration": 0.15, "test": 0.15}


def split(labels, groups=None, shipped=None, seed=1, shares=SHARES, fold=None):
    return split_posts(
        labels=np.asarray(labels),
        leak_groups=None if groups is None else np.asarray(groups),
        shipped_parts=shipped or [None] * len(labels),
        shares=shares,
        seed=seed,
        fold=fold,
    )


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**16), st.integers(60, 150))
def test_no_author_is_in_two_parts(seed: int, num_authors: int) -> None:
    generator = np.random.default_rng(seed)
    authors = generator.integers(0, num_authors, 600)
    labels = generator.integers(0, 3, 600)
    parts = split(labels, authors, seed=seed)
    for author in np.unique(authors):
        assert len(set(parts[authors == author])) == 1
    assert set(parts) == set(SHARES)


def test_classes_have_like_shares_in_every_part() -> None:
    generator = np.random.default_rng(0)
    labels = generator.choice(3, 4000, p=[0.6, 0.3, 0.1])
    authors = generator.integers(0, 1500, 4000)
    for groups in (None, authors):
        parts = split(labels, groups)
        for part, share in SHARES.items():
            inside = parts == part
            assert inside.mean() == pytest.approx(share, abs=0.01)
            for label in range(3):
                expected = (labels == label).mean()
                assert (labels[inside] == label).mean() == pytest.approx(expected, abs=0.01)


def test_ten_thousand_authors_are_divided_in_bundles() -> None:
    generator = np.random.default_rng(0)
    labels = generator.choice(3, 40_000, p=[0.6, 0.3, 0.1])
    authors = generator.integers(0, 13_000, len(labels))
    parts = split(labels, authors)
    assert len(np.unique(splits._bundle(authors, seed=1))) == splits._MAX_UNITS
    frame = pd.DataFrame({"author": authors, "part": parts, "label": labels})
    assert (frame.groupby("author")["part"].nunique() == 1).all()
    for part, share in SHARES.items():
        assert (parts == part).mean() == pytest.approx(share, abs=0.005)
        assert (labels[parts == part] == 2).mean() == pytest.approx(0.1, abs=0.005)


def test_the_same_seed_gives_the_same_split_and_another_seed_another() -> None:
    labels = np.arange(400) % 2
    assert (split(labels) == split(labels)).all()
    assert (split(labels) != split(labels, seed=2)).any()


def test_a_shipped_split_is_kept_and_the_rest_carved_out_of_train() -> None:
    labels = np.arange(500) % 2
    shipped = ["test"] * 100 + ["train"] * 400
    parts = split(labels, shipped=shipped)
    assert Counter(parts[:100]) == {"test": 100}
    counts = Counter(parts[100:])
    assert set(counts) == {"train", "val", "calibration"}
    assert counts["val"] == pytest.approx(400 * 0.1 / 0.85, abs=3)
    assert counts["calibration"] == pytest.approx(400 * 0.15 / 0.85, abs=3)


def test_a_complete_shipped_split_is_left_alone() -> None:
    shipped = ["train", "val", "calibration", "test"] * 5
    assert split([0, 1] * 10, shipped=shipped).tolist() == shipped


@pytest.mark.parametrize(
    "shares",
    [
        {"train": 0.7, "val": 0.1, "calibration": 0.1, "test": 0.2},
        {"train": 0.62, "val": 0.08, "calibration": 0.15, "test": 0.15},
        {"train": 0.85, "val": 0.0, "calibration": 0.0, "test": 0.15},
        {"train": 0.85, "test": 0.15},
    ],
)
def test_shares_that_do_not_fit_are_refused(shares: dict) -> None:
    with pytest.raises(InputError, match=r"data\.shares"):
        split(np.arange(100) % 2, shares=shares)


def test_too_few_posts_or_authors_are_refused() -> None:
    with pytest.raises(InputError, match="10 posts are too few"):
        split(np.arange(10) % 2)
    with pytest.raises(InputError, match=r"5 groups of posts .* are too few"):
        split(np.arange(100) % 2, groups=np.arange(100) % 5)
    with pytest.raises(InputError, match="one class at least needs 20 posts"):
        split(np.arange(24) % 6)


def test_a_class_that_misses_a_part_is_named() -> None:
    parts = np.array(["train", "val", "test", "train", "calibration"])
    labels = np.array([0, 0, 0, 1, 1])
    with pytest.raises(
        InputError, match=r"Class 'suicide' has 2 posts.*none is left for val, test"
    ):
        require_classes(
            parts=parts,
            labels=labels,
            leak_groups=None,
            class_names=["Class 'control'", "Class 'suicide'"],
        )


def test_of_shipped_parts_that_lack_a_class_is_said_that_the_corpus_ships_them() -> None:
    labels = np.arange(200) % 2
    shipped = np.where(np.arange(200) < 40, 1, -1)  # 40 posts are shipped in val
    with pytest.raises(InputError, match=r"suicide' has 80 posts, none of them in val, which the"):
        splits.usable_parts(
            labels=np.where(shipped == 1, 0, labels),
            leak_groups=np.arange(200),
            shipped=shipped,
            class_names=["Class 'control'", "Class 'suicide'"],
            shares=splits.SHARES,
            seed=1,
        )


def test_every_post_is_tested_on_in_one_fold_with_its_whole_group_and_like_classes() -> None:
    generator = np.random.default_rng(3)
    labels = generator.choice(3, 1500, p=[0.6, 0.3, 0.1])
    authors = generator.integers(0, 400, 1500)
    tested = np.zeros(1500, int)
    for number in range(1, 5):
        parts = split(labels, authors, fold=Fold(number, 4))
        frame = pd.DataFrame({"author": authors, "part": parts})
        assert (frame.groupby("author")["part"].nunique() == 1).all()
        is_test = parts == "test"
        tested += is_test
        assert is_test.mean() == pytest.approx(1 / 4, abs=0.02)
        for label in range(3):
            assert (labels[is_test] == label).mean() == pytest.approx(
                (labels == label).mean(), abs=0.02
            )
        # The others in the proportions of data.shares: 12, 2 and 3 of 17.
        for part, of_17 in {"train": 12, "val": 2, "calibration": 3}.items():
            assert (parts == part).sum() / (~is_test).sum() == pytest.approx(of_17 / 17, abs=0.02)
    assert (tested == 1).all()


def test_too_few_groups_for_the_folds_are_refused() -> None:
    with pytest.raises(InputError, match=r"groups of posts.*too few.*data\.num_folds"):
        split(np.arange(60) % 2, np.arange(60) % 5, fold=Fold(1, 10))


def test_a_survey_divides_posts_as_the_configuration_does(compose_config) -> None:
    data = compose_config([]).data
    assert dict(data.shares) == splits.SHARES and data.split_seed == splits.SPLIT_SEED
