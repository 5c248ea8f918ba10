"""The best trial of a search, run again with fresh seeds, and what the search came to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from mental_health_classifier.contracts import InputError
from mental_health_classifier.contracts.decimals import decimals
from mental_health_classifier.contracts.metric_words import metric_words
from mental_health_classifier.sweeps.jobs import composed
from mental_health_classifier.sweeps.search.beginning import overrides_of
from mental_health_classifier.sweeps.search.trials import trials_of
from mental_health_classifier.tracking.provenance.configuration_hash import job_hash
from mental_health_classifier.tracking.provenance.overrides import refuse_what_is_not_plain
from mental_health_classifier.tracking.search.plan import SearchPlan
from mental_health_classifier.tracking.search.result import FreshSeeds, SearchResult, TrialResult
from mental_health_classifier.tracking.search.study import best_of, importances, open_study
from mental_health_classifier.tracking.selection.candidates import candidates_among
from mental_health_classifier.tracking.sweep.ledger import JobState, SweepJob, states_of

_SEED = re.compile(r"seed=\d+")
_STATES = {"COMPLETE": "completed", "PRUNED": "pruned", "FAIL": "failed"}


def fresh_jobs(directory: Path, plan: SearchPlan, *, is_trusted: bool = False) -> list[SweepJob]:
    """The best configuration with seeds that no trial had. None at all: no trial was completed.

    Raises:
        InputError: it makes no configuration that can be run any more, or names code.
    """
    trials = trials_of(open_study(directory, plan), plan)
    best = best_of(trials)
    if best is None:
        return []
    tried = overrides_of(plan, trials[best].params)
    common = tuple(each for each in plan.overrides if not _SEED.fullmatch(each))
    seed = composed(plan.overrides)["seed"]
    jobs = []
    for place in range(plan.fresh_seeds):
        overrides = (*common, *tried, f"seed={seed + 1 + place}")
        refuse_what_is_not_plain(overrides, of=str(directory), is_trusted=is_trusted)
        jobs.append(SweepJob(plan.trials + place, job_hash(composed(overrides)), overrides))
    return jobs


def states_of_fresh(directory: Path, jobs: list[SweepJob]) -> list[JobState]:
    """What has become of the runs with fresh seeds."""
    return [
        states_of(directory, [job], among=directory.glob(f"{job.number}-*/"))[0] for job in jobs
    ]


def result_of(directory: Path, plan: SearchPlan, jobs: list[SweepJob]) -> SearchResult:
    """What the search came to so far.

    Args:
        jobs: of `fresh_jobs`.
    """
    study = open_study(directory, plan)
    trials = trials_of(study, plan)
    runs = [
        state.run
        for state in states_of_fresh(directory, jobs)
        if state.run is not None and state.status == "completed"
    ]
    metric = str(plan.maximise)
    fresh: dict[str, FreshSeeds] = {}
    for candidate in candidates_among(runs):
        for name in (metric, metric.replace("val/", "test/", 1)):
            if not candidate.values(name):
                continue
            low, high = candidate.interval(name) or (None, None)
            lowest = min(candidate.runs, key=lambda run: run.metrics.get(name) or 0)
            fresh[name] = FreshSeeds(
                mean=candidate.mean(name),
                low=low,
                high=high,
                worst=candidate.worst(name),
                worst_seed=int(lowest.seed or 0),
            )
    return SearchResult(
        name=plan.name,
        metric=metric,
        wanted=plan.trials,
        trials=tuple(
            TrialResult(
                number=number,
                state=_STATES.get(trial.state.name, "running"),
                value=trial.value,
                overrides=overrides_of(plan, trial.params),
                problem=trial.user_attrs.get("problem"),
            )
            for number, trial in trials.items()
        ),
        best=best_of(trials),
        seeds=tuple(int(run.seed) for run in runs if run.seed is not None),
        fresh=fresh,
        importances=importances(study, plan),
    )


def lines_of(result: SearchResult) -> Iterator[str]:
    """What the search came to, in sentences."""
    counts = ", ".join(f"{number} {state}" for state, number in result.counts().items())
    yield f"Trials: {counts or 'none yet'}, of {result.wanted}."
    best = result.best_trial
    if best is None:
        yield "No trial was completed, so that there is no best configuration."
        return
    completed = [each for each in result.trials if each.state == "completed"]
    equals = sum(each.value == best.value for each in completed)
    first = f", and the first of {equals} that reached it" if equals > 1 else ""
    yield (
        f"Best: trial {best.number}, {' '.join(best.overrides)}: {metric_words(result.metric)}, "
        f"{decimals(best.value or 0, 3)}, which is optimistic: it is the highest of "
        f"{len(completed)}{first}."
    )
    is_one = len(result.seeds) == 1
    seeds = f"{'seed' if is_one else 'seeds'} {', '.join(map(str, result.seeds))}"
    for name, each in result.fresh.items():
        interval = (
            "" if each.low is None else f" [{decimals(each.low, 2)}, {decimals(each.high or 0, 2)}]"
        )
        spread = (
            ""
            if is_one
            else f" on average, {decimals(each.worst, 3)} at worst (seed {each.worst_seed})"
        )
        yield (
            f"With the fresh {seeds}: {metric_words(name)}, "
            f"{decimals(each.mean, 3)}{interval}{spread}."
        )
    if result.importances:
        shares = ", ".join(
            f"{key} {decimals(share, 2)}" for key, share in result.importances.items()
        )
        yield f"What mattered: {shares}."


def require_trials(result: SearchResult) -> None:
    """Refuses a search that came to nothing.

    Raises:
        InputError: no trial was completed; says why the first that failed did.
    """
    if result.best is None:
        failed = next((each for each in result.trials if each.problem), None)
        why = "" if failed is None else f" Trial {failed.number}: {failed.problem}"
        raise InputError(f"No trial of the search was completed.{why}")
