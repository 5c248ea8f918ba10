"""Registry of all that a configuration may build: place, short name, class.

A record's configuration is data and must not run code. So nothing is allowed by the beginning of
its name: a module also holds whatever it imports. What is given something to call, unpickles, or
writes where it is told to stays out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from inspect import signature
from typing import Any

from mental_health_classifier.contracts import InputError
from mental_health_classifier.tracking.provenance.former_names import SHORT_NAMES, renamed


@dataclass(frozen=True, slots=True)
class Place:
    """A key of the configuration at which something is built."""

    parts: Mapping[str, str]
    """Modules of what may stand here, by the short name of the class or function in them."""
    given: tuple[str, ...] | None = None
    """Arguments that are known at run time alone, so that the part has `_partial_: true`. None: it
    is built whole, as is a part that takes none of them."""

    def is_completed(self, part: Callable[..., Any]) -> bool:
        """Whether a part that stands here has `_partial_: true`."""
        if not self.given:
            return self.given is not None
        return not signature(part).parameters.keys().isdisjoint(self.given)


def _ours(module: str, *names: str) -> dict[str, str]:
    return dict.fromkeys(names, f"mental_health_classifier.{module}")


def _lightning(module: str, *names: str) -> dict[str, str]:
    return dict.fromkeys(names, f"lightning.pytorch{module}")


_OF_SAMPLER = ("posts", "seed", "is_shuffled")
_OF_OBJECTIVE = ("tasks", "class_counts")
_VOCABULARY = _ours("data.vocabulary.clinical_vocabulary", "ClinicalVocabulary")
_CROSS_ENTROPY = _ours("training.objectives", "ClassWeightedCrossEntropy")
_LOGISTIC = _ours("training.tfidf_logistic", "TfidfLogistic") | _ours(
    "training.frozen_embeddings", "FrozenEmbeddings"
)
_LOCAL_LLM = _ours("training.local_llm", "LocalLLM")
_OF_YARDSTICK = ("corpus", "record", "folder", "score")
EMBEDDINGS = tuple(
    f"{yardstick}.embedding"
    for yardstick in ("model", "evaluation.yardstick", "evaluation.yardstick.embeddings")
)
"""Keys at which what gives posts vectors stands, where a yardstick needs it."""
LANGUAGE_MODEL = "model.language_model"
"""Key at which what is asked about posts stands."""

REGISTRY: dict[str, Place] = {
    "data": Place(_ours("data.corpus", "FileCorpus") | _ours("data.sample.corpus", "SampleCorpus")),
    "tokenizer": Place(
        _ours("data.tokens.pretrained_tokenizer", "read_tokenizer")
        | _ours("data.tokens.tokenizer", "learn_bpe"),
        given=("texts", "authors"),
    ),
    "token_streams.*": Place(_VOCABULARY | _ours("data.tokens.marked_spans", "MarkedSpans")),
    "clinical.vocabulary": Place(_VOCABULARY),
    "sampler": Place(
        _ours("data.batching", "LengthBuckets", "OneBatch")
        | _ours("data.curriculum.competence", "CompetenceSampler"),
        given=_OF_SAMPLER,
    ),
    "sampler.difficulty": Place(
        _ours("data.curriculum.difficulty", "by_length", "by_rarity", "by_training_dynamics"),
        given=("posts",),
    ),
    "sampler.order": Place(
        _ours("data.curriculum.difficulty", "easiest_first", "hardest_first", "in_random_order"),
        given=("values", "generator"),
    ),
    "sampler.pacing": Place(_ours("data.curriculum.pacing", "GrowingCompetence", "Stages")),
    "network.embedding": Place(
        _ours("models.concept_embedding", "ConceptEmbedding")
        | _ours("models.embeddings", "TokenEmbedding"),
        given=("vocabulary_size", "type_of_value"),
    ),
    "network.encoder": Place(
        _ours("models.encoder", "TransformerEncoder")
        | _ours("models.pretrained.encoder", "PretrainedEncoder"),
        given=("attention",),
    ),
    "network.encoder.adapters": Place(_ours("models.pretrained.adapters", "LowRankAdapters")),
    "network.attention": Place(
        # Built once for each layer.
        _ours(
            "models.attention",
            *("EntmaxAttention", "ScaledDotProductAttention", "VariableLengthAttention"),
        ),
        given=(),
    ),
    "network.pooling": Place(_ours("models.pooling", "AttentionReadout", "MeanPooling")),
    "network.windows": Place(_ours("models.window_pooling", "AttentionOverWindows")),
    "network.heads": Place(_ours("models.heads", "LinearHeads"), given=("tasks",)),
    "objective": Place(
        _ours("training.objectives", "MultitaskObjective")
        | _ours("training.masked_tokens", "MaskedTokens")
        | _ours("training.distillation", "Distillation")
        | _CROSS_ENTROPY,
        given=(*_OF_OBJECTIVE, "head", "make_masks", "teach"),
    ),
    "objective.main": Place(_CROSS_ENTROPY, given=_OF_OBJECTIVE),
    "objective.weighting": Place(
        _ours("training.objectives", "FixedWeights", "UncertaintyWeights"),
        given=("tasks",),
    ),
    "regularizer": Place(_ours("training.regularizers", "AttentionEntropy", "CueSupervision")),
    "optimizer": Place(
        _ours("training.optimization", "adamw_in_stages", "adamw_with_cosine"),
        given=("network", "total_steps", "is_fused"),
    ),
    "model": Place(_LOGISTIC | _LOCAL_LLM, given=_OF_YARDSTICK),
    LANGUAGE_MODEL: Place(_ours("data.causal_language_model", "CausalLanguageModel")),
    "evaluation.yardstick": Place(
        _LOGISTIC | _ours("training.best_yardstick", "BestYardstick"), given=_OF_YARDSTICK
    ),
    "evaluation.yardstick.words": Place(_LOGISTIC, given=_OF_YARDSTICK),
    "evaluation.yardstick.embeddings": Place(_LOGISTIC, given=_OF_YARDSTICK),
    **{
        key: Place(
            _ours("data.encoded_posts", "EncodedPosts")
            | _ours("data.tokens.known_vectors", "KnownVectors")
        )
        for key in EMBEDDINGS
    },
    "trainer": Place(
        _lightning("", "Trainer"), given=("callbacks", "logger", "plugins", "default_root_dir")
    ),
    "callbacks.*": Place(
        _ours("training.callbacks.checkpoints", "BestAndLast")
        | _ours("training.callbacks.clinical_metrics", "ClinicalMetrics")
        | _ours("training.callbacks.git_state_stamp", "GitStateStamp")
        | _ours("training.callbacks.prediction_writer", "PredictionWriter")
        | _ours("training.callbacks.progress", "TrainingProgress")
        | _ours("training.callbacks.resource_use", "ResourceUse")
        | _ours("training.callbacks.step_profile", "StepProfile")
        | _ours("training.callbacks.training_dynamics", "TrainingDynamics")
        | _lightning(
            ".callbacks",
            *("DeviceStatsMonitor", "EMAWeightAveraging", "EarlyStopping"),
            *("GradientAccumulationScheduler", "LearningRateMonitor", "ModelSummary"),
            *("RichModelSummary", "RichProgressBar", "StochasticWeightAveraging"),
            *("TQDMProgressBar", "Timer"),
        ),
        given=("record",),
    ),
    "logger.*": Place(
        _lightning(".loggers", "CSVLogger", "TensorBoardLogger")
        | _ours("training.trackers", "MLflow", "Trackio", "Wandb"),
        given=("save_dir",),
    ),
}
"""What may be built, by its key in the configuration, in which `*` stands for any one name."""

CLASSES = {
    name: f"{module}.{name}" for place in REGISTRY.values() for name, module in place.parts.items()
}
"""The whole name of every class and function of the registry, by its short one."""

_SHORT_NAMES = {**SHORT_NAMES, **{whole: name for name, whole in CLASSES.items()}}


def is_yardstick(model: Mapping[str, Any]) -> bool:
    """Whether a model, as a configuration describes it, can be the yardstick of others."""
    target = model.get("_target_")
    return _SHORT_NAMES.get(str(target), target) in REGISTRY["evaluation.yardstick"].parts


def find_part(target: str) -> Any:
    """The class or function that a short name of the registry stands for."""
    module, _, name = CLASSES[target].rpartition(".")
    return getattr(import_module(module), name)


def place_of(key: str) -> Place | None:
    """What may be built at a key of the configuration. None: nothing."""
    group, _, _ = key.rpartition(".")
    return REGISTRY.get(key) or REGISTRY.get(f"{group}.*")


def with_short_names(values: Any) -> Any:
    """The same with a short name for each `_target_` that is written in full, as its class is
    called now or as earlier versions recorded it."""
    return renamed(values, _SHORT_NAMES)


def check_buildable(values: Any, key: str = "") -> None:
    """Refuses what may not be built, wherever in `values` it stands.

    Args:
        values: resolved; dictionaries, lists and plain values.
        key: of `values` in the configuration. Empty: they are all of it, or a part on its own, in
            which anything that is registered may stand.

    Raises:
        InputError: a target that is not registered or does not belong there, or a key that tells
            Hydra how to call it.
    """
    is_on_its_own = not key and isinstance(values, dict) and "_target_" in values
    for place, node in _mappings(values, key):
        if "_target_" in node:
            target = node["_target_"]
            name = _SHORT_NAMES.get(target, target) if isinstance(target, str) else None
            if name not in CLASSES:
                raise InputError(
                    f"{place}_target_={target} may not be built from a configuration. What may is "
                    "listed in mental_health_classifier/configuration/registry.py."
                )
            found = place_of(place.removesuffix("."))
            allowed = sorted(found.parts) if found else []
            if name not in allowed and not is_on_its_own:
                raise InputError(
                    f"{place}_target_={target} does not belong there; expected "
                    f"{'one of ' if allowed else ''}{', '.join(allowed) or 'no part to be built'}."
                )
        if not isinstance(node.get("_partial_", False), bool):
            raise InputError(f"{place}_partial_={node['_partial_']}: true or false was expected.")
        for name in node:
            is_instruction = isinstance(name, str) and name[:1] == name[-1:] == "_"
            if is_instruction and name not in ("_target_", "_partial_"):
                raise InputError(
                    f"{place}{name} may not stand in a configuration. Beside _target_ only "
                    "_partial_ is read, and all else is an argument."
                )


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
