"""Sample posts in memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import pandas as pd

from mental_health_classifier.data.sample.grammar import SampleGrammar
from mental_health_classifier.data.sample.posts import (
    OracleCeilings,
    describe_sample,
    draw_sample,
    write_rows,
)


class SamplePosts(NamedTuple):
    posts: pd.DataFrame
    oracle: pd.DataFrame
    manifest: Mapping[str, Any]


def make_sample_posts(*, size: int, seed: int, grammar: SampleGrammar) -> SamplePosts:
    draws = draw_sample(size=size, seed=seed, grammar=grammar)
    posts, oracle = write_rows(draws, grammar, first=0)
    ceilings = OracleCeilings(grammar)
    ceilings.add(oracle)
    manifest = describe_sample(size, seed, grammar, ceilings.describe(draws.drafts.labels))
    return SamplePosts(posts, oracle, manifest)
