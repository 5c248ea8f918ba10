"""Optuna's study of a search, kept in the journal of its folder.

Only `suggest` and `is_hopeless` depend on what has been tried; both take their random numbers from
the seed of the plan and the number of the trial. One worker therefore tries the same again after it
was killed as it would have tried without that.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from mental_health_classifier.contracts import InputError
from mental_health_classifier.storage.files import place_in, refuse_special_files
from mental_health_classifier.tracking.search.plan import Choices, Numbers, SearchPlan

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.study import Study
    from optuna.trial import FrozenTrial

JOURNAL = "journal.log"
_STUDY = "search"


def optuna() -> ModuleType:
    """Optuna, which only a search needs.

    Raises:
        InputError: it is not installed.
    """
    try:
        import optuna
    except ImportError:
        raise InputError(
            "A search needs optuna, which is not installed: "
            "pip install 'mental-health-classifier[search]'."
        ) from None
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    logging.getLogger("optuna").propagate = False
    return optuna


def open_study(directory: Path, plan: SearchPlan) -> Study:
    """The study of the search in a folder, begun if there is none.

    Raises:
        InputError: Optuna is not installed, or the journal is damaged.
    """
    library = optuna()
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

    path = place_in(directory, JOURNAL)
    refuse_special_files([path.with_name(f"{JOURNAL}.lock")])
    # A file that must not exist yet is a lock on every file system, also on those without flock;
    # Optuna's other lock is a link, which no record of this project may hold.
    lock = JournalFileOpenLock(str(path))
    if path.exists() and not _ends_with_a_line(path):
        lock.acquire()
        try:
            _drop_what_was_cut(path)
        finally:
            lock.release()
    try:
        storage = JournalStorage(JournalFileBackend(str(path), lock_obj=lock))
        return library.create_study(
            study_name=_STUDY,
            storage=storage,
            direction="maximize",
            pruner=_pruner(plan),
            load_if_exists=True,
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"{path} is damaged ({type(error).__name__}): what has been tried is not known. The "
            "runs beside it are whole; begin a new search."
        ) from None


def suggest(study: Study, number: int, plan: SearchPlan) -> dict[str, Any]:
    """The values that a trial tries, by key; those of a trial that has them already stay.

    Args:
        number: of a trial that runs.
    """
    from optuna.trial import Trial

    study.sampler = _sampler(plan, number)
    frozen = study.get_trials(deepcopy=False)[number]
    trial = Trial(study, frozen._trial_id)
    return {key: trial._suggest(key, _optuna_of(each)) for key, each in plan.space.items()}


def is_hopeless(study: Study, number: int, *, step: int, value: float) -> bool:
    """Tells the study a number of val of a trial, and returns whether the trial is to end.

    Args:
        step: epochs done before; a second number at one step is left alone.
        value: what is maximised; NaN ends the trial.
    """
    from optuna.trial import Trial

    frozen = study.get_trials(deepcopy=False)[number]
    trial = Trial(study, frozen._trial_id)
    if step not in frozen.intermediate_values:
        trial.report(value, step)
    return trial.should_prune()


def importances(study: Study, plan: SearchPlan) -> dict[str, float]:
    """The share of each key of the space in how much the completed trials differ, greatest first,
    by PED-ANOVA (Watanabe et al., IJCAI 2023). Empty where there are too few trials to say.
    """
    from optuna.importance import get_param_importances
    from optuna.trial import TrialState

    completed = study.get_trials(deepcopy=False, states=[TrialState.COMPLETE])
    if len(completed) < ENOUGH or len(plan.space) < 2 or len({t.value for t in completed}) < 2:
        return {}
    return {key: float(share) for key, share in get_param_importances(study).items()}


ENOUGH = 10
"""Completed trials, with fewer of which nobody can say what matters."""


def best_of(trials: Mapping[int, FrozenTrial]) -> int | None:
    """The number of the completed trial with the greatest value, the first of equal ones."""
    from optuna.trial import TrialState

    values = {
        number: trial.value
        for number, trial in trials.items()
        if trial.state == TrialState.COMPLETE and trial.value is not None
    }
    return max(values, key=lambda number: (values[number], -number)) if values else None


def _sampler(plan: SearchPlan, number: int) -> Any:
    samplers = optuna().samplers
    # With the seed alone, whoever goes on would draw what was drawn first once more.
    seed = (plan.seed * 1_000_003 + number) % 2**32
    if plan.sampler == "random":
        return samplers.RandomSampler(seed=seed)
    return samplers.TPESampler(n_startup_trials=plan.startup_trials, seed=seed)


def _pruner(plan: SearchPlan) -> Any:
    pruners = optuna().pruners
    if plan.pruner == "none":
        return pruners.NopPruner()
    if plan.pruner == "hyperband":
        return pruners.HyperbandPruner(
            min_resource=max(1, plan.warmup_epochs), max_resource=plan.max_epochs or "auto"
        )
    return pruners.MedianPruner(
        n_startup_trials=plan.startup_trials, n_warmup_steps=plan.warmup_epochs
    )


def _optuna_of(distribution: Numbers | Choices) -> BaseDistribution:
    from optuna.distributions import (
        CategoricalDistribution,
        FloatDistribution,
        IntDistribution,
    )

    if isinstance(distribution, Choices):
        return CategoricalDistribution(distribution.values)
    low, high, is_log = distribution.low, distribution.high, distribution.is_log
    if distribution.is_whole:
        return IntDistribution(int(low), int(high), log=is_log, step=int(distribution.step or 1))
    return FloatDistribution(low, high, log=is_log, step=distribution.step)


def _ends_with_a_line(path: Path) -> bool:
    content = path.read_bytes()
    return not content or content.endswith(b"\n")


def _drop_what_was_cut(path: Path) -> None:
    """Takes off the piece of a line that a full disk or a lost machine left at the end: whatever
    is added behind it would make the whole journal unreadable."""
    content = path.read_bytes()
    with path.open("r+b") as file:
        file.truncate(content.rfind(b"\n") + 1)
