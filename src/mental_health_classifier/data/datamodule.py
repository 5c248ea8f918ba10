"""LightningDataModule of a corpus: batches for training, validation and prediction."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from lightning.pytorch import LightningDataModule
from torch.utils.data import DataLoader

from mental_health_classifier.console.progress import showing
from mental_health_classifier.contracts import GROUP_PREFIX, PARTS, Batch, Corpus
from mental_health_classifier.data.batching import BatchDataset, LengthBuckets, make_batch
from mental_health_classifier.data.preparation_version import preparation_version
from mental_health_classifier.data.tokens.token_cache import TokenTable, open_tokens, write_tokens
from mental_health_classifier.data.tokens.token_streams import (
    Annotator,
    annotate_tokens,
    coverage,
    have_marks,
)
from mental_health_classifier.data.tokens.tokenizer import PostTokenizer
from mental_health_classifier.data.tokens.windows import Windows
from mental_health_classifier.storage.cache import cache_key, cached_folder


class PostDataModule(LightningDataModule):
    """Learns the vocabulary on train, keeps the tokens of all posts on disk, and serves batches.

    Args:
        corpus: posts divided into parts.
        learn_tokenizer: makes a tokenizer from the training posts and their authors.
        max_tokens: how much of a post the model reads at once.
        windows_of: given the special tokens before and after a post, says how longer posts are cut
            into windows. Where it says None, and where it is None, the corpus says which end is
            kept.
        annotators: make the streams of batches, by name.
        sampler: makes `LengthBuckets` (or a like sampler) from posts, seed and `is_shuffled`.
        cache_dir: prepared tokens are kept under it.
        seed: of the run; decides the batches of each epoch.
    """

    def __init__(
        self,
        corpus: Corpus,
        *,
        learn_tokenizer: Callable[..., PostTokenizer],
        max_tokens: int,
        windows_of: Callable[..., Windows | None] | None = None,
        annotators: Mapping[str, Annotator],
        sampler: Callable[..., LengthBuckets],
        cache_dir: Path,
        seed: int,
    ) -> None:
        super().__init__()
        self.predicted_parts = PARTS[1:]
        self._num_skipped = 0
        self._sampler = sampler
        self._seed = seed
        self.tokenizer = _learned_tokenizer(corpus, learn_tokenizer, cache_dir)
        self.annotators = annotators
        self._tokens = _tokens(
            corpus,
            self.tokenizer,
            annotators,
            max_tokens,
            None if windows_of is None else windows_of(around=self.tokenizer.num_around),
            cache_dir,
        )
        self.corpus = replace(corpus, posts=corpus.posts.assign(**self._groups()))
        self._labels = {
            corpus.task.name: corpus.posts["label"].to_numpy(),
            **corpus.auxiliary_labels,
        }

    def _groups(self) -> dict[str, np.ndarray]:
        """Columns that tell posts with a mark from those without."""
        return {
            f"{GROUP_PREFIX}{annotator.group}": np.where(
                have_marks(self._tokens.streams[name], self._tokens.offsets), "true", "false"
            )
            for name, annotator in self.annotators.items()
            if annotator.group is not None
        }

    def describe_streams(self) -> dict[str, Any]:
        """What marks posts, and how much of them it marks."""
        labels, task = self._labels[self.corpus.task.name], self.corpus.task
        return {
            name: {
                **annotator.describe(),
                "coverage": coverage(
                    self._tokens.streams[name], self._tokens.offsets, labels, task.class_names
                ),
            }
            for name, annotator in self.annotators.items()
        }

    def describe_windows(self) -> dict[str, int] | None:
        """How many posts are read in several windows, and how many in as many as there may be, of
        which the end may be left out. None: long posts are cut."""
        windows = self._tokens.windows
        if windows is None:
            return None
        counts = windows.count(np.diff(self._tokens.offsets))
        return {
            "posts_in_several": int((counts > 1).sum()),
            "posts_in_most": int((np.diff(self._tokens.offsets) == windows.longest_post).sum()),
        }

    def save(self, folder: Path) -> None:
        """Leaves in `folder` what turns later posts into the same tokens and streams."""
        self.tokenizer.save(folder / "tokenizer.json")
        for annotator in self.annotators.values():
            annotator.save(folder)

    def class_counts(self) -> np.ndarray:
        """Training posts of each class, shape `(C,)`."""
        labels = self._labels[self.corpus.task.name][self.corpus.posts["part"] == "train"]
        return np.bincount(labels, minlength=self.corpus.task.num_classes)

    def typical_batch(self, *, num_posts: int) -> Batch:
        """Posts of val whose lengths are spread like those of all of val."""
        rows = np.flatnonzero(self.corpus.posts["part"] == "val")
        by_length = rows[np.argsort(self._tokens.lengths[rows], kind="stable")]
        chosen = np.linspace(0, len(rows) - 1, min(num_posts, len(rows))).round().astype(np.int64)
        return make_batch(self._tokens, rows=by_length[chosen], labels=self._labels)

    def longest_post(self, num_times: int) -> Batch:
        """The longest post of train so many times: no batch of so many posts takes more memory."""
        rows = np.flatnonzero(self.corpus.posts["part"] == "train")
        longest = rows[np.argmax(self._tokens.lengths[rows])]
        return make_batch(self._tokens, rows=np.full(num_times, longest), labels=self._labels)

    def limit_tokens(self, token_budget: int) -> None:
        """Sets the tokens of a batch at most; to be called before there is any."""
        self._sampler = functools.partial(self._sampler, token_budget=token_budget)

    def skip_train_batches(self, num_batches: int) -> None:
        """Has the first epoch of training begin so many batches later; to be called before it."""
        self._num_skipped = num_batches

    def train_dataloader(self) -> DataLoader[Batch]:
        loader = self._loader("train", is_shuffled=True)
        if self._num_skipped:
            loader.sampler.skip(self._num_skipped)  # pyright: ignore[reportAttributeAccessIssue]
        return loader

    def learned_posts_dataloader(self) -> DataLoader[Batch]:
        """The training posts once each, in the order that predictions are made in, all of them on
        each device."""
        return self._loader("train", is_shuffled=False, is_shared=False)

    def val_dataloader(self) -> DataLoader[Batch]:
        return self._loader("val", is_shuffled=False)

    def transfer_batch_to_device(
        self, batch: Batch, device: torch.device, dataloader_idx: int
    ) -> Batch:
        # A GPU copies what is pinned while the host prepares the step.
        return batch.to(device, non_blocking=device.type == "cuda")

    def predict_dataloader(self) -> list[DataLoader[Batch]]:
        """One loader for each of `predicted_parts`."""
        return [self._loader(part, is_shuffled=False) for part in self.predicted_parts]

    def _loader(self, part: str, *, is_shuffled: bool, is_shared: bool = True) -> DataLoader[Batch]:
        rows = np.flatnonzero(self.corpus.posts["part"] == part)
        dataset = BatchDataset(
            tokens=self._tokens, rows=rows, labels=self._labels, ids=self.corpus.posts["id"]
        )
        if is_shared and self.trainer is not None:
            dataset = replace(
                dataset, device=self.trainer.global_rank, num_devices=self.trainer.world_size
            )
        sampler = self._sampler(dataset, seed=self._seed, is_shuffled=is_shuffled)
        is_for_gpu = self.trainer is not None and self.trainer.strategy.root_device.type == "cuda"
        # A batch costs microseconds a post: worker processes would cost more than they save.
        return DataLoader(
            dataset, sampler=sampler, batch_size=None, num_workers=0, pin_memory=is_for_gpu
        )


def _learned_tokenizer(
    corpus: Corpus, learn_tokenizer: Callable[..., PostTokenizer], cache_dir: Path
) -> PostTokenizer:
    """Learned from the training posts and their authors, once for each corpus and way of
    learning."""

    def learn(folder: Path) -> None:
        train = corpus.part("train")
        with showing("Learning a vocabulary"):
            learn_tokenizer(train["text"], train["author"]).save(folder / "tokenizer.json")

    key = cache_key(preparation_version(), corpus.key, _call(learn_tokenizer))
    return PostTokenizer.load(
        cached_folder(cache_dir / "tokenizers" / key, learn) / "tokenizer.json"
    )


def _call(function: Callable[..., object]) -> str:
    """What a function to be completed is and is given, as text."""
    if isinstance(function, functools.partial):
        assert not function.args
        return f"{_call(function.func)} {json.dumps(function.keywords, sort_keys=True)}"
    return f"{function.__module__}.{function.__qualname__}"


def _tokens(
    corpus: Corpus,
    tokenizer: PostTokenizer,
    annotators: Mapping[str, Annotator],
    max_tokens: int,
    windows: Windows | None,
    cache_dir: Path,
) -> TokenTable:
    """Tokens and streams of all posts, each from a cache entry of its own."""
    given = {"max_tokens": max_tokens, "truncate": corpus.truncate}
    given = given if windows is None else windows.reading
    parts = (preparation_version(), corpus.key, tokenizer.to_json(), *map(str, given.values()))

    def encode(posts: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        return tokenizer.encode(posts["text"].tolist(), **given)

    def folder_of(
        key: str, encode: Callable[[pd.DataFrame], tuple[np.ndarray, np.ndarray]], doing: str
    ) -> Path:
        return cached_folder(
            cache_dir / "tokens" / key,
            lambda folder: write_tokens(folder, corpus.posts, encode=encode, doing=doing),
        )

    tokens = folder_of(cache_key(*parts), encode, "Turning posts into tokens")
    streams = {
        name: folder_of(
            cache_key(*parts, annotator.key()),
            functools.partial(annotate_tokens, annotator=annotator, tokenizer=tokenizer, **given),
            f"Marking {name} in posts",
        )
        for name, annotator in annotators.items()
    }
    return open_tokens(tokens, streams, windows=windows)
