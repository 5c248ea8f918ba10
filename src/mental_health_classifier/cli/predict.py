"""The command `predict`: posts in, decisions out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mental_health_classifier.cli.arguments import (
    Encoding,
    LookedUpIn,
    Pairs,
    columns_of,
    existing,
    say,
)
from mental_health_classifier.console.progress import counting
from mental_health_classifier.console.wording import count, printable
from mental_health_classifier.contracts import InputError
from mental_health_classifier.prediction.predictor import Predictor
from mental_health_classifier.tracking.record.certificates import OWN
from mental_health_classifier.tracking.run_index import find_runs, resolve_run
from mental_health_classifier.tracking.selection.best_models import HEADINGS, best_by_corpus


def predict(
    posts: Annotated[Path, typer.Argument(help="A file of posts; labels are not needed.")],
    output: Annotated[Path, typer.Option("--output", help="The decisions: a new CSV file.")],
    run: Annotated[str | None, typer.Option("--run", help="The run whose model decides.")] = None,
    best: Annotated[
        str | None, typer.Option(help="Or the best one: best_suicide_recall, most_stable, ...")
    ] = None,
    root: LookedUpIn = None,
    column: Pairs = None,
    encoding: Encoding = None,
    allow_uncertified: Annotated[
        bool,
        typer.Option("--uncertified", help="Go on where nothing is promised of missed posts."),
    ] = False,
    certificate: Annotated[
        str, typer.Option(help="Another one than the run's own: its name below assessments/.")
    ] = "certificate",
    audit_sample: Annotated[
        int, typer.Option(min=0, help="Name so many posts without an alert, for people to check.")
    ] = 0,
    seed: Annotated[int, typer.Option(help="Of that draw.")] = 0,
) -> None:
    """Decides for every post of a file: alert, refer, or no alert.

    Posts to refer are for a person to read. --column text=body says which column holds what;
    without it they are called as in the run, or text and id. The file of decisions holds no text.
    """
    # With pandas, which takes half a second to import: not for the help.
    from mental_health_classifier.assessment.recorded_runs import certify_chosen
    from mental_health_classifier.data.reading.posts_to_judge import count_posts
    from mental_health_classifier.prediction.decisions_file import write_decisions

    if (run is None) == (best is None):
        raise InputError("Give --run, or --best with one of the headings of `mhc best`.")
    looked_at = None
    if best is not None:
        run, looked_at = _best_run(best, existing(root))
    found = resolve_run(run or "", existing(root))
    if looked_at is not None and certificate == OWN:
        # Who takes the best of many has looked at as many certificates.
        certificate = certify_chosen(found, looked_at=looked_at)
    columns = columns_of(found, posts, column, with_label=False, encoding=encoding)
    predictor = Predictor.load(found, allow_uncertified=allow_uncertified, certificate=certificate)
    with counting(f"Deciding with run {found.id}", total=count_posts(posts)) as advance:
        line = write_decisions(
            predictor,
            posts,
            output,
            columns=columns,
            audit_sample=audit_sample,
            seed=seed,
            advance=advance,
        )
    counts = line["decisions"]
    say(
        f"{count(line['posts'], 'post')}: {count(counts.get('alert', 0), 'alert')}, "
        f"{counts.get('refer', 0)} for a person to read, {counts.get('no_alert', 0)} without an "
        f"alert. See {output}."
    )
    for reason, rows in line["noted"].items():
        say(f"Warning: {rows['rows']} {reason} ({', '.join(rows['first'])})")
    if line["is_drifting"]:
        void = "The certificate is void for them, and no row says it is certified: certify on "
        say(
            "Warning: these posts differ from those of the calibration part in scores or length. "
            f"{void if line['is_void'] else 'Certify on '}posts like these."
        )
    elif not line["is_certified"]:
        say("Uncertified: nothing is promised about missed posts.")


def _best_run(heading: str, roots: list[Path]) -> tuple[str, int]:
    """The id of the run that `mhc best` names under a heading, and among how many it looked."""
    if heading not in HEADINGS:
        raise InputError(f"--best={heading}: expected one of {', '.join(HEADINGS)}.")
    found = [best[heading] for best in best_by_corpus(find_runs(roots))]
    won = [entry for entry in found if entry["run"] is not None]
    if not won:
        raise InputError(f"--best={heading}: there is none. {found[0]['reason']}")
    if len(won) > 1:
        listed = ", ".join(f"{entry['run']} ({printable(entry['posts_called'])})" for entry in won)
        raise InputError(
            f"--best={heading}: there is one for each corpus or fold, {listed}. Name the run that "
            "you want."
        )
    return won[0]["run"], won[0]["looked_at"]
