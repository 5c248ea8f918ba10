"""SampleCorpus: synthetic posts, made once and then read like any file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from mental_health_classifier.console.progress import showing
from mental_health_classifier.contracts import Corpus
from mental_health_classifier.contracts.ranges import Count, Seed
from mental_health_classifier.data.corpus import CorpusSettings
from mental_health_classifier.data.reading.posts import Source
from mental_health_classifier.data.sample.files import write_sample_files
from mental_health_classifier.data.sample.grammar import SampleGrammar
from mental_health_classifier.data.sample.labels import read_sample_labelling
from mental_health_classifier.data.sample.phrases import read_sample_phrases
from mental_health_classifier.data.sample.posts import SCHEMA_VERSION
from mental_health_classifier.storage.cache import cache_key, cached_folder


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
