"""Commands that act on records: `gone`, `clean`, `export`, `import`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from mental_health_classifier.cli.arguments import (
    LookedUpIn,
    Pairs,
    Roots,
    Run,
    RunOrSweep,
    answer,
    existing,
    pairs,
    say,
    say_no_runs,
)
from mental_health_classifier.console.wording import count, number
from mental_health_classifier.contracts import InputError
from mental_health_classifier.contracts.folder_names import new_run_directory
from mental_health_classifier.storage.leftovers import leftovers_below, remove
from mental_health_classifier.tracking.importing.foreign_records import (
    LONGEST_SETTING,
    import_foreign,
)
from mental_health_classifier.tracking.importing.trackers import TRACKERS, runs_of
from mental_health_classifier.tracking.keeping.housekeeping import (
    delete_run,
    projects_around,
    refuse_unseen,
    runs_to_delete,
)
from mental_health_classifier.tracking.keeping.run_archive import export_run, import_run
from mental_health_classifier.tracking.keeping.snapshot import SNAPSHOTS, preserved_runs
from mental_health_classifier.tracking.record.gone_processes import declare_all_gone
from mental_health_classifier.tracking.record.run_summary import read_run
from mental_health_classifier.tracking.run_index import ROOTS, find_runs, is_run, resolve_run
from mental_health_classifier.tracking.sweep.ledger import sweep_called


def gone(run: RunOrSweep, root: LookedUpIn = None) -> None:
    """Says that the process of an unknown run is gone.

    The run counts as killed from then on. A run is unknown where its process was on another machine
    and did not say how it ended. Only who has looked there can tell. Afterwards `mhc resume`
    and `mhc clean` take it.
    """
    sweep = None if is_run(os.path.expanduser(run)) else sweep_called(run)
    directory = sweep or resolve_run(run, existing(root)).directory
    for each in declare_all_gone(directory):
        answer(f"{each} counts as killed.")


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
    """Lists or deletes runs; never the best, running or kept ones.

    Runs that `mhc best` names stay, and what others rest on: those below the folders given, and
    below outputs, multirun and model_snapshots here and in every folder that those given lie in.
    """
    folders = existing(roots)
    runs = find_runs(folders, unseen=refuse_unseen)
    if not runs:
        say_no_runs(folders)
    around = projects_around(folders)
    places = [[each / root for root in ROOTS] for each in around]
    places.append([each / SNAPSHOTS for each in around])
    doomed = runs_to_delete(
        runs,
        statuses=status or (),
        older_than_days=older_than,
        keep_last=keep_last,
        preserved=set().union(*map(preserved_runs, places[-1])),
        elsewhere=[find_runs(each, unseen=refuse_unseen) for each in places],
    )
    leftovers = list(leftovers_below(folders))
    if not is_wanted:
        for run in doomed:
            answer(f"would delete {run.directory} ({run.status})")
        for path in leftovers:
            answer(f"would delete {path} (left by a command that was stopped)")
        if doomed or leftovers:
            say(
                f"Nothing was deleted. Give --delete to delete these "
                f"{len(doomed) + len(leftovers)}."
            )
        return
    for run in doomed:
        try:
            was_there = delete_run(run)
        except InputError as error:
            say(str(error))
            continue
        what = "deleted" if was_there else "was gone already:"
        answer(f"{what} {run.directory} ({run.status})")
    for path in leftovers:
        remove(path)
        answer(f"deleted {path} (left by a command that was stopped)")


def export(
    run: Run,
    output: Annotated[
        Path | None, typer.Argument(help="A new .tar.gz file; of --format onnx a new folder.")
    ] = None,
    format_: Annotated[
        str, typer.Option("--format", help="archive, or onnx: a model that needs no torch.")
    ] = "archive",
    int8: Annotated[bool, typer.Option("--int8", help="ONNX with matrices of 8 bits.")] = False,
    changed: Annotated[
        int, typer.Option(min=0, help="ONNX: posts that may be decided about differently.")
    ] = 0,
    root: LookedUpIn = None,
) -> None:
    """Packs a run into a .tar.gz file, or makes an ONNX model of it.

    The ONNX model is a run of its own: it predicts val, calibration and test again, has its own
    certificate, and is used like any other, mhc predict posts.csv --run FOLDER. It is refused where
    more decisions change than --changed allows.
    """
    found = resolve_run(run, existing(root))
    if format_ == "archive":
        if int8 or changed:
            raise InputError("--int8 and --changed are about --format onnx, which was not given.")
        if output is None:
            raise InputError("Name the .tar.gz file that the run is packed into.")
        return export_run(found, output)
    if format_ != "onnx":
        raise InputError(f"--format={format_}: expected archive or onnx.")
    # With NumPy, which packing does without.
    from mental_health_classifier.analysis.model_card import write_model_card
    from mental_health_classifier.analysis.sections.assessments import assessment_sections
    from mental_health_classifier.assessment.exported_run import record_export, sentence_about

    directory = output or new_run_directory(ROOTS[0], "onnx")
    record_export(found, directory, is_int8=int8, most_changed=changed)
    write_model_card(made := read_run(directory))
    facts = made.model_facts
    answer(f"Run {made.id} in {directory}, {facts['size_on_disk_bytes'] / 2**20:,.1f} MiB.")
    answer(f"It decides differently about {sentence_about(facts['parity'])}.")
    difference, interval = (facts[f"f1_macro_difference{end}"] for end in ("", "_interval"))
    if difference == 0:
        answer("Macro F1 on test is that of the network.")
    else:
        shown = number(difference, interval, signed=True)
        answer(f"Macro F1 on test less that of the network: {shown}.")
    for section in assessment_sections(made):
        if section.title == "Certificate":
            for said in section.brief:
                answer(said)


def import_(
    archive: Annotated[
        str, typer.Argument(help=f"What mhc export wrote; or {', '.join(TRACKERS)}.")
    ],
    folder: Annotated[
        Path | None, typer.Argument(help="With another tracker: the folder that it has written.")
    ] = None,
    metric: Pairs = None,
) -> None:
    """Unpacks a run from elsewhere, or reads another tracker.

    mhc import mlflow FOLDER reads MLflow's mlflow.db and mlruns, and so do wandb, tensorboard and
    trackio what these have left on this machine; nothing is fetched. --metric test/accuracy=NAME
    says what one of its numbers is. All goes into outputs/imported. Refused: archives of more than
    100,000 files or 16 GiB, or that unpack to more than 64 MiB and to 100 times their size. Whoever
    trusts such a one unpacks it with tar: a run is its folder.
    """
    if folder is None:
        if metric:
            raise InputError("--metric goes with another tracker: mhc import mlflow FOLDER.")
        if archive in TRACKERS:
            raise InputError(
                f"mhc import {archive} FOLDER: name the folder in which {TRACKERS[archive].title} "
                f"has left {TRACKERS[archive].leaves}."
            )
        answer(str(import_run(Path(archive), ROOTS[0]).directory))
        return
    if archive not in TRACKERS:
        raise InputError(
            f"mhc import {archive} {folder}: expected one of {', '.join(TRACKERS)} before a folder."
        )
    title = TRACKERS[archive].title
    named = {theirs: ours for ours, theirs in pairs(metric, option="--metric").items()}
    imported = import_foreign(
        runs_of(archive, Path(os.path.expanduser(folder))),
        ROOTS[0],
        tracker=archive,
        metrics=named,
    )
    answer(
        f"{count(imported.num_new, 'run')} of {title} imported into "
        f"{ROOTS[0] / 'imported' / archive}"
        + (f", there before: {imported.num_there}" if imported.num_there else "")
        + "".join(f", left out ({why}): {num}" for why, num in imported.left_out.items())
    )
    say(
        f"Missing, because {title} does not know it: which posts, what was predicted of them, "
        "intervals, source. So these runs have a table of their own, nothing is tested or promised "
        f"of them, and none is run again. Numbers are the last ones that {title} has; without a "
        "part in their name they count as those of test, and --metric test/accuracy=NAME says what "
        "one is. mhc assess takes predictions."
    )
    if imported.num_texts:
        say(
            f"Left out: {count(imported.num_texts, 'text')} (settings, tags, notes or names of "
            f"more than one line or {LONGEST_SETTING} signs), since a text can hold a post."
        )
    if imported.num_unended:
        say(f"{title} does not say how runs ended, so that all count as completed.")
