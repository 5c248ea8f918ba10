import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import psutil
import pytest

from mental_health_classifier.contracts import PARTS, InputError
from mental_health_classifier.data.preparing.prepared_posts import (
    DOUBLED_ID,
    open_posts,
    prepare_posts,
    read_about,
)
from mental_health_classifier.data.reading.account import account_lines
from mental_health_classifier.data.reading.source import Source

LABELS = {"ok": "control", "SI": "suicide", "self-harm": "suicide"}
COLUMNS = ("id", "text", "label", "author", "shipped_part", "severity", "cluster", "leak_group")
OPTIONS = {
    "files": None,
    "columns": {},
    "labels": None,
    "severity_levels": None,
    "kept_columns": {},
}


def prepare(path: Path, **changes) -> tuple[pd.DataFrame, dict]:
    source = Source.of(str(path), **{**OPTIONS, **changes})
    folder = path.parent / "prepared"
    folder.mkdir(exist_ok=True)
    prepare_posts(folder, source, num_workers=1)
    assert sorted(file.name for file in folder.iterdir()) == ["about.json", "posts.arrow"]
    return open_posts(folder, COLUMNS), read_about(folder)


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_one_of_each_text_stays_and_none_with_two_labels(tmp_path: Path) -> None:
    path = write(
        tmp_path / "posts.csv",
        "text,label\n"
        "kept one,ok\n"  # row 2
        "kept ONE,ok\n"  # 3 duplicate of row 2
        "two faces,ok\n"  # 4 and 5 conflict
        "two faces,SI\n"
        "kept two,self-harm\n",
    )
    posts, about = prepare(path, labels=LABELS)
    assert posts["text"].tolist() == ["kept one", "kept two"]
    assert posts["label"].tolist() == [0, 1] and about["class_names"] == ["control", "suicide"]
    account = about["account"]
    assert (account["rows_read"], account["rows_kept"]) == (5, 2)
    assert account["dropped"] == {
        "conflicting labels for one text": {"rows": 2, "first": ["posts.csv:4", "posts.csv:5"]},
        "duplicate": {"rows": 1, "first": ["posts.csv:3"]},
    }


def test_of_ids_that_several_posts_have_rows_take_the_place_and_the_account_says_so(
    tmp_path: Path,
) -> None:
    rows = "id,text,label\n7,one,ok\n7,two,SI\n8,three,ok\n8,three,ok\n"
    posts, about = prepare(write(tmp_path / "posts.csv", rows))
    assert posts["id"].nunique() == 3
    # Of the two rows of id 8 one was left out, as a duplicate.
    assert about["account"]["noted"] == {
        DOUBLED_ID: {"rows": 2, "first": ["posts.csv:2", "posts.csv:3"]}
    }


