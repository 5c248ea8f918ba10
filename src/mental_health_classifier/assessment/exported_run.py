"""Exports: the network of a run as an ONNX model, in a run of its own with its own certificate.

What was promised of the network does not carry over, however alike the two are: the exported model
predicts all parts anew, and everything is worked out from these predictions.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mental_health_classifier.assessment.own_yardstick import (
    FOLDER,
    beside_yardstick,
    stored_yardstick,
)
from mental_health_classifier.contracts import PARTS, InputError
from mental_health_classifier.data.seen_posts import copy_read_posts
from mental_health_classifier.evaluation.assess import assess
from mental_health_classifier.evaluation.decision_parity import Thresholds, parity
from mental_health_classifier.evaluation.evaluate import compare_with_yardstick, evaluate
from mental_health_classifier.evaluation.operating_point import OperatingPoint
from mental_health_classifier.prediction.exported_model import (
    TOKENIZER,
    exported_model,
    write_exported,
)
from mental_health_classifier.prediction.predictor import Predictor
from mental_health_classifier.prediction.run_posts import copy_seen_posts, corpus_of_run
from mental_health_classifier.tracking.record.assessments import (
    read_assessment,
    require_judge,
    stored_predictions,
    task_of,
    write_assessments,
)
from mental_health_classifier.tracking.record.record_check import read_recorded
from mental_health_classifier.tracking.record.run_record import recorded_run
from mental_health_classifier.tracking.record.run_summary import EXPORTED, RunSummary
from mental_health_classifier.tracking.record.weight_files import (
    ENSEMBLE,
    hash_of_weights,
)

COMPARED = ("val", "test")
"""Parts on which both have to decide alike."""


def record_export(
    run: RunSummary, directory: Path, *, is_int8: bool = False, most_changed: int = 0
) -> None:
    """Makes a run of its own from a completed one, whose model is in ONNX.

    Args:
        run: of a network.
        directory: of the new run; must not hold one. Nothing is left there if the export is
            refused.
        is_int8: matrices of 8 bits.
        most_changed: posts of val and test together about which the two may decide differently.

    Raises:
        InputError: the run's model has no form in ONNX, its posts are not at hand, more decisions
            change than were allowed, or a model of 8 bits gets no certificate though the run has
            one.
    """
    _refuse_what_has_no_form(run)
    if directory.exists():
        raise InputError(f"{directory} exists and is not overwritten. Name another folder.")
    before = stored_predictions(run, PARTS[1:])
    # With torch, which only making a graph needs.
    from mental_health_classifier.prediction.loaded_network import load_network
    from mental_health_classifier.prediction.onnx_graph import OPSET, onnx_graph, quantised

    task = task_of(run)
    loaded = load_network(run, task=task)
    own_model = Predictor(run, loaded.predict_texts, allow_uncertified=True)
    graph = onnx_graph(loaded.network, task_name=task.name, max_tokens=loaded.max_tokens)
    graph = quantised(graph) if is_int8 else graph
    name = "onnx_int8" if is_int8 else "onnx"
    source = run.configuration["model"]
    settings = run.configuration["evaluation"]
    read = source.get("pretrained_on")
    config = {
        EXPORTED: {
            "from": run.id,
            "name": run.name,
            "weights_sha256": hash_of_weights(run),
            "format": "onnx",
            "opset": OPSET,
            "is_int8": is_int8,
        },
        "model": {
            "name": f"{run.model}_{name}",
            "max_tokens": source["max_tokens"],
            **({"pretrained_on": read} if read else {}),
        },
        "data": run.configuration["data"],
        "evaluation": settings,
        "num_threads": run.configuration.get("num_threads"),
    }
    words = read_recorded(run, TOKENIZER)
    predict = exported_model(graph, words, config, task=task, folder=directory)
    corpus = corpus_of_run(run)
    after = {
        part: corpus.predictions(part, predict(corpus.part(part)["text"].tolist()))
        for part in PARTS[1:]
    }
    found = parity(before, after, thresholds=_thresholds_of(own_model), parts=COMPARED)
    _refuse_changes(found, most_changed=most_changed)
    evaluation = evaluate(
        after,
        specificity_floor=settings["specificity_floor"],
        bootstrap_draws=settings["bootstrap_draws"],
    )
    assessed = assess(
        after,
        settings,
        looks=read_assessment(run.directory, "reference"),
        point=OperatingPoint.recorded_in(evaluation.metrics),
    )
    own = read_assessment(run.directory, "certificate") or {}
    certificate = assessed.get("certificate", {})
    if is_int8 and own.get("is_certified") and not certificate.get("is_certified"):
        raise InputError(
            f"The model of 8 bits gets no certificate, though run {run.id} has one: "
            f"{certificate.get('reason')} Export it without --int8."
        )
    differences = compare_with_yardstick(
        after["test"], before["test"], bootstrap_draws=settings["bootstrap_draws"]
    )
    yardstick = beside_yardstick(run, after["test"], settings)
    record = recorded_run(
        directory,
        name=f"{run.name} ({'ONNX, 8 bits' if is_int8 else 'ONNX'})",
        description=f"Run {run.id} exported to ONNX" + (", matrices of 8 bits" if is_int8 else ""),
        seed=run.seed or 0,
        model=config["model"]["name"],
        variants=run.variants,
        config=config,
        argv=sys.argv,
    )
    with record:
        left_out = ("schema_version", "auxiliary_tasks")
        record.write_data({k: value for k, value in run.data.items() if k not in left_out})
        copy_seen_posts(run, directory)
        copy_read_posts(run.directory, directory)
        write_exported(directory, graph, words)
        for given in after.values():
            record.write_predictions(given)
        for given in stored_yardstick(run).values() if yardstick else ():
            record.write_predictions(given, folder=FOLDER)
        write_assessments(directory, assessed)
        record.note_model(
            parameters=run.model_facts.get("parameters"),
            size_on_disk_bytes=len(graph),
            parity=found,
            f1_macro_difference=differences.metrics.get("test/f1_macro"),
            f1_macro_difference_interval=differences.intervals.get("test/f1_macro"),
        )
        record.finish(
            metrics=evaluation.metrics, intervals=evaluation.intervals, yardstick=yardstick
        )


def _refuse_what_has_no_form(run: RunSummary) -> None:
    require_judge(run)
    if run.status != "completed":
        raise InputError(f"Run {run.id} is {run.status}: only a completed run can be exported.")
    if run.is_export:
        raise InputError(
            f"Run {run.id} is an export itself, of run {run.configuration[EXPORTED].get('from')}: "
            "export that one."
        )
    if ENSEMBLE in run.configuration:
        raise InputError(f"Run {run.id} is an ensemble, which is no single graph: export a member.")
    if "network" not in run.configuration:
        raise InputError(
            f"Run {run.id} has no network that could become a graph (its model is {run.model}). "
            "mhc export without --format packs the run."
        )
    if run.data.get("token_streams"):
        raise InputError(
            f"Run {run.id} marks expressions of a vocabulary in posts, which an ONNX model cannot "
            "do by itself. Export a run without umls_enhanced."
        )
    if run.setting("data", "truncate") == "windows":
        raise InputError(
            f"Run {run.id} reads long posts in windows, which an ONNX model of single posts does "
            "not. Export a run with data.truncate=head."
        )


def _thresholds_of(predictor: Predictor) -> Thresholds | None:
    """By which a model decides, certified or not. None: it alerts nothing."""
    try:
        temperature = (predictor.certificate or {}).get("temperature")
        return Thresholds(predictor.threshold, predictor.refer_from, temperature)
    except InputError:
        return None


def _refuse_changes(found: Mapping[str, Mapping[str, Any]], *, most_changed: int) -> None:
    changed = sum(each["changed"] for each in found.values())
    if changed > most_changed:
        raise InputError(
            f"The exported model decides differently about {sentence_about(found)}; "
            f"{most_changed} may change. --changed {changed} accepts them, and the certificate is "
            "made anew in any case."
        )


def sentence_about(found: Mapping[str, Mapping[str, Any]]) -> str:
    """`0 of 367 posts of val and 2 of 715 of test (alerts lost: 1, gained: 0)`"""
    said = [
        f"{found[part]['changed']} of {found[part]['posts']} posts of {part}" for part in COMPARED
    ]
    lost, gained = (
        sum(found[part][key] for part in COMPARED) for key in ("alerts_lost", "alerts_gained")
    )
    alerts = f" (alerts lost: {lost}, gained: {gained})" if lost or gained else ""
    return f"{' and '.join(said)}{alerts}"
