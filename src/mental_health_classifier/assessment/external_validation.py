"""External validation and certificates on labelled posts that the model has not seen."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from mental_health_classifier.assessment.recorded_runs import promise_of, settings_of
from mental_health_classifier.contracts import PARTS, Corpus, InputError
from mental_health_classifier.data.reading.posts_to_judge import (
    EXTERNAL,
    SEEN,
    read_external_corpus,
)
from mental_health_classifier.data.seen_posts import (
    FILE,
    LEARNED_FROM,
    SeenPosts,
    are_read_before,
)
from mental_health_classifier.evaluation.calibration import calibrated
from mental_health_classifier.evaluation.drift import histogram_of
from mental_health_classifier.evaluation.evaluate import Evaluation, evaluate
from mental_health_classifier.evaluation.groups import assess_groups
from mental_health_classifier.evaluation.operating_point import OperatingPoint
from mental_health_classifier.evaluation.risk_certificate import certify
from mental_health_classifier.evaluation.unfamiliar_text import looks_of
from mental_health_classifier.prediction.predictor import Predictor
from mental_health_classifier.prediction.run_posts import read_seen_posts
from mental_health_classifier.tracking.record.assessments import task_of
from mental_health_classifier.tracking.record.certificates import (
    certificate_name,
    deciding_temperature,
    recorded_predictions,
    write_certificate,
)
from mental_health_classifier.tracking.record.external_runs import require_model
from mental_health_classifier.tracking.record.run_summary import RunSummary

log = logging.getLogger(__name__)


def evaluate_elsewhere(
    run: RunSummary,
    path: Path,
    *,
    columns: Mapping[str, Any],
    labels: Mapping[str, str] | None,
    bootstrap_draws: int | None = None,
) -> tuple[Evaluation, dict[str, Any]]:
    """Judges labelled posts from elsewhere with a run's model, at the threshold frozen on its val.

    Posts that the model learned from, or that chose its checkpoint or threshold, are left out.

    Args:
        path, columns, labels: see `read_external_corpus`.

    Returns:
        Numbers of the parts `val` and `external`, and what was read: `name`, `fingerprint`,
        `account`, and `groups` from `assess_groups`.

    Raises:
        InputError: the posts cannot be used, or they are those that the run learned from.
    """
    require_model(run)
    seen = read_seen_posts(run)
    if seen is None:
        log.warning("Run %s does not say which posts it has seen: some may be among these.", run.id)
    corpus = _read(run, path, columns, labels, _recogniser(seen, LEARNED_FROM))
    of_test = _recogniser(seen, ["test"])(corpus.posts["text"].tolist()).sum()
    if of_test:
        log.warning(
            "%d of these %d posts are of the test part of run %s itself: they come from where the "
            "run's posts come from, and say nothing of posts from elsewhere.",
            *(of_test, len(corpus.posts), run.id),
        )
    _warn_of_read_posts(run, corpus)
    external = Predictor.load(run).predict_corpus(corpus, EXTERNAL)
    predictions = {**recorded_predictions(run, ["val"]), EXTERNAL: external}
    settings = settings_of(run, bootstrap_draws)
    found = evaluate(predictions, **settings)
    return found, {
        **_facts(corpus),
        "groups": assess_groups(
            external,
            point=OperatingPoint.recorded_in(found.metrics),
            bootstrap_draws=settings["bootstrap_draws"],
        ),
    }


def certify_elsewhere(
    run: RunSummary,
    path: Path,
    *,
    columns: Mapping[str, Any],
    labels: Mapping[str, str] | None,
    required_recall: float | None,
    confidence: float | None,
) -> tuple[dict[str, Any], str]:
    """Certifies a run's model for labelled posts from where it is going to be used.

    Args:
        path, columns, labels: see `read_external_corpus`.
        required_recall, confidence: None: what the run's configuration asks for.

    Returns:
        The certificate, with what was read and how its posts look, and the name that it is stored
        under.

    Raises:
        InputError: the posts cannot be used, or some of them are posts of the run.
    """
    require_model(run)
    seen = read_seen_posts(run)
    if seen is None:
        raise InputError(
            f"Run {run.id} does not say which posts it has seen ({FILE} is missing), so nothing "
            "can be promised on posts that may be among them. Repeat the run."
        )
    corpus = _read(run, path, columns, labels, _recogniser(seen, PARTS))
    known = corpus.account["dropped"].get(SEEN)  # pyright: ignore[reportAttributeAccessIssue]
    if known is not None:
        share = known["rows"] / (known["rows"] + len(corpus.posts))
        raise InputError(
            f"{100 * share:.1f} % of the posts of {path} are posts of run {run.id} itself, "
            f"{known['rows']} in all, among them {', '.join(known['first'])}: a promise "
            "made on them would be worth nothing. Take them out of the file."
        )
    _warn_of_read_posts(run, corpus)
    promise = promise_of(run, required_recall=required_recall, confidence=confidence)
    temperature = deciding_temperature(run)
    external = calibrated(Predictor.load(run).predict_corpus(corpus, EXTERNAL), temperature)
    looks = looks_of(corpus.posts["text"])
    certificate = {
        **certify(
            external,
            required_recall=promise["required_recall"],
            confidence=promise["confidence"],
        ),
        **({} if temperature is None else {"temperature": temperature}),
        "posts": _facts(corpus),
        "reference": {**looks, "scores": histogram_of(external.priority_scores)},
    }
    name = certificate_name(run, promise, posts=corpus.fingerprint)
    write_certificate(run, name, certificate)
    return certificate, name


def _warn_of_read_posts(run: RunSummary, corpus: Corpus) -> None:
    num_read = are_read_before(run.directory, corpus.posts["text"].tolist()).sum()
    if num_read:
        log.warning(
            "The encoder of run %s has read, without labels, %d of these %d posts: numbers on them "
            "may be better than they are on new posts.",
            *(run.id, num_read, len(corpus.posts)),
        )


def _read(
    run: RunSummary,
    path: Path,
    columns: Mapping[str, Any],
    labels: Mapping[str, str] | None,
    are_seen: Callable[[Sequence[str]], np.ndarray],
) -> Corpus:
    corpus = read_external_corpus(
        path, task=task_of(run), columns=columns, labels=labels, are_seen=are_seen
    )
    if corpus.fingerprint == run.data.get("fingerprint"):
        raise InputError(
            f"{path} holds the posts that run {run.id} learned from (the fingerprints are equal): "
            "numbers on them would flatter. Give other posts."
        )
    return corpus


def _recogniser(
    seen: SeenPosts | None, parts: Sequence[str]
) -> Callable[[Sequence[str]], np.ndarray]:
    if seen is None:
        return lambda texts: np.zeros(len(texts), dtype=bool)
    return partial(seen.are_among, parts=parts)


def _facts(corpus: Corpus) -> dict[str, Any]:
    return {"name": corpus.name, "fingerprint": corpus.fingerprint, "account": corpus.account}
