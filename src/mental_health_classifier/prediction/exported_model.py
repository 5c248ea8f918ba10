"""The ONNX model of an exported run, which needs no torch to judge posts."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mental_health_classifier.contracts import InputError, Task
from mental_health_classifier.data.tokens.tokenizer import PostTokenizer
from mental_health_classifier.storage.files import write_atomically
from mental_health_classifier.tracking.record.record_check import read_recorded
from mental_health_classifier.tracking.record.run_summary import EXPORTED, RunSummary
from mental_health_classifier.tracking.record.weight_files import ONNX_MODEL

TOKENIZER = "checkpoints/tokenizer.json"
INPUT = "token_ids"

_TOKENS_AT_ONCE = 4096
_ELSEWHERE = b"location"
"""In a model that keeps weights in other files, the key that names one. A model of ours is one
piece, and no path in somebody else's is followed."""


def load_exported(run: RunSummary, *, task: Task) -> Callable[[Sequence[str]], np.ndarray]:
    """The model of an exported run as a function of scrubbed texts.

    Raises:
        InputError: the extra is not installed, files are missing or were changed, or this
            onnxruntime does not know the operators.
    """
    graph = read_recorded(run, ONNX_MODEL)
    words = read_recorded(run, TOKENIZER)
    return exported_model(graph, words, run.configuration, task=task, folder=run.directory)


def exported_model(
    graph: bytes, words: bytes, configuration: Mapping[str, Any], *, task: Task, folder: Path
) -> Callable[[Sequence[str]], np.ndarray]:
    """The same from what its files hold.

    Args:
        graph, words: the ONNX model and its tokenizer.
        configuration: of the exported run.
        folder: how messages call where it lies.

    Raises:
        InputError: as `load_exported`.
    """
    session = _session(graph, folder / ONNX_MODEL, threads=configuration.get("num_threads"))
    tokenizer = PostTokenizer.from_bytes(words, folder / TOKENIZER)
    try:
        max_tokens = int(configuration["model"]["max_tokens"])
        truncate = str(configuration["data"]["truncate"])
        # The scale of an activation is that of all posts in a batch, and no post is to be judged by
        # its neighbours.
        posts_at_once = 1 if configuration[EXPORTED]["is_int8"] else _TOKENS_AT_ONCE
    except (KeyError, TypeError, ValueError):
        raise InputError(
            f"{folder / 'run.json'} does not say how posts are read: it was changed by hand. "
            "Export the run again."
        ) from None

    def predict_texts(texts: Sequence[str]) -> np.ndarray:
        ids, lengths = tokenizer.encode(texts, max_tokens=max_tokens, truncate=truncate)
        starts = np.cumsum(lengths) - lengths
        probabilities = np.empty((len(lengths), task.num_classes))
        for length in np.unique(lengths):
            rows = np.flatnonzero(lengths == length)
            step = max(1, min(posts_at_once, _TOKENS_AT_ONCE // int(length)))
            for first in range(0, len(rows), step):
                some = rows[first : first + step]
                tokens = ids[starts[some][:, None] + np.arange(length)].astype(np.int64)
                (found,) = session.run(None, {INPUT: tokens})
                probabilities[some] = found
        # In doubles, whose sum is one to the last digit that is stored.
        return probabilities / probabilities.sum(axis=1, keepdims=True)

    return predict_texts


def write_exported(directory: Path, graph: bytes, words: bytes) -> None:
    """Writes what `load_exported` reads."""
    for name, content in {ONNX_MODEL: graph, TOKENIZER: words}.items():
        (directory / name).parent.mkdir(exist_ok=True)
        write_atomically(directory / name, content)


def missing_extra() -> InputError:
    return InputError(
        "A model in ONNX needs what is not installed: pip install 'mental-health-classifier[onnx]' "
        "brings onnx, onnxscript and onnxruntime."
    )


def _session(graph: bytes, path: Path, *, threads: object) -> Any:
    try:
        import onnxruntime
    except ImportError:
        raise missing_extra() from None
    if _ELSEWHERE in graph:
        raise InputError(
            f"{path} keeps weights in other files, which are not followed. Export the run again."
        )
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors alone, which are raised too
    options.intra_op_num_threads = threads if isinstance(threads, int) else os.cpu_count() or 1
    options.inter_op_num_threads = 1
    try:
        session = onnxruntime.InferenceSession(graph, options, ["CPUExecutionProvider"])
        names = [each.name for each in session.get_inputs()]
    except Exception as error:  # of each kind its own, without a common parent
        raise InputError(
            f"{path} cannot be run by onnxruntime {onnxruntime.__version__} "
            f"({type(error).__name__}): it is damaged, or uses operators that this version does "
            "not know. Export the run again, or install a newer onnxruntime."
        ) from None
    if names != [INPUT]:
        raise InputError(f"{path} is no model of posts: it asks for {len(names)} other inputs.")
    return session
