"""One run, top to bottom."""

from __future__ import annotations

import functools
import logging
import sys
from collections.abc import Mapping, Sequence
from contextlib import chdir
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig

from mental_health_classifier.analysis.model_card import write_model_card
from mental_health_classifier.configuration.build import (
    build_annotators,
    build_corpus,
    build_loggers,
    build_yardstick,
    set_num_threads,
)
from mental_health_classifier.configuration.check import checked
from mental_health_classifier.configuration.learner import build_learner, processes_to_start
from mental_health_classifier.configuration.literal import resolved
from mental_health_classifier.configuration.own_encoder import describe_own_encoder
from mental_health_classifier.configuration.pretrained import is_of_an_encoder
from mental_health_classifier.configuration.recorded import recorded_configuration
from mental_health_classifier.configuration.registry import is_yardstick
from mental_health_classifier.console.progress import showing
from mental_health_classifier.contracts import Corpus, InputError, Predictions
from mental_health_classifier.contracts.errors import Pruned
from mental_health_classifier.contracts.pretraining import is_pretraining
from mental_health_classifier.data.reading.account import account_lines
from mental_health_classifier.data.seen_posts import (
    OF_ENCODER,
    SeenPosts,
    copy_read_posts,
    write_seen_posts,
)
from mental_health_classifier.data.tokens.encoder_folder import (
    new_encoder_folder,
)
from mental_health_classifier.evaluation.assess import EVALUATED, assess
from mental_health_classifier.evaluation.auxiliary_metrics import evaluate_auxiliary
from mental_health_classifier.evaluation.evaluate import (
    compare_with_yardstick,
    evaluate,
)
from mental_health_classifier.evaluation.operating_point import OperatingPoint
from mental_health_classifier.evaluation.unfamiliar_text import looks_of
from mental_health_classifier.experiment.ending import alerting, begin_quietly, say_how_it_ended
from mental_health_classifier.experiment.posts import check_metric, with_warnings_of_read_posts
from mental_health_classifier.experiment.processes import answers_of, other_processes
from mental_health_classifier.prediction.soft_targets import soft_targets
from mental_health_classifier.tracking.record.assessments import write_assessments
from mental_health_classifier.tracking.record.attempts import started_in
from mental_health_classifier.tracking.record.prediction_files import (
    stored_auxiliary_predictions,
)
from mental_health_classifier.tracking.record.resumption import resumable_run, resumed_run
from mental_health_classifier.tracking.record.run_record import RunRecord, recorded_run
from mental_health_classifier.tracking.record.run_summary import read_run
from mental_health_classifier.tracking.search.trial import trial_of_this_process
from mental_health_classifier.training.memory import spare_memory_traffic
from mental_health_classifier.training.resume_point import find_resume_point
from mental_health_classifier.training.tensorboard_pages import (
    write_figure_page,
    write_hyperparameter_page,
)
from mental_health_classifier.training.trackers import end_trackers

if TYPE_CHECKING:
    from lightning.pytorch.loggers import Logger
    from matplotlib.figure import Figure

    from mental_health_classifier.training.best_yardstick import BestYardstick
    from mental_health_classifier.training.yardstick import LogisticYardstick

logger = logging.getLogger(__name__)


def run_experiment(config: DictConfig, output_dir: Path, overrides: Sequence[str]) -> float | None:
    """Trains and tests one configuration; everything it leaves behind is in `output_dir`.

    Returns:
        The metric that `optimized_metric` names, for sweepers.

    Raises:
        InputError: what was given cannot be used; the record says so too.
    """
    config = checked(config)
    set_num_threads(config.num_threads, num_processes=processes_to_start(config))
    return conduct(config, recorded_run(output_dir, **describe_run(config, overrides)))


