"""Trials of a search, by as many workers as there are: what one leaves undone another takes up.

The journal says which values a trial tries, the records what became of its run. A worker that is
killed leaves a trial that runs in the journal and by its claim does not; whoever looks next goes on
with it from its last checkpoint. After MOST_TRIES it has failed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mental_health_classifier.contracts import InputError
from mental_health_classifier.contracts.decimals import decimals
from mental_health_classifier.storage.files import read_json
from mental_health_classifier.sweeps.job_process import JobTask, run_job, task_of
from mental_health_classifier.sweeps.jobs import composed
from mental_health_classifier.sweeps.launchers.launcher import Launcher
from mental_health_classifier.sweeps.search.beginning import overrides_of
from mental_health_classifier.tracking.provenance.configuration_hash import job_hash
from mental_health_classifier.tracking.provenance.overrides import refuse_what_is_not_plain
from mental_health_classifier.tracking.record.attempts import latest_attempt, life_of_latest
from mental_health_classifier.tracking.search.plan import SearchPlan, read_plan
from mental_health_classifier.tracking.search.study import open_study, optuna, suggest
from mental_health_classifier.tracking.search.trial import Trial
from mental_health_classifier.tracking.sweep.ledger import JobState, SweepJob, claims_of, states_of

if TYPE_CHECKING:
    from optuna.study import Study
    from optuna.trial import FrozenTrial

MOST_TRIES = 4
"""Times that a trial is begun or gone on with. One that kills its process would else never end."""

SUFFIX = "1"
"""See `JobTask`."""

PAUSE = 2.0
"""Seconds between two looks at trials that others run."""

_ABANDONED = 60.0
"""Seconds after which a trial that nobody has claimed was asked for by somebody who is dead."""


@dataclass(frozen=True, slots=True)
class TrialTask:
    """What a process on any machine that sees the search's folder has to know to run a trial."""

    task: JobTask

    @property
    def number(self) -> int:
        return self.task.job.number


def run_trials(
    directory: Path,
    *,
    say: Callable[[str], None],
    launcher: Launcher,
    folder: Path,
    signals: list[int],
    is_trusted: bool = False,
    start: tuple[str, ...],
) -> None:
    """Runs trials until there are as many as the plan has, and waits for those of others.

    Args:
        directory: of the search, absolute.
        say: is told of every trial as it begins and ends.
        folder: where the search began.
        start: see `JobTask`.
        signals: becomes longer when somebody asks to stop.
        is_trusted: whether overrides may name code.

    Raises:
        InputError: the journal or the plan cannot be used.
    """
    plan = read_plan(directory)
    here: set[int] = set()
    given: dict[str, Any] = {"suffix": SUFFIX, "start": start, "is_trusted": is_trusted}

    def tasks() -> Iterator[TrialTask]:
        while not signals:
            study = open_study(directory, plan)
            found = _left_by_others(study, plan, directory, here)
            number = _asked(study, plan) if found is None else found
            if number is None:
                return
            here.add(number)
            try:
                job = job_of(study, number, plan, directory, is_trusted=is_trusted)
                if job is None:
                    here.discard(number)
                    continue
                state = _state(job, directory)
                task = task_of(state, directory, folder, **given)
            except InputError as error:
                _fail(study, number, str(error))
                here.discard(number)
                say(f"Trial {number} cannot be run: {error}")
                continue
            goes_on = "" if state.run is None else f", goes on ({state.run.status})"
            say(f"Trial {number}: {_words(job, plan)}{goes_on}")
            yield TrialTask(task)

    while not signals:
        for item, death in launcher.each(run_trial, tasks(), directory):
            here.discard(item.number)
            say(_said(directory, plan, item.number, death))
        study = open_study(directory, plan)
        if not any(not each.state.is_finished() for each in trials_of(study, plan).values()):
            return
        if not signals:
            time.sleep(PAUSE)


def run_trial(item: TrialTask, environment: Mapping[str, str]) -> None:
    """Runs a trial to its end and tells the study, unless another process is at it."""
    task = item.task
    trial = Trial(task.job.number, task.sweep)
    run_job(task, {**environment, **trial.environment})
    settle(task.sweep, read_plan(task.sweep), task.job)


def settle(directory: Path, plan: SearchPlan, job: SweepJob) -> None:
    """Tells the study what became of a trial, if its run is over."""
    from optuna.trial import TrialState

    study = open_study(directory, plan)
    if study.get_trials(deepcopy=False)[job.number].state.is_finished():
        return
    state = _state(job, directory)
    run = state.run
    if state.status == "completed" and run is not None:
        value = run.metrics.get(str(plan.maximise))
        _note(study, job.number, "seconds", run.duration_seconds or 0)
        if value is None:
            _fail(study, job.number, f"its run has no {plan.maximise}.")
        else:
            _tell(study, job.number, value)
    elif state.status == "pruned" and run is not None:
        _note(study, job.number, "seconds", run.duration_seconds or 0)
        _tell(study, job.number, state=TrialState.PRUNED)
    elif state.status == "failed" and run is not None:
        _fail(study, job.number, run.problem or "its run failed.")
    elif state.is_open and (reason := _is_given_up(job, directory, is_begun=run is not None)):
        _fail(study, job.number, reason)


