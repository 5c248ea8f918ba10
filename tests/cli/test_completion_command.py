import os
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from mental_health_classifier.cli.app import GROUPS, app

PROGRAM = (
    "import sys; from mental_health_classifier.cli.app import main; sys.argv = ['mhc']; main()"
)


@pytest.mark.parametrize(
    ("words", "completed"),
    [(("mhc", "sn"), ["snapshot"]), (("mhc", "watch", "--ht"), ["--html"])],
)
def test_bash_is_told_the_commands_and_their_options(words, completed):
    asked = {"_MHC_COMPLETE": "complete_bash", "COMP_WORDS": " ".join(words)}
    asked["COMP_CWORD"] = str(len(words) - 1)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, **asked},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == completed


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell_asks_mhc(shell):
    result = CliRunner().invoke(app, ["completion", shell])
    assert result.exit_code == 0 and f"_MHC_COMPLETE=complete_{shell}" in result.stdout


def test_a_shell_that_is_not_known_is_refused():
    assert CliRunner().invoke(app, ["completion", "tcsh"]).exit_code == 2


def test_the_help_has_every_command_in_its_group_on_one_line():
    lines = CliRunner().invoke(app, ["--help"]).stdout.splitlines()
    for title, commands in GROUPS.items():
        first = lines.index(f"{title}:") + 1
        shown = lines[first : first + len(commands)]
        assert [line.split()[0] for line in shown] == list(commands)
        assert [line.split(maxsplit=1)[1] for line in shown] == [
            each for _, each in commands.values()
        ]
        assert max(map(len, lines)) <= 80