def test_a_shipped_test_part_keeps_the_post_that_training_also_has(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", "text,label\nshared,ok\nonly train,SI\n")
    write(tmp_path / "b.csv", "label,text\nok,shared\nSI,only test\n")
    source = Source.of(
        str(tmp_path), **{**OPTIONS, "files": {"train": "a.csv", "test": "b.csv"}, "labels": LABELS}
    )
    (folder := tmp_path / "prepared").mkdir()
    prepare_posts(folder, source, num_workers=1)
    posts, about = open_posts(folder, COLUMNS), read_about(folder)
    assert posts["text"].tolist() == ["only train", "shared", "only test"]
    assert [PARTS[part] for part in posts["shipped_part"]] == ["train", "test", "test"]
    dropped = about["account"]["dropped"]["duplicate of a post in another part"]
    assert dropped == {"rows": 1, "first": ["a.csv:2"]}
    assert about["texts_in_several_parts"] == 1


def test_names_of_the_files_of_a_folder_are_in_nothing_that_is_left_behind(tmp_path: Path) -> None:
    """Somebody may have named them after people."""
    folder = tmp_path / "posts"
    folder.mkdir()
    write(folder / "Jane Roe.csv", "text,label\nfirst,ok\n,ok\n")
    write(folder / "John Doe.csv", "text,label\n,SI\nsecond,SI\nsecond,ok\nthird,SI\n")
    (prepared := tmp_path / "prepared").mkdir()
    source = Source.of(str(folder), **{**OPTIONS, "labels": LABELS})
    prepare_posts(prepared, source, num_workers=1)
    about = read_about(prepared)
    assert about["files"] == ["file 1", "file 2"]
    assert about["account"]["dropped"] == {
        "conflicting labels for one text": {"rows": 2, "first": ["file 2:3", "file 2:4"]},
        "empty text": {"rows": 2, "first": ["file 1:3", "file 2:2"]},
    }
    lines = list(account_lines({"name": "x", "parts": {}, "warnings": (), **about}))
    assert "  file N: the Nth of data.path, by name" in lines
    assert not any(b"Jane" in file.read_bytes() for file in prepared.iterdir())


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"text\nno label\n", r"file 2 has no column 'label'"),
        (b"text,label\ncaf\xe9,ok\n", r"file 2 is not UTF-8 text"),
        (b'text,label\n"' + b"x" * 2**27, r"file 2 cannot be read as a table"),
        (b"text,label,split\nsecond,ok,exam\n", "Column 'split' has another .* first in file 2:2"),
        (b"text,label\nsecond,a post that slipped into the labels of its row.\n", "see file 2:2"),
        (b"\xff\xfe\x00", r"file 2 is not utf-16 text"),
        (b"text,label\n,SI\n", r"None of the 2 rows of file 1, file 2"),
    ],
)
def test_what_is_wrong_with_a_file_of_a_folder_is_told_by_its_place(
    content: bytes, said: str, tmp_path: Path
) -> None:
    is_empty = content.endswith(b"\n,SI\n")
    folder = tmp_path / "posts"
    folder.mkdir()
    write(folder / "Jane Roe.csv", "text,label\n,ok\n" if is_empty else "text,label\nfirst,ok\n")
    (folder / "John Doe.csv").write_bytes(content)
    (tmp_path / "prepared").mkdir()
    with pytest.raises(InputError, match=said) as told:
        source = Source.of(str(folder), **OPTIONS)
        prepare_posts(tmp_path / "prepared", source, num_workers=1)
    assert "Jane" not in str(told.value) and "John" not in str(told.value)


def test_posts_of_an_author_and_near_duplicates_share_a_group(tmp_path: Path) -> None:
    words = "one two three four five six seven eight nine ten eleven"
    path = write(
        tmp_path / "posts.csv",
        "text,label,author\n"
        f"{words} twelve,a,ann\n"
        f"{words} thirteen,b,bob\n"  # near the first
        "something else,a,bob\n"
        "quite another thing,b,\n"
        "and one more,b,\n",
    )
    posts, _ = prepare(path)
    assert posts["leak_group"].tolist() == [0, 0, 0, 1, 2]
    assert posts["cluster"].tolist() == [0, 0, 2, 3, 4]
    assert posts["author"].isna().tolist() == [False] * 3 + [True] * 2


def test_ids_that_repeat_are_replaced_by_rows(tmp_path: Path) -> None:
    path = write(tmp_path / "posts.csv", "id,text,label\n1,a,ok\n1,b,SI\n2,c,SI\n")
    assert prepare(path)[0]["id"].is_unique


def test_a_class_that_conflicts_took_every_post_of_is_no_class(tmp_path: Path) -> None:
    path = write(tmp_path / "posts.csv", "text,label\nsame,a\nsame,b\nx,c\ny,d\n")
    posts, about = prepare(path)
    assert about["class_names"] == ["c", "d"] and posts["label"].tolist() == [0, 1]


