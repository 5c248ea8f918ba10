"""What a configuration may build, name by name, and where.

A record's configuration is data and must not run code. So nothing is allowed by the beginning of
its name: a module also holds whatever it imports. What is given something to call, unpickles, or
writes where it is told to stays out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mental_health_classifier.contracts import InputError

_OURS = "mental_health_classifier"

BUILDABLE: dict[str, tuple[str, ...]] = {
    "data": (f"{_OURS}.data.corpus.FileCorpus", f"{_OURS}.data.corpus.SampleCorpus"),
    "tokenizer": (f"{_OURS}.data.tokens.tokenizer.learn_bpe",),
    "token_streams.*": (
        f"{_OURS}.data.vocabulary.clinical_vocabulary.ClinicalVocabulary",
        f"{_OURS}.data.tokens.marked_spans.MarkedSpans",
    ),
    "clinical.vocabulary": (f"{_OURS}.data.vocabulary.clinical_vocabulary.ClinicalVocabulary",),
    "sampler": (
        f"{_OURS}.data.batching.LengthBuckets",
        f"{_OURS}.data.batching.OneBatch",
        f"{_OURS}.data.curriculum.competence.CompetenceSampler",
    ),
    "sampler.difficulty": (
        f"{_OURS}.data.curriculum.difficulty.by_length",
        f"{_OURS}.data.curriculum.difficulty.by_rarity",
        f"{_OURS}.data.curriculum.difficulty.by_training_dynamics",
    ),
    "sampler.order": (
        f"{_OURS}.data.curriculum.difficulty.easiest_first",
        f"{_OURS}.data.curriculum.difficulty.hardest_first",
        f"{_OURS}.data.curriculum.difficulty.in_random_order",
    ),
    "sampler.pacing": (
        f"{_OURS}.data.curriculum.pacing.GrowingCompetence",
        f"{_OURS}.data.curriculum.pacing.Stages",
    ),
    "network.embedding": (
        f"{_OURS}.models.concept_embedding.ConceptEmbedding",
        f"{_OURS}.models.embeddings.TokenEmbedding",
    ),
    "network.encoder": (f"{_OURS}.models.encoder.TransformerEncoder",),
    "network.attention": (
        f"{_OURS}.models.attention.EntmaxAttention",
        f"{_OURS}.models.attention.ScaledDotProductAttention",
    ),
    "network.pooling": (
        f"{_OURS}.models.pooling.AttentionReadout",
        f"{_OURS}.models.pooling.MeanPooling",
    ),
    "network.heads": (f"{_OURS}.models.heads.LinearHeads",),
    "objective": (
        f"{_OURS}.training.multitask_objective.MultitaskObjective",
        f"{_OURS}.training.objectives.ClassWeightedCrossEntropy",
    ),
    "objective.main": (f"{_OURS}.training.objectives.ClassWeightedCrossEntropy",),
    "objective.weighting": (
        f"{_OURS}.training.task_weighting.FixedWeights",
        f"{_OURS}.training.task_weighting.UncertaintyWeights",
    ),
    "regularizer": (
        f"{_OURS}.training.regularizers.AttentionEntropy",
        f"{_OURS}.training.regularizers.CueSupervision",
    ),
    "optimizer": (
        f"{_OURS}.training.optimization.adamw_in_stages",
        f"{_OURS}.training.optimization.adamw_with_cosine",
    ),
    "model": (f"{_OURS}.training.yardstick.TfidfLogistic",),
    "evaluation.yardstick": (f"{_OURS}.training.yardstick.TfidfLogistic",),
    "trainer": ("lightning.pytorch.Trainer",),
    "callbacks.*": (
        f"{_OURS}.training.callbacks.checkpoints.BestAndLast",
        f"{_OURS}.training.callbacks.clinical_metrics.ClinicalMetrics",
        f"{_OURS}.training.callbacks.git_state_stamp.GitStateStamp",
        f"{_OURS}.training.callbacks.prediction_writer.PredictionWriter",
        f"{_OURS}.training.callbacks.progress.TrainingProgress",
        f"{_OURS}.training.callbacks.resource_use.ResourceUse",
        f"{_OURS}.training.callbacks.step_profile.StepProfile",
        f"{_OURS}.training.callbacks.training_dynamics.TrainingDynamics",
        "lightning.pytorch.callbacks.DeviceStatsMonitor",
        "lightning.pytorch.callbacks.EMAWeightAveraging",
        "lightning.pytorch.callbacks.EarlyStopping",
        "lightning.pytorch.callbacks.GradientAccumulationScheduler",
        "lightning.pytorch.callbacks.LearningRateMonitor",
        "lightning.pytorch.callbacks.ModelSummary",
        "lightning.pytorch.callbacks.RichModelSummary",
        "lightning.pytorch.callbacks.RichProgressBar",
        "lightning.pytorch.callbacks.StochasticWeightAveraging",
        "lightning.pytorch.callbacks.TQDMProgressBar",
        "lightning.pytorch.callbacks.Timer",
    ),
    "logger.*": (
        "lightning.pytorch.loggers.CSVLogger",
        "lightning.pytorch.loggers.TensorBoardLogger",
    ),
}
"""Keys of the configuration (`*` stands for any one name), and what they may name as `_target_`."""

_ALL = frozenset(name for names in BUILDABLE.values() for name in names)


def check_buildable(values: Any, key: str = "") -> None:
    """Refuses what may not be built, wherever in `values` it stands.

    Args:
        values: resolved; dictionaries, lists and plain values.
        key: of `values` in the configuration. Empty: they are all of it, or a part on its own, in
            which anything on the list may stand.

    Raises:
        InputError: a target that is not on the list or does not belong there, or a key that tells
            Hydra how to call it.
    """
    is_on_its_own = not key and isinstance(values, dict) and "_target_" in values
    for place, node in _mappings(values, key):
        target, is_partial = node.get("_target_"), node.get("_partial_", False)
        if "_target_" in node and not (isinstance(target, str) and target in _ALL):
            raise InputError(
                f"{place}_target_={target} may not be built from a configuration. "
                f"What may is listed in {_OURS}/configuration/registry.py."
            )
        if "_target_" in node and not is_on_its_own:
            allowed = _allowed_at(place.removesuffix("."))
            if target not in allowed:
                raise InputError(
                    f"{place}_target_={target} does not belong there; expected "
                    f"{'one of ' if allowed else ''}{', '.join(allowed) or 'no part to be built'}."
                )
        if not isinstance(is_partial, bool):
            raise InputError(f"{place}_partial_={is_partial}: true or false was expected.")
        for name in node:
            is_instruction = isinstance(name, str) and name[:1] == name[-1:] == "_"
            if is_instruction and name not in ("_target_", "_partial_"):
                raise InputError(
                    f"{place}{name} may not stand in a configuration. Beside _target_ only "
                    "_partial_ is read, and all else is an argument."
                )


def _allowed_at(key: str) -> tuple[str, ...]:
    group, _, _ = key.rpartition(".")
    return BUILDABLE.get(key) or BUILDABLE.get(f"{group}.*", ())


def _mappings(values: Any, key: str) -> Iterator[tuple[str, dict[Any, Any]]]:
    """Every mapping in `values`, and what its keys begin with in the configuration."""
    place = f"{key}." if key else ""
    if isinstance(values, dict):
        yield place, values
        for name, value in values.items():
            yield from _mappings(value, f"{place}{name}")
    elif isinstance(values, list):
        for number, value in enumerate(values):
            yield from _mappings(value, f"{key}[{number}]")
