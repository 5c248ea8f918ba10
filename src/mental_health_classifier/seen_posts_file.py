"""What recognises the posts of a run, in its record."""

from __future__ import annotations

from pathlib import Path

from mental_health_classifier.contracts import Corpus
from mental_health_classifier.data.seen_posts import SeenPosts
from mental_health_classifier.tracking.files import write_atomically
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
        InputError: it is damaged.
    """
    try:
        return SeenPosts.load(run.directory / FILE)
    except FileNotFoundError:
        return None
