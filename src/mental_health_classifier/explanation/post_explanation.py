"""Explanations of single posts by a run's network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mental_health_classifier.contracts import InputError
from mental_health_classifier.contracts.explained_text import DecidedPost
from mental_health_classifier.contracts.predictions import DECIMALS
from mental_health_classifier.data.reading.account import Account
from mental_health_classifier.data.reading.posts_to_judge import read_unlabelled
from mental_health_classifier.data.reading.scrubbing import scrub
from mental_health_classifier.data.reading.table_files import without_halves
from mental_health_classifier.explanation.integrated_gradients import integrated_gradients
from mental_health_classifier.explanation.on_terminal import Explanation
from mental_health_classifier.explanation.run_explanation import network_of
from mental_health_classifier.prediction.predictor import Predictor
from mental_health_classifier.tracking.record.run_summary import RunSummary
from mental_health_classifier.tracking.run_index import resolve_run


def explain_texts(
    run: RunSummary | Path | str, texts: Sequence[str], *, class_name: str | None = None
) -> list[Explanation]:
    """What is decided of some posts, and what each of their tokens adds to the logit of a class, by
    integrated gradients.

    Args:
        run: a completed run with a network: its record, folder or id, see `resolve_run`.
        texts: posts as people wrote them; links and names are replaced as in training.
        class_name: None: the priority class, or where there is none the one that the model says.

    Returns:
        One explanation a post, in their order.

    Raises:
        InputError: there is no such class, no network, or a post is empty.
    """
    if isinstance(texts, str):
        raise InputError("explain: expected a list of texts, but one text came. Write [text].")
    if not texts:
        return []
    found_run = resolve_run(run)
    loaded = network_of(found_run)
    known = loaded.task.class_names
    if class_name is not None and class_name not in known:
        raise InputError(f"--class={class_name}: expected one of {', '.join(known)}.")
    scrubbed = [scrub(without_halves(text))[0] for text in texts]
    if not all(map(str.strip, scrubbed)):
        raise InputError("The post is empty: there is nothing to explain.")
    posts = pd.DataFrame({"text": scrubbed})
    tokens = loaded.encode(posts)
    predictor = Predictor(found_run, loaded.predict_texts, allow_uncertified=True)
    probabilities = predictor.calibrated(loaded.predict_tokens(tokens).round(DECIMALS))
    chosen = class_name or loaded.task.priority_class
    classes = probabilities.argmax(1)
    if chosen is not None:
        classes = np.full(len(texts), known.index(chosen))
    found = integrated_gradients(loaded, tokens, classes)
    places, lengths = loaded.locate(posts)
    return [
        Explanation(
            text=text,
            class_name=known[of_post],
            probabilities={
                name: float(row[known.index(name)]) for name in loaded.task.display_order
            },
            places=of_tokens,
            attributions=attributions,
            decided=decided,
        )
        for text, decided, of_post, row, of_tokens, attributions in zip(
            scrubbed,
            _decided(predictor, scrubbed),
            classes,
            probabilities,
            np.split(places, np.cumsum(lengths)[:-1]),
            found.tokens,
            strict=True,
        )
    ]


def _decided(predictor: Predictor, texts: Sequence[str]) -> list[DecidedPost | None]:
    """What `mhc predict` decides of scrubbed texts, without a promise where there is none."""
    try:
        class_name = predictor.task.class_names[predictor.priority_index]
        threshold, refer_from = predictor.threshold, predictor.refer_from
    except InputError:
        return [None] * len(texts)
    judged = predictor.judge(texts)
    scores = judged.probabilities[:, predictor.priority_index].tolist()
    return [
        DecidedPost(
            action=decision.action,
            reason=decision.reason,
            class_name=class_name,
            probability=score if np.isfinite(score) else None,
            threshold=threshold,
            refer_from=refer_from,
            is_certified=predictor.is_certified,
        )
        for decision, score in zip(judged.decisions, scores, strict=True)
    ]


def post_in_row(path: Path, row: int, *, columns: Mapping[str, Any]) -> str:
    """The post in a row of a file, as a spreadsheet counts rows: the header is the first.

    Raises:
        InputError: there is no such row, or it cannot be read.
    """
    for post in read_unlabelled(path, columns=columns, account=Account()):
        if int(post.row.rpartition(":")[2]) == row:
            if post.text is None:
                raise InputError(f"{post.row} cannot be read: the row is damaged. Choose another.")
            return post.text
    raise InputError(f"--row={row}: {path} has no such row.")
