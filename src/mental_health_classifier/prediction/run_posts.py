"""Posts of a recorded run: its corpus read again, what its yardstick says of posts, and the hashes
that recognise its posts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mental_health_classifier.configuration.build import build_corpus, build_yardstick
from mental_health_classifier.configuration.recorded import recorded_configuration
from mental_health_classifier.contracts import Corpus, InputError, Predictions
from mental_health_classifier.data.seen_posts import FILE, SeenPosts
from mental_health_classifier.storage.files import write_atomically
from mental_health_classifier.tracking.record.assessments import require_judge
from mental_health_classifier.tracking.record.record_check import read_recorded
from mental_health_classifier.tracking.record.run_summary import RunSummary


def corpus_of_run(run: RunSummary, *, kept_columns: Sequence[str] = ()) -> Corpus:
    """The posts that a run learned from and was tested on, read again.

    Args:
        kept_columns: what to keep of each post beyond that.

    Raises:
        InputError: they are not at hand any more, or have changed; or no model judges them.
    """
    require_judge(run)
    if run.is_external and run.setting("data", "_target_") is None:
        raise InputError(
            f"Run {run.id} stands beside no run, and its record does not say how its posts are "
            "read. Give a run that learned from these posts."
        )
    config = recorded_configuration(run)
    config.data.kept_columns = sorted({*config.data.get("kept_columns", ()), *kept_columns})
    corpus = build_corpus(config)
    if corpus.fingerprint != run.data.get("fingerprint"):
        raise InputError(
            f"The posts of run {run.id} have changed since (fingerprint {corpus.fingerprint}, "
            f"recorded {run.data.get('fingerprint')}). Put the old ones back in data.path."
        )
    return corpus


def yardstick_on(run: RunSummary, corpus: Corpus) -> Predictions:
    """What the yardstick that a run was configured with says of a corpus' test part, learned from
    its train part.

    Raises:
        InputError: the run was configured without one.
    """
    node = recorded_configuration(run).evaluation.yardstick
    if node is None:
        raise InputError(
            "The run was configured with evaluation.yardstick=null, so there is no model of words "
            "to fit."
        )
    yardstick = build_yardstick(node, corpus, None, folder="")
    yardstick.fit()
    return corpus.predictions("test", yardstick.predict_texts(corpus.part("test")["text"].tolist()))


def copy_seen_posts(run: RunSummary, directory: Path) -> None:
    """Hands on what a run has seen to a run on the same posts, where it is known."""
    seen = read_seen_posts(run)
    if seen is not None:
        write_atomically(directory / FILE, seen.to_bytes())


def read_seen_posts(run: RunSummary) -> SeenPosts | None:
    """What a run has seen. None: the record does not say.

    Raises:
        InputError: it was changed: posts of the run would pass as posts from elsewhere.
    """
    if not (run.directory / FILE).exists():
        return None
    return SeenPosts.from_bytes(read_recorded(run, FILE), run.directory / FILE)
