"""What trains a run: learner, trainer and callbacks, built from its configuration."""

from __future__ import annotations

import functools
import logging
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig, OmegaConf

from mental_health_classifier.configuration.build import (
    build,
    build_datamodule,
    build_network,
    build_regularizer,
)
from mental_health_classifier.configuration.registry import LANGUAGE_MODEL
from mental_health_classifier.contracts import Corpus, InputError
from mental_health_classifier.contracts.pretraining import is_pretraining
from mental_health_classifier.evaluation.evaluate import number_of_val
from mental_health_classifier.tracking.provenance.environment import number_of_processes
from mental_health_classifier.tracking.record.settled_choices import settle
from mental_health_classifier.tracking.search.trial import trial_of_this_process

if TYPE_CHECKING:
    import numpy as np
    import torch
    from lightning.fabric.plugins.environments.cluster_environment import ClusterEnvironment
    from lightning.pytorch import Trainer
    from lightning.pytorch.loggers import Logger

    from mental_health_classifier.data.datamodule import PostDataModule
    from mental_health_classifier.models.network import Network
    from mental_health_classifier.tracking.record.run_record import RunRecord
    from mental_health_classifier.training.local_llm import LocalLLM
    from mental_health_classifier.training.masked_tokens import MaskedTokenModule
    from mental_health_classifier.training.network_learner import NetworkLearner
    from mental_health_classifier.training.seeded_module import SeededModule
    from mental_health_classifier.training.yardstick import LogisticYardstick

log = logging.getLogger(__name__)

FEW_POSTS = 500
"""With fewer, pretraining on them says that it is not worth much."""


def build_learner(
    config: DictConfig,
    corpus: Corpus,
    record: RunRecord,
    loggers: Sequence[Logger],
    *,
    teach: Callable[[str, str], np.ndarray] | None = None,
    environment: ClusterEnvironment | None = None,
) -> NetworkLearner | LogisticYardstick | LocalLLM:
    """A network with all that trains it, or a model that is built whole (`model` has a
    `_target_`).

    Args:
        teach: see `Distillation`; other objectives need none.
        environment: where the processes of the run find each other. None: there is one, or
            Lightning knows the launcher that started them.
    """
    if "_target_" in config.model:
        if "language_model" in config.model:
            # So that a replay is told at once where it finds another.
            key = f"{LANGUAGE_MODEL}.sha256"
            settle(record.directory, key, lambda: config.model.language_model.sha256)
        return build(
            config.model, corpus=corpus, record=record, folder="predictions", score=number_of_val
        )
    from lightning.pytorch import seed_everything

    from mental_health_classifier.training.checkpoint_files import SafetensorsCheckpointIO
    from mental_health_classifier.training.masked_tokens import MaskedTokenLearner
    from mental_health_classifier.training.network_learner import NetworkLearner
    from mental_health_classifier.training.text_classifier import TextClassifier

    has_encoder = config.model.get("encoder") is not None
    if has_encoder:
        # So that a replay is told at once where it finds another encoder.
        settle(record.directory, "model.encoder_sha256", lambda: config.model.encoder_sha256)
    is_learned_without_labels = is_pretraining(config)
    if is_learned_without_labels:
        corpus = _texts_to_learn_from(config, corpus)
    datamodule = build_datamodule(config, corpus)
    quiet_lightning()
    seed_everything(config.seed, workers=True, verbose=False)
    tasks = [] if is_learned_without_labels else [corpus.task, *corpus.auxiliary_tasks]
    network = build_network(
        config,
        vocabulary_size=datamodule.tokenizer.size,
        tasks=tasks,
        annotators=datamodule.annotators,
    )
    begin_with_known_vectors(network.embedding, datamodule)
    classifier = (
        _build_masked_token_module(config, network, datamodule)
        if is_learned_without_labels
        else TextClassifier(
            network=network,
            objective=build(
                config.objective,
                tasks=tasks,
                class_counts={corpus.task.name: datamodule.class_counts()},
                **({"teach": teach} if "teacher" in config.objective else {}),
            ),
            regularizer=build_regularizer(config),
            make_optimizer=build(config.optimizer),
            tasks=tasks,
            seed=config.seed,
        )
    )
    trainer = _build_trainer(
        config,
        callbacks=build_callbacks(config, record),
        logger=list(loggers),
        plugins=[SafetensorsCheckpointIO(), *([] if environment is None else [environment])],
        default_root_dir=record.directory,
    )
    if config.sampler.token_budget is None:
        limit_tokens(config, record, trainer.strategy.root_device, classifier, datamodule)
    return (MaskedTokenLearner if is_learned_without_labels else NetworkLearner)(
        trainer=trainer,
        classifier=classifier,
        datamodule=datamodule,
        take_over=functools.partial(take_over, config, network) if has_encoder else None,
    )


def _texts_to_learn_from(config: DictConfig, corpus: Corpus) -> Corpus:
    """What masked tokens are learned from; says so where these are few posts."""
    from mental_health_classifier.data.tokens.masked_words import texts_to_learn_from

    texts = texts_to_learn_from(corpus, config.objective.parts)
    if (num_posts := len(texts.part("train"))) < FEW_POSTS:
        log.warning(
            "Masked tokens are learned from %d posts: from fewer than %d little can be learned. "
            "Give all posts that you have; labels are not needed.",
            num_posts,
            FEW_POSTS,
        )
    return texts


