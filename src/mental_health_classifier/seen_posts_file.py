"""What recognises the posts of a run, in its record."""

from __future__ import annotations

from pathlib import Path

from mental_health_classifier.contracts import Corpus
from mental_health_classifier.data.seen_posts import SeenPosts
from mental_health_classifier.tracking.files import write_atomically
from mental_health_classifier.tracking.record_check import read_recorded
from mental_health_classifier.tracking.run_summary import RunSummary

FILE = "seen_posts.npz"


def write_seen_posts(directory: Path, corpus: Corpus) -> None:
    """Writes it into the directory of a run, unless an earlier attempt at the run did."""
    if not (directory / FILE).exists():
        write_atomically(directory / FILE, SeenPosts.of(corpus).to_bytes())


def copy_seen_posts(run: RunSummary, directory: Path) -> None:
    """Hands it on to a run on the same posts, where there is any."""
    seen = read_seen_posts(run)
    if seen is not None:
        write_atomically(directory / FILE, seen.to_bytes())


def read_seen_posts(run: RunSummary) -> SeenPosts | None:
    """Reads it. None: the record holds none.

    Raises:
        InputError: it was changed: posts of the run would pass as posts from elsewhere.
    """
    if not (run.directory / FILE).exists():
        return None
    return SeenPosts.from_bytes(read_recorded(run, FILE), run.directory / FILE)
