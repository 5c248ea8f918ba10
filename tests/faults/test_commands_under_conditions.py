"""Every command of `mhc` under every condition: it works, or says in a sentence why it cannot, and
nothing that was there is lost."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from conditions import COMMANDS, CONDITIONS, Command, Scene
from forked_commands import forked

from mental_health_classifier.cli import app as cli
from mental_health_classifier.tracking.record.record_check import changed_files
from mental_health_classifier.tracking.record.run_summary import read_run
from mental_health_classifier.tracking.run_index import find_runs

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.filterwarnings("ignore:.*LeafSpec:FutureWarning"),
]

UNFINISHED = re.compile(r"Traceback|Exception ignored|Logging error")
TOLD = {
    **{
        ("with links out of the records", name): "is a link"
        for name in ("evaluate", "behaviour", "shortcuts", "predict", "export", "resume")
    },
    **{
        ("with a disk that is not mounted", name): "is a link to nothing"
        for name in ("shortcuts", "snapshot", "clean", "resume")
    },
    ("with locks of this host alone", "resume"): "another-host",
    ("as a second user", "resume"): "permission",
}
"""What cannot be done, by condition and command, and a word of what is said then."""
CODES = {("with locks of this host alone", "gone"): 0}
"""Where a command ends otherwise than its line in the table says."""
DONE = {("on a full disk", "clean")}
"""What can be done although nothing can be written."""


def check(scene: Scene, name: str, command: Command, condition: str) -> str | None:
    """What is wrong with how a command ended. None: nothing."""
    arguments = scene.arguments(command)
    if scene.root.parent != scene.folder and "RUN" not in command.arguments:
        arguments += [str(scene.root)] if name in ("runs", "compare", "best", "report") else []

    def given() -> None:
        scene.before()
        cli.main()

    code, *printed = forked(scene.folder, ["mhc", *arguments], given)
    text = "".join(printed)
    told = f"{name}: exit code {code}\n{text[-1500:]}"
    if UNFINISHED.search(text):
        return told
    if condition == "with a foreign record":
        return None if code in (0, 1) else told
    if (condition, name) in TOLD:
        is_told = TOLD[condition, name] in " ".join(text.split())
        return None if code == 1 and is_told else told
    if command.writes and not scene.has_room and (condition, name) not in DONE:
        return None if code == 1 and text.strip() else told
    return None if code == CODES.get((condition, name), command.code) else told


@pytest.mark.parametrize("condition", CONDITIONS)
def test_every_command_works_or_says_why_not(
    condition: str, finished: Path, tmp_path: Path
) -> None:
    wrong = []
    for name, command in COMMANDS.items():
        place = tmp_path / name.replace(" ", "-")
        folder = Path(shutil.copytree(finished, place / "work", symlinks=True))
        with CONDITIONS[condition](folder) as scene:
            told = check(scene, name, command, condition)
            wrong += [told] if told else []
            assert not (place / "ran").exists(), f"{name} ran code of a record"
            runs = {run.directory.name: run for run in find_runs([scene.root])}
            for each in ("run", "yardstick"):
                kept = read_run(scene.root / each)
                if kept.status != "completed":
                    wrong.append(f"{name}: {each} is {kept.status}")
                elif condition != "with a foreign record" and changed_files(kept):
                    wrong.append(f"{name}: {each} has lost {changed_files(kept)}")
            is_cleaned = name == "clean" and condition != "with locks of this host alone"
            if not is_cleaned and "killed" not in runs:
                wrong.append(f"{name}: the killed run is gone")
            left = [path for path in scene.folder.rglob(".tmp-*")]
            wrong += [f"{name}: left {left}"] if left else []
        shutil.rmtree(place)
    print(f"\n{condition}: {len(COMMANDS)} commands, {len(wrong)} wrong")
    assert wrong == [], "\n\n".join(wrong)
