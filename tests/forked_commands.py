"""Commands in processes that are forked from one that has imported everything: each runs as in a
process of its own, without the seconds that imports take."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import tempfile
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

from resuming import in_child

from mental_health_classifier.tracking.provenance.environment import DETERMINISM


class Ended(NamedTuple):
    """How a command ended."""

    code: int
    stdout: str
    stderr: str


def forked(folder: Path, argv: Sequence[str], command: Callable[[], object]) -> Ended:
    """Gives a command in that folder, in a process that this one forks."""
    with tempfile.TemporaryDirectory() as place:
        files = [Path(place, name) for name in ("stdout", "stderr")]

        def work() -> None:
            for number, file in enumerate(files, 1):
                os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
            sys.stdout, sys.stderr = (os.fdopen(number, "w") for number in (1, 2))
            os.chdir(folder)
            os.environ.update(DETERMINISM)  # what would otherwise start Python once more
            sys.argv = [*argv]
            # Those of the tests.
            logging.getLogger().handlers.clear()
            warnings.simplefilter("default")
            try:
                command()
            except SystemExit as error:
                if isinstance(error.code, str):
                    print(error.code, file=sys.stderr)
                raise
            except BaseException:
                traceback.print_exc()  # before the streams are flushed
                sys.exit(1)
            finally:
                sys.stdout.flush()
                sys.stderr.flush()

        code = in_child(work)
        return Ended(code, *(file.read_text(errors="replace") for file in files))


_SERVER = """
import atexit, json, os, runpy, sys, traceback
import lightning, seaborn, torchmetrics
from mental_health_classifier import assessment, experiment
from mental_health_classifier.cli import assess, predict
from mental_health_classifier.cli.app import main

for line in sys.stdin:
    output, *arguments = json.loads(line)
    if child := os.fork():
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        print(code, flush=True)
        continue
    descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    sys.stdout, sys.stderr = (os.fdopen(number, "w") for number in (1, 2))
    sys.argv = arguments
    code = 1
    try:
        main() if arguments[0] == "mhc" else runpy.run_path(arguments[0], run_name="__main__")
        code = 0
    except SystemExit as error:
        if isinstance(error.code, str):
            print(error.code, file=sys.stderr)
        else:
            code = error.code or 0
    except BaseException:
        traceback.print_exc()
    finally:
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)  # at once: taking everything apart lasts longer than most commands
"""


class ForkedCommands:
    """Gives commands to a process that has imported a copy of the project, and forks."""

    def __init__(self, requests: IO[str], answers: IO[str], output: Path) -> None:
        self._requests, self._answers, self._output = requests, answers, output

    def give(self, *arguments: object) -> tuple[int, str]:
        """The exit code of a command, and all that it printed.

        Args:
            arguments: the first is `mhc` or the path of a script.
        """
        print(
            json.dumps([str(self._output), *map(str, arguments)]), file=self._requests, flush=True
        )
        code = int(self._answers.readline())
        return code, self._output.read_text(encoding="utf-8", errors="replace")


@contextmanager
def forked_commands(
    project: Path, output: Path, environment: Mapping[str, str]
) -> Iterator[ForkedCommands]:
    """Lends commands of the project in that folder, where they are given.

    Args:
        output: file that takes what a command prints.
        environment: variables besides those of this process.
    """
    with subprocess.Popen(
        [sys.executable, "-c", _SERVER],
        cwd=project,
        env={**os.environ, **DETERMINISM, "PYTHONPATH": str(project / "src"), **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin and process.stdout
        yield ForkedCommands(process.stdin, process.stdout, output)
        process.stdin.close()