def resume_experiment(run_directory: Path) -> float | None:
    """Goes on with a run that was killed, interrupted or failed, as another attempt of it.

    It ends with the weights, metrics and predictions of a run that was never cut off, bit for bit.
    Relative paths begin where the run began, if that folder is here.

    Returns:
        As `run_experiment`.

    Raises:
        InputError: the run cannot be resumed, or its posts have changed.
    """
    directory = run_directory.resolve()
    run = resumable_run(directory)
    begun_in = started_in(directory) or Path()
    try:
        # Still in the present folder: a record does not say where posts are prepared.
        config = recorded_configuration(run, begun_in=begun_in)
        with chdir(begun_in):
            config = checked(config)
    except InputError as error:
        raise InputError(
            f"{error} Run {run.id} was recorded so: `mhc reproduce {run.id}` runs it again, "
            "with the version that recorded it."
        ) from None
    # Sums are ordered by the number of threads, which a configuration can leave to the machine.
    set_num_threads(config.num_threads or run.run.get("hardware", {}).get("torch_threads"))
    with chdir(begun_in):
        return conduct(config, resumed_run(directory))


def conduct(config: DictConfig, record: RunRecord) -> float | None:
    """What a run does, from reading posts to its last number. None: a search ended it early."""
    spare_memory_traffic()
    begin_quietly(record.directory)
    with alerting(record.directory):
        try:
            return (pretrain if is_pretraining(config) else train)(config, record)
        except Pruned as reason:
            logger.info("%s", reason)
            return None


def train(config: DictConfig, record: RunRecord) -> float | None:
    """What a run does that learns from labels: it leaves a model that judges posts."""
    with record:
        corpus, learner, loggers, predictions = fit(config, record)
        with record.phase("yardstick"), showing("Fitting the yardstick on the same parts"):
            fitted_yardstick = fit_yardstick(config, corpus, record)
        with record.phase("evaluation"), showing("Working out intervals"):
            evaluation = evaluate(predictions, **settings(config)) | evaluate_auxiliary(
                stored_auxiliary_predictions(record.directory, corpus.auxiliary_tasks, EVALUATED),
                bootstrap_draws=config.evaluation.bootstrap_draws,
            )
            yardstick = measure_yardstick(config, predictions, fitted_yardstick)
            assessments = assess(
                predictions,
                config.evaluation,
                looks=looks_of(corpus.part("calibration")["text"]),
                point=OperatingPoint.recorded_in(evaluation.metrics),
            )
            write_assessments(record.directory, assessments)
        learner.save(record.directory / "checkpoints")
        facts = learner.describe()
        size = facts.pop("size_elsewhere_bytes", 0) + size_on_disk(record.directory / "checkpoints")
        record.note_model(**facts, size_on_disk_bytes=size)
        record.finish(
            metrics=evaluation.metrics,
            intervals=evaluation.intervals,
            yardstick=yardstick,
            selection=learner.selection,
        )
    write_figure_page(
        loggers,
        lambda: draw_run(config.name, predictions["test"], evaluation.metrics),
    )
    write_hyperparameter_page(loggers, resolved(config), evaluation.metrics)
    end_trackers(loggers, evaluation.metrics)
    write_model_card(read_run(record.directory))
    say_how_it_ended(record.directory)
    return evaluation.metrics[config.optimized_metric]


def pretrain(config: DictConfig, record: RunRecord) -> float | None:
    """What a run does that learns from masked tokens: it leaves a folder for `model.encoder`."""
    with record:
        corpus, learner, loggers, metrics = fit(config, record)
        learner.save(record.directory / "checkpoints")
        own = {"corpus": corpus.name, "fingerprint": corpus.fingerprint, "run": record.run_id}
        texts = [
            *(resolved(config)["model"].get("pretrained_on") or ()),
            {**own, "parts": list(config.objective.parts)},
        ]
        read = SeenPosts.of(corpus, config.objective.parts).to_bytes()
        own_sizes = None if is_of_an_encoder(config) else describe_own_encoder(config.model)
        place = record.directory / "encoder"
        with new_encoder_folder(place, texts=texts, architecture=own_sizes) as folder:
            learner.save_encoder(folder)
            copy_read_posts(record.directory, folder)
            (folder / OF_ENCODER.replace("*", record.run_id)).write_bytes(read)
        record.note_model(**learner.describe(), size_on_disk_bytes=size_on_disk(place))
        record.finish(metrics=metrics, selection=learner.selection)
    end_trackers(loggers, metrics)
    say_how_it_ended(record.directory)
    return metrics[config.optimized_metric]


