from pathlib import Path

import pandas as pd
import pytest

from mental_health_classifier.analysis.tables.table_file import frame_of, read_table, write_table

FRAME = pd.DataFrame(
    {
        "name": pd.Series(["a", None, "é"], dtype="str"),
        "number": [0.1, float("nan"), 3.0],
        "count": pd.array([1, None, 2**53 - 1], dtype="Int64"),
        "is_dirty": pd.array([True, None, False], dtype="boolean"),
        "created_at": pd.to_datetime(["2026-11-01T10:00", None, "2026-11-03T11:30"], utc=True),
    }
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    write_table(tmp_path / "table.arrow", FRAME, version=3)
    return tmp_path / "table.arrow"


def test_a_table_comes_back_with_its_types(path: Path) -> None:
    table = read_table(path, version=3)
    assert table is not None
    pd.testing.assert_frame_equal(frame_of(table), FRAME)


def test_a_file_of_another_version_or_none_is_no_table(path: Path) -> None:
    assert read_table(path, version=4) is None
    assert read_table(path.with_name("missing"), version=3) is None
    assert read_table(path.parent, version=3) is None


def test_a_file_that_is_cut_or_changed_anywhere_is_no_table(path: Path) -> None:
    whole = path.read_bytes()
    for place in range(0, len(whole), 7):
        path.write_bytes(whole[:place])
        assert read_table(path, version=3) is None, place
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert read_table(path, version=3) is None, place


def test_what_cannot_be_written_leaves_the_file_that_was_there(path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(Exception, match="object"):
        write_table(path, pd.DataFrame({"a": [object()]}), version=3)
    assert path.read_bytes() == before
    assert [each.name for each in path.parent.iterdir()] == ["table.arrow"]
