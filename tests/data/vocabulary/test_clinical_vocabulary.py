from __future__ import annotations

import csv
import logging
import re
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from mental_health_classifier.contracts import InputError
from mental_health_classifier.data.sample.phrases import read_sample_phrases
from mental_health_classifier.data.vocabulary.clinical_vocabulary import (
    PACKAGED,
    ClinicalVocabulary,
    spellings,
)
from mental_health_classifier.data.vocabulary.normal_words import normal_form
from mental_health_classifier.data.vocabulary.phrase_linker import AMBIGUOUS, FIRST

CONF = Path(__file__).resolve().parents[3] / "conf" / "vocabulary" / "clinical.yaml"
HEADER = "concept_id\tsemantic_type\tscope\tstring\tlanguage\tsource\n"


@pytest.fixture
def options(tmp_path: Path) -> dict[str, Any]:
    given = yaml.safe_load(CONF.read_text(encoding="utf-8"))
    return {**given, "cache_dir": str(tmp_path / "cache")}


def vocabulary(options: dict[str, Any], **changes: Any) -> ClinicalVocabulary:
    given = {name: value for name, value in options.items() if name != "_target_"}
    return ClinicalVocabulary(**{**given, **changes})


def write_table(path: Path, *rows: str) -> str:
    path.write_text(HEADER + "".join(f"{row}\n".replace("|", "\t") for row in rows))
    return str(path)


def expressions(found: ClinicalVocabulary, text: str) -> list[str]:
    (spans,) = found.annotate(pd.DataFrame({"text": [text]}))
    return [text[span.start : span.end] for span in spans]


def test_expressions_are_marked_with_their_concept(options: dict[str, Any], tmp_path: Path) -> None:
    path = write_table(
        tmp_path / "v.tsv", "C1|mood|NAME|low mood|ENG|A", "C2|sleep|EXACT|no sleep|ENG|A"
    )
    found = vocabulary(options, path=path)
    (first, second) = found.annotate(pd.DataFrame({"text": ["Low mood. No sleep", "nothing"]}))
    assert first == [(0, 8, FIRST), (10, 18, FIRST + 1)] and second == []
    assert found.type_of_value.tolist() == [0, AMBIGUOUS, FIRST, FIRST + 1]
    assert found.describe()["expressions"] == 2
    # Opened from the cache, it is the same.
    again = vocabulary(options, path=path)
    assert again.key() == found.key() and expressions(again, "so low mood") == ["low mood"]


@pytest.mark.parametrize(
    ("changes", "left"),
    [
        ({}, {"low mood", "gloom", "bpd", "ebb"}),
        ({"languages": None}, {"low mood", "gloom", "schwermut", "bpd", "ebb"}),
        ({"sources": ["B"]}, {"gloom"}),
        ({"semantic_types": ["mood"]}, {"low mood", "gloom"}),
        ({"semantic_types": ["mood"], "concepts": ["C3"]}, {"low mood", "gloom", "bpd"}),
        ({"scopes": ["preferred"]}, {"low mood", "bpd", "ebb"}),
        ({"stop_phrases": ["Gloom"]}, {"low mood", "bpd", "ebb"}),
        ({"stop_words": ["low", "mood"]}, {"gloom", "bpd", "ebb", "of the"}),
        ({"short_phrases": []}, {"low mood", "gloom"}),
        ({"min_characters": 7, "short_phrases": []}, {"low mood"}),
    ],
)
def test_filters_keep_what_they_name(
    options: dict[str, Any], tmp_path: Path, changes: dict[str, Any], left: set[str]
) -> None:
    path = write_table(
        tmp_path / "v.tsv",
        "C1|mood|NAME|Low mood|ENG|A",
        "C1|mood|EXACT|gloom|ENG|B",
        "C1|mood|EXACT|Schwermut|GER|A",
        "C3|disorder|NAME|BPD|ENG|A",
        "C4|disorder|NAME|of the|ENG|A",
        "C5|disorder|NAME|ebb|ENG|A",
    )
    found = vocabulary(options, **{"path": path, "short_phrases": ["bpd", "EBB"], **changes})
    words = ["low mood", "gloom", "schwermut", "bpd", "of the", "ebb"]
    assert {word for word in words if expressions(found, word)} == left


