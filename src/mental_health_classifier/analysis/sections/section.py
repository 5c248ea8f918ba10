"""A section of what is told of runs: the same on a terminal, a card and a report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mental_health_classifier.analysis.sections.pieces import Measure, Piece, Sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Sentences, a table, and what a reader of it has to know."""

    title: str
    sentences: Sequence[Sentence] = ()
    caption: str = ""
    """What the table shows."""
    header: Sequence[str] = ()
    rows: Sequence[Sequence[Piece]] = ()
    """A cell for each of the header; the first one names its row."""
    notes: Sequence[Sentence] = ()
    warnings: Sequence[Sentence] = ()
    brief: Sequence[str] = ()
    """All of it in a sentence or two, for pages without room."""
    missing: str = ""
    """Why there is nothing to tell; empty where there is."""
    command: str = ""
    """What would measure it."""

    @property
    def is_number(self) -> list[bool]:
        """Which columns hold numbers."""
        return [
            any(isinstance(cell, Measure) for cell in cells)
            for cells in zip(*self.rows, strict=True)
        ]