def fit(config: DictConfig, record: RunRecord) -> tuple[Corpus, Any, list[Logger], Any]:
    """Reads the posts and trains on them; returns them, what was trained, the loggers, and what it
    answers: its predictions, or of pretraining its numbers on val."""
    marks = {name: each.key() for name, each in build_annotators(config).items()}
    with record.phase("data"):
        corpus = build_corpus(config)
        corpus = with_warnings_of_read_posts(config, corpus, record.directory)
    if not is_pretraining(config):
        check_metric(config, corpus)
    record.write_data(data := {**corpus.describe(), "token_streams": marks})
    write_seen_posts(record.directory, corpus)
    for line in account_lines(data):
        logger.info(line)
    resume_from = find_resume_point(record.directory) if record.is_resumed else None
    record.rewind_metrics(resume_from.metrics_bytes if resume_from else 0)
    loggers = build_loggers(config, record)
    processes = other_processes(config, record.directory)
    with record.phase("preparation"):
        teach = functools.partial(soft_targets, corpus=corpus)
        learner = build_learner(
            config, corpus, record, loggers, teach=teach, environment=processes.environment
        )
    with processes:
        with record.phase("fit"):
            learner.fit(resume_from)
        with record.phase("evaluation" if is_pretraining(config) else "prediction"):
            answers = answers_of(learner, config)
    return corpus, learner, loggers, answers


def draw_run(
    name: str, test: Predictions, metrics: Mapping[str, float | None]
) -> dict[str, Figure]:
    """As `figures_of_finished_run`, whose libraries only a run that draws has to import."""
    from mental_health_classifier.analysis.figures.kinds import figures_of_finished_run

    return figures_of_finished_run(name, test, OperatingPoint.recorded_in(metrics))


def describe_run(config: DictConfig, overrides: Sequence[str]) -> dict[str, Any]:
    """What the record holds before anything has happened."""
    return {
        "name": str(config.name),
        "description": str(config.description),
        "hypothesis": str(config.hypothesis),
        "tags": [str(tag) for tag in config.tags],
        "seed": config.seed,
        "trial": trial.number if (trial := trial_of_this_process()) else None,
        "model": config.model.name,
        "variants": sorted(config.clinical.variants),
        "config": resolved(config),
        "overrides": list(overrides),
        "argv": sys.argv,
    }


def size_on_disk(checkpoints: Path) -> int:
    """Bytes of what using the model needs, so without the last state beside the best."""
    files = [path for path in checkpoints.iterdir() if path.stem != "last"]
    return sum(path.stat().st_size for path in files)


def settings(config: DictConfig) -> dict[str, Any]:
    """Arguments of `evaluate`."""
    return {
        "specificity_floor": config.evaluation.specificity_floor,
        "bootstrap_draws": config.evaluation.bootstrap_draws,
    }


def fit_yardstick(
    config: DictConfig, corpus: Corpus, record: RunRecord
) -> LogisticYardstick | BestYardstick | None:
    """Fits the yardstick on the run's own parts. None: switched off, or the run is one."""
    if config.evaluation.yardstick is None or is_yardstick(config.model):
        return None
    node = config.evaluation.yardstick
    yardstick = build_yardstick(node, corpus, record, folder="predictions/yardstick")
    yardstick.fit()
    return yardstick


def measure_yardstick(
    config: DictConfig,
    predictions: Mapping[str, Predictions],
    yardstick: LogisticYardstick | BestYardstick | None,
) -> dict[str, Any] | None:
    """The yardstick's numbers, and how far the model is from them on the same posts."""
    if yardstick is None:
        return None
    of_yardstick = yardstick.predict()
    evaluation = evaluate(of_yardstick, **settings(config))
    difference = compare_with_yardstick(
        predictions["test"],
        of_yardstick["test"],
        bootstrap_draws=config.evaluation.bootstrap_draws,
    )
    return {
        "name": yardstick.name,
        **yardstick.describe_choice(),
        "metrics": evaluation.metrics,
        "intervals": evaluation.intervals,
        "differences": difference.metrics,
        "difference_intervals": difference.intervals,
    }
