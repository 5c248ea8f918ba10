from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mental_health_classifier.configuration.build import build_corpus
from mental_health_classifier.configuration.check import checked
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
    assert corpus.warnings[0].startswith("50 authors with posts in more than one part")


def test_each_fold_is_the_test_part_once_whatever_is_shipped(
    tmp_path: Path, compose_config
) -> None:
    path = write_posts(tmp_path / "posts.csv", with_authors=True)
    lines = path.read_text().splitlines()
    parts = ["split", *("test" if i < 50 else "train" for i in range(200))]
    path.write_text("\n".join(f"{line},{part}" for line, part in zip(lines, parts, strict=True)))
    tested: list[str] = []
    for fold in range(1, 4):
        overrides = ["data=file", f"data.path={path}", f"data.fold={fold}", "data.num_folds=3"]
        corpus = build_corpus(compose_config(overrides))
        assert corpus.posts.groupby("author")["part"].nunique().max() == 1
        assert min(len(corpus.part(part)) for part in ("train", "val", "calibration")) > 0
        assert "The corpus ships a split, which data.fold passes over" in corpus.warnings[0]
        tested += corpus.part("test")["id"].tolist()
    assert sorted(tested) == sorted(corpus.posts["id"])


def test_a_fold_that_there_is_not_is_refused_before_posts_are_read(compose_config) -> None:
    with pytest.raises(InputError, match=r"^data\.fold=6: expected 1 to data\.num_folds=5"):
        build_corpus(compose_config(["data=file", "data.path=nowhere.csv", "data.fold=6"]))


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


@pytest.mark.parametrize("given", ["1", "1.0", "true", "'1'"])
def test_a_priority_class_that_is_a_number_is_found(
    tmp_path: Path, compose_config: Callable[..., Any], given: str
) -> None:
    path = tmp_path / "posts.csv"
    rows = [f"post {i} of {i * 7919} and {i * 31},{i % 2}" for i in range(80)]
    path.write_text("\n".join(["text,label", *rows]))
    config = compose_config(["data=file", f"data.path={path}", f"data.priority_class={given}"])
    assert build_corpus(checked(config)).task.priority_class == "1"


def test_files_called_like_parts_without_a_training_part_are_told(
    tmp_path: Path, compose_config: Callable[..., Any]
) -> None:
    rows = [f"post {i} of {i * 7919} and {i * 31},{'ab'[i % 2]}" for i in range(80)]
    for name, half in (("x_val.csv", rows[:40]), ("x_test.csv", rows[40:])):
        (tmp_path / name).write_text("\n".join(["text,label", *half]))
    overrides = ["data=file", f"data.path={tmp_path}", "data.priority_class=null"]
    corpus = build_corpus(compose_config(overrides))
    (warning,) = [each for each in corpus.warnings if "like the parts" in each]
    assert "test, val" in warning and "data.files" in warning
    assert "file 1" not in warning and "x_val" not in warning


def test_sample_posts_come_with_their_ceilings_and_never_with_their_oracle(compose_config) -> None:
    config = compose_config(["data.size=1500"])
    corpus = build_corpus(config)
    assert corpus.is_synthetic and len(corpus.posts) == 1500
    assert corpus.ceilings is not None
    assert 0.5 < corpus.ceilings["bag_of_words"] < corpus.ceilings["sequence"] < 0.95
    expected = {"id", "text", "label", "author", "part", "leak_group", "severity"}
    assert set(corpus.posts.columns) == expected
    assert build_corpus(config).fingerprint == corpus.fingerprint  # from the cache now


def test_training_does_not_need_the_oracle_file(compose_config) -> None:
    config = compose_config(["data.size=1500"])
    first = build_corpus(config)
    oracles = list(Path(config.cache_dir).rglob("*.oracle.*"))
    assert len(oracles) == 1
    oracles[0].unlink()
    assert build_corpus(config).fingerprint == first.fingerprint


