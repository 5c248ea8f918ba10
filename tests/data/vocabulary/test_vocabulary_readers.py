from __future__ import annotations

from pathlib import Path

import pytest

from mental_health_classifier.contracts import InputError
from mental_health_classifier.data.vocabulary.readers import (
    MalformedLines,
    VocabularyRow,
    read_obo,
    read_rrf,
    read_tsv,
    reader_for,
    wanted,
)

ANY = wanted(None, ())

MRCONSO = (
    "C0030319|ENG|P|L1|PF|S1|Y|A1||M1|D1|MSH|MH|D1|Panic Disorder|0|N|256|\n"
    "C0030319|ENG|S|L2|PF|S2|Y|A2||M2|D1|MSH|ET|D1|Disorder, Panic|0|N||\n"
    "C0030319|GER|P|L3|PF|S3|Y|A3||M3|D1|MSHGER|MH|D1|Panikstörung|3|N||\n"
    "C0000001|ENG|P|L4|PF|S4|Y|A4||M4|D1|SRC|PT|D1|NA|0|N||\n"
    "C0000001|ENG|P|L4|VC|S5|N|A5||M4|D1|SRC|PT|D1|null|0|O||\n"
    'C0000002|ENG|P|L6|PF|S6|Y|A6||M6|D1|SRC|PT|D1|a "quoted" name|0|N||\n'
)
MRSTY = (
    "C0030319|T048|B2.2.1.2.1.1|Mental or Behavioral Dysfunction|AT1|256|\n"
    "C0000001|T184|A2.2.2|Sign or Symptom|AT2||\n"
    "C0000001|T033|A2.2|Finding|AT3||\n"
    "C0000002|T033|A2.2|Finding|AT4||\n"
)


@pytest.fixture
def umls(tmp_path: Path) -> Path:
    (tmp_path / "MRCONSO.RRF").write_text(MRCONSO, encoding="utf-8")
    (tmp_path / "MRSTY.RRF").write_text(MRSTY, encoding="utf-8")
    return tmp_path


def read(reader, path: Path, is_wanted=ANY) -> tuple[list[VocabularyRow], MalformedLines]:
    malformed = MalformedLines()
    return list(reader(path, malformed, is_wanted)), malformed


def test_umls_names_come_with_type_scope_language_and_source(umls: Path) -> None:
    rows, malformed = read(read_rrf, umls)
    panic = ("C0030319", "T048")
    assert rows[:3] == [
        VocabularyRow(*panic, "preferred", "Panic Disorder", "ENG", "MSH", False),
        VocabularyRow(*panic, "exact", "Disorder, Panic", "ENG", "MSH", False),
        VocabularyRow(*panic, "preferred", "Panikstörung", "GER", "MSHGER", False),
    ]
    assert not malformed.number


def test_names_that_look_like_missing_values_or_quotes_are_names(umls: Path) -> None:
    rows, _ = read(read_rrf, umls)
    assert {row.string for row in rows} >= {"NA", "null", 'a "quoted" name'}
    assert [row.is_suppressed for row in rows if row.string == "null"] == [True, True]


def test_a_concept_has_each_of_its_wanted_types(umls: Path) -> None:
    rows, _ = read(read_rrf, umls)
    assert [row.semantic_type for row in rows if row.string == "NA"] == ["T184", "T033"]
    rows, _ = read(read_rrf, umls, wanted(["T184"], ["C0000002"]))
    assert {(row.concept, row.semantic_type) for row in rows} == {
        ("C0000001", "T184"),
        ("C0000002", "T033"),
    }


def test_malformed_lines_are_counted_and_named_by_file_and_number(umls: Path) -> None:
    with (umls / "MRCONSO.RRF").open("ab") as stream:
        stream.write(b"C0030319|ENG|only three\n")
        stream.write(MRCONSO.splitlines()[0].encode() + b"too much|\n")
        stream.write(MRCONSO.splitlines()[0].encode().replace(b"Panic", b"P\xff") + b"\n")
    with (umls / "MRSTY.RRF").open("a") as stream:
        stream.write("C0030319|T048|no trailing bar|a|b|c\n")
    rows, malformed = read(read_rrf, umls)
    assert len(rows) == 8
    assert malformed.number == 4
    assert malformed.first == ["MRSTY.RRF:5", "MRCONSO.RRF:7", "MRCONSO.RRF:8", "MRCONSO.RRF:9"]


