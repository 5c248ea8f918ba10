"""The command `mhc`: what runs have recorded, looked at from a terminal.

Each command imports what it needs inside itself, so that all of them start at once.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer
from typer.core import TyperGroup

from mental_health_classifier.contracts import InputError

if TYPE_CHECKING:
    from mental_health_classifier.tracking.run_index import RunSummary

ROOTS = (Path("outputs"), Path("multirun"))
"""Where Hydra puts single runs and sweeps."""


class Commands(TyperGroup):
    """Commands that say in one message what the user can put right."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except InputError as error:
            say(str(error))
            raise typer.Exit(1) from None


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Roots = Annotated[
    list[Path] | None,
    typer.Argument(help="Folders that hold runs, at any depth: outputs and multirun if not given."),
]
LookedUpIn = Annotated[
    list[Path] | None,
    typer.Option("--root", help="A folder that holds runs: outputs and multirun if not given."),
]
Run = Annotated[str, typer.Argument(help="A run: its id, the beginning of it, or its folder.")]
AsJson = Annotated[bool, typer.Option("--json", help="Strict JSON: one list of objects.")]


def main() -> None:
    """Runs the command; what `python -m mental_health_classifier` does too."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # Names hold whatever people and file systems put into them.
            stream.reconfigure(errors="backslashreplace")
    app()


def print_version(is_wanted: bool) -> None:
    if is_wanted:
        from importlib.metadata import version

        typer.echo(version("mental-health-classifier"))
        raise typer.Exit


@app.callback()
def describe(
    version: Annotated[
        bool,
        typer.Option("--version", callback=print_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Looks at what runs have recorded. A run is a folder: who deletes that deletes the run."""


