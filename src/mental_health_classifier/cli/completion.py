"""The command `completion`: what a shell completes commands and options with."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer


class Shell(StrEnum):
    """Shells that there is a script for."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def completion(
    shell: Annotated[
        Shell, typer.Argument(help='The shell; eval "$(mhc completion bash)" tries it.')
    ],
) -> None:
    """Prints what a shell needs to complete mhc.

    In ~/.bashrc or ~/.zshrc: eval "$(mhc completion bash)", or zsh. For fish:
    mhc completion fish > ~/.config/fish/completions/mhc.fish
    """
    from typer._completion_shared import get_completion_script

    typer.echo(get_completion_script(prog_name="mhc", complete_var="_MHC_COMPLETE", shell=shell))
