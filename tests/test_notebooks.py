"""The notebooks, executed from their first cell to their last."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from mental_health_classifier.tracking.record.run_summary import RunSummary
from mental_health_classifier.tracking.run_index import find_runs

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
# pyzmq, which speaks to the kernel, has no way to tell what it closes later.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")


def execute(name: str, project: Path) -> nbformat.NotebookNode:
    """Runs a notebook within a folder that looks like the project, with this interpreter."""
    notebook = nbformat.read(ROOT / "notebooks" / name, as_version=4)
    (project / "notebooks").mkdir()
    kernels = project / "kernels" / "python3"
    kernels.mkdir(parents=True)
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    client = NotebookClient(
        notebook,
        timeout=500,
        resources={"metadata": {"path": str(project / "notebooks")}},
        kernel_name="python3",
    )
    client.km = client.create_kernel_manager()
    client.km.kernel_cmd = command
    client.execute()
    return notebook


def outputs_of(notebook: nbformat.NotebookNode) -> str:
    """Everything that the cells printed or showed, pictures by their kind."""
    shown = []
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            texts = (data.get("text/plain", ""), data.get("text/html", ""))
            shown += [output.get("text", ""), *texts, *data]
    return "\n".join(shown)


def as_shown(value: float) -> str:
    """Pandas shows six decimals, less the zeros at their end where a column has no other."""
    return f"{value:.6f}".rstrip("0")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_kept_without_outputs_and_defines_nothing(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None
        assert "def " not in cell.source and "lambda" not in cell.source


@pytest.mark.slow
def test_recorded_runs_become_a_table_figures_and_conclusions(
    runs: Mapping[str, RunSummary], tmp_path: Path
) -> None:
    for name, run in runs.items():
        shutil.copytree(run.directory, tmp_path / "outputs" / name)
    shown = outputs_of(execute("aggregate_runs.ipynb", tmp_path))
    assert shown.count("image/png") == 6
    for run in runs.values():
        assert as_shown(run.metrics["test/accuracy"]) in shown
    assert "This report covers 2 runs" in shown and "Warning: " not in shown


@pytest.mark.slow
@pytest.mark.timeout(600)  # trains on all processors, which others may be using
def test_first_steps_train_look_and_explain(tmp_path: Path) -> None:
    for name in ("train.py", "conf"):
        (tmp_path / name).symlink_to(ROOT / name)
    shown = outputs_of(execute("first_steps.ipynb", tmp_path))
    (run,) = find_runs([tmp_path / "outputs"])
    assert run.status == "completed"
    assert as_shown(run.metrics["test/accuracy"]) in shown
    assert "image/png" in shown
    assert "Decision(" in shown and "alert from ." in shown and "Not guaranteed:" in shown
    assert shown.count("text/html") == 3
    # Neither progress bars nor what libraries warn of.
    assert "\N{BOX DRAWINGS HEAVY HORIZONTAL}" not in shown and "Warning: " not in shown