def is_taken(directory: Path, job: SweepJob) -> bool:
    """Whether a process is at a job just now."""
    return life_of_latest(latest_attempt(claims_of(directory, job))) == "running"


def trials_of(study: Study, plan: SearchPlan) -> dict[int, FrozenTrial]:
    """The trials by their number, without those that two workers asked for at the end at once, one
    too many."""
    return {
        each.number: each for each in study.get_trials(deepcopy=False) if each.number < plan.trials
    }


def job_of(
    study: Study, number: int, plan: SearchPlan, directory: Path, *, is_trusted: bool
) -> SweepJob | None:
    """The job of a trial, with the values that it tries. None: another worker, who took this one
    for dead, has finished it meanwhile.

    Raises:
        InputError: it makes no configuration that can be run, or names code.
    """
    try:
        values = suggest(study, number, plan)
    except optuna().exceptions.UpdateFinishedTrialError:
        return None
    overrides = (*plan.overrides, *overrides_of(plan, values))
    refuse_what_is_not_plain(overrides, of=str(directory), is_trusted=is_trusted)
    job = SweepJob(number, job_hash(composed(overrides)), overrides)
    _note(study, number, "key", job.key)
    return job


def _left_by_others(study: Study, plan: SearchPlan, directory: Path, here: set[int]) -> int | None:
    """A trial that is to run and that nobody is at."""
    for number, trial in trials_of(study, plan).items():
        if trial.state.is_finished() or number in here:
            continue
        key = trial.user_attrs.get("key")
        if key is None:
            # Asked for a moment ago by somebody, or by somebody who died then. Either way its
            # claim decides who runs it.
            if _age(trial) > _ABANDONED:
                return number
            continue
        claim = latest_attempt(claims_of(directory, SweepJob(number, str(key), ())))
        if claim is None:
            if _age(trial) > _ABANDONED:
                return number
        elif (claim / "end.json").exists() or life_of_latest(claim) == "killed":
            return number
    return None


def _asked(study: Study, plan: SearchPlan) -> int | None:
    """A new trial. None: there are as many as there are to be, or the time is up."""
    trials = study.get_trials(deepcopy=False)
    spent = sum(each.user_attrs.get("seconds", 0) for each in trials) / 60
    if len(trials) >= plan.trials or (plan.minutes is not None and spent >= plan.minutes):
        return None
    number = study.ask().number
    if number >= plan.trials:
        _fail(study, number, "another worker had asked for the last trial.")
        return None
    return number


def _age(trial: FrozenTrial) -> float:
    began = trial.datetime_start
    return time.time() - began.timestamp() if began else float("inf")


def _is_given_up(job: SweepJob, directory: Path, *, is_begun: bool) -> str | None:
    """Why a trial whose process is gone is not gone on with. None: it is, or somebody is at it."""
    claim = latest_attempt(claims_of(directory, job))
    if claim is None:
        return None
    try:
        end = read_json(claim / "end.json")
    except FileNotFoundError:
        if life_of_latest(claim) != "killed":
            return None
        end = {}
    code = end.get("exit_code")
    if not is_begun and isinstance(code, int) and 0 < code < 128:
        return f"its process ended with exit code {code} before its record began; see {claim}."
    if int(claim.name) >= MOST_TRIES:
        return f"its process was gone {MOST_TRIES} times before the end."
    return None


def _state(job: SweepJob, directory: Path) -> JobState:
    return states_of(directory, [job], among=directory.glob(f"{job.number}-*/"))[0]


def _note(study: Study, number: int, key: str, value: Any) -> None:
    frozen = study.get_trials(deepcopy=False)[number]
    if not frozen.state.is_finished() and frozen.user_attrs.get(key) != value:
        with suppress(optuna().exceptions.UpdateFinishedTrialError):
            study._storage.set_trial_user_attr(frozen._trial_id, key, value)


def _fail(study: Study, number: int, reason: str) -> None:
    from optuna.trial import TrialState

    _note(study, number, "problem", " ".join(reason.split()))
    _tell(study, number, state=TrialState.FAIL)


def _tell(study: Study, number: int, value: float | None = None, **state: Any) -> None:
    # Two may have seen that the run is over, and one of them is the first to say so.
    with suppress(optuna().exceptions.UpdateFinishedTrialError):
        study.tell(number, value, **state, skip_if_finished=True)


def _words(job: SweepJob, plan: SearchPlan) -> str:
    return " ".join(job.overrides[len(plan.overrides) :])


def _said(directory: Path, plan: SearchPlan, number: int, death: str | None) -> str:
    study = open_study(directory, plan)
    trial = study.get_trials(deepcopy=False)[number]
    if not trial.state.is_finished():
        return f"Trial {number} is not over: {death or 'its process was stopped'}."
    if trial.state.name == "COMPLETE":
        return f"Trial {number} is completed: {decimals(trial.value or 0, 3)}."
    if trial.state.name == "PRUNED":
        epochs = len(trial.intermediate_values)
        return (
            f"Trial {number} is pruned after {epochs} epochs, at {decimals(trial.value or 0, 3)}."
        )
    return f"Trial {number} failed: {trial.user_attrs.get('problem', 'not known why')}"
