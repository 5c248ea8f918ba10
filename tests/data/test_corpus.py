from pathlib import Path

import pytest

from mental_health_classifier.build import build_corpus
from mental_health_classifier.contracts import InputError


def write_posts(path: Path, *, with_authors: bool, num_posts: int = 200) -> Path:
    rows = ["text,label" + (",author" if with_authors else "")]
    for i in range(num_posts):
        author = f",author{i // 4}" if with_authors else ""
        rows.append(
            f"post number {i} says word{i % 7},{'suicide' if i % 5 == 0 else 'control'}{author}"
        )
    path.write_text("\n".join(rows))
    return path


def test_parts_share_no_author_and_hold_no_name(tmp_path: Path, compose_config) -> None:
    path = write_posts(tmp_path / "posts.csv", with_authors=True)
    corpus = build_corpus(compose_config(["data=file", f"data.path={path}"]))
    assert (corpus.posts.groupby("author")["part"].nunique() == 1).all()
    assert corpus.warnings == []
    hashes = corpus.posts[["id", "author"]].to_numpy().ravel()
    assert all(len(value) == 16 and int(value, 16) >= 0 for value in hashes)
    described = corpus.describe()
    assert described["parts"]["train"]["posts"] == (corpus.posts["part"] == "train").sum()
    assert sum(part["posts"] for part in described["parts"].values()) == 200
    assert sum(part["classes"]["suicide"] for part in described["parts"].values()) == 40


def test_unknown_authors_are_a_leak_that_is_told(tmp_path: Path, compose_config) -> None:
    path = write_posts(tmp_path / "posts.csv", with_authors=False)
    corpus = build_corpus(compose_config(["data=file", f"data.path={path}"]))
    assert not corpus.has_authors
    assert "Authors are not known: a random split" in corpus.warnings[0]


def test_authors_on_both_sides_of_a_shipped_split_are_counted(
    tmp_path: Path, compose_config
) -> None:
    path = write_posts(tmp_path / "posts.csv", with_authors=True)
    lines = path.read_text().splitlines()
    parts = ["split", *("test" if i % 4 == 0 else "train" for i in range(200))]
    path.write_text("\n".join(f"{line},{part}" for line, part in zip(lines, parts, strict=True)))
    corpus = build_corpus(compose_config(["data=file", f"data.path={path}"]))
    assert corpus.warnings[0].startswith("50 authors have posts in more than one part")


def test_the_order_of_rows_changes_neither_fingerprint_nor_hashes(
    tmp_path: Path, compose_config
) -> None:
    path = write_posts(tmp_path / "posts.csv", with_authors=True)
    overrides = ["data=file", f"data.path={path}"]
    first = build_corpus(compose_config(overrides))
    header, *rows = path.read_text().splitlines()
    path.write_text("\n".join([header, *rows[::-1]]))
    second = build_corpus(compose_config(overrides))
    assert first.fingerprint == second.fingerprint
    assert set(first.posts["author"]) == set(second.posts["author"])


def test_a_priority_class_without_posts_is_refused(tmp_path: Path, compose_config) -> None:
    path = write_posts(tmp_path / "posts.csv", with_authors=True)
    with pytest.raises(
        InputError, match=r"data.priority_class=ptsd is not a class.*control, suicide"
    ):
        build_corpus(compose_config(["data=file", f"data.path={path}", "data.priority_class=ptsd"]))
    corpus = build_corpus(
        compose_config(["data=file", f"data.path={path}", "data.priority_class=null"])
    )
    assert corpus.task.priority_index is None


def test_sample_posts_come_with_their_ceilings_and_never_with_their_oracle(compose_config) -> None:
    config = compose_config(["data.size=1500"])
    corpus = build_corpus(config)
    assert corpus.is_synthetic and len(corpus.posts) == 1500
    assert corpus.ceilings is not None
    assert 0.5 < corpus.ceilings["bag_of_words"] < corpus.ceilings["sequence"] < 0.95
    assert set(corpus.posts.columns) == {"id", "text", "label", "author", "part", "group"}
    assert build_corpus(config).fingerprint == corpus.fingerprint  # from the cache now


def test_training_does_not_need_the_oracle_file(compose_config) -> None:
    config = compose_config(["data.size=1500"])
    first = build_corpus(config)
    oracles = list(Path(config.cache_dir).rglob("*.oracle.*"))
    assert len(oracles) == 1
    oracles[0].unlink()
    assert build_corpus(config).fingerprint == first.fingerprint


@pytest.mark.parametrize(
    ("corpus_name", "priority", "classes"),
    [
        ("dreaddit", "stress", 2),
        ("tsid", "suicide", 4),
        ("murarka6", "depression", 6),
        ("cssrs_posts", "suicide", 4),
    ],
)
def test_public_corpora_are_read(
    corpora: Path, compose_config, corpus_name: str, priority: str, classes: int
) -> None:
    corpus = build_corpus(
        compose_config([f"data={corpus_name}", f"data.path={corpora / corpus_name}"])
    )
    assert corpus.task.priority_class == priority and corpus.task.num_classes == classes
    account = corpus.account
    dropped = sum(reason["rows"] for reason in account["dropped"].values())
    assert account["rows_read"] == account["rows_kept"] + dropped == len(corpus.posts) + dropped
    assert "unknown label" not in account["dropped"]


def test_the_three_texts_that_cross_the_parts_of_dreaddit_are_reported(
    corpora: Path, compose_config
) -> None:
    corpus = build_corpus(compose_config(["data=dreaddit", f"data.path={corpora / 'dreaddit'}"]))
    assert len(corpus.part("test")) == 712  # 715 less those whose text carries the other label too
    assert any("3 texts were shipped in more than one part" in w for w in corpus.warnings)


def test_the_levels_of_severity_stand_beside_the_four_classes(
    corpora: Path, compose_config
) -> None:
    folder = corpora / "cssrs_posts"
    corpus = build_corpus(compose_config(["data=cssrs_posts", f"data.path={folder}"]))
    names = [corpus.task.class_names[label] for label in corpus.posts["label"]]
    levels = corpus.posts["severity"].groupby(names).unique()
    assert {name: sorted(found) for name, found in levels.items()} == {
        "supportive": [0],
        "indicator": [1],
        "suicide": [2, 3, 4],
        "uninformative": [-1],
    }
    assert corpus.account["dropped"]["missing label"]["rows"] > 1500
    assert (corpus.posts.groupby("author")["part"].nunique() == 1).all()
