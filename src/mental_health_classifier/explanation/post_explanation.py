"""Why a run's model says what it says of one post."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mental_health_classifier.contracts import InputError
from mental_health_classifier.contracts.explained_text import ExplainedText
from mental_health_classifier.data.reading.posts_to_judge import read_unlabelled
from mental_health_classifier.data.reading.scrubbing import scrub
from mental_health_classifier.explanation.integrated_gradients import integrated_gradients
from mental_health_classifier.explanation.run_explanation import network_of
from mental_health_classifier.tracking.record.run_summary import RunSummary


def explain_text(run: RunSummary, text: str, *, class_name: str | None) -> ExplainedText:
    """Says what each token of a post adds to the logit of a class.

    Args:
        text: a post as a person wrote it; links and names are replaced as in training.
        class_name: None: the priority class, or where there is none the one that the model says.

    Raises:
        InputError: there is no such class, no network, or nothing to explain.
    """
    loaded = network_of(run)
    known = loaded.task.class_names
    if class_name is not None and class_name not in known:
        raise InputError(f"--class={class_name}: expected one of {', '.join(known)}.")
    scrubbed = scrub(text)[0]
    if not scrubbed.strip():
        raise InputError("The post is empty: there is nothing to explain.")
    posts = pd.DataFrame({"text": [scrubbed]})
    tokens = loaded.encode(posts)
    (probabilities,) = loaded.predict_tokens(tokens)
    chosen = class_name or loaded.task.priority_class or known[int(probabilities.argmax())]
    found = integrated_gradients(loaded, tokens, np.array([known.index(chosen)]))
    return ExplainedText(
        text=scrubbed,
        class_name=chosen,
        probabilities={
            name: float(probabilities[known.index(name)]) for name in loaded.task.display_order
        },
        places=loaded.locate(posts)[0],
        attributions=found.tokens[0],
    )


def post_in_row(path: Path, row: int, *, columns: Mapping[str, Any]) -> str:
    """The post in a row of a file, as a spreadsheet counts rows: the header is the first.

    Raises:
        InputError: there is no such row, or it cannot be read.
    """
    for post in read_unlabelled(path, columns=columns):
        if int(post.row.rpartition(":")[2]) == row:
            if post.text is None:
                raise InputError(f"{post.row} cannot be read: the row is damaged. Choose another.")
            return post.text
    raise InputError(f"--row={row}: {path} has no such row.")
