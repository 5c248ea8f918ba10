"""Who may import whom at module level, as the README's tree of folders says."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "src" / "mental_health_classifier"
NAME = PACKAGE.name
HEAVY = {"torch", "lightning", "torchmetrics", "tokenizers", "safetensors", "seaborn"}
DRAWING = PACKAGE / "analysis" / "figures"
ALLOWED = {
    "contracts": set(),
    "task_kinds": set(),
    "progress": set(),
    "process_identity": set(),
    "evaluation": {"contracts", "task_kinds"},
    "tracking": {"contracts", "task_kinds", "evaluation", "process_identity", "storage_failures"},
    "data": {
        "array_files",
        "contracts",
        "task_kinds",
        "progress",
        "process_identity",
        "storage_failures",
    },
    "models": {"contracts"},
    "training": {"array_files", "contracts", "task_kinds", "evaluation", "tracking"},
    "spreadsheet_cells": set(),
    "analysis": {"contracts", "evaluation", "spreadsheet_cells", "tracking"},
    "build": {"buildable", "contracts", "data", "models", "training", "tracking"},
    "buildable": {"contracts"},
    "recorded_configuration": {"configuration_check", "contracts", "tracking"},
    "configuration_check": {"buildable", "contracts"},
    "sweep_jobs": {"build", "tracking"},
    "sweep": {"analysis", "contracts", "process_identity", "sweep_jobs", "tracking"},
    "directory_claim": {"command_line", "contracts", "sweep_jobs", "tracking"},
    "command_line": {"analysis", "tracking"},
    "storage_failures": set(),
    "array_files": set(),
}
WITHOUT_TORCH = {
    "contracts",
    "task_kinds",
    "progress",
    "process_identity",
    "storage_failures",
    "array_files",
    "evaluation",
    "tracking",
    "analysis",
    "cli",
    "commands",
    "build",
    "buildable",
    "configuration_check",
    "recorded_configuration",
    "sweep",
}
MAY_USE_HYDRA = {
    "build",
    "recorded_configuration",
    "configuration_check",
    "experiment",
    "directory_claim",
    "sweep_jobs",
    "command_line",
}


def module_level_imports(tree: ast.Module) -> list[ast.Import | ast.ImportFrom]:
    """Imports that run when the module is imported, so not those for type checkers alone."""
    found, waiting = [], list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import | ast.ImportFrom):
            found.append(node)
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            waiting += node.orelse
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            waiting += [
                child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt)
            ]
    return found


def imported_names(path: Path) -> set[str]:
    names = set()
    for node in module_level_imports(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} imports relatively: write the whole name"
            names.add(node.module or "")
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
        else:
            names |= {alias.name for alias in node.names}
    return names


MODULES = sorted(PACKAGE.rglob("*.py"))


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_imports_go_one_way_through_the_house(path: Path) -> None:
    room, names = room_of(path), imported_names(path)
    ours = {name.split(".")[1] for name in names if name.startswith(f"{NAME}.")}
    allowed = ALLOWED.get(room)
    if allowed is not None:
        assert ours <= {room, *allowed}
    tops = {name.split(".")[0] for name in names}
    if room in WITHOUT_TORCH:
        assert not tops & (HEAVY - {"seaborn"} if path.parent == DRAWING else HEAVY)
    if room not in MAY_USE_HYDRA:
        assert not tops & {"hydra", "omegaconf"}


def test_every_package_init_but_the_first_is_empty() -> None:
    for path in PACKAGE.rglob("__init__.py"):
        assert path.parent == PACKAGE or path.read_text() == ""
