"""Sample posts as files, of any number: only a piece of them is in memory as text."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from mental_health_classifier.contracts import InputError
from mental_health_classifier.data.sample.grammar import SampleGrammar
from mental_health_classifier.data.sample.posts import (
    OracleCeilings,
    describe_sample,
    draw_sample,
    write_rows,
)

_WRITTEN_AT_ONCE = 2**16


def write_sample_posts(
    folder: Path, *, size: int, seed: int, grammar: SampleGrammar
) -> Mapping[str, Any]:
    """Writes `sample.csv`, `sample.oracle.csv` and `manifest.json`; returns the manifest.

    The folder appears whole or not at all, and the same arguments write the same bytes. A folder
    that already holds just these is left alone, so several runs may ask for it at once.

    Raises:
        InputError: the folder holds something else, or as for `draw_sample`.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    staging = folder.with_name(f".{folder.name}.{uuid.uuid4().hex}")
    staging.mkdir()
    try:
        manifest = write_sample_files(staging, size=size, seed=seed, grammar=grammar)
        _sync(staging)
        try:
            staging.rename(folder)
        except OSError as error:
            if not folder.exists():
                raise
            if not all(_digest(folder / p.name) == _digest(p) for p in staging.iterdir()):
                raise InputError(
                    f"{folder} was expected to be free, or to hold the sample posts of "
                    f"data.size={size} and data.sample_seed={seed}, but holds something else. "
                    "Remove it or name another folder."
                ) from error
        _sync(folder.parent)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return manifest


def write_sample_files(
    folder: Path, *, size: int, seed: int, grammar: SampleGrammar
) -> dict[str, Any]:
    """The same into a folder that is there, over what an interrupted call left in it."""
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
    digests = {path.name: _digest(path) for path in paths}
    manifest = {
        **describe_sample(size, seed, grammar, ceilings.describe(draws.drafts.labels)),
        "sha256": digests,
    }
    content = json.dumps(manifest, indent=2, allow_nan=False).encode() + b"\n"
    (folder / "manifest.json").write_bytes(content)
    for path in folder.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())
    return manifest


def _as_csv(table: pd.DataFrame, *, has_header: bool) -> bytes:
    return table.to_csv(
        index=False, header=has_header, float_format="%.6f", lineterminator="\n"
    ).encode()


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _digest(path: Path) -> str | None:
    """SHA-256 of a file; None where there is none."""
    if not path.is_file():
        return None
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
