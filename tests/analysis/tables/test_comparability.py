from written_runs import write_failed_run, write_run

from mental_health_classifier.analysis.tables.comparability import (
    corpora,
    posts_behind,
    warning_about_posts,
)
from mental_health_classifier.analysis.tables.run_table import run_table
from mental_health_classifier.tracking.run_index import read_run


def test_every_corpus_is_a_block_the_latest_first(tmp_path):
    old = write_run(tmp_path / "old", data={"fingerprint": "f2", "name": "others"})
    new = [write_run(tmp_path / f"new{seed}", run={"seed": seed}) for seed in (1, 2)]
    unknown = write_run(tmp_path / "unknown", left_out=("data.json", "end.json"))
    blocks = corpora(run_table(map(read_run, (old, unknown, *new))))
    assert [(title.partition(",")[0], len(block)) for title, block in blocks] == [
        *(("posts", 2), ("others", 1), ("No completed run on their posts", 1))
    ]
    assert blocks[0][0].endswith("priority class: suicide")
    ((_, block),) = corpora(run_table(map(read_run, (unknown, *new))))
    assert len(block) == 3  # where there is one corpus it needs no block of its own
    assert corpora(run_table([])) == []


def test_runs_of_another_tracker_stand_beside_no_others(tmp_path):
    foreign = {"imported": {"from": "mlflow", "experiment": "x", "run": "y"}}
    later = {**foreign, "created_at": "2030-01-01T00:00:00+00:00"}
    imported = write_run(tmp_path / "imported", run=later, left_out=("data.json",))
    runs = run_table(map(read_run, (write_run(tmp_path / "own"), imported)))
    blocks = corpora(runs)
    assert [(title.partition(",")[0], len(block)) for title, block in blocks] == [
        *(("posts", 1), ("On posts that are not known", 1))
    ]
    assert warning_about_posts(runs) is None
    ((title, _),) = corpora(run_table([read_run(imported)]))
    assert title.startswith("On posts that are not known")


def test_runs_on_different_posts_or_parts_are_warned_about(tmp_path):
    a = write_run(tmp_path / "a")
    same = write_run(tmp_path / "same", run={"seed": 2})
    other_posts = write_run(tmp_path / "b", data={"fingerprint": "f2"})
    other_parts = write_run(tmp_path / "c", run={"config": {"data": {"split_seed": 2}}})
    failed = write_failed_run(tmp_path / "d", data={"fingerprint": "f3"})

    def warning(*directories):
        return warning_about_posts(run_table(map(read_run, directories)))

    assert warning(a, same, failed) is None
    assert warning() is None
    assert "different posts" in warning(a, same, other_posts)
    assert "f1 (2), f2 (1)" in warning(a, same, other_posts)
    assert "different parts of the same posts" in warning(a, other_parts)


def test_runs_with_different_priority_classes_are_warned_about(tmp_path):
    directories = [
        write_run(tmp_path / "none", priority_class=None),
        write_run(tmp_path / "suicide"),
        write_run(tmp_path / "anxiety", priority_class="anxiety"),
    ]
    warning = warning_about_posts(run_table(map(read_run, directories)))
    assert "different priority classes, so their numbers cannot be compared" in warning
    assert "none (1)" in warning and "suicide (1)" in warning and "anxiety (1)" in warning
    alike = [directories[0], write_run(tmp_path / "neither", priority_class=None)]
    assert warning_about_posts(run_table(map(read_run, alike))) is None


def test_the_posts_behind_the_numbers_are_counted(tmp_path):
    runs = [read_run(write_run(tmp_path / "a"))]
    assert posts_behind(run_table(runs)) == "300 posts, 100 of suicide"
    fewer = {"metrics": {"test/accuracy": 0.5, "test/n": 120}}
    runs.append(read_run(write_run(tmp_path / "b", end=fewer)))
    assert posts_behind(run_table(runs)) == "120 to 300 posts, 100 of suicide"
    assert posts_behind(run_table([])) == ""
