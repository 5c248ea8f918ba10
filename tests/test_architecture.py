"""Who may import whom, and whether README and ARCHITECTURE.md show the house that there is."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "mental_health_classifier"
NAME = PACKAGE.name
FLOORS = (
    ("contracts",),
    ("console", "storage", "models", "evaluation"),
    ("data", "tracking"),
    ("training", "analysis"),
    ("configuration",),
    ("sweeps", "prediction"),
    ("experiment", "assessment", "explanation"),
    ("cli",),
    ("__init__", "__main__"),
)
"""Rooms by floor, lowest first: a folder, or a module at the root of the package. A room imports
from lower floors alone, also inside functions."""

FLOOR_OF = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
HEAVY = {"torch", "lightning", "torchmetrics", "tokenizers", "safetensors", "seaborn"}
"""Libraries that take long to import: commands that read records start without them."""
MAY_BE_HEAVY = {
    *("models", "data", "training", "experiment"),
    *("prediction", "assessment", "explanation"),
}
MAY_USE_HYDRA = {"configuration", "experiment", "sweeps"}
MOST_ROOMS = 18
"""With benchmarks/ and train.py, twenty in all."""

MODULES = sorted(PACKAGE.rglob("*.py"))


def room_of(path: Path, package: Path = PACKAGE) -> str:
    return path.relative_to(package).parts[0].removesuffix(".py")


def wrong_in_rooms(package: Path) -> list[str]:
    """Rooms that stand on no floor, and floors whose room is gone."""
    found = {room_of(path, package) for path in package.rglob("*.py")}
    return sorted(found ^ set(FLOOR_OF))


def imports_of(path: Path) -> list[tuple[str, bool]]:
    """Every module that a file imports, and whether that happens as the file itself is imported."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    later: set[ast.AST] = set()
    for node in ast.walk(tree):
        is_for_types = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        if is_for_types or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            later.update(ast.walk(node))
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} imports relatively: write the whole name"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            found += [(name, node not in later) for name in names]
        elif isinstance(node, ast.Import):
            found += [(alias.name, node not in later) for alias in node.names]
    return found


def wrong_imports(path: Path, package: Path = PACKAGE) -> list[str]:
    """What a file imports and must not, each with the reason."""
    room, wrong = room_of(path, package), []
    too_heavy = set() if room in MAY_BE_HEAVY else HEAVY
    if path.parent == package / "analysis" / "figures":
        too_heavy = too_heavy - {"seaborn"}
    for name, is_at_once in imports_of(path):
        top, *rest = name.split(".")
        other = rest[0] if top == NAME and rest else room
        if other != room and FLOOR_OF.get(other, -1) >= FLOOR_OF[room]:
            wrong.append(f"{room} imports {name}, which stands no lower")
        if top in ("hydra", "omegaconf") and room not in MAY_USE_HYDRA:
            wrong.append(f"{room} imports {name}")
        if is_at_once and top in too_heavy:
            wrong.append(f"{room} imports {name} at once")
    return wrong


def rooms_in_readme(text: str) -> set[str]:
    """Rooms in the README's tree of folders, the lines that stand six spaces in."""
    tree = re.split(r"\n {0,4}\S", text.partition(f"src/{NAME}/")[2])[0]
    names = re.findall(r"^ {6}(\S+)", tree, re.MULTILINE)
    return {name.removesuffix("/").removesuffix(".py") for name in names}


def floors_in_drawing(text: str) -> dict[int, set[str]]:
    """Rooms by floor in the drawing of ARCHITECTURE.md, the lowest floor is 1."""
    rows = re.findall(r"^ *(\d+) +│(.+)│$", text, re.MULTILINE)
    return {int(floor): {room.strip() for room in rooms.split("│")} for floor, rooms in rows}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_imports_go_down_through_the_house(path: Path) -> None:
    assert wrong_imports(path) == []


def test_every_room_has_a_floor() -> None:
    assert wrong_in_rooms(PACKAGE) == []
    assert len(FLOOR_OF) <= MOST_ROOMS and len(FLOORS) <= 9


def test_the_readme_shows_the_rooms_that_there_are() -> None:
    shown = rooms_in_readme((ROOT / "README.md").read_text(encoding="utf-8"))
    assert shown == set(FLOOR_OF)


def test_the_drawing_shows_the_floors_that_there_are() -> None:
    drawn = floors_in_drawing((ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8"))
    assert drawn == {floor: set(rooms) for floor, rooms in enumerate(FLOORS, 1)}


def test_the_modules_that_the_page_names_are_there() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    named = re.findall(r"`([a-z_/]+(?:/|\.py))`", text)
    assert len(named) > 20
    made = {"docs/reference/", "checkpoints/"}
    for name in set(named) - made:
        assert (PACKAGE / name).exists() or (ROOT / name).exists(), name


def test_a_wrong_import_a_new_room_and_a_wrong_line_of_the_readme_are_seen(tmp_path: Path) -> None:
    for room in FLOOR_OF:
        (tmp_path / f"{room}.py").write_text("")
    wrong = tmp_path / "data.py"
    wrong.write_text(f"def read():\n    from {NAME}.analysis import figures\n    import hydra\n")
    assert len(wrong_imports(wrong, tmp_path)) == 2
    wrong.write_text(f"from {NAME}.contracts import Corpus\nimport torch\n")
    assert wrong_imports(wrong, tmp_path) == []
    (tmp_path / "cellar").mkdir()
    (tmp_path / "cellar" / "wine.py").write_text("")
    (tmp_path / "cli.py").unlink()
    assert wrong_in_rooms(tmp_path) == ["cellar", "cli"]
    tree = f"    src/{NAME}/\n      attic/   old\n      cli.py   x\n    tests/\n      no/\n"
    assert rooms_in_readme(tree) == {"attic", "cli"}
    assert floors_in_drawing("  2  │ attic │ cli │\n     │ old   │ x   │") == {2: {"attic", "cli"}}


def test_only_the_faces_hold_anything_in_their_init() -> None:
    faces = {PACKAGE, PACKAGE / "contracts"}
    for path in PACKAGE.rglob("__init__.py"):
        assert path.parent in faces or path.read_text() == ""
