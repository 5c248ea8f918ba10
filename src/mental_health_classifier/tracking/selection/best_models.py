"""Best models, chosen on val and reported on test.

Derived from the records whenever it is asked for, so that it cannot be out of date.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import fmean
from typing import Any

from mental_health_classifier.contracts.decimals import decimals
from mental_health_classifier.contracts.headline import headline_of
from mental_health_classifier.contracts.metric_words import measure_words
from mental_health_classifier.tracking.record.external_runs import MADE_ELSEWHERE
from mental_health_classifier.tracking.record.run_summary import RunSummary
from mental_health_classifier.tracking.selection.admissibility import (
    is_below_yardstick,
    is_constant,
    objections_to,
)
from mental_health_classifier.tracking.selection.candidates import (
    Candidate,
    alert_churn,
    candidates_among,
    comparable_runs,
    num_looked_at,
)

HEADINGS = ("highest_accuracy", "best_f1_macro", "best_suicide_recall", "most_stable")
SEEDS_NEEDED = 5
"""To call a model stable; three seeds prove nothing."""


def best_models(runs: Iterable[RunSummary]) -> dict[str, dict[str, Any]]:
    """`best_by_corpus` of the latest corpus that has a best model, or else of the latest one."""
    given = list(runs)
    found, blocks = best_by_corpus(given), comparable_runs(given)
    is_won = [any(entry["run"] is not None for entry in best.values()) for best in found]
    place = is_won.index(True) if True in is_won else 0
    if num_others := sum(map(len, blocks)) - sum(map(len, blocks[place : place + 1])):
        note = (
            "Completed runs on other posts or parts, or with another priority class, that were "
            f"left out: {num_others}."
        )
        for entry in found[place].values():
            entry["warnings"].append(note)
    return found[place]


def best_by_corpus(runs: Iterable[RunSummary]) -> list[dict[str, dict[str, Any]]]:
    """The best of some runs under each of four headings, for each corpus of its own, latest first;
    where no run completed, once with nobody.

    Runs that differ only in their seed are one configuration and are judged together: by the mean
    over their seeds, the most stable one by its worst seed. Those on other posts or parts, or with
    another priority class, are never ranked together. Archived runs never win, but were looked at.

    Returns:
        Under `highest_accuracy`, `best_f1_macro`, `best_suicide_recall` (of whichever class has
        priority, by the recall at specificity .80) and `most_stable` a mapping each: `run` (id,
        None where nobody wins), `directory`, `name`, `model`, `variants`, `configuration` (hash),
        `metric`, its mean over seeds on test (`value`) with an `interval` over authors and seeds
        and `n` posts, `val` (the mean it won by), `seeds` (test value by seed), `num_models` (those
        that differ), `run_value` and `run_interval` of that run alone, `reason`, `warnings`,
        `looked_at`, the runs on these posts among which it was chosen (the more, the less a
        certificate of one of them promises), and of its corpus `data_name`, `posts_called` (with
        the fold), `data_fingerprint`, `parts_fingerprint` and `priority_class`.
    """
    given = list(runs)
    blocks = [
        block for block in comparable_runs(given) if not all(run.is_archived for run in block)
    ]
    return [
        _best_of(comparable, looked_at=num_looked_at(given, comparable))
        for comparable in blocks or [[]]
    ]


def _best_of(comparable: Sequence[RunSummary], *, looked_at: int) -> dict[str, dict[str, Any]]:
    candidates = candidates_among(run for run in comparable if not run.is_archived)
    priority_class = comparable[0].data.get("priority_class") if comparable else None
    headline = headline_of(priority_class)

    def headings(among: Sequence[Candidate]) -> dict[str, dict[str, Any]]:
        return {
            "highest_accuracy": _best_by_mean(among, "accuracy"),
            "best_f1_macro": _best_by_mean(among, "f1_macro"),
            "best_suicide_recall": _best_recall(among, priority_class),
            "most_stable": _most_stable(among, headline, priority_class),
        }

    best = headings(candidates)
    foreign = {run.id for each in candidates for run in each.runs if run.is_external}
    if any(entry["run"] in foreign for entry in best.values()):
        own = headings([each for each in candidates if not each.runs[0].is_external])
        for heading, entry in best.items():
            if entry["run"] in foreign:
                entry["warnings"].append(_made_elsewhere(own[heading]))
    corpus: dict[str, Any]
    corpus = dict.fromkeys(("data_name", "posts_called", "data_fingerprint", "parts_fingerprint"))
    if comparable:
        first = comparable[0]
        corpus = {
            "data_name": first.data.get("name"),
            "posts_called": first.posts_called,
            "data_fingerprint": first.data.get("fingerprint"),
            "parts_fingerprint": first.parts_fingerprint,
        }
    of_all = corpus | {"priority_class": priority_class, "looked_at": looked_at}
    return {heading: {**entry, **of_all} for heading, entry in best.items()}


def _best_by_mean(candidates: Sequence[Candidate], metric: str) -> dict[str, Any]:
    key = f"val/{metric}"
    objections = [_general_objections(each, metric) for each in candidates]
    winner, number = _winner(candidates, objections, by=lambda each: each.mean(key))
    if winner is None:
        return _nobody(metric, objections)
    return _won(
        winner, metric, _reason(f"It has the highest mean {measure_words(metric)} on val,", number)
    )


def _best_recall(candidates: Sequence[Candidate], priority_class: str | None) -> dict[str, Any]:
    metric = "recall_at_spec80"
    objections = [_objections(each) for each in candidates]
    winner, number = _winner(
        candidates,
        objections,
        by=lambda each: (each.mean(f"val/{metric}"), each.mean("val/auprc")),
    )
    if winner is None:
        return _nobody(metric, objections)
    finds = f"It finds the most {priority_class} posts of val at specificity .80,"
    if len(winner.models) > 1:
        finds += " on average over its seeds,"
    support = f"test/support/{priority_class}"
    return _won(winner, metric, _reason(finds, number), support=support)


def _most_stable(
    candidates: Sequence[Candidate], metric: str, priority_class: str | None
) -> dict[str, Any]:
    key = f"val/{metric}"
    objections = [
        [f"fewer than {SEEDS_NEEDED} different seeds"]
        if len(each.models) < SEEDS_NEEDED
        else _general_objections(each, metric)
        if priority_class is None
        else _objections(each)
        for each in candidates
    ]
    winner, number = _winner(
        candidates,
        objections,
        by=lambda each: (each.worst(key), each.mean(key) - each.spread(key)),
    )
    if winner is None:
        return _nobody(metric, objections)
    worst, mean, spread = winner.worst(key), winner.mean(key), winner.spread(key)
    claim = f"Its worst seed has the highest {measure_words(metric)} on val ({decimals(worst, 3)})"
    reason = _reason(claim, number)
    return {
        **_won(winner, metric, reason),
        "stability": {
            "worst": worst,
            "mean": mean,
            "standard_deviation": spread,
            "coefficient_of_variation": spread / mean if mean else None,
            "churn": alert_churn(winner.runs),
        },
    }


def _winner(
    candidates: Sequence[Candidate],
    objections: Sequence[Sequence[str]],
    *,
    by: Callable[[Candidate], Any],
) -> tuple[Candidate | None, int]:
    """The best of those that nothing speaks against, and how many they are."""
    admitted = [each for each, reasons in zip(candidates, objections, strict=True) if not reasons]
    return max(admitted, key=by, default=None), len(admitted)


def _reason(claim: str, number: int) -> str:
    """The claim, which means nothing where no other configuration qualifies."""
    if number == 1:
        return "It is the only configuration that qualifies."
    return f"{claim} of {number} configurations that qualify."


def _general_objections(candidate: Candidate, metric: str) -> list[str]:
    if not candidate.has(f"val/{metric}"):
        return [f"{measure_words(metric)} was not measured on val for every seed"]
    if any(is_constant(run) for run in candidate.runs):
        return ["it gives every post of val the same class"]
    return []


def _objections(candidate: Candidate) -> list[str]:
    # A configuration with one useless seed is not a good one: it stands or falls with all.
    return list(dict.fromkeys(reason for run in candidate.runs for reason in objections_to(run)))


def _won(winner: Candidate, metric: str, reason: str, *, support: str = "test/n") -> dict[str, Any]:
    key = f"test/{metric}"
    run = winner.best_run(f"val/{metric}")
    warnings = []
    if is_below_yardstick(winner.models, metric):
        warnings.append(
            f"Below baseline: by {measure_words(metric)} on val the yardstick is at least as good "
            "on the same posts."
        )
    if run.data.get("priority_class") is not None and objections_to(run):
        warnings.append("It is not admissible for finding the priority class.")
    return {
        "run": run.id,
        "directory": str(run.directory),
        "name": run.name,
        "model": run.model,
        "variants": "+".join(map(str, run.variants)),
        "configuration": winner.configuration_hash,
        "metric": key,
        "value": winner.mean(key) if winner.values(key) else None,
        "interval": winner.interval(key),
        "run_value": run.metrics.get(key),
        "run_interval": run.intervals.get(key),
        "num_models": len(winner.models),
        "n": run.metrics.get(support),
        "val": fmean(winner.values(f"val/{metric}")),
        "seeds": {str(each.seed): each.metrics.get(key) for each in winner.runs},
        "reason": reason,
        "warnings": warnings,
    }


def _made_elsewhere(own: Mapping[str, Any]) -> str:
    """What is said of a winner that another program made, with the best one that was made here."""
    if own["run"] is None:
        return f"{MADE_ELSEWHERE} Of the models that were trained here none qualifies."
    value = "not known" if own["value"] is None else decimals(own["value"], 3)
    measure = measure_words(own["metric"].removeprefix("test/"))
    return (
        f"{MADE_ELSEWHERE} The best one that was trained here: {own['name']} (run {own['run']}, "
        f"{measure} on test {value})."
    )


def _nobody(metric: str, objections: Sequence[Sequence[str]]) -> dict[str, Any]:
    nothing = (
        *("run", "directory", "name", "model", "variants", "configuration"),
        *("value", "interval", "run_value", "run_interval", "n", "val"),
    )
    counts = Counter(reason for reasons in objections for reason in reasons)
    against = "; ".join(
        f"{reason} ({number} of {len(objections)})" for reason, number in counts.most_common()
    )
    return {
        **dict.fromkeys(nothing),
        "metric": f"test/{metric}",
        "seeds": {},
        "num_models": 0,
        "reason": (
            f"No configuration qualifies: {against}."
            if against
            else "No run that judges posts has completed."
        ),
        "warnings": [],
    }
