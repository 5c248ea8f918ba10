"""Sample posts as files, of any number: only a piece of them is in memory as text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd

from mental_health_classifier.data.sample.grammar import SampleGrammar
from mental_health_classifier.data.sample.posts import (
    OracleCeilings,
    describe_sample,
    draw_sample,
    write_rows,
)
from mental_health_classifier.storage.files import sha256_of

_WRITTEN_AT_ONCE = 2**16


def write_sample_files(
    folder: Path, *, size: int, seed: int, grammar: SampleGrammar
) -> dict[str, Any]:
    """Writes `sample.csv`, `sample.oracle.csv` and `manifest.json` into a folder, over what an
    interrupted call left there; the same arguments write the same bytes.

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
