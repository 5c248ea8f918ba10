"""The network of a trained run, with the tokenizer and annotators that make its batches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import nn

from mental_health_classifier.configuration.build import (
    build_annotators,
    build_network,
    set_num_threads,
)
from mental_health_classifier.configuration.learner import take_over
from mental_health_classifier.configuration.recorded import recorded_configuration
from mental_health_classifier.configuration.windows import windows_of
from mental_health_classifier.contracts import Batch, InputError, Task
from mental_health_classifier.data.batching import Buckets, make_batch
from mental_health_classifier.data.tokens.token_cache import TokenTable
from mental_health_classifier.data.tokens.token_streams import Annotator, encode_posts
from mental_health_classifier.data.tokens.tokenizer import PostTokenizer
from mental_health_classifier.data.tokens.windows import Windows
from mental_health_classifier.tracking.record.assessments import auxiliary_tasks_of
from mental_health_classifier.tracking.record.record_check import read_recorded
from mental_health_classifier.tracking.record.run_summary import RunSummary

OWN = "network."
"""How the names of the network's own weights begin in a checkpoint."""


@dataclass(frozen=True, slots=True)
class LoadedNetwork:
    network: nn.Module
    """Evaluating, with the weights of the best checkpoint, which learn no more."""
    task: Task
    tokenizer: PostTokenizer
    annotators: Mapping[str, Annotator]
    max_posts: int
    """Of a batch at most."""
    token_budget: int
    """Tokens of a batch at most."""
    max_tokens: int
    """Of a post at most, in all its windows."""
    truncate: str
    windows: Windows | None = None
    """How posts that are too long to be read at once are read. None: they are cut."""

    def encode(self, posts: pd.DataFrame) -> TokenTable:
        """The tokens of posts with a column `text`, scrubbed, and all that is known of them."""
        return encode_posts(
            self.tokenizer,
            posts,
            self.annotators,
            max_tokens=self.max_tokens,
            truncate=self.truncate,
            windows=self.windows,
        )

    def locate(self, posts: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        """The characters that their tokens stand for, see `PostTokenizer.locate`."""
        return self.tokenizer.locate(
            posts["text"].tolist(), max_tokens=self.max_tokens, truncate=self.truncate
        )

    def predict_texts(self, texts: Sequence[str]) -> np.ndarray:
        """Class probabilities of scrubbed texts, shape `(n, C)`."""
        return self.predict_tokens(self.encode(pd.DataFrame({"text": texts})))

    def predict_tokens(self, tokens: TokenTable) -> np.ndarray:
        """The same for posts that are tokens already."""
        probabilities = np.empty((len(tokens.lengths), self.task.num_classes))
        with torch.inference_mode():
            for batch in self.batches(tokens):
                logits = self.network(batch).logits[self.task.name].double()
                probabilities[batch.post_indices.numpy()] = logits.softmax(-1).numpy()
        return probabilities

    def batches(self, tokens: TokenTable) -> Iterator[Batch]:
        """Posts in the order of their lengths; `post_indices` says which they are."""
        buckets = Buckets(
            tokens.lengths,
            max_posts=self.max_posts,
            token_budget=self.token_budget,
            is_shuffled=False,
        )
        for rows in buckets.batches(None):
            yield make_batch(tokens, rows=rows, labels={})


def load_network(run: RunSummary, *, task: Task) -> LoadedNetwork:
    """Builds a run's network again and fills it with its best weights.

    Raises:
        InputError: files are missing or were changed, or posts would be marked otherwise than in
            the run.
    """
    config = recorded_configuration(run)
    set_num_threads(config.num_threads)
    words = read_recorded(run, "checkpoints/tokenizer.json")
    weights = read_recorded(run, "checkpoints/best.safetensors")
    folder = run.directory / "checkpoints"
    tokenizer = PostTokenizer.from_bytes(words, folder / "tokenizer.json")
    try:
        tensors = safetensors.torch.load(weights)
    except SafetensorError:
        raise InputError(
            f"{folder / 'best.safetensors'} holds no weights as a run writes them. Repeat the run."
        ) from None
    marks = run.data.get("token_streams", {})
    annotators = {
        name: each.restored(folder, key=marks.get(name))
        for name, each in build_annotators(config).items()
    }
    network = build_network(
        config,
        vocabulary_size=tokenizer.size,
        tasks=[task, *auxiliary_tasks_of(run)],
        annotators=annotators,
    ).eval()
    if network.rests_on_encoder:
        take_over(config, network)
    own = {name.removeprefix(OWN): each for name, each in tensors.items() if name.startswith(OWN)}
    try:
        network.load_state_dict(own)
    except RuntimeError:
        raise InputError(
            f"{folder / 'best.safetensors'} does not hold the weights of the network that run.json "
            "and tokenizer.json describe: one of them is of another run. Restore them from a copy."
        ) from None
    windows = windows_of(config, around=tokenizer.num_around)
    network.merge_adapters()
    network.requires_grad_(False)
    return LoadedNetwork(
        network=network,
        task=task,
        tokenizer=tokenizer,
        annotators=annotators,
        max_posts=config.sampler.max_posts,
        token_budget=config.sampler.token_budget,
        **(
            {"max_tokens": config.model.max_tokens, "truncate": config.data.truncate}
            if windows is None
            else windows.reading
        ),
        windows=windows,
    )
