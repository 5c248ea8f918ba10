"""Objects of a run, built from its configuration."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig, OmegaConf

from mental_health_classifier.configuration.choices import describe_choices, name_choices
from mental_health_classifier.configuration.literal import resolved
from mental_health_classifier.configuration.pretrained import is_of_an_encoder
from mental_health_classifier.configuration.registry import (
    check_buildable,
    find_part,
    with_short_names,
)
from mental_health_classifier.configuration.windows import windows_of
from mental_health_classifier.contracts import Corpus, InputError, Task
from mental_health_classifier.contracts.folder_names import folder_name
from mental_health_classifier.evaluation.evaluate import number_of_val

if TYPE_CHECKING:
    from lightning.pytorch.loggers import Logger
    from torch import nn

    from mental_health_classifier.data.datamodule import PostDataModule
    from mental_health_classifier.data.tokens.token_streams import Annotator
    from mental_health_classifier.models.network import Network
    from mental_health_classifier.tracking.record.run_record import RunRecord
    from mental_health_classifier.training.best_yardstick import BestYardstick
    from mental_health_classifier.training.yardstick import LogisticYardstick

WRITES_FILES = ("CSVLogger", "TensorBoardLogger")
"""Loggers that write into a folder which their settings name."""
MISFIT = re.compile(r"unexpected keyword argument|missing \d+ required")
"""What Python says of a call whose arguments are not those of the function."""


def register_resolvers() -> None:
    """Makes `${folder_name:...}`, `${selection_metric:...}` and `${folds:...}` known, and for the
    help `${choices:...}` and `${names:...}`; called once, before Hydra composes."""
    OmegaConf.register_new_resolver("folder_name", folder_name, replace=True)
    OmegaConf.register_new_resolver("selection_metric", selection_metric, replace=True)
    OmegaConf.register_new_resolver("folds", every_fold, replace=True)
    OmegaConf.register_new_resolver("choices", describe_choices, replace=True)
    OmegaConf.register_new_resolver("names", name_choices, replace=True)


def selection_metric(priority_class: str | None) -> str:
    """What chooses checkpoints: partial area under the ROC of the priority class, macro F1 where
    there is none."""
    return "val/f1_macro" if priority_class is None else "val/partial_auc"


def every_fold(num_folds: int) -> str:
    """The folds as values that a sweep tries: `1,2,3`."""
    return ",".join(map(str, range(1, num_folds + 1)))


def build(node: DictConfig, **given: Any) -> Any:
    """Builds what `node` describes, after checking all that is built with it.

    Hydra's `instantiate` would do more than a record may ask for, and knows no short names.

    Args:
        node: with `_partial_: true` where something known only at run time is still to come.
        given: what is known at run time; it arrives as it is.

    Raises:
        InputError: a target that may not be built, or arguments that do not fit it.
    """
    written = OmegaConf.to_container(node, resolve=True)
    check_buildable(written, node._get_full_key(None))
    try:
        built = _built(with_short_names(written))
        return built(**given) if given else built
    except TypeError as error:
        if MISFIT.search(str(error)):
            raise InputError(
                f"_target_={node.get('_target_')} takes other arguments than the configuration "
                f"has: {error}. Change it as the file in conf/ has it. If it is that of a recorded "
                "run, an earlier version wrote it: `mhc reproduce RUN` rebuilds the run with that "
                "version."
            ) from None
        raise


def _built(values: Any) -> Any:
    if isinstance(values, list):
        return [_built(each) for each in values]
    if not isinstance(values, dict):
        return values
    built = {key: _built(value) for key, value in values.items()}
    if "_target_" not in built:
        return built
    make, is_partial = find_part(built.pop("_target_")), built.pop("_partial_", False)
    return functools.partial(make, **built) if is_partial else make(**built)


def build_corpus(config: DictConfig) -> Corpus:
    """Reads and divides the posts."""
    return build(config.data).read()


def build_annotators(config: DictConfig) -> dict[str, Annotator]:
    """What marks stretches of posts, by the name of the stream that batches carry it in."""
    # A run that was recorded before there were any has no such key.
    streams = config.get("token_streams") or {}
    return {name: build(node) for name, node in streams.items() if node is not None}


def build_datamodule(config: DictConfig, corpus: Corpus) -> PostDataModule:
    """Learns the vocabulary and turns posts into tokens, or opens what an earlier run left."""
    from mental_health_classifier.data.datamodule import PostDataModule

    return PostDataModule(
        corpus,
        learn_tokenizer=build(config.tokenizer),
        max_tokens=config.model.max_tokens,
        windows_of=functools.partial(windows_of, config),
        annotators=build_annotators(config),
        sampler=build(config.sampler),
        cache_dir=Path(config.cache_dir),
        seed=config.seed,
    )


def build_network(
    config: DictConfig,
    *,
    vocabulary_size: int,
    tasks: Sequence[Task],
    annotators: Mapping[str, Annotator] | None = None,
) -> Network:
    """Builds the architecture; its weights are a function of the random state of torch.

    Args:
        annotators: what makes the batches' streams; None: it is built from `config`.
    """
    from mental_health_classifier.models.network import Network
    from mental_health_classifier.models.pretrained.network import PretrainedNetwork

    parts, is_pretrained = config.network, is_of_an_encoder(config)
    given = {"vocabulary_size": vocabulary_size}
    if "stream" in parts.embedding:
        annotators = build_annotators(config) if annotators is None else annotators
        given["type_of_value"] = _stream(parts.embedding.stream, annotators).type_of_value
    return (PretrainedNetwork if is_pretrained else Network)(
        embedding=build(parts.embedding, **given),
        encoder=build(parts.encoder)
        if is_pretrained
        else build(parts.encoder, attention=build(parts.attention)),
        pooling=build(parts.pooling),
        heads=build(parts.heads, tasks=tasks),
        # Nothing is chosen where their mean is taken, as in runs recorded before there were any.
        windows=None if parts.get("windows") is None else build(parts.windows),
    )


def build_regularizer(config: DictConfig) -> nn.Module | None:
    """What training asks beside the objective; None where nothing was chosen."""
    # Without a choice, and in runs recorded before there was one, the key is not there.
    return build(config.regularizer) if "regularizer" in config else None


def _stream(name: str, annotators: Mapping[str, Annotator]) -> Any:
    if name not in annotators:
        raise InputError(
            f"network.embedding.stream={name}: token_streams has {', '.join(annotators) or 'none'}."
            " clinical=umls_enhanced chooses both the embedding and what it reads."
        )
    return annotators[name]


def build_loggers(config: DictConfig, record: RunRecord) -> list[Logger]:
    """The chosen loggers, and the one that writes into the record."""
    from mental_health_classifier.training.record_logger import RecordLogger
    from mental_health_classifier.training.tensorboard_pages import (
        begin_hyperparameter_page,
        hyperparameters,
        readable_name,
    )
    from mental_health_classifier.training.trackers import begin_trackers

    nodes = {key: node for key, node in (config.logger or {}).items() if node is not None}
    for name, node in nodes.items():
        _check_place(str(name), node)
    values = resolved(config)
    loggers = [
        RecordLogger(record),
        *(
            build(node, save_dir=record.directory, **_own_folder(node, readable_name(values)))
            for node in nodes.values()
        ),
    ]
    begin_trackers(loggers, hyperparameters(values))
    begin_hyperparameter_page(loggers, values)
    return loggers


def _own_folder(node: DictConfig, name: str) -> dict[str, str]:
    """TensorBoard calls a run by the folder of its events."""
    target = with_short_names(dict(node))["_target_"]
    return {"sub_dir": name} if target == "TensorBoardLogger" and "sub_dir" not in node else {}


def _check_place(name: str, node: DictConfig) -> None:
    """Loggers write into the folder of their run, also where a record names them; trackers are
    given names alone."""
    if with_short_names(dict(node))["_target_"] not in WRITES_FILES:
        return
    for key, value in node.items():
        if key != "_target_" and isinstance(value, str) and value and value != folder_name(value):
            raise InputError(
                f"logger.{name}.{key}={value}: one part of a path was expected, of letters, "
                "digits, dots and hyphens, since loggers write into the folder of their run."
            )


def build_yardstick(
    node: DictConfig, corpus: Corpus, record: RunRecord | None, *, folder: str
) -> LogisticYardstick | BestYardstick:
    """A model to compare with, to be fitted."""
    return build(node, corpus=corpus, record=record, folder=folder, score=number_of_val)


def set_num_threads(num_threads: int | None, *, num_processes: int = 1) -> None:
    """Fixes the threads of torch; None: as many as OMP_NUM_THREADS says, or one for each processor
    that this process may use; or its share of them where so many processes of one run use them."""
    import torch

    said = os.environ.get("OMP_NUM_THREADS", "").split(",")[0]
    usable = int(said) if said.isdecimal() else len(os.sched_getaffinity(0))
    torch.set_num_threads(num_threads or max(1, usable // num_processes))
