from pathlib import Path

import pandas as pd
import pytest

from mental_health_classifier.configuration.build import build_corpus
from mental_health_classifier.contracts import InputError
from mental_health_classifier.data.reading.tables import files_to_read, read_rows

POSTS = pd.DataFrame(
    {
        "id": [f"p{number}" for number in range(120)],
        "text": [f"post number {number} says word{number % 7}" for number in range(120)],
        "label": ["suicide" if number % 5 == 0 else "control" for number in range(120)],
        "author": [f"author{number // 4}" for number in range(120)],
    }
)


def write_parts(folder: Path, posts: pd.DataFrame = POSTS, *, rows: int = 50) -> Path:
    """As Spark does: with a mark of success, checksums in hidden files, and an empty part."""
    folder.mkdir(parents=True)
    (folder / "_SUCCESS").touch()
    for number, first in enumerate([*range(0, len(posts), rows), len(posts)]):
        name = f"part-{number:05d}-0a1b2c3d-c000.snappy.parquet"
        posts.iloc[first : first + rows].to_parquet(folder / name, compression="snappy")
        (folder / f".{name}.crc").write_bytes(b"crc")
    return folder


def refusal(folder: Path) -> str:
    with pytest.raises(InputError) as refused:
        for file, _ in files_to_read(str(folder), None):
            list(read_rows(file, {}, {}))
    return str(refused.value)


def test_a_folder_of_parts_is_the_same_corpus_as_one_file_with_its_rows(
    tmp_path: Path, compose_config
) -> None:
    folder = write_parts(tmp_path / "parts")
    POSTS.to_csv(tmp_path / "posts.csv", index=False)
    of_parts, of_file = (
        build_corpus(compose_config([f"data={data}", f"data.path={path}", "data.num_workers=1"]))
        for data, path in (("parquet_folder", folder), ("file", tmp_path / "posts.csv"))
    )
    pd.testing.assert_frame_equal(of_parts.posts, of_file.posts)
    assert of_parts.fingerprint == of_file.fingerprint
    assert (of_parts.name, of_file.name) == ("parquet_folder", "file")


def test_a_folder_for_each_value_of_split_keeps_the_parts_apart(tmp_path: Path) -> None:
    write_parts(tmp_path / "out" / "split=train")
    write_parts(tmp_path / "out" / "split=validation", POSTS.iloc[:60], rows=60)
    (tmp_path / "out" / "_SUCCESS").touch()
    found = files_to_read(str(tmp_path / "out"), None)
    assert [part for _, part in found] == [*["train"] * 4, *["val"] * 2]
    assert sum(len(list(read_rows(file, {}, {}))) for file, _ in found) == 180


def test_what_a_killed_job_left_is_refused(tmp_path: Path) -> None:
    folder = write_parts(tmp_path / "parts")
    (folder / "_temporary" / "0").mkdir(parents=True)
    assert "holds _temporary: the job that writes it runs, or was killed" in refusal(folder)
    within = write_parts(tmp_path / "out" / "split=train")
    (within / "_temporary").mkdir()
    assert "split=train holds _temporary" in refusal(tmp_path / "out")


@pytest.mark.parametrize(
    ("bytes_kept", "said"), [(0, "it is empty"), (300, "damaged or was cut short")]
)
def test_a_part_that_was_half_written_is_named(tmp_path: Path, bytes_kept: int, said: str) -> None:
    folder = write_parts(tmp_path / "parts")
    second = sorted(folder.glob("part-*"))[1]
    second.write_bytes(second.read_bytes()[:bytes_kept])
    message = refusal(folder)
    assert message.startswith("file 2 cannot be read as a Parquet file")
    assert said in message


def test_parts_that_differ_in_their_columns_are_named_with_what_differs(tmp_path: Path) -> None:
    folder = write_parts(tmp_path / "parts")
    third = sorted(folder.glob("part-*"))[2]
    POSTS.drop(columns="author").assign(user="a", age=1).to_parquet(third)
    assert (
        "file 3 of the folder lacks 'author' and has further 'age', 'user', compared with file 1."
        in refusal(folder)
    )
    # In another order they are the same.
    POSTS[["label", "author", "text", "id"]].to_parquet(third)
    assert len(files_to_read(str(folder), None)) == 4


def test_a_nested_schema_is_refused_by_the_column_that_is_asked_for(tmp_path: Path) -> None:
    nested = POSTS.assign(text=[{"title": "a", "body": "b"}] * len(POSTS))
    message = refusal(write_parts(tmp_path / "nested", nested))
    assert message.startswith("Column 'text' of file 1 holds records. Write it as text")
    # Beside what is asked for it does no harm.
    beside = write_parts(tmp_path / "beside", POSTS.assign(extra=[{"a": 1}] * len(POSTS)))
    assert sum(len(list(read_rows(f, {}, {}))) for f, _ in files_to_read(str(beside), None)) == 120


def test_no_parts_and_a_delta_table_are_explained(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "_SUCCESS").touch()
    assert "it holds none" in refusal(tmp_path / "empty")
    (write_parts(tmp_path / "delta") / "_delta_log").mkdir()
    assert "is a Delta table, which keeps parts that were deleted" in refusal(tmp_path / "delta")