def test_lines_of_umls_end_at_line_feeds_alone(umls: Path) -> None:
    odd = "C0030319|ENG|P|L1|PF|S1|Y|A1||M1|D1|MSH|MH|D1|panic\u2028\x85\x0battack|0|N||\r\n"
    (umls / "MRCONSO.RRF").write_bytes(odd.encode())
    rows, malformed = read(read_rrf, umls)
    assert [row.string for row in rows] == ["panic\u2028\x85\x0battack"] and not malformed.number


OBO = """format-version: 1.2

[Term]
id: S:1
name: symptom

[Term]
id: S:2
name: mental symptom
is_a: S:1 ! symptom

[Term]
id: S:3
name: low mood
synonym: "feeling \\"low\\"" EXACT []
synonym: "blue" RELATED [x:y]
synonym: no quotes EXACT []
is_a: S:2 {source="x"} ! mental symptom

[Term]
id: S:4
name: old name
is_obsolete: true

[Term]
id: S:5

[Typedef]
id: part_of
name: part of
"""


def test_terms_of_an_ontology_have_the_type_of_their_branch(tmp_path: Path) -> None:
    (tmp_path / "s.obo").write_text(OBO)
    rows, malformed = read(read_obo, tmp_path / "s.obo")
    assert [row[:4] for row in rows] == [
        ("S:1", "symptom", "preferred", "symptom"),
        ("S:2", "mental symptom", "preferred", "mental symptom"),
        ("S:3", "mental symptom", "preferred", "low mood"),
        ("S:3", "mental symptom", "exact", 'feeling "low"'),
        ("S:3", "mental symptom", "other", "blue"),
        ("S:4", "old name", "preferred", "old name"),
    ]
    assert [row.is_suppressed for row in rows] == [False] * 5 + [True]
    assert {row.source for row in rows} == {"S"} and rows[0].language is None
    assert malformed.first == ["s.obo:17", "s.obo:25"]


def test_a_circle_of_terms_ends(tmp_path: Path) -> None:
    circle = "[Term]\nid: S:1\nname: a\nis_a: S:2\n[Term]\nid: S:2\nname: b\nis_a: S:1\n"
    (tmp_path / "s.obo").write_text(circle)
    assert len(read(read_obo, tmp_path / "s.obo")[0]) == 2


def test_a_table_says_its_columns(tmp_path: Path) -> None:
    path = tmp_path / "t.tsv"
    path.write_text(
        "source\tstring\tconcept_id\tscope\tsemantic_type\n"
        'A\tlow "mood\tC1\tNAME\tmood\n'
        "\tNA\tC1\tRELATED\tmood\n"
        "A\tblue\tC1\texact\n"
        "A\t\tC1\tNAME\tmood\n"
    )
    rows, malformed = read(read_tsv, path)
    assert rows == [
        VocabularyRow("C1", "mood", "preferred", 'low "mood', None, "A", False),
        VocabularyRow("C1", "mood", "other", "NA", None, None, False),
    ]
    assert malformed.first == ["t.tsv:4", "t.tsv:5"]


def test_a_table_without_a_needed_column_is_refused(tmp_path: Path) -> None:
    (tmp_path / "t.tsv").write_text("concept_id\tstring\nC1\tlow\n")
    with pytest.raises(InputError, match="no column semantic_type, scope"):
        read(read_tsv, tmp_path / "t.tsv")


def test_the_reader_goes_by_the_name_or_the_format(umls: Path) -> None:
    assert reader_for(umls, None)[0] is read_rrf
    for name, reader in {"a.obo": read_obo, "a.TSV": read_tsv}.items():
        (umls / name).write_text("")
        assert reader_for(umls / name, None) == (reader, [umls / name])
    (umls / "a.txt").write_text("")
    assert reader_for(umls / "a.txt", "tsv")[0] is read_tsv
    with pytest.raises(InputError, match=r"clinical\.vocabulary\.format"):
        reader_for(umls / "a.txt", None)


@pytest.mark.parametrize("missing", ["MRSTY.RRF", "MRCONSO.RRF"])
def test_a_missing_file_is_named(umls: Path, missing: str) -> None:
    (umls / missing).unlink()
    with pytest.raises(InputError, match=missing):
        reader_for(umls, None)
