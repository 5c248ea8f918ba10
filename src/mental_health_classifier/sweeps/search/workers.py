"""A worker of a search: trials first, then the best of them with fresh seeds."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mental_health_classifier.sweeps.launchers.launcher import Launcher
from mental_health_classifier.sweeps.resume import run_jobs, stopping
from mental_health_classifier.sweeps.search.trials import PAUSE, SUFFIX, is_taken, run_trials
from mental_health_classifier.sweeps.search.winner import fresh_jobs, result_of, states_of_fresh
from mental_health_classifier.tracking.record.attempts import started_in
from mental_health_classifier.tracking.search.plan import SearchPlan, read_plan
from mental_health_classifier.tracking.search.result import SearchResult, write_result
from mental_health_classifier.tracking.search.workers import at_work


@dataclass(frozen=True, slots=True)
class SearchAccount:
    """What a worker leaves behind."""

    result: SearchResult
    fresh_missing: int
    """Runs with fresh seeds that are not completed."""
    stopped_by: int | None
    """The signal by which a person ended it before its time."""


def work_on_search(
    directory: Path,
    *,
    say: Callable[[str], None],
    launcher: Launcher,
    start: Sequence[str] = (sys.executable, "-P"),
    is_trusted: bool = False,
) -> SearchAccount:
    """Brings a search to its end, beside other workers if there are any.

    Args:
        directory: of the search.
        say: is told of every trial as it begins and ends.
        start: the interpreter that trials are started with.
        is_trusted: whether its overrides may name code.

    Raises:
        InputError: the plan or the journal cannot be used, or no trial was completed.
    """
    directory = directory.resolve()
    plan = read_plan(directory)
    with at_work(directory):
        return _work(
            directory, plan, say=say, launcher=launcher, start=start, is_trusted=is_trusted
        )


def _work(
    directory: Path,
    plan: SearchPlan,
    *,
    say: Callable[[str], None],
    launcher: Launcher,
    start: Sequence[str],
    is_trusted: bool,
) -> SearchAccount:
    with stopping(launcher) as signals:
        run_trials(
            directory,
            say=say,
            launcher=launcher,
            folder=started_in(directory) or Path(),
            signals=signals,
            is_trusted=is_trusted,
            start=tuple(start),
        )
    write_result(result_of(directory, plan, []), directory)
    if signals:
        return SearchAccount(result_of(directory, plan, []), 0, signals[0])
    jobs = fresh_jobs(directory, plan, is_trusted=is_trusted)
    todo = [state for state in states_of_fresh(directory, jobs) if state.is_open]
    stopped_by = None
    if todo:
        say(f"The best configuration with fresh seeds, {len(todo)} to do.")
        _, stopped_by = run_jobs(
            todo,
            directory,
            SUFFIX,
            say=say,
            launcher=launcher,
            start=start,
            is_trusted=is_trusted,
        )
    with stopping(launcher) as signals:
        # Whoever leaves first would say that some are missing.
        while not signals and any(is_taken(directory, job) for job in jobs):
            time.sleep(PAUSE)
    stopped_by = stopped_by or (signals[0] if signals else None)
    missing = sum(each.status != "completed" for each in states_of_fresh(directory, jobs))
    account = SearchAccount(result_of(directory, plan, jobs), missing, stopped_by)
    write_result(account.result, directory)
    return account
