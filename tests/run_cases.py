"""Every case of a folder run as its user would, and what came as a table.

    python tests/run_cases.py FOLDER [NAME ...]

A case is FOLDER/NAME: cmd.txt is the command, expected.txt what is right (EXPECTED) and what an
earlier version did (SEEN), and all else lies beside train.py as the command starts. Each runs in a
clone of its own. Exit code 1: a command ended with a traceback, or hung.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
A_RUN = "python train.py model=tfidf_logistic num_threads=1 data=sample data.size=400"
CRLF = "git config core.autocrlf true; git rm -rq --cached .; git reset -q --hard"
FILTER = (
    "printf 'conf/model/big.yaml filter=lfs\\n' > .gitattributes; "
    "cp conf/model/baseline_micro.yaml conf/model/big.yaml; git add -A; "
    "git -c user.name=a -c user.email=a@example.org commit -qm filter; "
    "git config filter.lfs.required true; git config filter.lfs.clean 'git-lfs clean -- %f'; "
    "touch conf/model/big.yaml; echo '# mine' >> src/mental_health_classifier/__init__.py"
)
IN_WORDS = {
    "git_crlf": (f"{CRLF}; sed -i 's/\\r$//' src/mental_health_classifier/cli/app.py", "replay"),
    "git_filter_missing": (FILTER, "run"),
    "git_ignored_source": (None, "exp.local"),
    "git_skip_worktree": (None, "replay"),
}
"""Cases whose files tell in words what is to be done: the set-up, and the kind of command."""
COMMANDS = {
    "run": A_RUN,
    "replay": f"{A_RUN} && mhc reproduce outputs/*/*",
    "exp.local": "python train.py model=exp.local trainer=smoke num_threads=1 "
    "evaluation.yardstick=null data=sample data.size=400 && mhc reproduce outputs/*/*",
}
LIMIT = 300  # seconds


def shell(command: str, folder: Path, home: Path) -> tuple[int | None, str]:
    """Exit code and output. None: it ran into the limit."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    set_here = {"HOME": str(home), "PATH": path, "PYTHONPATH": str(folder / "src")}
    try:
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=folder,
            env={
                **os.environ,
                **set_here,
                "OMP_NUM_THREADS": "1",
                "COLUMNS": "400",
                "MPLCONFIGDIR": str(home),
            },
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=LIMIT,
        )
    except subprocess.TimeoutExpired:
        return None, ""
    return done.returncode, done.stdout


def clone(into: Path) -> Path:
    subprocess.run(["git", "clone", "-q", PROJECT, into], check=True)
    return into


def run_case(case: Path, folder: Path, run: Path) -> tuple[int | None, str]:
    project = clone(folder / "project")
    for each in case.iterdir():
        if each.name not in ("cmd.txt", "expected.txt", "setup.sh"):
            (shutil.copytree if each.is_dir() else shutil.copy)(each, project / each.name)
    setup, kind = IN_WORDS.get(case.name, (None, None))
    if setup is None and (given := case / "setup.sh").exists():
        setup = given.read_text(encoding="utf-8")
    if setup:
        code, output = shell(setup, project, folder)
        assert code == 0, output
    command = COMMANDS[kind] if kind else (case / "cmd.txt").read_text(encoding="utf-8").strip()
    return shell(command.replace("RUN", str(run)), project, folder)


def cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")[:420]


def said(output: str, is_of_posts: bool) -> str:
    """The lines that tell how it ended: what was read, where that is the question, or the last."""
    lines = [each for each in output.splitlines() if each.strip()]
    lines = [each for each in lines if not each.startswith("Error executing job")]
    (start,) = [i for i, each in enumerate(lines) if " rows read, " in each][:1] or [None]
    if not is_of_posts or start is None:
        of_git = [each for each in lines[:-2] if each.startswith(("Commit ", "Warning"))]
        return " / ".join(each.strip() for each in (*of_git, *lines[-2:]))
    ends = [i for i, each in enumerate(lines) if i > start and not each.startswith(" ")]
    return " / ".join(each.strip() for each in lines[start : ends[0] if ends else None])


def main() -> int:
    cases, *names = sys.argv[1:]
    chosen = [each for each in sorted(Path(cases).iterdir()) if each.is_dir()]
    failed = 0
    with tempfile.TemporaryDirectory() as place:
        made = clone(Path(place) / "made")
        code, output = shell(A_RUN, made, Path(place))
        assert code == 0, output
        (run,) = (made / "outputs").glob("*/*")
        print("| case | right | before | now | exit |\n|---|---|---|---|---|")
        for case in chosen:
            if names and case.name not in names:
                continue
            own = Path(place) / case.name
            own.mkdir()
            code, output = run_case(case, own, run)
            failed += code is None or "Traceback (most recent call last)" in output
            right, _, before = (case / "expected.txt").read_text().partition("SEEN")
            is_of_posts = "data=file" in (case / "cmd.txt").read_text(encoding="utf-8")
            cells = (
                right.removeprefix("EXPECTED: "),
                before.partition(": ")[2],
                said(output, is_of_posts),
            )
            print(
                "|", case.name, "|", *(f"{cell(each)} |" for each in cells), code, "|", flush=True
            )
            shutil.rmtree(own)
    print(f"\n{failed} ended with a traceback or hung.")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
