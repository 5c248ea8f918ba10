"""Annotator of spans that people have marked, as a column of the corpus has them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from mental_health_classifier.contracts import InputError
from mental_health_classifier.data.preparing.chunks import kept_column
from mental_health_classifier.data.tokens.token_streams import Annotator, Span

MARKED = 1
"""The value of a token that was marked."""

_CELL = re.compile(r"(?:\d+:\d+(?:\s+\d+:\d+)*)?")


@dataclass(frozen=True, kw_only=True)
class MarkedSpans(Annotator):
    """Reads spans written `START:END`, in characters of the post, several with blanks between.

    A post without any, and one that does not come from the corpus, has no span. Characters are
    counted in the text as the model reads it: links and names count as what stands for them.
    """

    column: str
    """Of the corpus; `data.kept_columns` has to name it too."""

    def key(self) -> str:
        return f"spans marked in {self.column}"

    def annotate(self, posts: pd.DataFrame) -> Sequence[Sequence[Span]]:
        column = kept_column(self.column)
        if column not in posts:
            return [[]] * len(posts)
        cells = posts[column].fillna("").str.strip()
        for row, cell in enumerate(cells):
            if not _CELL.fullmatch(cell):
                raise InputError(
                    f"Column {self.column} of post {posts['id'].iloc[row]} holds something else "
                    "than spans such as 4:11 20:25. Correct it, or name another column."
                )
        spans = [[map(int, span.split(":")) for span in cell.split()] for cell in cells]
        return [[Span(start, end, MARKED) for start, end in of_post] for of_post in spans]