def test_of_several_types_of_a_concept_the_one_named_first_counts(
    options: dict[str, Any], tmp_path: Path
) -> None:
    path = write_table(tmp_path / "v.tsv", "C1|b|NAME|gloom|ENG|A", "C1|a|NAME|gloom|ENG|A")
    for types, chosen in ((["b", "a"], "b"), (["a", "b"], "a"), (None, "a")):
        found = vocabulary(options, path=path, semantic_types=types)
        assert found.describe()["semantic_types"] == [chosen]
        assert expressions(found, "gloom") == ["gloom"]


def test_a_name_inverted_for_an_index_is_also_read_in_plain_order() -> None:
    assert spellings("Depression, Postpartum") == [
        "depression , postpartum",
        "postpartum depression",
    ]
    assert spellings("Panic, Fear, Dread") == ["panic , fear , dread"]


def test_nothing_left_is_refused_with_what_was_read(
    options: dict[str, Any], tmp_path: Path
) -> None:
    path = write_table(tmp_path / "v.tsv", "C1|mood|NAME|Schwermut|GER|A", "C1|cut")
    with pytest.raises(InputError, match=r"other language: 1.*1 lines are malformed.*v\.tsv:3"):
        vocabulary(options, path=path).annotate(pd.DataFrame({"text": ["x"]}))


