"""Commands that train again: `resume` goes on, `reproduce` repeats."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from mental_health_classifier.analysis.pages.sweep_table import sweep_table
from mental_health_classifier.cli.arguments import (
    LookedUpIn,
    Run,
    RunOrSweep,
    answer,
    existing,
    say,
)
from mental_health_classifier.cli.search import go_on_with_search
from mental_health_classifier.console.alert import alert, check_alert
from mental_health_classifier.console.logs import log_into
from mental_health_classifier.console.progress import showing
from mental_health_classifier.console.tables import print_table
from mental_health_classifier.contracts import InputError
from mental_health_classifier.storage.files import place_in
from mental_health_classifier.sweeps.launchers.choice import launcher_called
from mental_health_classifier.sweeps.resume import resume_sweep
from mental_health_classifier.tracking.provenance.environment import (
    ensure_deterministic_environment,
)
from mental_health_classifier.tracking.provenance.replay import (
    TOLERANCE,
    refuse_external,
    replay,
)
from mental_health_classifier.tracking.run_index import RunSummary, is_run, resolve_run
from mental_health_classifier.tracking.search.plan import is_search
from mental_health_classifier.tracking.sweep.ledger import sweep_called
from mental_health_classifier.tracking.sweep.progress import progress_in


def resume(
    run: RunOrSweep,
    root: LookedUpIn = None,
    launcher: Annotated[
        str | None,
        typer.Option(help="Of a sweep: joblib, slurm, slurm_local, ray; see conf/hydra/launcher."),
    ] = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Of a sweep: so many at once, of joblib if not said.")
    ] = None,
    trust: Annotated[
        bool, typer.Option("--trust", help="Run what the overrides of a sweep name, code too.")
    ] = False,
) -> None:
    """Goes on with a killed, interrupted or failed run, or a sweep.

    A run goes on from its last checkpoint and ends with the weights of a run that was never cut
    off, bit for bit. Of a sweep the missing jobs run, and those that failed, were killed or
    interrupted are resumed. Paths of data begin in the folder where the run or the sweep began,
    wherever this command is given; if that folder is gone, in the present one. Posts are prepared
    there only where some were prepared before.
    """
    ensure_deterministic_environment()
    check_alert()
    is_parallel = launcher is not None or jobs is not None
    if not is_run(os.path.expanduser(run)) and (sweep := sweep_called(run)):
        if is_search(sweep):
            go_on_with_search(sweep, jobs=jobs, launcher=launcher, trust=trust)
            return
        way = launcher_called(launcher or "joblib", jobs=jobs) if is_parallel else None
        account = resume_sweep(sweep, say=say, launcher=way, is_trusted=trust)
        states = progress_in(sweep)
        print_table(lambda width: sweep_table(states, width=width))
        answer(f"{run}: {account}")
        alert(f"{sweep}: {account}")
        if account.stopped_by is not None:
            raise typer.Exit(128 + account.stopped_by)
        if account.done < account.wanted:
            raise typer.Exit(1)
        return
    directory = resolve_run(run, existing(root)).directory.resolve()
    if is_parallel:
        raise InputError(f"{run} is one run: --launcher and --jobs are for the jobs of a sweep.")
    # Torch takes seconds to import: not before it is known that there is something to resume.
    from mental_health_classifier.experiment.run import resume_experiment

    log_into(place_in(directory, "logs/train.log"))
    resume_experiment(directory)


def reproduce(
    run: Run,
    root: LookedUpIn = None,
    trust: Annotated[
        bool, typer.Option("--trust", help="Run code that came with the record.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Refuse where the environment is another one.")
    ] = False,
) -> None:
    """Runs a run again with its own source and compares every bit."""
    found = resolve_run(run, existing(root))
    refuse_external(found)
    _require_inputs(found)
    with showing(f"Replaying run {found.id}"):
        verdict = replay(found, is_trusted=trust, is_strict=strict)
    for difference in verdict.environment:
        say(f"Environment: {difference}.")
    if verdict.is_identical:
        answer(f"Run {found.id}: identical, bit for bit.")
        return
    first, *others = verdict.differences
    answer(
        f"Run {found.id}: equal within {TOLERANCE} on other hardware."
        if verdict.is_equal
        else f"Run {found.id}: different. First, {first}."
    )
    for other in others[:20]:
        say(f"{other}.")
    say(f"{len(verdict.differences)} differences; the replayed run is in {verdict.directory}.")
    if not verdict.is_equal:
        raise typer.Exit(1)


def _require_inputs(run: RunSummary) -> None:
    """Refuses a run whose posts, encoder or language model are not here, before its source is
    rebuilt.

    Raises:
        InputError: as said.
    """
    posts = run.setting("data", "path")
    if isinstance(posts, str) and not Path(posts).expanduser().exists():
        raise InputError(
            f"Run {run.id} read data.path={posts}, which is not here. Put the posts back, or give "
            "the command in the folder where the run began."
        )
    encoder, sha256 = run.setting("model", "encoder"), run.setting("model", "encoder_sha256")
    if isinstance(encoder, str) and isinstance(sha256, str):
        from mental_health_classifier.data.tokens.encoder_folder import find_recorded_encoder

        # Whatever the record says: it may be somebody else's, and reaches no hub.
        find_recorded_encoder(encoder, download=False, sha256=sha256)
    asked = run.setting("model", "language_model")
    if isinstance(asked, Mapping):
        from mental_health_classifier.data.tokens.language_model_folder import (
            find_language_model,
            refuse_another_language_model,
        )

        folder = find_language_model(str(asked.get("folder")))
        refuse_another_language_model(folder, asked.get("sha256"))
