"""The command `mhc`: a table of its commands, each imported when it is given."""

from __future__ import annotations

import io
import logging
import os
import signal
import sys
from collections.abc import Mapping
from importlib import import_module
from keyword import iskeyword
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup
from typer.main import get_group

from mental_health_classifier.cli.values import Command
from mental_health_classifier.console.errors import message_about
from mental_health_classifier.console.logs import PrintableFormatter
from mental_health_classifier.console.wording import printable_lines
from mental_health_classifier.tracking.provenance.environment import let_idle_threads_sleep

COMPLETE_VARIABLE = "_MHC_COMPLETE"
"""By which a shell asks, see `completion`."""

GROUPS: dict[str, dict[str, tuple[str, str]]] = {
    "Look": {
        "runs": ("runs", "Lists runs, newest first, whatever became of them."),
        "watch": ("watch", "Shows how far the jobs of a sweep have come, until it is over."),
        "show": ("show", "Shows one run in full: its numbers, its yardstick, its posts."),
        "check": ("check", "Says what a file of posts holds, and how to train with it."),
    },
    "Compare": {
        "compare": ("compare", "Compares configurations, or single runs (--runs), best first."),
        "best": ("runs", "Names the best models, chosen on val and reported on test."),
        "diff": ("runs", "Shows how two runs differ, in settings and in numbers."),
        "impact": ("impact", "Says whether a clinical variant helps, seed by seed."),
        "folds": ("folds", "Pools the runs of a cross-validation: each post counts once."),
        "plot": ("plot", "Draws runs as one figure."),
        "report": ("report", "Writes one offline HTML page about many runs."),
    },
    "Judge": {
        "certify": ("assess", "Says which recall of the priority class can be promised."),
        "evaluate": ("assess", "Works out a run's numbers again, or on posts from elsewhere."),
        "assess": ("external", "Judges predictions of another program, as a run of its own."),
        "predictions": ("external", "Writes what a run's model said of its posts into a CSV file."),
        "prompts": ("prompts", "Writes questions about a run's posts for a language model."),
        "behaviour": ("behaviour", "Tries a model on sentences that any model should get right."),
        "shortcuts": ("behaviour", "Says how much of a run's score is single words."),
    },
    "Train": {
        "search": ("search", "Searches for the best settings; fresh seeds test the winner."),
        "resume": ("resume", "Goes on with a killed, interrupted or failed run, or a sweep."),
        "reproduce": ("resume", "Runs a run again with its own source and compares every bit."),
    },
    "Use": {
        "predict": ("predict", "Decides for every post of a file: alert, refer, or no alert."),
        "explain": ("explain", "Explains one post, or measures how faithful explanations are."),
        "ensemble": ("ensemble", "Makes one model of several runs, certified as a whole."),
        "export": ("records", "Packs a run into a .tar.gz file, or makes an ONNX model of it."),
        "publish": ("publish", "Writes a folder for the Hugging Face hub; --push sends it."),
        "card": ("show", "Writes a run's model card with all that was assessed since."),
    },
    "Keep": {
        "note": ("annotations", "Adds a note to a run, beside its record."),
        "tag": ("annotations", "Adds tags to a run, or takes tags off."),
        "rename": ("annotations", "Gives a run another name in tables, lists and reports."),
        "archive": ("annotations", "Hides runs from lists without deleting them."),
        "snapshot": ("snapshots", "Preserves source, environment and runs, and gives them back."),
        "import": ("records", "Unpacks a run from elsewhere, or reads another tracker."),
        "gone": ("records", "Says that the process of an unknown run is gone."),
        "clean": ("records", "Lists or deletes runs; never the best, running or kept ones."),
    },
    "This command": {
        "schema": ("schema", "Prints the JSON schema of a configuration, or of conf/ files."),
        "completion": ("completion", "Prints what a shell needs to complete mhc."),
    },
}
"""Commands by what they are for, in the order of `mhc --help`, which imports none of them: the
module of each in this folder, and what it does, as the first line of its docstring says it. The
function is called like the command."""

COMMANDS = {name: facts for group in GROUPS.values() for name, facts in group.items()}


class Commands(TyperGroup):
    """Commands that say in one message what the user can put right."""

    def __init__(self, *, commands: Mapping[str, Any], **facts: Any) -> None:
        # Names alone: they are listed, and a misspelt one is told what is near.
        named: dict[str, Any] = dict.fromkeys(COMMANDS)
        super().__init__(commands={**named, **commands}, **facts)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        command = super().get_command(ctx, cmd_name)
        if command is None and cmd_name in COMMANDS:
            module = import_module(f"{__package__}.{COMMANDS[cmd_name][0]}")
            target = getattr(module, f"{cmd_name}_" if iskeyword(cmd_name) else cmd_name)
            loaded = typer.Typer(rich_markup_mode=None)
            if isinstance(target, typer.Typer):
                loaded.add_typer(target, name=cmd_name)
            else:
                loaded.command(cmd_name, cls=Command)(target)
            command = get_group(loaded).commands[cmd_name]
        return command

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        widest = max(map(len, COMMANDS))
        for title, commands in GROUPS.items():
            with formatter.section(title):
                lines = [(name.ljust(widest), line) for name, (_, line) in commands.items()]
                formatter.write_dl(lines)

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except Exception as error:  # a fault has no message, and goes on with its traceback
            if "HYDRA_FULL_ERROR" in os.environ or (message := message_about(error)) is None:
                raise
            typer.echo(printable_lines(message), err=True)
            raise typer.Exit(1) from None


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def main() -> None:
    """Runs the command; what `python -m mental_health_classifier` does too."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # Names hold whatever people and file systems put into them.
            stream.reconfigure(errors="backslashreplace")
    if logging.lastResort is not None:
        # Where warnings go unless a command sends them somewhere else.
        logging.lastResort.setFormatter(PrintableFormatter("%(message)s"))
    for number in (signal.SIGTERM, signal.SIGHUP):
        # nohup ignores the one, and that stays so.
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _leave)
    let_idle_threads_sleep()
    if COMPLETE_VARIABLE in os.environ:
        from typer._completion_classes import completion_init

        completion_init()
    app()


def _leave(number: int, _frame: object) -> NoReturn:
    """Ends the command so that what it has not finished writing is taken away, with the exit code
    by which shells report the signal."""
    raise SystemExit(128 + number)


def print_version(is_wanted: bool) -> None:
    if is_wanted:
        from importlib.metadata import version  # slow, and seldom asked for

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
