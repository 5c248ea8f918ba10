"""The command `prompts`: questions about a run's posts for a language model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mental_health_classifier.cli.arguments import LookedUpIn, Run, existing, say
from mental_health_classifier.console.wording import count
from mental_health_classifier.storage.outputs import check_output, write_output
from mental_health_classifier.tracking.run_index import resolve_run


def prompts(
    run: Run,
    output: Annotated[Path, typer.Option("--output", help="A new file of JSON lines.")],
    model: Annotated[str, typer.Option("--model", help="What the server calls the model.")],
    part: Annotated[
        list[str] | None, typer.Option(help="val, calibration, test: all of them if not given.")
    ] = None,
    server: Annotated[
        str, typer.Option("--format", help="openai, which vLLM reads too, or anthropic.")
    ] = "openai",
    answer: Annotated[
        str, typer.Option(help="probabilities, as JSON; letter, with log-probabilities; or class.")
    ] = "probabilities",
    shots: Annotated[
        int, typer.Option(help="Posts of each class that are shown with labels, from train.")
    ] = 0,
    seed: Annotated[int, typer.Option(min=0, help="Of the draw of those.")] = 0,
    root: LookedUpIn = None,
) -> None:
    """Writes questions about a run's posts for a language model.

    Nothing is sent. Each line is one request of a batch, with the text of a post, scrubbed as in
    training. mhc assess ANSWERS --run RUN reads what comes back.
    """
    # With pandas, which takes half a second to import: not for the help.
    from mental_health_classifier.assessment.prompts import prompts_of_run

    check_output(output)
    found = resolve_run(run, existing(root))
    lines, num_shown = prompts_of_run(
        found, part or (), model=model, server=server, answer=answer, shots=shots, seed=seed
    )
    write_output(output, "".join(f"{line}\n" for line in lines))
    shown = f", and in each the texts of {count(num_shown, 'post')} of train" if num_shown else ""
    say(
        f"{count(len(lines), 'question')} in {output}. Warning: it holds the texts of these posts"
        f"{shown}, and whoever gets it can read them. Nothing was sent. Before you send it, make "
        "sure that consent, licence and the terms of the server allow it; a server of your own "
        "keeps them here."
    )
