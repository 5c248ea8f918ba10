"""Readers of clinical vocabularies, one name of a concept a row: UMLS (RRF), OBO, tables."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from mental_health_classifier.contracts import InputError

_SHOWN = 5


class VocabularyRow(NamedTuple):
    """One name of a concept."""

    concept: str
    semantic_type: str
    scope: str
    """preferred, exact or other."""
    string: str
    language: str | None
    """None, as for `source`: the vocabulary does not say."""
    source: str | None
    is_suppressed: bool


@dataclass
class MalformedLines:
    """Counts lines that cannot be used and remembers the first few."""

    number: int = 0
    first: list[str] = field(default_factory=list)

    def add(self, file: Path, line: int) -> None:
        self.number += 1
        if len(self.first) < _SHOWN:
            self.first.append(f"{file.name}:{line}")


Reader = Callable[[Path, MalformedLines, "Callable[[str, str], bool]"], Iterator[VocabularyRow]]
"""(path, where to count what cannot be used, (concept, semantic type) -> whether it is wanted)."""


def reader_for(path: Path, format: str | None) -> tuple[Reader, list[Path]]:
    """The reader of a vocabulary and the files it reads.

    Args:
        path: a folder with RRF files, or a file.
        format: one of FORMATS, or None to go by the name.

    Raises:
        InputError: an unknown format, or a file is missing.
    """
    if format is None:
        format = "rrf" if path.is_dir() else path.suffix.removeprefix(".").lower()
    if format not in FORMATS:
        raise InputError(
            f"clinical.vocabulary.format: one of {', '.join(FORMATS)} was expected, or null for a "
            f"folder of RRF files or a file that is called .obo or .tsv; {path.name} is neither. "
            "Set it."
        )
    files = [path / CONCEPT_NAMES, path / SEMANTIC_TYPES] if format == "rrf" else [path]
    for file in files:
        if not file.is_file():
            raise InputError(
                f"{file} is not there: clinical.vocabulary.path names a folder with "
                f"{CONCEPT_NAMES} and {SEMANTIC_TYPES} (format rrf), or a file (obo, tsv)."
            )
    return FORMATS[format], files


def _lines(file: Path, malformed: MalformedLines) -> Iterator[tuple[int, str]]:
    """Lines with their numbers from 1, without their ends; strings may hold any other separator."""
    with file.open("rb") as stream:
        for number, line in enumerate(stream, start=1):
            try:
                yield number, line.rstrip(b"\r\n").decode("utf-8")
            except UnicodeDecodeError:
                malformed.add(file, number)


# --- UMLS Metathesaurus, Rich Release Format: no header, no quoting, a bar after every field ---

CONCEPT_NAMES, SEMANTIC_TYPES = "MRCONSO.RRF", "MRSTY.RRF"
_NUM_FIELDS = {CONCEPT_NAMES: 18, SEMANTIC_TYPES: 6}
_CUI, _LAT, _TS, _STT, _ISPREF, _SAB, _STR, _SUPPRESS = 0, 1, 2, 4, 6, 11, 14, 16
_TUI = 1


def read_rrf(
    path: Path, malformed: MalformedLines, is_wanted: Callable[[str, str], bool]
) -> Iterator[VocabularyRow]:
    """Reads MRCONSO and MRSTY of a folder; only the types of wanted concepts are kept in memory."""
    types: dict[str, list[str]] = defaultdict(list)
    for fields in _rrf_fields(path / SEMANTIC_TYPES, malformed):
        if is_wanted(fields[_CUI], fields[_TUI]):
            types[fields[_CUI]].append(fields[_TUI])
    for fields in _rrf_fields(path / CONCEPT_NAMES, malformed):
        for semantic_type in types.get(fields[_CUI], ()):
            # ISPREF alone says which atom of one string is preferred, not which string.
            is_preferred = (fields[_TS], fields[_STT], fields[_ISPREF]) == ("P", "PF", "Y")
            yield VocabularyRow(
                concept=fields[_CUI],
                semantic_type=semantic_type,
                scope="preferred" if is_preferred else "exact",
                string=fields[_STR],
                language=fields[_LAT],
                source=fields[_SAB],
                is_suppressed=fields[_SUPPRESS] != "N",
            )


def _rrf_fields(file: Path, malformed: MalformedLines) -> Iterator[list[str]]:
    num_fields = _NUM_FIELDS[file.name]
    for number, line in _lines(file, malformed):
        fields = line.split("|")
        if len(fields) == num_fields + 1 and not fields[-1]:
            yield fields
        else:
            malformed.add(file, number)


# --- Open Biomedical Ontologies ---

_SYNONYM = re.compile(r'"((?:[^"\\]|\\.)*)"\s+(EXACT|BROAD|NARROW|RELATED)\b')
_ESCAPED = re.compile(r"\\(.)")


def read_obo(
    path: Path, malformed: MalformedLines, is_wanted: Callable[[str, str], bool]
) -> Iterator[VocabularyRow]:
    """Reads terms and their synonyms; a term's type is the branch of the ontology that it is in.

    That is the name of its outermost ancestor by `is_a` that is not itself a root.
    """
    names: dict[str, str] = {}
    parents: dict[str, str] = {}
    rows: list[tuple[str, str, str, bool]] = []
    for tags in _obo_terms(path, malformed):
        (term, *_), (name, *_) = tags["id"], tags["name"]
        names[term] = name
        if tags["is_a"] and tags["is_a"][0]:
            parents[term] = tags["is_a"][0].split()[0]
        is_obsolete = tags["is_obsolete"] == ["true"]
        for scope, string in (("preferred", name), *tags["synonym"]):
            rows.append((term, scope, string, is_obsolete))
    branches = {term: names[_branch(term, parents, names)] for term in names}
    for term, scope, string, is_obsolete in rows:
        if is_wanted(term, branches[term]):
            source = term.partition(":")[0]
            yield VocabularyRow(term, branches[term], scope, string, None, source, is_obsolete)


def _branch(term: str, parents: dict[str, str], names: dict[str, str]) -> str:
    seen = {term}  # a file may hold a circle
    while (up := parents.get(term)) in names and up in parents and up not in seen:
        seen.add(term := up)
    return term


def _obo_terms(file: Path, malformed: MalformedLines) -> Iterator[Mapping[str, list[Any]]]:
    """The values of each term's tags, a synonym with its scope before it; what cannot be used of a
    term is counted and left out."""
    stanza, first_line = "", 0
    tags: dict[str, list[Any]] = defaultdict(list)
    # One more stanza closes the last one.
    for number, line in chain(_lines(file, malformed), [(0, "[]")]):
        if line.startswith("["):
            if stanza == "[Term]":
                if tags["id"] and tags["name"]:
                    yield tags
                else:
                    malformed.add(file, first_line)
            stanza, first_line, tags = line.strip(), number, defaultdict(list)
        elif stanza == "[Term]" and line.strip() and not line.startswith("!"):
            tag, colon, value = line.partition(":")
            synonym = _SYNONYM.match(value.strip()) if tag == "synonym" else None
            if synonym is not None:
                scope = "exact" if synonym[2] == "EXACT" else "other"
                tags["synonym"].append((scope, _ESCAPED.sub(r"\1", synonym[1])))
            elif colon and tag != "synonym":
                tags[tag].append(_ESCAPED.sub(r"\1", value.partition(" ! ")[0].strip()))
            else:
                malformed.add(file, number)


# --- Tables separated by tabs, without quoting ---

_NEEDED = ("concept_id", "semantic_type", "scope", "string")
_SCOPE_OF_WORD = {
    "name": "preferred",
    "preferred": "preferred",
    "exact": "exact",
    "synonym": "exact",
}


def read_tsv(
    path: Path, malformed: MalformedLines, is_wanted: Callable[[str, str], bool]
) -> Iterator[VocabularyRow]:
    """Reads a table with the columns concept_id, semantic_type, scope (NAME or preferred, EXACT or
    synonym, anything else: other) and string, and perhaps language and source.

    Raises:
        InputError: a column is missing.
    """
    lines = _lines(path, malformed)
    header = next(lines, (1, ""))[1].removeprefix("\ufeff").split("\t")
    missing = [name for name in _NEEDED if name not in header]
    if missing:
        raise InputError(
            f"{path} has no column {', '.join(missing)} (separated by tabs). "
            f"clinical.vocabulary.path needs {', '.join(_NEEDED)}; rename its columns."
        )
    for number, line in lines:
        if not line:
            continue
        cells = dict(zip(header, line.split("\t"), strict=False))
        if line.count("\t") + 1 != len(header) or not all(
            cells[name].strip() for name in ("concept_id", "semantic_type", "string")
        ):
            malformed.add(path, number)
        elif is_wanted(cells["concept_id"], cells["semantic_type"]):
            yield VocabularyRow(
                concept=cells["concept_id"],
                semantic_type=cells["semantic_type"],
                scope=_SCOPE_OF_WORD.get(cells["scope"].lower(), "other"),
                string=cells["string"],
                language=cells.get("language") or None,
                source=cells.get("source") or None,
                is_suppressed=False,
            )


FORMATS: dict[str, Reader] = {"rrf": read_rrf, "obo": read_obo, "tsv": read_tsv}


def wanted(
    semantic_types: Collection[str] | None, concepts: Collection[str]
) -> Callable[[str, str], bool]:
    """Whether a concept of a semantic type is wanted: of one of the types (None: any), or named
    itself."""
    return lambda concept, semantic_type: (
        semantic_types is None or semantic_type in semantic_types or concept in concepts
    )
