"""SampleCorpus: synthetic posts, made once and then read like any file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import pandas as pd

from mental_health_classifier.console.progress import showing
from mental_health_classifier.contracts import Corpus
from mental_health_classifier.contracts.ranges import Count, Seed
from mental_health_classifier.data.corpus import CorpusSettings
from mental_health_classifier.data.reading.source import Source
from mental_health_classifier.data.sample.grammar import SampleGrammar
from mental_health_classifier.data.sample.labels import read_sample_labelling
from mental_health_classifier.data.sample.phrases import read_sample_phrases
from mental_health_classifier.data.sample.posts import (
    SCHEMA_VERSION,
    OracleCeilings,
    describe_sample,
    draw_sample,
    write_rows,
)
from mental_health_classifier.storage.cache import cache_key, cached_folder
from mental_health_classifier.storage.files import sha256_of

_WRITTEN_AT_ONCE = 2**16


@dataclass(frozen=True, kw_only=True)
class SampleCorpus(CorpusSettings):
    """Synthetic posts that come with the accuracy no model can exceed."""

    size: Count
    """How many posts."""
    sample_seed: Seed
    """Chooses the posts."""
    grammar: Annotated[Mapping[str, object], SampleGrammar]
    """How posts are made, see `SampleGrammar`."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._grammar()  # refuses what makes no sense before anything is read

    def _grammar(self) -> SampleGrammar:
        return SampleGrammar(**self.grammar)  # pyright: ignore[reportArgumentType]

    def read(self) -> Corpus:
        """Raises InputError for a size that cannot be used, and as other corpora."""
        grammar = self._grammar()
        versions = (SCHEMA_VERSION, read_sample_phrases().version, read_sample_labelling().version)
        key = cache_key(
            ".".join(map(str, versions)), str(self.size), str(self.sample_seed), repr(grammar)
        )

        def make_posts(folder: Path) -> None:
            with showing("Making sample posts"):
                write_sample_files(folder, size=self.size, seed=self.sample_seed, grammar=grammar)

        folder = cached_folder(Path(self.cache_dir) / "sample_posts" / key, make_posts)
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        # The file beside it that knows the true classes is never opened here.
        source = Source.of(str(folder / "sample.csv"), kept_columns=self.needed_columns)
        ceilings = {kind: manifest["ceilings"][kind] for kind in ("sequence", "bag_of_words")}
        return self.corpus_of(source, is_synthetic=True, ceilings=ceilings)


def write_sample_files(
    folder: Path, *, size: int, seed: int, grammar: SampleGrammar
) -> dict[str, Any]:
    """Writes `sample.csv`, `sample.oracle.csv` and `manifest.json` into a folder, over what an
    interrupted call left there; the same arguments write the same bytes.

    Only a piece of the posts is in memory as text, so there can be any number.

    Returns:
        The manifest.

    Raises:
        InputError: as for `draw_sample`.
    """
    draws = draw_sample(size=size, seed=seed, grammar=grammar)
    ceilings = OracleCeilings(grammar)
    paths = [folder / "sample.csv", folder / "sample.oracle.csv"]
    with paths[0].open("wb") as posts_file, paths[1].open("wb") as oracle_file:
        for first in range(0, size, _WRITTEN_AT_ONCE):
            rows = draws.rows(first, first + _WRITTEN_AT_ONCE)
            posts, oracle = write_rows(rows, grammar, first=first)
            posts_file.write(_as_csv(posts, has_header=first == 0))
            oracle_file.write(_as_csv(oracle, has_header=first == 0))
            ceilings.add(oracle)
    digests = {path.name: sha256_of(path) for path in paths}
    manifest = {
        **describe_sample(size, seed, grammar, ceilings.describe(draws.drafts.labels)),
        "sha256": digests,
    }
    content = json.dumps(manifest, indent=2, allow_nan=False).encode() + b"\n"
    (folder / "manifest.json").write_bytes(content)
    return manifest


def _as_csv(table: pd.DataFrame, *, has_header: bool) -> bytes:
    return table.to_csv(
        index=False, header=has_header, float_format="%.6f", lineterminator="\n"
    ).encode()