@pytest.mark.parametrize(
    ("content", "labels", "message"),
    [
        ("text,label\n", None, "holds no posts"),
        ("text,label\na,ok\nb,ok\n", None, "one label; two classes"),
        ("text,label\na,x\nb,x\nc,y\n", LABELS, r"None of the 3.*in posts\.csv:2, posts\.csv:3"),
        ("text,label\na,x\na,y\n", None, r"None of the 2 rows.*conflicting labels.*: 2"),
        ("text,label\n" + "".join(f"post {i},l{i}\n" for i in range(1000)), None, "1000 diff"),
    ],
)
def test_what_cannot_be_used_is_explained(
    tmp_path: Path, content: str, labels: dict | None, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        prepare(write(tmp_path / "posts.csv", content), labels=labels)


def test_a_text_column_taken_for_labels_is_never_quoted(tmp_path: Path) -> None:
    canary = "another canary"
    path = write(tmp_path / "posts.csv", f"text,label\nok,my secret diary\nsi,{canary}\n")
    with pytest.raises(InputError) as error:
        prepare(path, labels=LABELS)
    assert "secret" not in str(error.value) and "canary" not in str(error.value)


@pytest.mark.parametrize("name", ["anna", "u/anna", "I am so tired"])
def test_labels_that_no_class_fits_are_never_quoted_however_often_they_come(
    tmp_path: Path, name: str
) -> None:
    path = write(tmp_path / "posts.csv", f"text,label\na,{name}\nb,{name}\nc,{name}\n")
    with pytest.raises(InputError, match=r"in posts\.csv:2, posts\.csv:3, posts\.csv:4\.") as error:
        prepare(path, labels=LABELS)
    assert name.casefold() not in str(error.value).casefold()


@pytest.mark.parametrize(
    "post",
    [
        "a canary sang in the garden before it rained",
        "Canary, sing.",
        "why does no canary sing?",
        "canary" * 7,
        "canary\x1b[2J",
    ],
)
def test_a_class_whose_name_is_a_post_is_refused_by_its_row(tmp_path: Path, post: str) -> None:
    rows = "".join(f"post {i},{'ab'[i % 2]}\n" for i in range(20))
    path = write(tmp_path / "posts.csv", f'text,label\n{rows}sad,"{post}"\n')
    with pytest.raises(InputError, match=r"1 of 3, .*posts\.csv:22") as error:
        prepare(path)
    assert "canary" not in str(error.value).casefold()


@pytest.mark.parametrize(
    "name", ["1", "I'm fine, thanks", "suicide or self-harm tendency", "İntihar", "high \U0001f6a8"]
)
def test_names_of_classes_may_be_a_few_words_of_any_script(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / "posts.csv", f'text,label\na,"{name}"\nb,other\n')
    assert name.casefold() in prepare(path)[1]["class_names"]


def test_names_that_the_configuration_gives_may_be_of_any_length(tmp_path: Path) -> None:
    path = write(tmp_path / "posts.csv", "text,label\na,x\nb,y\n")
    long = "what people say who live through a loss of somebody near"
    assert prepare(path, labels={"x": long, "y": "other"})[1]["class_names"] == [long, "other"]


@pytest.mark.parametrize("value", ["i hear a canary sing in the garden", "canary!"])
def test_a_value_of_a_group_that_is_a_sentence_is_refused(tmp_path: Path, value: str) -> None:
    path = write(tmp_path / "posts.csv", f"text,label,gender\na,x,f\nb,y,{value}\n")
    with pytest.raises(InputError, match="no sentence") as error:
        prepare(path, columns={"groups": ["gender"]})
    assert "canary" not in str(error.value)


def test_whatever_the_number_of_workers_the_bytes_are_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mental_health_classifier.data.preparing.row_chunks._WORTH_A_POOL", 0)
    path = tmp_path / "posts.jsonl"
    with path.open("w") as file:
        for i in range(20_000):
            record = {"text": f"post {i} of day {i % 700}", "label": "ab"[i % 2], "author": i // 9}
            file.write(json.dumps(record) + "\n")
    contents = []
    for workers in (1, 3):
        folder = tmp_path / str(workers)
        folder.mkdir()
        prepare_posts(folder, Source.of(str(path), **OPTIONS), num_workers=workers)
        contents.append([file.read_bytes() for file in sorted(folder.iterdir())])
    assert contents[0] == contents[1]


def test_an_interrupted_preparation_goes_on_and_makes_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "posts.csv"
    rows = "".join(f"post {i} of {i % 99},{i % 2}\n" for i in range(20_000))
    path.write_text(f"text,label\n{rows}")
    source = Source.of(str(path), **OPTIONS)
    whole, resumed = tmp_path / "whole", tmp_path / "resumed"
    whole.mkdir()
    resumed.mkdir()
    prepare_posts(whole, source, num_workers=1)

    module = "mental_health_classifier.data.preparing.chunks"
    cleaned = []

    def clean(rows, source, *, stop_after: int):
        from mental_health_classifier.data.reading.posts import clean_rows

        if len(cleaned) == stop_after:
            raise KeyboardInterrupt
        cleaned.append(rows[0].number)
        return clean_rows(rows, source)

    monkeypatch.setattr(f"{module}.clean_rows", lambda *args: clean(*args, stop_after=2))
    with pytest.raises(KeyboardInterrupt):
        prepare_posts(resumed, source, num_workers=1)
    finished = sorted((resumed / "chunks").glob("0*"))
    assert len(finished) == 2
    finished[0].write_bytes(finished[0].read_bytes()[:-9])  # and a crash damaged one of them
    monkeypatch.setattr(f"{module}.clean_rows", lambda *args: clean(*args, stop_after=9))
    prepare_posts(resumed, source, num_workers=1)
    assert len(cleaned) == 2 + 2  # the damaged chunk and the third
    for file in whole.iterdir():
        assert (resumed / file.name).read_bytes() == file.read_bytes()


WORKERS = """
import os, signal, sys
from pathlib import Path
from mental_health_classifier.data.preparing import chunks, row_chunks
from mental_health_classifier.storage.cache import cached_folder
from mental_health_classifier.data.reading.source import Source
from mental_health_classifier.data.preparing.prepared_posts import prepare_posts

def clean_rows(rows, source):
    Path(sys.argv[2], f"worker-{os.getpid()}").touch()
    signal.pause()

row_chunks._WORTH_A_POOL = 0
plain = chunks._write_chunk

def write_chunk(*arguments, **more):
    chunks.clean_rows = clean_rows
    return plain(*arguments, **more)

chunks._write_chunk = write_chunk
options = dict(files=None, columns={}, labels=None, severity_levels=None, kept_columns={})
source = Source.of(sys.argv[1], **options)
cached_folder(Path(sys.argv[2], "key"), lambda f: prepare_posts(f, source, num_workers=2))
"""


@pytest.fixture
def preparing(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    """A process that prepares posts, and the workers that it waits for."""
    path = write(tmp_path / "posts.csv", "text,label\n" + "post,a\nmore,b\n" * 10_000)
    command = [sys.executable, "-c", WORKERS, str(path), str(tmp_path)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        while len(found := list(tmp_path.glob("worker-*"))) < 2:
            assert process.poll() is None
            time.sleep(0.05)
        yield process, [int(each.name.removeprefix("worker-")) for each in found]
        process.kill()


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGHUP])
def test_workers_end_with_the_process_that_started_them(
    preparing: tuple[subprocess.Popen[str], list[int]], number: signal.Signals
) -> None:
    process, workers = preparing
    process.send_signal(number)
    process.wait()
    while any(psutil.pid_exists(worker) for worker in workers):
        time.sleep(0.05)


@pytest.mark.slow
def test_a_worker_that_was_killed_is_explained(
    preparing: tuple[subprocess.Popen[str], list[int]],
) -> None:
    process, workers = preparing
    os.kill(workers[0], signal.SIGKILL)
    _, printed = process.communicate()
    assert "InputError: A process that prepared data was killed" in printed.splitlines()[-1]
    assert "data.num_workers=1" in printed
