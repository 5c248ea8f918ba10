import json
import subprocess
import sys
from pathlib import Path

from mental_health_classifier.storage.json_lines import append_record, open_records, read_records


def write_records(path: Path, records: list[dict]) -> None:
    with open_records(path) as handle:
        for record in records:
            append_record(handle, record)


def test_records_are_json_lines_that_any_program_can_read(tmp_path):
    path = tmp_path / "metrics.jsonl"
    write_records(path, [{"step": 1, "text": "a\nb"}, {"step": 2, "value": None}])
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["step"] for line in lines] == [1, 2]
    # printf '{"step":2,"value":null}' | gzip | tail -c8 | head -c4 | od -tx4
    assert lines[1] == {"step": 2, "value": None, "crc32": "d782284d"}
    assert read_records(path) == ([{"step": 1, "text": "a\nb"}, {"step": 2, "value": None}], 0)


def test_a_record_is_on_its_way_to_disk_as_soon_as_it_is_appended(tmp_path):
    path = tmp_path / "metrics.jsonl"
    with open_records(path) as handle:
        append_record(handle, {"step": 1})
        assert read_records(path).records == [{"step": 1}]


def test_a_torn_last_line_is_left_out_and_the_next_process_writes_on(tmp_path):
    path = tmp_path / "metrics.jsonl"
    write_records(path, [{"step": 1}, {"step": 2}])
    whole = path.read_bytes()
    first_line = whole.index(b"\n") + 1
    for length in range(first_line + 1, len(whole)):
        path.write_bytes(whole[:length])
        assert read_records(path) == ([{"step": 1}], 1)
        write_records(path, [{"step": 3}])
        read = read_records(path).records
        # Only the final newline was missing: the line itself is whole again once it has one.
        expected = [1, 2, 3] if length == len(whole) - 1 else [1, 3]
        assert [record["step"] for record in read] == expected


def test_no_flipped_bit_changes_what_is_read(tmp_path):
    path = tmp_path / "metrics.jsonl"
    records = [{"step": 1, "val/accuracy": 0.5}, {"step": 2, "val/accuracy": 0.75}]
    write_records(path, records)
    content = path.read_bytes()
    for place in range(len(content)):
        for bit in (0, 3, 7):
            damaged = bytearray(content)
            damaged[place] ^= 1 << bit
            path.unlink()
            path.write_bytes(damaged)
            read, num_damaged = read_records(path)
            assert num_damaged >= 1
            assert all(record in records for record in read)


def test_a_disk_that_fills_up_in_the_middle_of_a_record_is_an_error(tmp_path):
    # A limit on the size of files stands for the full disk; it belongs to a process.
    script = f"""
import resource, signal
from pathlib import Path
from mental_health_classifier.storage.json_lines import (append_record, open_records)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (60, 60))
handle = open_records(Path({str(tmp_path)!r}, "metrics.jsonl"))
append_record(handle, {{"step": 1}})
append_record(handle, {{"step": 2, "value": 0.123456789}})
"""
    finished = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert "the disk is full" in finished.stderr
    assert read_records(tmp_path / "metrics.jsonl") == ([{"step": 1}], 1)
