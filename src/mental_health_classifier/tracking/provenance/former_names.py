"""Dotted names of parts in the records of earlier versions, and the short names of today.

A record of today holds short names, which no move of a module changes. Hashes are taken of the
dotted ones, so that a configuration has the hash that it had before.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_FORMER: dict[str, tuple[str, ...]] = {
    "mental_health_classifier.data.batching": ("LengthBuckets", "OneBatch"),
    "mental_health_classifier.data.clinical_vocabulary": ("ClinicalVocabulary",),
    "mental_health_classifier.data.competence": ("CompetenceSampler",),
    "mental_health_classifier.data.corpus": ("FileCorpus", "SampleCorpus"),
    "mental_health_classifier.data.difficulty": (
        *("by_length", "by_rarity", "by_training_dynamics"),
        *("easiest_first", "hardest_first", "in_random_order"),
    ),
    "mental_health_classifier.data.marked_spans": ("MarkedSpans",),
    "mental_health_classifier.data.pacing": ("GrowingCompetence", "Stages"),
    "mental_health_classifier.data.tokenizer": ("learn_bpe",),
    "mental_health_classifier.models.attention": ("EntmaxAttention", "ScaledDotProductAttention"),
    "mental_health_classifier.models.concept_embedding": ("ConceptEmbedding",),
    "mental_health_classifier.models.embeddings": ("TokenEmbedding",),
    "mental_health_classifier.models.encoder": ("TransformerEncoder",),
    "mental_health_classifier.models.heads": ("LinearHeads",),
    "mental_health_classifier.models.pooling": ("AttentionReadout", "MeanPooling"),
    "mental_health_classifier.training.callbacks.checkpoints": ("BestAndLast",),
    "mental_health_classifier.training.callbacks.clinical_metrics": ("ClinicalMetrics",),
    "mental_health_classifier.training.callbacks.git_state_stamp": ("GitStateStamp",),
    "mental_health_classifier.training.callbacks.prediction_writer": ("PredictionWriter",),
    "mental_health_classifier.training.callbacks.progress": ("TrainingProgress",),
    "mental_health_classifier.training.callbacks.resource_use": ("ResourceUse",),
    "mental_health_classifier.training.callbacks.step_profile": ("StepProfile",),
    "mental_health_classifier.training.callbacks.training_dynamics": ("TrainingDynamics",),
    "mental_health_classifier.training.multitask_objective": ("MultitaskObjective",),
    "mental_health_classifier.training.objectives": ("ClassWeightedCrossEntropy",),
    "mental_health_classifier.training.optimization": ("adamw_in_stages", "adamw_with_cosine"),
    "mental_health_classifier.training.regularizers": ("AttentionEntropy", "CueSupervision"),
    "mental_health_classifier.training.task_weighting": ("FixedWeights", "UncertaintyWeights"),
    "mental_health_classifier.training.yardstick": ("TfidfLogistic",),
    "lightning.pytorch": ("Trainer",),
    "lightning.pytorch.callbacks": (
        *("DeviceStatsMonitor", "EMAWeightAveraging", "EarlyStopping"),
        *("GradientAccumulationScheduler", "LearningRateMonitor", "ModelSummary"),
        *("RichModelSummary", "RichProgressBar", "StochasticWeightAveraging"),
        *("TQDMProgressBar", "Timer"),
    ),
    "lightning.pytorch.loggers": ("CSVLogger", "TensorBoardLogger"),
}
"""By the module that they stood in as records first named them; a part that came later has no
entry."""

FORMER_NAMES = {name: f"{module}.{name}" for module, names in _FORMER.items() for name in names}
"""The dotted name of each short one."""

SHORT_NAMES = {dotted: name for name, dotted in FORMER_NAMES.items()}


def renamed(values: Any, names: Mapping[str, str]) -> Any:
    """A configuration, or a part of one, in which each `_target_` that `names` holds has its other
    name."""
    if isinstance(values, Mapping):
        return {
            key: names.get(value, value)
            if key == "_target_" and isinstance(value, str)
            else renamed(value, names)
            for key, value in values.items()
        }
    return [renamed(each, names) for each in values] if isinstance(values, list) else values
