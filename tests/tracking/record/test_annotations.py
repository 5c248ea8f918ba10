import os
import subprocess
import sys
from pathlib import Path

import pytest
from written_runs import write_run

from mental_health_classifier.contracts import InputError
from mental_health_classifier.storage.json_lines import append_record, open_records
from mental_health_classifier.tracking.keeping.run_archive import export_run, import_run
from mental_health_classifier.tracking.record.annotations import FILE, MOST_BYTES, annotate
from mental_health_classifier.tracking.record.record_check import artefacts_of, changed_files
from mental_health_classifier.tracking.record.run_summary import read_run
from mental_health_classifier.tracking.run_index import list_runs

HOSTILE = "</bdi><script>x</script> \x1b[2J"


def write_lines(directory: Path, *lines: dict) -> None:
    with open_records(directory / FILE) as handle:
        for line in lines:
            append_record(handle, line)


def line(kind: str, text: str, **changes: str) -> dict[str, str]:
    return {"at": "2026-11-29T10:00:00+00:00", "by": "anna", "kind": kind, "text": text, **changes}


def test_what_is_said_of_a_run_is_read_with_who_said_it_and_when(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", run={"name": "baseline", "tags": ["pilot", "old"]})
    annotate(run, [("note", "  reads\ntitles  twice "), ("tag", "paper"), ("untag", "old")], by="a")
    annotate(run, [("name", "first")], by="b")
    annotate(run, [("name", "second try"), ("archive", "")])
    found = read_run(run)
    assert found.name == "second try" and found.recorded_name == "baseline"
    assert found.tags == ("pilot", "paper")
    (note,) = found.annotations.notes
    assert (note.text, note.by, note.at[:2]) == ("reads titles twice", "a", "20")
    assert found.is_archived and found.annotations.archive is not None
    assert found.annotations.archive.by
    annotate(run, [("unarchive", "")])
    assert not read_run(run).is_archived


def test_the_record_stays_as_it_was_and_what_was_said_travels(record_run, tmp_path: Path) -> None:
    with record_run() as record:
        annotate(record.directory, [("note", "looks good so far")])
        record.log_metrics({"loss": 0.5}, step=1, epoch=0)
        record.finish(metrics={"test/accuracy": 0.75})
    before = read_run(record.directory)
    assert FILE not in before.end["artefacts"] and FILE not in artefacts_of(record.directory)
    annotate(record.directory, [("note", "and it was"), ("name", "renamed")])
    run = read_run(record.directory)
    assert changed_files(run) == [] and run.run == before.run and run.end == before.end
    export_run(run, tmp_path / "run.tar.gz")
    found = import_run(tmp_path / "run.tar.gz", tmp_path / "elsewhere")
    assert found.annotations == run.annotations and found.name == "renamed"
    annotate(run.directory, [("name", "again")])
    export_run(read_run(run.directory), tmp_path / "again.tar.gz")
    with pytest.raises(InputError, match="was imported before"):
        import_run(tmp_path / "again.tar.gz", tmp_path / "elsewhere")


def test_the_index_of_runs_knows_what_was_said_since(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run")
    assert [each.name for each in list_runs([tmp_path])] == ["baseline"]
    annotate(run, [("name", "better"), ("tag", "paper")])
    (found,) = list_runs([tmp_path])
    assert (found.name, found.tags) == ("better", ("paper",))


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        ("note", " \n ", "The note is empty"),
        ("note", "x" * 2001, "The note has 2,001 characters; at most 2,000"),
        ("name", "x" * 121, "The name has 121 characters"),
        ("tag", "x" * 61, "The tag has 61 characters"),
        ("tag", "a,b", "holds a comma"),
        ("name", "evil \x1b[2J", r"cannot be seen \('evil \\x1b\[2J'\)"),
        ("note", "left \u202e right", "cannot be seen"),
        ("tag", "\ud800", "cannot be seen"),
    ],
)
def test_bad_texts_are_refused_in_one_sentence(tmp_path: Path, kind, text: str, said: str) -> None:
    run = write_run(tmp_path / "run")
    with pytest.raises(InputError, match=said):
        annotate(run, [("note", "fine"), (kind, text)])
    assert not (run / FILE).exists()


def test_a_family_that_is_joined_by_what_cannot_be_seen_is_a_name(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run")
    annotate(run, [("name", "👩\u200d👩\u200d👧")])
    assert read_run(run).name == "👩\u200d👩\u200d👧"


def test_lines_of_strangers_are_left_out_and_counted(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run")
    annotate(run, [("note", "mine")])
    bad = [
        line("note", HOSTILE),
        line("note", ""),
        line("name", "x" * 121),
        line("tag", "x", by="\x1b[2J"),
        line("archive", "text"),
        line("delete", "all"),
        {"kind": "note", "text": 3},
    ]
    write_lines(run, *bad)
    with (run / FILE).open("ab") as handle:
        handle.write(b'{"at": "torn')
    found = read_run(run)
    assert [note.text for note in found.annotations.notes] == ["mine"]
    assert found.status == "completed" and not found.is_archived
    assert str(found.annotations.problem).endswith(f"are left out: {len(bad) + 1}.")


def test_no_kind_of_file_keeps_a_run_from_being_read(tmp_path: Path) -> None:
    for number, spoil in enumerate((Path.mkdir, os.mkfifo)):
        run = write_run(tmp_path / str(number))
        spoil(run / FILE)
        found = read_run(run)
        assert found.status == "completed" and found.annotations.problem
    large = write_run(tmp_path / "large")
    (large / FILE).write_bytes(b"\n" * (MOST_BYTES + 1))
    assert "larger than any" in str(read_run(large).annotations.problem)
    with pytest.raises(InputError, match="nothing was added"):
        annotate(large, [("note", "x")])
    assert (large / FILE).stat().st_size == MOST_BYTES + 1


def test_nothing_is_written_through_a_link_or_into_a_snapshot(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run")
    (run / FILE).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="is a link"):
        annotate(run, [("note", "x")])
    kept = write_run(tmp_path / "snapshot" / "runs" / "abc")
    (tmp_path / "snapshot" / "manifest.json").write_text("{}")
    with pytest.raises(InputError, match="lies in a snapshot"):
        annotate(kept, [("note", "x")])


def test_writers_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run")
    code = (
        "import sys; from pathlib import Path\n"
        "from mental_health_classifier.tracking.record.annotations import annotate\n"
        "for n in range(50): annotate(Path(sys.argv[1]), [('note', f'{sys.argv[2]} {n}')] * 2)"
    )
    writers = [
        subprocess.Popen([sys.executable, "-c", code, str(run), name]) for name in ("a", "b")
    ]
    assert [writer.wait() for writer in writers] == [0, 0]
    annotations = read_run(run).annotations
    said = [note.text for note in annotations.notes]
    assert annotations.problem is None and len(said) == 200
    assert said[::2] == said[1::2]  # what is said together stays together
    for name in ("a", "b"):
        assert [text for text in said[::2] if text[0] == name] == [f"{name} {n}" for n in range(50)]
