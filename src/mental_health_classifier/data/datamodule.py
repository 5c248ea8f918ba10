"""The corpus as Lightning wants it: batches for training, validation and prediction."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from lightning.pytorch import LightningDataModule
from torch.utils.data import DataLoader

from mental_health_classifier.contracts import PARTS, Batch, Corpus
from mental_health_classifier.data.batching import BatchDataset, LengthBuckets, make_batch
from mental_health_classifier.data.token_cache import cache_key, open_tokens, write_tokens
from mental_health_classifier.data.tokenizer import PostTokenizer


class PostDataModule(LightningDataModule):
    """Learns the vocabulary on train, keeps the tokens of all posts on disk, and serves batches.

    Args:
        corpus: posts divided into parts.
        learn_tokenizer: makes a tokenizer from the training posts and their authors.
        max_tokens: how much of a post the model reads.
        sampler: makes `LengthBuckets` (or a like sampler) from lengths, seed and `is_shuffled`.
        cache_dir: prepared tokens are kept under it.
        seed: of the run; decides the batches of each epoch.
    """

    def __init__(
        self,
        corpus: Corpus,
        *,
        learn_tokenizer: Callable[..., PostTokenizer],
        max_tokens: int,
        sampler: Callable[..., LengthBuckets],
        cache_dir: Path,
        seed: int,
    ) -> None:
        super().__init__()
        self.predicted_parts = PARTS[1:]
        self._num_skipped = 0
        self.corpus = corpus
        train = corpus.part("train")
        self.tokenizer = learn_tokenizer(train["text"].tolist(), train["author"].tolist())
        self._sampler = sampler
        self._seed = seed
        # The fingerprint covers labels and authors but no order of rows, so the ids join the key.
        key = cache_key(
            corpus.fingerprint, *corpus.posts["id"], self.tokenizer.to_json(), str(max_tokens)
        )
        folder = cache_dir / "tokens" / key
        self._tokens = open_tokens(folder) or write_tokens(
            folder, self.tokenizer.encode(corpus.posts["text"].tolist(), max_tokens=max_tokens)
        )
        self._labels = {corpus.task.name: corpus.posts["label"].to_numpy()}

    def class_counts(self) -> np.ndarray:
        """Training posts of each class, shape `(C,)`."""
        labels = self.corpus.part("train")["label"]
        return np.bincount(labels, minlength=self.corpus.task.num_classes)

    def typical_batch(self, *, num_posts: int) -> Batch:
        """Posts of val whose lengths are spread like those of all of val."""
        rows = np.flatnonzero(self.corpus.posts["part"] == "val")
        by_length = rows[np.argsort(self._tokens.lengths[rows], kind="stable")]
        chosen = np.linspace(0, len(rows) - 1, min(num_posts, len(rows))).round().astype(np.int64)
        return make_batch(self._tokens, rows=by_length[chosen], labels=self._labels)

    def skip_train_batches(self, num_batches: int) -> None:
        """Has the first epoch of training begin so many batches later; to be called before it."""
        self._num_skipped = num_batches

    def train_dataloader(self) -> DataLoader[Batch]:
        loader = self._loader("train", is_shuffled=True)
        if self._num_skipped:
            loader.sampler.skip(self._num_skipped)  # pyright: ignore[reportAttributeAccessIssue]
        return loader

    def val_dataloader(self) -> DataLoader[Batch]:
        return self._loader("val", is_shuffled=False)

    def predict_dataloader(self) -> list[DataLoader[Batch]]:
        """One loader for each of `predicted_parts`."""
        return [self._loader(part, is_shuffled=False) for part in self.predicted_parts]

    def _loader(self, part: str, *, is_shuffled: bool) -> DataLoader[Batch]:
        rows = np.flatnonzero(self.corpus.posts["part"] == part)
        dataset = BatchDataset(self._tokens, rows=rows, labels=self._labels)
        sampler = self._sampler(dataset.lengths, seed=self._seed, is_shuffled=is_shuffled)
        # A batch costs microseconds a post: worker processes would cost more than they save.
        return DataLoader(dataset, sampler=sampler, batch_size=None, num_workers=0)
