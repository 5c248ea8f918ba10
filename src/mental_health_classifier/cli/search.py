"""The command `search`: looks for the best values of some settings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
import yaml

from mental_health_classifier.cli.arguments import answer, say
from mental_health_classifier.console.alert import alert, check_alert
from mental_health_classifier.contracts import InputError
from mental_health_classifier.contracts.folder_names import new_run_directory
from mental_health_classifier.sweeps.launchers.choice import launcher_called
from mental_health_classifier.sweeps.search.beginning import begin_search
from mental_health_classifier.sweeps.search.winner import lines_of, require_trials
from mental_health_classifier.sweeps.search.workers import work_on_search
from mental_health_classifier.tracking.provenance.environment import (
    ensure_deterministic_environment,
)
from mental_health_classifier.tracking.search.plan import SearchPlan, is_search, plan_from


def search(
    what: Annotated[
        Path,
        typer.Argument(
            help="A file of conf/search, for a new search, or the folder of one that goes on.",
            metavar="FILE_OR_FOLDER",
        ),
    ],
    jobs: Annotated[int, typer.Option(min=1, help="Trials at once.")] = 1,
    launcher: Annotated[
        str, typer.Option(help="joblib, slurm, slurm_local, ray; see conf/hydra/launcher.")
    ] = "joblib",
    folder: Annotated[
        Path | None, typer.Option(help="Where a new search is kept: a new folder.")
    ] = None,
    trust: Annotated[
        bool, typer.Option("--trust", help="Run what the overrides of a folder name, code too.")
    ] = False,
) -> None:
    """Searches for the best settings; fresh seeds test the winner.

    Every trial is a run with its record. A search that was stopped or killed goes on, and more
    workers join, by this command with its folder. The value that the search itself found is
    optimistic, being the highest of many; the mean over fresh seeds is not.
    """
    ensure_deterministic_environment()
    check_alert()
    is_new = not what.is_dir()
    if what.is_dir():
        if not is_search(what):
            raise InputError(f"{what} holds no search. Give a file of conf/search for a new one.")
        if folder is not None:
            raise InputError(f"--folder={folder}: {what} goes on where it is. Leave --folder out.")
        place = what
    else:
        plan = _plan_of(what)
        place = folder or new_run_directory(Path("multirun"), f"search-{plan.name}")
        begin_search(plan, place)
        say(f"Search in {place}. The same command with that folder goes on, or joins in.")
    go_on_with_search(place, jobs=jobs, launcher=launcher, trust=trust or is_new)


def go_on_with_search(folder: Path, *, jobs: int | None, launcher: str | None, trust: bool) -> None:
    """Works on a search to its end and says what it came to.

    Raises:
        InputError: it cannot go on, or came to nothing.
        typer.Exit: it was stopped, or runs with fresh seeds did not complete.
    """
    account = work_on_search(
        folder,
        say=say,
        launcher=launcher_called(launcher or "joblib", jobs=jobs or 1),
        is_trusted=trust,
    )
    lines = lines_of(account.result)
    for line in lines:
        answer(line)
    alert("\n".join([f"{folder}:", *lines]))
    if account.stopped_by is not None:
        say(f"Stopped; `mhc search {folder}` goes on.")
        raise typer.Exit(128 + account.stopped_by)
    require_trials(account.result)
    if account.fresh_missing:
        say(f"Runs with fresh seeds that are not completed: {account.fresh_missing}.")
        raise typer.Exit(1)


def _plan_of(file: Path) -> SearchPlan:
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        known = ", ".join(sorted(str(each) for each in Path("conf/search").glob("*.yaml")))
        raise InputError(
            f"{file} is not here. Give a file like those of conf/search: {known or 'none here'}."
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{file} is no YAML: {' '.join(str(error).split())}") from None
    return plan_from(content, of=str(file))
