"""Settings of a run that are read from the configuration itself, and not arguments of a part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from annotated_types import Interval

from mental_health_classifier.contracts.ranges import (
    DropoutShare,
    LearningRate,
    MaxTokens,
    OpenShare,
    PositiveShare,
    Seed,
    SmallCount,
    Width,
)
from mental_health_classifier.evaluation.evaluate import MIN_DRAWS
from mental_health_classifier.tracking.selection.admissibility import ALERT_BUDGET

Group = Mapping[str, Any]
NOTHING: Any = None
"""Default of what may be left out."""


@dataclass(kw_only=True)
class Settings:
    """Every choice of a run; some models, and runs of earlier versions, leave some of them out."""

    name: str
    """Of the run; its directory has it too."""
    description: str
    hypothesis: str
    """What you expect, written down before you look."""
    tags: Sequence[str]
    seed: Seed
    """Of weights, batches and dropout; which posts are in which part follows data.split_seed."""
    token_streams: Mapping[str, Group | None] = NOTHING
    """By name, what batches know of each token beyond its id."""
    tasks: Mapping[str, Group | None] = NOTHING
    """By name, labels to learn beside the main one."""
    optimized_metric: str
    """What a sweeper maximises: any number of the validation part, such as val/partial_auc."""
    num_threads: SmallCount | None
    """null: one for each processor that the process may use."""
    cache_dir: str
    """Prepared posts and tokens; safe to delete."""
    data: Group
    clinical: Group
    evaluation: Group
    model: Group
    network: Mapping[str, Group] = NOTHING
    tokenizer: Group = NOTHING
    sampler: Group = NOTHING
    objective: Group = NOTHING
    regularizer: Group | None = NOTHING
    optimizer: Group = NOTHING
    trainer: Group
    callbacks: Mapping[str, Group | None]
    """By name, so that one can be left out: callbacks.early_stopping=null."""
    logger: Mapping[str, Group | None] | None = NOTHING


@dataclass(kw_only=True)
class ClinicalSettings:
    """What clinical variants choose and note."""

    variants: Group
    """Those that are in force, by name."""


@dataclass(kw_only=True)
class NetworkSize:
    """Size of a network, and how it learns; its parts take their numbers from here."""

    name: str
    """What the model is called in tables."""
    width: Width
    num_layers: SmallCount
    num_heads: SmallCount
    feedforward_width: Width
    max_tokens: MaxTokens
    """Of a post; of a longer one data.truncate says which end is kept, or that it is read in
    windows of so many."""
    dropout: DropoutShare
    learning_rate: LearningRate
    pretrained_on: Sequence[Group] = NOTHING
    """Which posts of one's own its encoder has read, where it is that of a run; filled in."""


@dataclass(kw_only=True)
class SizeFromScratch(NetworkSize):
    """What a network from scratch can begin with; runs of earlier versions leave it out."""

    encoder: str | None = NOTHING
    """Folder with what a network of this size has learned from masked tokens; null: all weights
    begin at random."""
    encoder_sha256: str | None = NOTHING
    """Of its files; filled in."""


@dataclass(kw_only=True)
class PretrainedSize(NetworkSize):
    """Which pretrained encoder is tuned, and how; its size is filled in from its files."""

    encoder: str
    """A folder in the Hugging Face format, a package that carries weights, or a name on the hub."""
    download: bool
    """Whether an encoder that is neither folder nor package may be fetched from the hub."""
    encoder_sha256: str
    """Of its files; filled in."""
    word_width: Width
    """Of the vectors of words, which some encoders widen; filled in."""
    dropout: DropoutShare | None
    """null: as the encoder's own files say."""
    layer_decay: PositiveShare
    """The learning rate of a layer is so much of that of the layer above it."""
    frozen_layers: Annotated[int, Interval(ge=0, le=1024)]
    """So many of the lowest layers stay as they are, and the word vectors with them; 0: none."""


@dataclass(kw_only=True)
class EvaluationSettings:
    """How a trained model is judged."""

    yardstick: Group | None
    """Fitted on the same posts; null: none."""
    selection_metric: str
    """Chooses checkpoints, on val."""
    specificity_floor: OpenShare
    """Share of other posts, on val, that the operating point leaves alone at least."""
    alert_budget: PositiveShare = ALERT_BUDGET
    """A model that alerts a larger share of posts, on val, can never be a best model."""
    bootstrap_draws: Annotated[int, Interval(ge=MIN_DRAWS, le=10**6)]
    required_recall: OpenShare
    """Of the priority class, promised by the certificate ..."""
    confidence: OpenShare
    """... which keeps the promise in this share of samples."""


GROUPS: dict[str, type] = {
    "": Settings,
    "clinical": ClinicalSettings,
    "evaluation": EvaluationSettings,
    "model": SizeFromScratch,
}
"""By the key of the group that they stand in. A group may hold more, for others to refer to."""

OF_A_NETWORK = (
    *("tokenizer", "sampler", "objective", "optimizer"),
    *("network.embedding", "network.encoder", "network.attention"),
    *("network.pooling", "network.heads"),
)
"""Parts without which no network can be trained; a pretrained encoder has its own attention."""
