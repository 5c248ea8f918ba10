"""Small projects under git, in the folders that a run's source is made of."""

from __future__ import annotations

import subprocess
from pathlib import Path

FILES = {
    "src/package/model.py": "width = 64\n",
    "conf/config.yaml": "seed: 1\n",
    "train.py": "import package\n",
    "README.md": "hello\n",
    ".gitignore": "secret.py\nposts/\n__pycache__/\n",
}


def git(project: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=A", "-c", "user.email=a@b.c")
    subprocess.run(["git", "-C", project, *identity, *arguments], check=True, capture_output=True)


def write_files(project: Path, files: dict[str, str]) -> None:
    for name, content in files.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(content)


def make_project(project: Path, files: dict[str, str] = FILES) -> Path:
    """A repository with one commit."""
    write_files(project, files)
    git(project, "init", "-q")
    commit_all(project)
    return project


def commit_all(project: Path) -> None:
    git(project, "add", ".")
    git(project, "commit", "-qm", "as it is")