def _build_masked_token_module(
    config: DictConfig, network: Network, datamodule: PostDataModule
) -> MaskedTokenModule:
    from mental_health_classifier.data.tokens.masked_words import MaskedWords
    from mental_health_classifier.models.masked_token_head import MaskedTokenHead
    from mental_health_classifier.training.masked_tokens import MaskedTokenModule

    return MaskedTokenModule(
        network=network,
        objective=build(
            config.objective,
            head=MaskedTokenHead(
                width=config.model.width,
                word_width=config.model.get("word_width", config.model.width),
                vocabulary_size=datamodule.tokenizer.size,
            ),
            make_masks=functools.partial(MaskedWords, datamodule.tokenizer),
        ),
        make_optimizer=build(config.optimizer),
        seed=config.seed,
    )


def take_over(config: DictConfig, network: Network) -> None:
    """Gives a network the weights of the encoder that it begins with.

    Raises:
        InputError: the encoder is gone, has changed, or cannot be used.
    """
    from mental_health_classifier.data.tokens.encoder_folder import find_recorded_encoder

    model = config.model
    download = model.get("download", False)
    network.take_over(
        find_recorded_encoder(model.encoder, download=download, sha256=model.encoder_sha256)
    )


def begin_with_known_vectors(embedding: Any, datamodule: PostDataModule) -> None:
    """Gives the tokens the vectors that `network.embedding.initial` names, if any.

    Raises:
        InputError: they are not here.
    """
    if embedding.initial is not None:
        import torch

        from mental_health_classifier.data.tokens.known_vectors import vectors_of_tokens

        known = vectors_of_tokens(embedding.initial, datamodule.tokenizer)
        embedding.begin_with(torch.from_numpy(known))


def processes_to_start(config: DictConfig) -> int:
    """How many processes of this machine a run needs, one for each device, its own among them. 1
    too where a launcher, torchrun or SLURM, has started the others.

    Also refuses options that Lightning would refuse, before data is read.

    Raises:
        InputError: what Lightning says of them.
    """
    if "_target_" in config.model:
        if number_of_processes() > 1:
            raise InputError(
                f"model={config.model.name} trains in one process, and {number_of_processes()} "
                "were started. Give the command without torchrun or srun."
            )
        return 1
    quiet_lightning()
    trainer = _build_trainer(config, callbacks=[], logger=False, plugins=[], default_root_dir=None)
    cluster = getattr(trainer.strategy, "cluster_environment", None)
    if cluster is None or cluster.creates_processes_externally:
        return 1
    if trainer.num_nodes > 1:
        raise InputError(
            f"trainer.num_nodes={trainer.num_nodes}: this process was started alone, and nobody "
            "starts one on the other computers. Use torchrun or srun on each of them."
        )
    return trainer.world_size


def _build_trainer(config: DictConfig, **given: Any) -> Trainer:
    from lightning.fabric.utilities.exceptions import MisconfigurationException
    from lightning.pytorch.strategies import DDPStrategy

    if config.trainer.get("strategy") == "ddp":
        # Gradients lie where processes exchange them, and are not copied for it.
        given["strategy"] = DDPStrategy(gradient_as_bucket_view=True)
    refusals = (MisconfigurationException, ImportError, TypeError, ValueError, RuntimeError)
    try:
        return build(config.trainer, **given)
    except refusals as error:
        if isinstance(error, InputError):
            raise
        raise InputError(
            f"The trainer cannot be set up as asked: {' '.join(str(error).split())} trainer=auto "
            "takes what there is."
        ) from None


def limit_tokens(
    config: DictConfig,
    record: RunRecord,
    device: torch.device,
    classifier: SeededModule,
    datamodule: PostDataModule,
) -> None:
    """Gives batches the token budget that this run has settled on, or settles on one now."""
    from mental_health_classifier.training.memory import memory_of
    from mental_health_classifier.training.token_budget import try_token_budget

    def find() -> int:
        return try_token_budget(
            classifier,
            longest_post=datamodule.longest_post,
            max_posts=config.sampler.max_posts,
            device=device,
            memory=memory_of(device),
        )

    datamodule.limit_tokens(settle(record.directory, "sampler.token_budget", find))


def build_callbacks(config: DictConfig, record: RunRecord) -> list[Any]:
    """The chosen callbacks; ours are completed with the record. A trial of a search has one more,
    which is no part of its configuration."""
    nodes = [node for node in config.callbacks.values() if node is not None]
    built = [build(_after_validation(node)) for node in nodes]
    completed = [c(record=record) if isinstance(c, functools.partial) else c for c in built]
    if (trial := trial_of_this_process()) is None:
        return completed
    from mental_health_classifier.training.callbacks.trial_report import TrialReport

    # Last, so that what the others do after a validation is done when it ends the run.
    return [*completed, TrialReport(trial)]


def _after_validation(node: DictConfig) -> DictConfig:
    """Early stopping that looks after each validation: by itself it would also look at the end of
    an epoch where nothing was validated, and fail."""
    if node.get("_target_") != "EarlyStopping":
        return node
    # Resolved, since what is merged stands alone and finds no other group.
    resolved = OmegaConf.to_container(node, resolve=True)
    return OmegaConf.merge({"check_on_train_epoch_end": False}, resolved)  # pyright: ignore[reportArgumentType, reportReturnType]


def quiet_lightning() -> None:
    """Keeps Lightning's own handlers (every line would print twice) and advertising out."""
    for name in ("lightning", "lightning.pytorch", "lightning.fabric"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel(logging.WARNING)
    # The logger of this one has a level of its own.
    logging.getLogger("lightning.pytorch.utilities.rank_zero").setLevel(logging.WARNING)
    # Lightning 2.6 asks torch 2.13 in a way that torch is about to drop; nobody here can help it.
    warnings.filterwarnings("ignore", message=".*LeafSpec", category=FutureWarning)
    # On a cluster it takes every run that one process is enough for to be a mistake.
    warnings.filterwarnings("ignore", message="The `srun` command is available")
