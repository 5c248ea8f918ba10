"""Faithfulness and stability of a run's explanations, measured on its test part."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from mental_health_classifier.console.progress import counting
from mental_health_classifier.contracts import InputError
from mental_health_classifier.data.tokens.marked_spans import MARKED, MarkedSpans
from mental_health_classifier.data.tokens.token_cache import TokenTable
from mental_health_classifier.data.tokens.token_streams import annotate_tokens
from mental_health_classifier.evaluation.attention_rollout import attention_entropy, rollout
from mental_health_classifier.evaluation.faithfulness import faithfulness
from mental_health_classifier.evaluation.interpretability import (
    assess_interpretability,
    plausibility,
    rank_correlation,
    stability,
    with_neutral_sentence,
    with_typo,
)
from mental_health_classifier.evaluation.ratios import mean_of_known
from mental_health_classifier.explanation.attention_maps import attention_layers, attention_maps
from mental_health_classifier.explanation.integrated_gradients import (
    Attributions,
    integrated_gradients,
)
from mental_health_classifier.explanation.masked_posts import masked_score
from mental_health_classifier.explanation.worker_threads import worker_threads
from mental_health_classifier.prediction.loaded_network import LoadedNetwork, load_network
from mental_health_classifier.prediction.run_posts import corpus_of_run
from mental_health_classifier.tracking.record.assessments import task_of, write_assessment
from mental_health_classifier.tracking.record.external_runs import require_model
from mental_health_classifier.tracking.record.record_check import check_facts
from mental_health_classifier.tracking.record.run_summary import EXPORTED, RunSummary


def explain_run(run: RunSummary, *, num_posts: int, seed: int, cues: str | None) -> dict[str, Any]:
    """Explains posts of the test part, each for the class that the model says, and stores what the
    explanations are worth, and them, with offsets in place of tokens.

    Args:
        num_posts: at most so many, drawn at random.
        seed: of that draw.
        cues: a column of the run's corpus that marks what people took as reasons for the label, see
            `MarkedSpans`. None: nobody did.

    Raises:
        InputError: the run has no network, or its posts are not at hand any more.
    """
    loaded = network_of(run)
    posts = corpus_of_run(run, kept_columns=[cues] if cues else []).part("test")
    if len(posts) > num_posts:
        posts = posts.sample(num_posts, random_state=seed)
    posts = posts.reset_index(drop=True)
    tokens = loaded.encode(posts)
    with worker_threads() as each_of:
        classes = loaded.predict_tokens(tokens).argmax(1)
        attribute = partial(integrated_gradients, loaded, classes=classes, each_of=each_of)
        with counting("Posts attributed to their tokens", total=len(posts)) as advance:
            found = attribute(tokens, advance=advance)
        with counting("Posts masked", total=len(posts)) as advance:
            score = masked_score(loaded, tokens, classes)
            is_faithful = faithfulness(
                found.tokens, score, seed=seed, advance=advance, each_of=each_of
            )
        stabilities = _stabilities(loaded, posts, tokens, found, attribute)
        attention = describe_attention(loaded, tokens, found)
    authors = posts["author"].where(posts["author"].notna(), posts["id"])
    is_right = classes == posts["label"].to_numpy()
    assessment = {
        "part": "test",
        **assess_interpretability(
            is_faithful,
            stabilities,
            None if cues is None else _plausibilities(loaded, posts, cues, found, is_right),
            authors=pd.factorize(authors)[0],
            bootstrap_draws=run.configuration["evaluation"]["bootstrap_draws"],
        ),
        "incomplete_share": float(1 - found.is_complete.mean()),
        "attention": attention,
    }
    write_assessment(run.directory, "explain", assessment)
    write_assessment(
        run.directory, "explanations", _without_text(loaded, posts, tokens, classes, found)
    )
    return assessment


def network_of(run: RunSummary) -> LoadedNetwork:
    """The network of a completed run.

    Raises:
        InputError: there is none.
    """
    if run.status != "completed":
        raise InputError(
            f"Run {run.id or run.directory} is {run.status}: only a completed run has a model to "
            "explain. `mhc runs --status completed` lists those."
        )
    require_model(run)
    if "ensemble" in run.configuration:
        raise InputError(
            f"Run {run.id} is an ensemble: explain its members, of which each has its own reasons."
        )
    if run.is_export:
        raise InputError(
            f"Run {run.id} is an export, without gradients: explain the run that it was made of, "
            f"{run.configuration[EXPORTED].get('from')}."
        )
    if "network" not in run.configuration:
        raise InputError(
            f"Run {run.id} has no network that was trained here ({run.model}). Give a run with a "
            "network; a model of words explains itself by its coefficients."
        )
    task = task_of(run)
    check_facts(run)
    return load_network(run, task=task)


def _stabilities(
    loaded: LoadedNetwork,
    posts: pd.DataFrame,
    tokens: TokenTable,
    found: Attributions,
    attribute: Callable[..., Attributions],
) -> np.ndarray:
    """How steady the attributions of each post are under two edits that change no label."""
    texts = posts["text"].tolist()
    edits = {
        "with a typo": [with_typo(text, seed=[row]) for row, text in enumerate(texts)],
        "with a neutral sentence": [with_neutral_sentence(text) for text in texts],
    }
    by_edit = []
    for name, changed in edits.items():
        edited = loaded.encode(posts.assign(text=changed))
        with counting(f"Posts attributed again {name}", total=len(posts)) as advance:
            again = attribute(edited, advance=advance)
        pairs = zip(_by_post(tokens.token_ids, tokens), found.tokens, strict=True)
        edited_pairs = zip(_by_post(edited.token_ids, edited), again.tokens, strict=True)
        by_edit.append([stability(*both) for both in zip(pairs, edited_pairs, strict=True)])
    return mean_of_known(np.array(by_edit).T)


def _plausibilities(
    loaded: LoadedNetwork, posts: pd.DataFrame, cues: str, found: Attributions, is_right: np.ndarray
) -> np.ndarray:
    """Of posts that the model is right about, as cues are those of the label."""
    marked, lengths = annotate_tokens(
        posts,
        MarkedSpans(column=cues),
        loaded.tokenizer,
        max_tokens=loaded.max_tokens,
        truncate=loaded.truncate,
    )
    by_post = np.split(marked == MARKED, np.cumsum(lengths)[:-1])
    return np.array(
        [
            plausibility(values, is_cue) if right else np.nan
            for values, is_cue, right in zip(found.tokens, by_post, is_right, strict=True)
        ]
    )


def describe_attention(
    loaded: LoadedNetwork, tokens: TokenTable, found: Attributions
) -> dict[str, Any] | None:
    """What attention weights look like, which is no evidence of reasons.

    Returns:
        `entropy`, of each head by layer, the mean over posts of one window; `rollout_agreement`, of
        these the mean rank correlation of how much of each token rollout finds in the post's last
        vectors with the size of its attribution. None: the network has no attention weights to tell
        of, or each post has several windows.
    """
    if not attention_layers(loaded.network):
        return None
    entropies, agreements = [], []
    for batch in loaded.batches(tokens):
        posts = range(len(batch)) if batch.window_posts is None else batch.window_posts.tolist()
        num_windows = Counter(posts)
        for post, layers in zip(posts, attention_maps(loaded.network, batch), strict=True):
            if num_windows[post] > 1:
                continue  # each window has weights of its own, and none has those of the post
            row = int(batch.post_indices[post])
            entropies.append(np.stack([attention_entropy(weights) for weights in layers]))
            agreements.append(rank_correlation(rollout(layers).mean(0), np.abs(found.tokens[row])))
    if not entropies:
        return None
    by_head = np.moveaxis(np.stack(entropies), 0, -1)  # (layers, H, n)
    return {
        "entropy": mean_of_known(by_head).round(4).tolist(),
        "rollout_agreement": float(mean_of_known(np.array(agreements))),
    }


def _by_post(values: np.ndarray, tokens: TokenTable) -> list[np.ndarray]:
    return np.split(values, tokens.offsets[1:-1])


def _without_text(
    loaded: LoadedNetwork,
    posts: pd.DataFrame,
    tokens: TokenTable,
    classes: np.ndarray,
    found: Attributions,
) -> dict[str, Any]:
    """The explanations themselves, with places of characters in place of tokens."""
    places, _ = loaded.locate(posts)
    return {
        "posts": [
            {
                "post": post,
                "class": loaded.task.class_names[index],
                "places": of_post.tolist(),
                "attributions": values.round(4).tolist(),
            }
            for post, index, of_post, values in zip(
                posts["id"], classes, _by_post(places, tokens), found.tokens, strict=True
            )
        ]
    }