@pytest.mark.parametrize("name", ["sample.csv", "manifest.json"])
def test_sample_posts_that_are_damaged_in_the_cache_are_made_anew(
    compose_config, name: str
) -> None:
    config = compose_config(["data.size=700"])
    first = build_corpus(config)
    (path,) = Path(config.cache_dir).rglob(name)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    again = build_corpus(config)
    assert path.read_bytes() == whole
    assert len(again.posts) == 700 and again.fingerprint == first.fingerprint


def test_sample_posts_cut_short_while_they_were_made_are_never_read(
    compose_config, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = compose_config(["data.size=700"])

    def cut_short(folder: Path, **options: object) -> None:
        (folder / "sample.csv").write_text("id,text,label\n")
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("mental_health_classifier.data.sample.corpus.write_sample_files", cut_short)
        with pytest.raises(KeyboardInterrupt):
            build_corpus(config)
    assert len(build_corpus(config).posts) == 700


def test_a_class_of_one_post_is_told_by_its_row_and_not_by_its_name(
    tmp_path: Path, compose_config
) -> None:
    path = write_posts(tmp_path / "posts.csv", with_authors=True)
    path.write_text(path.read_text() + "\nsad,canary one,author1\n")
    with pytest.raises(InputError, match=r"The class of posts\.csv:202 has 1 post ") as error:
        build_corpus(compose_config(["data=file", f"data.path={path}", "data.priority_class=ptsd"]))
    assert "canary" not in str(error.value)


def test_a_class_that_the_configuration_names_is_told_by_its_name(
    tmp_path: Path, compose_config
) -> None:
    path = write_posts(tmp_path / "posts.csv", with_authors=True)
    path.write_text(path.read_text() + "\nsad,grief,author1\n")
    labels = "data.labels={suicide: suicide, control: control, grief: loss}"
    with pytest.raises(InputError, match="Class 'loss' has 1 post "):
        build_corpus(compose_config(["data=file", f"data.path={path}", labels]))


def test_planted_near_duplicates_are_found_and_cross_no_parts(compose_config) -> None:
    config = compose_config(["data.size=8000"])
    corpus = build_corpus(config)
    (oracle_file,) = Path(config.cache_dir).rglob("sample.oracle.csv")
    oracle = pd.read_csv(oracle_file, keep_default_na=False)
    places = pd.Index(oracle["id"])
    copies = np.flatnonzero(oracle["near_duplicate_of"] != "")
    originals = places.get_indexer(oracle["near_duplicate_of"].iloc[copies])
    planted = {frozenset(pair) for pair in zip(copies.tolist(), originals.tolist(), strict=True)}
    assert len(planted) == 80  # a hundredth of the posts
    near = corpus.account["near_duplicates"]
    assert near["clusters_in_several_parts"] == 0
    groups, parts = corpus.posts["leak_group"].to_numpy(), corpus.posts["part"].to_numpy()
    recall = np.mean([groups[one] == groups[other] for one, other in planted])
    assert recall >= 0.95  # of a short copy with another greeting less than 80 % may be the same
    assert all(
        len(set(parts[list(pair)])) == 1 for pair in planted if len(set(groups[list(pair)])) == 1
    )
    # Nothing was planted beside: what else is found are posts that chance made almost equal.
    assert near["posts"] <= 2 * len(planted) * 1.1


def test_a_second_reading_reads_scrubs_and_divides_nothing(
    tmp_path: Path, compose_config, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_posts(tmp_path / "posts.csv", with_authors=True)
    overrides = ["data=file", f"data.path={path}"]
    first = build_corpus(compose_config(overrides))
    for name in ("prepare_posts", "divide_posts"):
        monkeypatch.setattr(f"mental_health_classifier.data.corpus.{name}", None)
    second = build_corpus(compose_config(overrides))
    pd.testing.assert_frame_equal(first.posts, second.posts)
    assert first.describe() == second.describe() and first.key == second.key


def test_a_changed_file_or_map_is_read_anew(tmp_path: Path, compose_config) -> None:
    path = write_posts(tmp_path / "posts.csv", with_authors=True)
    overrides = ["data=file", f"data.path={path}"]
    first = build_corpus(compose_config(overrides))
    mapped = "data.labels={control: none, suicide: suicide}"
    renamed = build_corpus(compose_config([*overrides, mapped]))
    assert renamed.task.class_names == ("none", "suicide")
    path.write_text(path.read_text().replace("says word3", "says WORD9"))
    second = build_corpus(compose_config(overrides))
    assert len({first.key, renamed.key, second.key}) == 3
    assert second.posts["text"].str.contains("WORD9").any()


def test_another_split_seed_does_not_read_again(
    tmp_path: Path, compose_config, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_posts(tmp_path / "posts.csv", with_authors=True)
    first = build_corpus(compose_config(["data=file", f"data.path={path}"]))
    monkeypatch.setattr("mental_health_classifier.data.corpus.prepare_posts", None)
    second = build_corpus(compose_config(["data=file", f"data.path={path}", "data.split_seed=2"]))
    assert (first.posts["part"] != second.posts["part"]).any() and first.key != second.key
    assert first.fingerprint == second.fingerprint


def test_damaged_prepared_posts_are_made_anew(
    tmp_path: Path, compose_config, caplog: pytest.LogCaptureFixture
) -> None:
    path = write_posts(tmp_path / "posts.csv", with_authors=True)
    config = compose_config(["data=file", f"data.path={path}"])
    first = build_corpus(config)
    expected = first.posts["text"].tolist()
    (table,) = Path(config.cache_dir).rglob("posts.arrow")
    content = table.read_bytes()
    table.unlink()  # the first corpus still looks at it
    table.write_bytes(content.replace(b"post number 1", b"post humber 1"))
    assert build_corpus(config).posts["text"].tolist() == expected
    assert "made anew" in caplog.text


def test_shards_of_a_folder_are_one_corpus(tmp_path: Path, compose_config) -> None:
    whole = write_posts(tmp_path / "posts.csv", with_authors=True)
    header, *rows = whole.read_text().splitlines()
    (folder := tmp_path / "shards").mkdir()
    for place, start in enumerate(range(0, 200, 80)):
        shard = folder / f"part-{place}.csv"
        shard.write_text("\n".join([header, *rows[start : start + 80]]))
    corpora_read = [
        build_corpus(compose_config(["data=file", f"data.path={path}"])) for path in (whole, folder)
    ]
    assert corpora_read[0].fingerprint == corpora_read[1].fingerprint
    assert len(corpora_read[1].posts) == 200


def test_a_group_too_large_for_the_shares_is_told(tmp_path: Path, compose_config) -> None:
    path = write_posts(tmp_path / "posts.csv", with_authors=True)
    more = "".join(f"post number {i} of one author,control,busy\n" for i in range(60))
    path.write_text(f"{path.read_text()}\n{more}")
    corpus = build_corpus(compose_config(["data=file", f"data.path={path}"]))
    assert corpus.warnings[0].startswith("Authors and near-duplicates link 60 of 260 posts")


def test_near_duplicates_across_a_shipped_split_are_a_leak_that_is_told(
    tmp_path: Path, compose_config
) -> None:
    path = write_posts(tmp_path / "posts.csv", with_authors=True)
    header, *rows = path.read_text().splitlines()
    long = "a b c d e f g h i j k l m n o p"
    rows += [f"{long} q,control,x", f"{long} r,control,y"]
    parts = ["train"] * 150 + ["test"] * 50 + ["train", "test"]
    lines = [f"{row},{part}" for row, part in zip(rows, parts, strict=True)]
    path.write_text("\n".join([f"{header},split", *lines]))
    corpus = build_corpus(compose_config(["data=file", f"data.path={path}"]))
    assert any(
        "Near-duplicates are in more than one part (clusters: 1)" in w for w in corpus.warnings
    )


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("data.truncate=middle", "data.truncate=middle: one of head, tail, head_tail"),
        ("data.num_workers=0", "data.num_workers=0: a whole number above 0"),
    ],
)
def test_settings_that_cannot_be_are_explained(compose_config, override: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        build_corpus(compose_config(["data.size=1500", override]))


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
    assert any("Texts that were shipped in more than one part: 3." in w for w in corpus.warnings)


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


def with_columns(path: Path, **columns) -> Path:
    frame = pd.read_csv(path)
    frame.assign(**columns).to_csv(path, index=False)
    return path


def test_groups_and_severity_stand_beside_predictions(tmp_path: Path, compose_config) -> None:
    genders = ["F", "m", None, "m"] * 50
    path = with_columns(
        write_posts(tmp_path / "posts.csv", with_authors=True),
        gender=genders,
        severity=[i % 5 - 1 for i in range(200)],
    )
    chosen = ["data=file", f"data.path={path}", "data.columns.groups=[gender]"]
    corpus = build_corpus(compose_config(chosen))
    test = corpus.part("test")
    given = corpus.predictions("test", np.full((len(test), 2), 0.5))
    assert set(given.groups) == {"gender", "severity"}
    numbers = [int(text.split()[2]) for text in test["text"]]
    expected = ["".join(filter(None, [genders[number]])).lower() for number in numbers]
    assert list(given.groups["gender"]) == expected
    assert set(given.groups["severity"]) <= {"", "0", "1", "2", "3"}
    without = build_corpus(compose_config(["data=file", f"data.path={path}"]))
    assert without.fingerprint == corpus.fingerprint
    assert set(without.predictions("test", np.full((len(test), 2), 0.5)).groups) == {"severity"}


@pytest.mark.parametrize("column", ["many", "text"])
def test_a_group_that_is_not_a_few_short_values_is_refused_without_them(
    tmp_path: Path, compose_config, column
) -> None:
    path = write_posts(tmp_path / "posts.csv", with_authors=True)
    path = with_columns(path, many=[f"kind{i % 21}" for i in range(200)])
    overrides = ["data=file", f"data.path={path}", f"data.columns.groups=[{column}]"]
    with pytest.raises(InputError, match="20 values of 40 characters at most") as error:
        build_corpus(compose_config(overrides))
    assert "kind3" not in str(error.value) and "post number" not in str(error.value)


@pytest.mark.slow
@pytest.mark.parametrize("table", ["posts", "headerless", "slipped", "turned"])
@pytest.mark.parametrize(
    "changes",
    [
        (),
        ("data.columns.label=author",),
        ("data.columns.label=author", "data.labels={suicide: suicide, somebody: control}"),
        ("data.columns.split=author",),
        ("data.columns.groups=[author]",),
        ("data.columns.groups=[text]",),
        ("+tasks={who: {column: author, kind: categorical}}",),
        ("+tasks={who: {column: author, kind: multi_label}}",),
        ("+tasks={who: {column: text, kind: regression}}",),
        ("data.priority_class=ptsd",),
    ],
)
def test_cells_in_a_wrong_place_are_never_quoted(
    tmp_path: Path, compose_config, table: str, changes: tuple[str, ...]
) -> None:
    header = ["text", "label", "author"]
    rows = [
        [f"canary {i} says", ["suicide", "control"][i % 2], f"canaryperson{i // 3}"]
        for i in range(240)
    ]
    rows[0][0] = "A canary sang."
    turned = [[label, author, text] for text, label, author in rows]
    tables = {
        "posts": [header, *rows],
        "headerless": rows,
        "slipped": [header, turned[0], *rows[1:]],
        "turned": [header, *turned],
    }
    path = tmp_path / "posts.csv"
    path.write_text("".join(",".join(row) + "\n" for row in tables[table]))
    settings = ["data=file", f"data.path={path}", *changes]
    if table == "posts" and not changes:
        assert len(build_corpus(compose_config(settings)).posts) == 240
        return
    with pytest.raises(InputError) as error:
        build_corpus(compose_config(settings))
    assert "canary" not in str(error.value).casefold()