def test_malformed_lines_are_warned_of(
    options: dict[str, Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = write_table(tmp_path / "v.tsv", "C1|cut", "C1|mood|NAME|gloom|ENG|A")
    with caplog.at_level(logging.WARNING):
        found = vocabulary(options, path=path).describe()
    assert found["malformed_lines"] == 1 and "v.tsv:2" in caplog.text


def test_unknown_scopes_and_missing_files_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=r"clinical\.vocabulary\.scopes"):
        vocabulary(options, scopes=["best"])
    with pytest.raises(InputError, match=r"clinical\.vocabulary\.path"):
        vocabulary(options, path="nowhere.tsv").key()


def test_a_key_says_what_is_marked_not_where_the_file_lies(
    options: dict[str, Any], tmp_path: Path
) -> None:
    row = "C1|mood|NAME|gloom|ENG|A"
    first, copy, other = (
        vocabulary(options, path=write_table(tmp_path / f"{name}.tsv", *rows)).key()
        for name, rows in {"a": [row], "b": [row], "c": [row, row]}.items()
    )
    assert first == copy != other
    path = str(tmp_path / "a.tsv")
    for change in ({"shuffle_seed": 1}, {"min_characters": 5}, {"stop_words": []}):
        assert vocabulary(options, path=path, **change).key() != first


def test_a_run_can_use_its_vocabulary_later_from_its_own_folder(
    options: dict[str, Any], tmp_path: Path
) -> None:
    run = tmp_path / "run"
    run.mkdir()
    found = vocabulary(options)
    found.save(run)
    restored = vocabulary(options).restored(run, key=found.key())
    assert isinstance(restored, ClinicalVocabulary) and restored.file.parent == run
    assert expressions(restored, "a panic attack") == ["panic attack"]
    (run / PACKAGED.name).write_text(HEADER)
    with pytest.raises(InputError, match="not what it was"):
        vocabulary(options).restored(run, key=found.key())


def test_a_vocabulary_of_the_users_own_is_not_copied_and_not_exchanged(
    options: dict[str, Any], tmp_path: Path
) -> None:
    run = tmp_path / "run"
    run.mkdir()
    path = write_table(tmp_path / "v.tsv", "C1|mood|NAME|gloom|ENG|A")
    found = vocabulary(options, path=path)
    found.save(run)
    assert not list(run.iterdir())
    assert vocabulary(options, path=path).restored(run, key=found.key()).key() == found.key()
    write_table(tmp_path / "v.tsv", "C1|mood|NAME|gloomy|ENG|A")
    with pytest.raises(InputError, match=r"v\.tsv is not what it was"):
        vocabulary(options, path=path).restored(run, key=found.key())
    Path(path).unlink()
    with pytest.raises(InputError, match=r"v\.tsv is not there"):
        vocabulary(options, path=path).restored(run, key=found.key())


def packaged_rows() -> list[dict[str, str]]:
    with PACKAGED.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def test_the_packaged_lexicon_is_well_formed() -> None:
    rows = packaged_rows()
    assert len(rows) >= 400
    assert all(all(row.values()) and len(row) == 5 for row in rows)
    assert {row["scope"] for row in rows} == {"preferred", "synonym"}
    assert {row["provenance"] for row in rows} <= {
        "clinical term",
        "lay expression",
        "lay spelling",
    }
    types: dict[str, set[str]] = {}
    for row in rows:
        assert re.fullmatch(r"MHC:\d{4}", row["concept_id"])
        types.setdefault(row["concept_id"], set()).add(row["semantic_type"])
    assert all(len(found) == 1 for found in types.values())
    preferred = [row["concept_id"] for row in rows if row["scope"] == "preferred"]
    assert sorted(preferred) == sorted(types)


def test_no_expression_of_the_packaged_lexicon_stands_for_two_concepts() -> None:
    forms = [normal_form(row["string"]) for row in packaged_rows()]
    assert len(set(forms)) >= len(forms) - 1  # "c-ptsd" is "c ptsd"
    owners: dict[str, set[str]] = {}
    for row, form in zip(packaged_rows(), forms, strict=True):
        owners.setdefault(form, set()).add(row["concept_id"])
    assert [form for form, concepts in owners.items() if len(concepts) > 1] == []


MEANS = re.compile(
    r"\b(hang\w*|noose|rope|kni(fe|ves)|blade|razor|cut(s|ting)?|slit\w*|stab(s|bed|bing)?|wrists?|bleed\w*|"
    r"guns?|bullet|shoot\w*|shot|pills?|tablets?|overdos\w*|poison\w*|gas|bleach|drown\w*|bridge|"
    r"roof|cliff|balcony|tracks?|train|weapon|method|lethal|note)\b"
)


def test_the_packaged_lexicon_names_no_means() -> None:
    assert [row["string"] for row in packaged_rows() if MEANS.search(row["string"])] == []


def test_all_of_the_packaged_lexicon_is_used_with_the_options_that_come_with_it(
    options: dict[str, Any],
) -> None:
    about = vocabulary(options).describe()
    assert about["names_dropped"] == {} and about["malformed_lines"] == 0
    assert about["concepts"] == len({row["concept_id"] for row in packaged_rows()})


def test_the_packaged_lexicon_knows_lay_language(options: dict[str, Any]) -> None:
    found = vocabulary(options)
    for text, expected in {
        "I feel hopeless and worthless": ["feel hopeless", "worthless"],
        "I just want to disappear": ["want to disappear"],
        "can’t sleep, can't eat": ["can’t sleep", "can't eat"],
        "my borderline personality disorder": ["borderline personality disorder"],
        "I hope you love the arts": [],
        "homework is killing me": [],
    }.items():
        assert expressions(found, text) == expected


def test_the_packaged_lexicon_reaches_every_class_of_the_sample_posts_but_not_its_idioms(
    options: dict[str, Any],
) -> None:
    found, phrases = vocabulary(options), read_sample_phrases()
    for cues in (entry["cues"] for entry in phrases.classes.values()):
        assert sum(bool(expressions(found, cue)) for cue in cues) >= len(cues) / 2
    assert not any(expressions(found, filler) for filler in phrases.fillers)


@pytest.mark.parametrize(
    ("file", "text", "known"),
    [
        ("symp.obo", "insomnia and headache", ["insomnia", "headache"]),
        ("doid_mental_health.obo", "a panic disorder", ["panic disorder"]),
        ("doid_mental_health.tsv", "a panic disorder", ["panic disorder"]),
        ("mfomd_core.tsv", "suicidal thoughts", ["suicidal thoughts"]),
        ("mesh_f_mental.tsv", "postpartum depression", ["postpartum depression"]),
    ],
)
def test_open_vocabularies_can_be_read(
    options: dict[str, Any], corpora: Path, file: str, text: str, known: list[str]
) -> None:
    path = corpora / "vocabularies" / file
    if not path.is_file():
        pytest.skip(f"{file} is not among the corpora")
    found = vocabulary(options, path=str(path))
    assert found.describe()["expressions"] > 90
    assert expressions(found, text) == known


def test_opening_a_compiled_vocabulary_takes_no_time_that_matters(
    options: dict[str, Any], tmp_path: Path
) -> None:
    rows = [f"C{i}|mood|NAME|gloom number{i}|ENG|A" for i in range(20_000)]
    path = write_table(tmp_path / "v.tsv", *rows)
    vocabulary(options, path=path).describe()
    started = time.process_time()
    assert vocabulary(options, path=path).describe()["expressions"] == 20_000
    assert time.process_time() - started < 0.2