@app.command()
def runs(
    roots: Roots = None,
    status: Annotated[
        str | None, typer.Option(help="Only those that are completed, failed, killed, ...")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Lists runs, newest first, whatever became of them."""
    from mental_health_classifier.analysis.run_facts import facts_of
    from mental_health_classifier.analysis.run_list import run_list
    from mental_health_classifier.analysis.terminal import print_table
    from mental_health_classifier.tracking.run_summary import Status

    if status is not None and status not in get_args(Status):
        raise InputError(f"--status={status}: expected one of {', '.join(get_args(Status))}.")
    rows = [
        facts_of(run) for run in found_runs(roots, as_list=True) if status in (None, run.status)
    ]
    if as_json:
        print_json(rows)
    elif rows:
        print_table(lambda width: run_list(rows, width=width))


@app.command("show")
def show_run(run: Run, root: LookedUpIn = None, as_json: AsJson = False) -> None:
    """Shows one run in full: its numbers beside yardstick and ceilings, and its posts."""
    from mental_health_classifier.analysis.run_overview import run_overview
    from mental_health_classifier.analysis.terminal import new_console
    from mental_health_classifier.tracking.run_index import resolve_run

    found = resolve_run(run, existing(root))
    if as_json:
        record = {"run": found.run, "data": found.data, "end": found.end}
        facts = {"directory": str(found.directory), "status": found.status}
        print_json([{**facts, "problems": found.problems, **record}])
    else:
        new_console().print(run_overview(found))


@app.command()
def diff(a: Run, b: Run, root: LookedUpIn = None, as_json: AsJson = False) -> None:
    """Shows what two runs did differently, and how their numbers differ."""
    from mental_health_classifier.analysis.run_difference import difference_page, run_difference
    from mental_health_classifier.analysis.terminal import new_console
    from mental_health_classifier.tracking.run_index import resolve_run

    run_a, run_b = (resolve_run(reference, existing(root)) for reference in (a, b))
    if as_json:
        print_json(run_difference(run_a, run_b))
    else:
        new_console().print(difference_page(run_a, run_b))


@app.command()
def compare(
    roots: Roots = None,
    sort: Annotated[
        str | None, typer.Option(help="Order by this column instead of the headline.")
    ] = None,
    ascending: Annotated[bool, typer.Option("--ascending", help="Smallest first.")] = False,
    where: Annotated[
        str | None, typer.Option(help="Only runs like 'final_accuracy > 0.85 and seed == 1'.")
    ] = None,
    tag: Annotated[
        list[str] | None, typer.Option(help="Only runs with this tag; several: with all of them.")
    ] = None,
    columns: Annotated[
        str | None, typer.Option(help="Only these columns: seed,final_accuracy.")
    ] = None,
    csv: Annotated[
        str | None, typer.Option(help="Write the table to this new file, or - for here.")
    ] = None,
    test: Annotated[
        bool,
        typer.Option("--test", help="Test which is really better: RUN RUN, or groups A,B C,D."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Compares runs in one table, best first."""
    if test:
        return test_models(roots, as_json=as_json)
    from mental_health_classifier.analysis.leaderboard import (
        chosen_columns,
        leaderboard,
        warning_about_posts,
    )
    from mental_health_classifier.analysis.run_filter import known_columns, select_runs
    from mental_health_classifier.analysis.run_table import (
        headline_column,
        ranked,
        records_of,
        write_csv,
    )
    from mental_health_classifier.analysis.terminal import print_table

    found = found_runs(roots)
    if not found:
        return print_json([]) if as_json else None
    table = select_runs(found, tags=tag or (), where=where)
    if not len(table):
        say(f"None of the {len(found)} runs is like that.")
    (by,) = known_columns([sort or headline_column(table)], table, option="--sort")
    names = known_columns(columns.split(","), table, option="--columns") if columns else None
    table = ranked(table, by=by, ascending=ascending)
    chosen = table.loc[:, names] if names else table
    if as_json:
        print_json(records_of(chosen))
    elif csv is not None:
        write_csv(chosen, csv)
    elif len(table):
        print_table(
            lambda width: (
                chosen_columns(table, names) if names else leaderboard(table, by=by, width=width)
            )
        )
    if warning := warning_about_posts(table):
        say(f"Warning: {warning}")


@app.command()
def best(roots: Roots = None, as_json: AsJson = False) -> None:
    """Names the best models, chosen on val and reported on test, or says why there is none."""
    from mental_health_classifier.analysis.best_list import best_list
    from mental_health_classifier.analysis.terminal import print_table
    from mental_health_classifier.tracking.best_models import best_models

    found = best_models(found_runs(roots))
    if as_json:
        print_json([{"best": heading, **entry} for heading, entry in found.items()])
    else:
        print_table(lambda width: best_list(found, width=width))


@app.command()
def resume(
    run: Annotated[
        str, typer.Argument(help="A run: its id, its beginning or folder; or a sweep's folder.")
    ],
    root: LookedUpIn = None,
) -> None:
    """Goes on with a killed, interrupted or failed run, or with a sweep.

    A run goes on from its last checkpoint and ends with the weights of a run that was never cut
    off, bit for bit. Of a sweep the missing jobs run, and those that failed, were killed or
    interrupted are resumed. To be started in the folder where it began, because the paths of data
    and caches begin there.
    """
    from mental_health_classifier.tracking.environment import ensure_deterministic_environment
    from mental_health_classifier.tracking.run_index import resolve_run
    from mental_health_classifier.tracking.sweep_ledger import FILE_NAME

    ensure_deterministic_environment()
    if Path(run, FILE_NAME).exists():
        from mental_health_classifier.sweep import resume_sweep

        account = resume_sweep(Path(run), say=say)
        typer.echo(f"{run}: {account}")
        if account.done < account.wanted:
            raise typer.Exit(1)
        return
    directory = resolve_run(run, existing(root)).directory
    from mental_health_classifier.experiment import resume_experiment
    from mental_health_classifier.run_logging import log_into

    log_into(directory)
    resume_experiment(directory)


@app.command()
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
    """Runs a run again with its own source and says whether the same came out, bit for bit."""
    from mental_health_classifier.progress import showing
    from mental_health_classifier.tracking.replay import TOLERANCE, replay
    from mental_health_classifier.tracking.run_index import resolve_run

    found = resolve_run(run, existing(root))
    with showing(f"Replaying run {found.id}"):
        verdict = replay(found, is_trusted=trust, is_strict=strict)
    for difference in verdict.environment:
        say(f"Environment: {difference}.")
    if verdict.is_identical:
        typer.echo(f"Run {found.id}: identical, bit for bit.")
        return
    first, *others = verdict.differences
    typer.echo(
        f"Run {found.id}: equal within {TOLERANCE} on other hardware."
        if verdict.is_equal
        else f"Run {found.id}: different. First, {first}."
    )
    for other in others[:20]:
        say(f"{other}.")
    say(f"{len(verdict.differences)} differences; the replayed run is in {verdict.directory}.")
    if not verdict.is_equal:
        raise typer.Exit(1)


snapshots = typer.Typer(
    help="Preserves the current state, and gives it back.", invoke_without_command=True
)
app.add_typer(snapshots, name="snapshot")


@snapshots.callback()
def take(
    context: typer.Context,
    name: Annotated[str, typer.Option(help="What to call it.")] = "snapshot",
    description: Annotated[str, typer.Option(help="Why it is taken.")] = "",
    tag: Annotated[list[str] | None, typer.Option(help="A label; can be given often.")] = None,
    run: Annotated[
        list[str] | None,
        typer.Option(help="A run to preserve with it: the best ones if not given."),
    ] = None,
    root: LookedUpIn = None,
    archive: Annotated[bool, typer.Option("--archive", help="Also as one .tar.gz file.")] = False,
) -> None:
    """Preserves source with uncommitted work, environment and runs below model_snapshots/."""
    if context.invoked_subcommand is not None:
        return
    from mental_health_classifier.tracking.archives import pack
    from mental_health_classifier.tracking.best_models import best_models
    from mental_health_classifier.tracking.run_index import find_runs, resolve_run
    from mental_health_classifier.tracking.snapshot import take_snapshot
    from mental_health_classifier.tracking.snapshot_check import SNAPSHOTS

    if run:
        chosen = [resolve_run(reference, existing(root)) for reference in run]
    else:
        found = find_runs(existing(root))
        best_ids = {entry["run"] for entry in best_models(found).values()}
        chosen = [each for each in found if each.id in best_ids and each.status == "completed"]
    folder = take_snapshot(
        SNAPSHOTS, name=name, description=description, tags=tag or [], runs=chosen
    )
    if archive:
        pack(folder, folder.with_name(f"{folder.name}.tar.gz"))
    typer.echo(f"{folder}: source and {len(chosen)} runs.")


@snapshots.command("list")
def list_snapshots(as_json: AsJson = False) -> None:
    """Lists the snapshots, oldest first."""
    from mental_health_classifier.analysis.terminal import printable
    from mental_health_classifier.tracking.snapshot_check import SNAPSHOTS, read_manifests

    keys = ("name", "description", "tags", "created_at", "git", "runs")
    manifests = read_manifests(SNAPSHOTS)
    if as_json:
        print_json(
            [{"folder": str(f), **{key: m.get(key) for key in keys}} for f, m in manifests.items()]
        )
        return
    for folder, manifest in manifests.items():
        about = f"{len(manifest.get('runs', []))} runs. {manifest.get('description') or ''}"
        typer.echo(printable(f"{folder}  {about if manifest else 'damaged'}".rstrip()))


@snapshots.command()
def verify(snapshot: Annotated[str, typer.Argument(help="Its folder, or its name.")]) -> None:
    """Checks every file of a snapshot against its manifest."""
    from mental_health_classifier.tracking.snapshot_check import (
        SNAPSHOTS,
        find_snapshot,
        problems_of,
    )

    folder = find_snapshot(snapshot, SNAPSHOTS)
    problems = problems_of(folder)
    for problem in problems:
        say(problem)
    typer.echo(f"{folder}: {'damaged' if problems else 'whole'}")
    if problems:
        raise typer.Exit(1)


@snapshots.command()
def restore(
    snapshot: Annotated[str, typer.Argument(help="Its folder, its name, or an archive.")],
    destination: Annotated[Path, typer.Argument(help="A folder that does not exist yet.")],
) -> None:
    """Writes the source of a snapshot into a new folder, its runs into outputs/ there."""
    from mental_health_classifier.tracking.snapshot_check import (
        SNAPSHOTS,
        find_snapshot,
        restore_snapshot,
    )

    restore_snapshot(find_snapshot(snapshot, SNAPSHOTS), destination)
    typer.echo(f"Restored into {destination}.")


@app.command()
def clean(
    roots: Roots = None,
    status: Annotated[
        list[str] | None, typer.Option(help="Only runs that are failed, killed, ...")
    ] = None,
    older_than: Annotated[
        float | None, typer.Option(help="Only runs that began more than so many days ago.")
    ] = None,
    keep_last: Annotated[int, typer.Option(min=0, help="Keep so many of the latest runs.")] = 0,
    is_wanted: Annotated[
        bool, typer.Option("--delete", help="Delete them; otherwise they are only listed.")
    ] = False,
) -> None:
    """Lists or deletes runs; never a best, running or snapshotted one."""
    from mental_health_classifier.tracking.housekeeping import delete_run, runs_to_delete
    from mental_health_classifier.tracking.snapshot_check import SNAPSHOTS, read_manifests

    preserved = {run for each in read_manifests(SNAPSHOTS).values() for run in each.get("runs", [])}
    doomed = runs_to_delete(
        found_runs(roots),
        statuses=status or (),
        older_than_days=older_than,
        keep_last=keep_last,
        preserved=preserved,
    )
    for run in doomed:
        if is_wanted:
            delete_run(run)
        typer.echo(f"{'deleted' if is_wanted else 'would delete'} {run.directory} ({run.status})")
    if not is_wanted and doomed:
        say(f"Nothing was deleted. Give --delete to delete these {len(doomed)} runs.")


@app.command("export")
def export_(run: Run, archive: Path, root: LookedUpIn = None) -> None:
    """Packs a run into one .tar.gz file, after checking it."""
    from mental_health_classifier.tracking.run_archive import export_run
    from mental_health_classifier.tracking.run_index import resolve_run

    export_run(resolve_run(run, existing(root)), archive)


@app.command("import")
def import_(archive: Path) -> None:
    """Unpacks a run that was exported elsewhere into outputs/imported, after checking it."""
    from mental_health_classifier.tracking.run_archive import import_run

    typer.echo(str(import_run(archive, ROOTS[0]).directory))


def existing(roots: list[Path] | None) -> list[Path]:
    """The folders given, or those where Hydra writes.

    Raises:
        InputError: a folder that was given is not there.
    """
    for root in roots or ():
        if not root.is_dir():
            raise InputError(f"Expected a folder with runs, but {root} is none.")
    return roots or list(ROOTS)


def found_runs(roots: list[Path] | None, *, as_list: bool = False) -> list[RunSummary]:
    """All runs there, newest first; says so if there are none, which is no error.

    Args:
        as_list: without their numbers, which is faster.
    """
    from mental_health_classifier.tracking.run_index import find_runs, list_runs

    folders = existing(roots)
    found = list_runs(folders) if as_list else find_runs(folders)
    if not found:
        say(f"No runs in {', '.join(map(str, folders))} yet. `python train.py` makes one.")
    return found


def print_json(rows: Sequence[Mapping[str, Any]]) -> None:
    # ASCII, because names could otherwise steer the terminal; one object a line, for grep.
    lines = [json.dumps(row, allow_nan=False) for row in rows]
    typer.echo("[" + ",\n ".join(lines) + "]")


def say(message: str) -> None:
    """Prints a message for the person, apart from the output that programs read."""
    from mental_health_classifier.analysis.terminal import printable

    typer.echo("\n".join(map(printable, message.split("\n"))), err=True)


Pairs = Annotated[list[str] | None, typer.Option(help="NAME=VALUE; can be given several times.")]


@app.command("evaluate")
def evaluate_run(
    run: Run,
    posts: Annotated[
        Path | None, typer.Argument(help="Labelled posts from elsewhere: external validation.")
    ] = None,
    root: LookedUpIn = None,
    column: Pairs = None,
    label: Pairs = None,
    bootstrap_draws: Annotated[int | None, typer.Option(help="Instead of the run's own.")] = None,
    as_json: AsJson = False,
) -> None:
    """Works out a run's numbers again, or judges labelled posts from elsewhere with its model.

    --column text=body says which column holds what, --label SI=suicide which class a spelling is.
    """
    from mental_health_classifier import assessment
    from mental_health_classifier.analysis.evaluation_page import evaluation_table
    from mental_health_classifier.analysis.terminal import print_table
    from mental_health_classifier.tracking.assessments import write_assessment
    from mental_health_classifier.tracking.run_index import resolve_run

    found = resolve_run(run, existing(root))
    if posts is None:
        name, about = "evaluate", {}
        evaluation = assessment.evaluate_run(found, bootstrap_draws=bootstrap_draws)
    else:
        evaluation, about = assessment.evaluate_elsewhere(
            found,
            posts,
            columns=pairs(column, option="--column"),
            labels=pairs(label, option="--label") or None,
            bootstrap_draws=bootstrap_draws,
        )
        name = f"evaluate-{about['fingerprint'][:12]}"
    numbers = {"metrics": evaluation.metrics, "intervals": evaluation.intervals}
    write_assessment(found.directory, name, {**about, **numbers})
    if as_json:
        print_json([{**about, **numbers}])
    else:
        print_table(lambda _width: evaluation_table(evaluation.metrics, evaluation.intervals))


@app.command()
def certify(
    run: Run,
    recall: Annotated[
        float | None, typer.Option(help="Required recall of the priority class.")
    ] = None,
    confidence: Annotated[
        float | None, typer.Option(help="In which share of samples the promise is kept.")
    ] = None,
    root: LookedUpIn = None,
    as_json: AsJson = False,
) -> None:
    """Says which recall of the priority class can be promised, at which threshold, or why none."""
    from mental_health_classifier.analysis.certificate_text import certificate_sentences
    from mental_health_classifier.assessment import certify_run
    from mental_health_classifier.tracking.run_index import resolve_run

    found = resolve_run(run, existing(root))
    certificate = certify_run(found, required_recall=recall, confidence=confidence)
    if as_json:
        print_json([certificate])
    else:
        for sentence in certificate_sentences(certificate):
            typer.echo(sentence)
    if not certificate["is_certified"]:
        raise typer.Exit(1)


def pairs(given: list[str] | None, *, option: str) -> dict[str, str]:
    """`NAME=VALUE` as a mapping."""
    found: dict[str, str] = {}
    for each in given or ():
        name, _, value = each.partition("=")
        if not name or not value:
            raise InputError(f"{option} {each}: expected NAME=VALUE.")
        found[name] = value
    return found


def test_models(references: list[Path] | None, *, as_json: bool) -> None:
    """`mhc compare --test`: every pair of models, and whether one of the two is better."""
    from mental_health_classifier.analysis.model_comparison import (
        compare_models,
        comparison_table,
        models_called,
    )
    from mental_health_classifier.analysis.terminal import print_table

    rows = compare_models(models_called([str(each) for each in references or ()], ROOTS))
    if as_json:
        return print_json(rows)
    print_table(lambda _width: comparison_table(rows))
    say(
        f"Difference in {rows[0]['metric']} on {rows[0]['n']} test posts, with intervals for "
        f"{len(rows)} comparisons. A tie: no difference that other authors, or other seeds, could "
        "not have made."
    )


@app.command("behaviour")
def show_behaviour(run: Run, root: LookedUpIn = None, as_json: AsJson = False) -> None:
    """Tries a run's model on sentences that any model should get right: negation, idiom, typos."""
    from mental_health_classifier.analysis.behaviour_page import behaviour_table
    from mental_health_classifier.analysis.terminal import print_table
    from mental_health_classifier.assessment import behaviour_of_run
    from mental_health_classifier.tracking.run_index import resolve_run

    behaviour = behaviour_of_run(resolve_run(run, existing(root)))
    if as_json:
        print_json([behaviour])
    else:
        print_table(lambda _width: behaviour_table(behaviour))
        kind = "certified" if behaviour["is_certified"] else "uncertified, operating point's"
        say(f"Alerts begin at the {kind} threshold {behaviour['threshold']:g}.")


@app.command()
def predict(
    posts: Annotated[Path, typer.Argument(help="A file of posts; labels are not needed.")],
    output: Annotated[Path, typer.Option("--output", help="The decisions: a new CSV file.")],
    run: Annotated[str | None, typer.Option("--run", help="The run whose model decides.")] = None,
    best: Annotated[
        str | None, typer.Option(help="Or the best one: best_suicide_recall, most_stable, ...")
    ] = None,
    root: LookedUpIn = None,
    column: Pairs = None,
    is_uncertified_allowed: Annotated[
        bool,
        typer.Option("--uncertified", help="Go on where nothing is promised of missed posts."),
    ] = False,
    audit_sample: Annotated[
        int, typer.Option(min=0, help="Name so many posts without an alert, for people to check.")
    ] = 0,
    seed: Annotated[int, typer.Option(help="Of that draw.")] = 0,
) -> None:
    """Decides for every post of a file: alert, refer to a person, or no alert.

    --column text=body says which column holds what. The file of decisions holds no text.
    """
    from mental_health_classifier.decisions_file import write_decisions
    from mental_health_classifier.predictor import Predictor
    from mental_health_classifier.progress import showing
    from mental_health_classifier.tracking.run_index import resolve_run

    if (run is None) == (best is None):
        raise InputError("Give --run, or --best with one of the headings of `mhc best`.")
    found = resolve_run(run or best_run(best or "", existing(root)), existing(root))
    predictor = Predictor.load(found, is_uncertified_allowed=is_uncertified_allowed)
    with showing(f"Deciding with run {found.id}"):
        line = write_decisions(
            predictor,
            posts,
            output,
            columns=pairs(column, option="--column"),
            audit_sample=audit_sample,
            seed=seed,
        )
    counts = line["decisions"]
    say(
        f"{line['posts']} posts: {counts.get('alert', 0)} alerts, {counts.get('refer', 0)} for a "
        f"person to read, {counts.get('no_alert', 0)} without an alert. See {output}."
    )
    if not line["is_certified"]:
        say("Uncertified: nothing is promised about missed posts.")
    if line["is_drifting"]:
        say(
            "Warning: these posts differ from those of the calibration part in scores or length. "
            "The certificate is void for them: certify on posts like these."
        )


@app.command("ensemble")
def make_ensemble(
    runs: Annotated[
        list[str] | None, typer.Argument(help="Members: two runs or more on the same parts.")
    ] = None,
    best: Annotated[
        int | None, typer.Option(min=2, help="So many of the best runs by the headline on val.")
    ] = None,
    name: Annotated[str, typer.Option(help="What it is called in tables.")] = "ensemble",
    root: LookedUpIn = None,
) -> None:
    """Makes one model of several runs, calibrated and certified as a whole: a run of its own."""
    from datetime import datetime

    from mental_health_classifier.analysis.run_overview import run_overview
    from mental_health_classifier.analysis.terminal import new_console
    from mental_health_classifier.ensemble import best_members, record_ensemble
    from mental_health_classifier.tracking.run_index import find_runs, resolve_run
    from mental_health_classifier.tracking.run_summary import read_run

    if (best is None) == (not runs):
        raise InputError("Give the members, or --best with their number.")
    if best is None:
        members = [resolve_run(each, existing(root)) for each in runs or ()]
    else:
        members = best_members(find_runs(existing(root)), number=best)
    moment = datetime.now()
    directory = ROOTS[0] / f"{moment:%Y-%m-%d}" / f"{moment:%H-%M-%S-%f}-ensemble"
    record_ensemble(members, directory, name=name)
    new_console().print(run_overview(read_run(directory)))


@app.command("shortcuts")
def show_shortcuts(run: Run, root: LookedUpIn = None, as_json: AsJson = False) -> None:
    """Says how much of a run's score is single words, or the name of the label itself."""
    from mental_health_classifier.analysis.shortcut_text import warnings_of
    from mental_health_classifier.assessment import shortcuts_of_run
    from mental_health_classifier.tracking.run_index import resolve_run

    found = shortcuts_of_run(resolve_run(run, existing(root)))
    if as_json:
        return print_json([found])
    for key, value in found.items():
        typer.echo(f"{key}: {value}")
    for warning in warnings_of(found):
        say(f"Warning: {warning}")


def best_run(heading: str, roots: list[Path]) -> str:
    """The id of the run that `mhc best` names under a heading."""
    from mental_health_classifier.tracking.best_models import best_models
    from mental_health_classifier.tracking.run_index import find_runs

    found = best_models(find_runs(roots))
    if heading not in found:
        raise InputError(f"--best={heading}: expected one of {', '.join(found)}.")
    if found[heading]["run"] is None:
        raise InputError(f"--best={heading}: there is none. {found[heading]['reason']}")
    return found[heading]["run"]


@app.command()
def card(run: Run, root: LookedUpIn = None) -> None:
    """Writes a run's model card anew, with everything that was assessed since, and prints it."""
    from mental_health_classifier.analysis.model_card import FILE, write_model_card
    from mental_health_classifier.tracking.run_index import resolve_run

    found = resolve_run(run, existing(root))
    write_model_card(found)
    typer.echo((found.directory / FILE).read_text(encoding="utf-8"), nl=False)
