"""One check of the whole configuration, before anything is read."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn

from omegaconf import DictConfig, OmegaConf

from mental_health_classifier.configuration.arguments import arguments_of
from mental_health_classifier.configuration.idle import refuse_idle
from mental_health_classifier.configuration.literal import literal
from mental_health_classifier.configuration.pretrained import (
    check_frozen_encoder,
    is_of_an_encoder,
    refuse_attention,
    with_encoder,
)
from mental_health_classifier.configuration.pretraining import refuse_unfit
from mental_health_classifier.configuration.registry import (
    EMBEDDINGS,
    LANGUAGE_MODEL,
    REGISTRY,
    Place,
    check_buildable,
    find_part,
    with_short_names,
)
from mental_health_classifier.configuration.settings import (
    GROUPS,
    OF_A_NETWORK,
    PretrainedSize,
)
from mental_health_classifier.configuration.teacher import fill_in_teacher
from mental_health_classifier.configuration.trainer_check import check_trainer
from mental_health_classifier.configuration.unknown import refuse_unknown
from mental_health_classifier.configuration.windows import check_windows
from mental_health_classifier.configuration.wrong_value import fitted
from mental_health_classifier.contracts import InputError, Task
from mental_health_classifier.contracts.pretraining import MEASURED, is_pretraining
from mental_health_classifier.data.reading.source import fold_labels
from mental_health_classifier.data.reading.spellings import spelled_as
from mental_health_classifier.data.reading.table_files import require_encoding
from mental_health_classifier.evaluation.evaluate import metric_names
from mental_health_classifier.evaluation.metrics import WATCHED, WATCHED_OF_PRIORITY
from mental_health_classifier.tracking.clinical_variants import check_model, check_variants


def checked(config: DictConfig) -> DictConfig:
    """The configuration with values of the kinds that its parts declare, see `arguments_of`.

    Raises:
        InputError: a value of another kind or out of range; a key that is missing, or that nothing
            takes; a part that does not belong where it stands; variants that cannot be combined.
    """
    refuse_unknown(config)
    written = OmegaConf.to_container(with_encoder(config), resolve=True)
    _refuse_misplaced_defaults(written)
    _refuse_chosen_yardstick(written)
    check_buildable(written)
    values = with_short_names(written)
    is_pretrained = is_of_an_encoder(values)
    if is_pretraining(values):
        refuse_unfit(values)
    for group, declared in GROUPS.items():
        node = values[group] if group else values
        declared = PretrainedSize if group == "model" and is_pretrained else declared
        if group != "model" or "_target_" not in node:
            node.update(fitted(group, node, arguments_of(declared, is_open=True)))
    needed = OF_A_NETWORK if "_target_" not in values["model"] else ()
    for key in ("data", "trainer", *needed):
        if key == "network.attention" and is_pretrained:
            refuse_attention(values)
        elif _at(values, key) is None:
            raise _without_a_target(key)
    fill_in_teacher(values)
    for key, place in REGISTRY.items():
        for each, node in _built_at(values, key):
            _check_part(place, each, node)
    _check_posts(values["data"])
    _check_embeddings(values)
    _check_language_model(values)
    check_variants(values["clinical"]["variants"])
    check_model(values["model"], values["clinical"]["variants"])
    refuse_idle(values)
    if "_target_" not in values["model"]:
        check_trainer(values["trainer"])
        check_windows(values)
        _check_known_vectors(values["network"]["embedding"].get("initial"), values["model"])
        _check_callbacks(values["callbacks"], is_pretraining=is_pretraining(values))
    _check_metrics(values)
    _check_folder("cache_dir", values["cache_dir"])
    return literal(values)


def _refuse_misplaced_defaults(written: Any) -> None:
    """Refuses defaults of a machine that would stand beside all settings and change none."""
    if "local" in written:
        raise InputError(
            "local: what conf/local/default.yaml says reaches no setting. Its first line has to "
            "be: # @package _global_"
        )


def _refuse_chosen_yardstick(written: Any) -> None:
    """Refuses what stands beside a network alone as a run of its own."""
    if written["model"].get("_target_") == "BestYardstick":
        raise InputError(
            "yardstick=best_on_val: what val chooses is no run of its own. Choose a network, or "
            "yardstick=tfidf_logistic or frozen_embeddings."
        )


def _at(values: Mapping[str, Any], key: str) -> Any:
    found: Any = values
    for name in key.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return found


def _built_at(values: Mapping[str, Any], key: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """What is built at a key of the registry, each with its key.

    Raises:
        InputError: one that does not say what is to be built.
    """
    group, is_any, _ = key.partition(".*")
    nodes = _at(values, group)
    for each, node in (nodes or {}).items() if is_any else [(None, nodes)]:
        whole = group if each is None else f"{group}.{each}"
        if isinstance(node, dict) and "_target_" in node:
            yield whole, node
        elif isinstance(node, dict) and whole != "model":  # that of a network holds its sizes
            raise _without_a_target(whole)


def _without_a_target(key: str) -> InputError:
    return InputError(f"{key}._target_ is missing. Choose a file of conf/{key.split('.')[0]}.")


def _check_part(place: Place, key: str, node: dict[str, Any]) -> None:
    target = node["_target_"]
    part = find_part(target)
    if node.get("_partial_", False) != (is_completed := place.is_completed(part)):
        wanted = str(is_completed).lower()
        raise InputError(f"{key}._partial_: {wanted} was expected for {target}. Change it.")
    values = {name: value for name, value in node.items() if name not in ("_target_", "_partial_")}
    node.update(fitted(key, values, arguments_of(part, given=place.given or ())))


def _check_posts(data: dict[str, Any]) -> None:
    """Refuses an encoding that there is not, and classes that cannot be told apart, before posts
    are read."""
    require_encoding(data.get("encoding"))
    if data.get("labels") is not None:
        names = tuple(dict.fromkeys(fold_labels(data["labels"]).values()))
        if len(names) < 2:
            raise InputError(
                f"data.labels: two classes were expected at least, and it has {len(names)}. Map "
                "the labels of others too: {SPELLING: CLASS, ...}"
            )
        Task.categorical(data["task_name"], names, spelled_as(data["priority_class"], names))


def _check_embeddings(values: dict[str, Any]) -> None:
    """Refuses vectors of posts that are not here, before posts are read."""
    for key in EMBEDDINGS:
        node = _at(values, key)
        if node is not None and "encoder" in node:
            check_frozen_encoder(node["encoder"], key=f"{key}.encoder")
        elif node is not None:
            find_part(node["_target_"])(**{k: v for k, v in node.items() if k != "_target_"})


def _check_language_model(values: dict[str, Any]) -> None:
    """Refuses a language model that is not here or is none, before posts are read, and says in its
    `sha256` which one it is."""
    node = _at(values, LANGUAGE_MODEL)
    if node is not None:
        # Imported here, since few runs ask one.
        from mental_health_classifier.configuration.language_model import check_language_model

        node["sha256"] = check_language_model(node["folder"], node.get("sha256"))


def _check_known_vectors(package: str | None, model: dict[str, Any]) -> None:
    """Refuses known vectors that are not here or do not fit, before posts are read."""
    if package is not None:
        # Imported here, since few runs begin with them.
        from mental_health_classifier.data.tokens.known_vectors import require_vectors

        require_vectors(package, width=model["width"])


def _check_callbacks(callbacks: dict[str, Any], *, is_pretraining: bool) -> None:
    """Refuses a network of which neither its best weights nor its predictions would be left."""
    there = {node["_target_"] for node in callbacks.values() if node is not None}
    for name, needed in (("checkpoints", "BestAndLast"), ("prediction_writer", "PredictionWriter")):
        if needed not in there and not (is_pretraining and needed == "PredictionWriter"):
            raise InputError(
                f"callbacks.{name} is missing: without {needed} a network leaves no result. Choose "
                "callbacks=default, and leave out others by name: callbacks.early_stopping=null."
            )


def _check_metrics(values: dict[str, Any]) -> None:
    """Refuses the name of a number that the validation part will not have, as far as that can be
    known without its classes."""
    priority = values["data"].get("priority_class")
    chosen_by = {values["evaluation"]["selection_metric"]: "evaluation.selection_metric"}
    is_network = "_target_" not in values["model"]
    if is_network:
        watched = [f"val/{each}" for each in (*WATCHED, *(WATCHED_OF_PRIORITY if priority else ()))]
        for name, node in values["callbacks"].items():
            # What is best is highest; training can also be stopped by the loss.
            known = watched if name == "checkpoints" else [*watched, "val/loss"]
            known = MEASURED if is_pretraining(values) else known
            if node is not None and "monitor" in node and node["monitor"] not in known:
                key = chosen_by.get(node["monitor"], f"callbacks.{name}.monitor")
                raise InputError(
                    f"{key}={node['monitor']}: a number that training measures on val was "
                    f"expected: {', '.join(known)}."
                )
    if is_pretraining(values):
        if values["optimized_metric"] not in MEASURED:
            refuse_metric(values, MEASURED)
        return
    names = metric_names(Task.categorical("any", ("CLASS", "other"), "CLASS" if priority else None))
    of_a_class = [name for name in names if name.endswith("/CLASS")]
    plain = [name for name in names if not name.endswith(("/CLASS", "/other"))]
    metric = values["optimized_metric"]
    part, _, name = metric.partition("/")
    groups = {each.partition("/")[0] for each in of_a_class} | {*values.get("tasks", ())}
    if part != "val" or (name not in plain and name.partition("/")[0] not in groups):
        main = [each for each in plain if "/" not in each]
        refuse_metric(values, [f"val/{each}" for each in (*main, *of_a_class)])


def refuse_metric(config: Mapping[str, Any] | DictConfig, known: Iterable[str]) -> NoReturn:
    """Says that `optimized_metric` is none of the known ones.

    Raises:
        InputError: always.
    """
    metric = config["optimized_metric"]
    is_selection = metric == config["evaluation"]["selection_metric"]
    raise InputError(
        f"{'evaluation.selection_metric' if is_selection else 'optimized_metric'}={metric}: a "
        f"number of the validation part was expected: {', '.join(known)}."
    )


def _check_folder(key: str, folder: str) -> None:
    place = Path(folder)
    there = next(each for each in (place, *place.parents) if os.path.lexists(each))
    if not there.is_dir():
        what = "a file" if there.exists() else "a link to nothing"
        raise InputError(
            f"{key}={folder}: {there} is {what}, and a folder was expected. Change it."
        )
