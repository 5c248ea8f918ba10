import errno
import math
import os

import numpy as np
import pytest

from mental_health_classifier.contracts import InputError
from mental_health_classifier.storage.files import (
    null_where_not_finite,
    read_json,
    sha256_of,
    temporary_path,
    whole_file,
    write_atomically,
    write_json,
    write_json_once,
)

DIFFICULT_TEXT = '\U0001f642 "quoted" it\'s\n\ttab \\ \u2028 \x00 ' + "x" * 10_000


def test_a_file_is_replaced_in_one_step_and_nothing_else_is_left(tmp_path):
    path = tmp_path / "new folder" / "file.txt"
    write_atomically(path, "first")
    write_atomically(path, b"second")
    assert path.read_bytes() == b"second"
    assert os.listdir(path.parent) == ["file.txt"]


def test_a_writer_that_fails_leaves_the_old_file_as_it_was(tmp_path):
    path = tmp_path / "weights"
    write_atomically(path, "old")
    with pytest.raises(RuntimeError), whole_file(path) as temporary:
        temporary.write_text("half of the new")
        raise RuntimeError
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["weights"]


def test_new_files_can_be_read_by_those_the_umask_allows(tmp_path):
    path = tmp_path / "file"
    previous = os.umask(0o027)
    try:
        write_atomically(path, "shared with the group")
    finally:
        os.umask(previous)
    assert path.stat().st_mode & 0o777 == 0o640


def test_json_comes_back_as_it_was_written(tmp_path):
    content = {"text": DIFFICULT_TEXT, "lone surrogate": "\udcff", "numbers": [1, 0.1, -1e-300]}
    path = tmp_path / "file.json"
    write_json(path, content)
    assert read_json(path) == content
    assert "\U0001f642" in path.read_text(encoding="utf-8"), "people read these files too"


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, np.float64("nan")])
def test_a_number_that_is_not_finite_is_never_written_by_accident(tmp_path, value):
    path = tmp_path / "file.json"
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(path, {"a": [value]})
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json_once(path, {"a": [value]})
    assert os.listdir(tmp_path) == []


def test_json_cut_at_any_byte_is_refused(tmp_path):
    path = tmp_path / "file.json"
    write_json(path, {"name": "caf\u00e9", "numbers": [1, 2.5], "nothing": None})
    content = path.read_bytes()
    for length in range(len(content)):
        path.unlink()
        path.write_bytes(content[:length])
        with pytest.raises(InputError, match=r"file.json is damaged.*delete the folder"):
            read_json(path)


@pytest.mark.parametrize("content", ["[1]", '{"a": NaN}', '{"a": -Infinity}', "[" * 100_000])
def test_json_that_this_package_would_not_write_is_refused(tmp_path, content):
    path = tmp_path / "file.json"
    path.write_text(content)
    with pytest.raises(InputError, match="is damaged"):
        read_json(path)


def test_a_file_of_a_newer_version_is_refused_with_the_reason(tmp_path):
    path = tmp_path / "file.json"
    write_json(path, {"schema_version": 3})
    with pytest.raises(InputError, match=r"schema_version 3.*up to 2\. Update"):
        read_json(path)


def test_the_error_about_damaged_json_quotes_nothing_of_it(tmp_path):
    path = tmp_path / "file.json"
    path.write_text('{"text": "CANARY')
    with pytest.raises(InputError) as caught:
        read_json(path)
    assert "CANARY" not in str(caught.value)


@pytest.mark.parametrize("has_links", [True, False])
def test_a_name_is_given_once(tmp_path, monkeypatch, has_links):
    if not has_links:

        def refuse(*_):
            raise OSError(errno.EPERM, "Operation not permitted")

        monkeypatch.setattr(os, "link", refuse)
    path = tmp_path / "run.json"
    write_json_once(path, {"owner": "first"})
    with pytest.raises(FileExistsError):
        write_json_once(path, {"owner": "second"})
    assert read_json(path) == {"owner": "first"}
    assert os.listdir(tmp_path) == ["run.json"]


def test_other_failures_of_linking_are_not_hidden(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "link", refuse)
    with pytest.raises(OSError, match="Input/output"):
        write_json_once(tmp_path / "run.json", {})
    assert os.listdir(tmp_path) == []


def test_the_hash_of_a_file_is_its_sha256(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"abc")
    # FIPS 180-2, appendix B.1
    assert sha256_of(path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_numbers_that_are_not_finite_become_null_at_any_depth():
    value = {"a": math.nan, "b": [1, (math.inf, np.float32("-inf"))], "c": np.int64(3), "d": True}
    assert null_where_not_finite(value) == {"a": None, "b": [1, [None, None]], "c": 3, "d": True}
    assert type(null_where_not_finite(np.float64(0.5))) is float


def test_temporary_files_of_a_killed_process_do_not_block_the_next(tmp_path):
    left = temporary_path(tmp_path)
    left.write_text("half")
    path = tmp_path / "file.json"
    write_json(path, {"a": 2})
    assert read_json(path) == {"a": 2} and left.exists()
