"""What `import mental_health_classifier as mhc` offers."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

import mental_health_classifier as mhc
from mental_health_classifier.tracking.record.run_summary import RunSummary

ROOT = Path(__file__).resolve().parent.parent
TEXTS = ["we talked about the weather", "nobody would notice if I were gone"]


def test_every_public_name_is_listed_and_there_and_says_what_it_is() -> None:
    assert dir(mhc) == sorted(mhc.__all__)
    for name in mhc.__all__:
        assert getattr(mhc, name).__doc__
    with pytest.raises(AttributeError, match="'mental_health_classifier' has no attribute 'x'"):
        _ = mhc.x  # pyright: ignore[reportAttributeAccessIssue]


def test_importing_the_package_imports_nothing_of_it() -> None:
    program = (
        "import sys; import mental_health_classifier as mhc; dir(mhc); mhc.__version__\n"
        "print([name for name in sys.modules if name.startswith(f'{mhc.__name__}.')])"
    )
    command = [sys.executable, "-c", program]
    assert subprocess.run(command, capture_output=True, text=True).stdout == "[]\n"


def test_a_type_checker_knows_what_is_handed_out() -> None:
    source = (ROOT / "src" / "mental_health_classifier" / "__init__.py").read_text()
    typed = source.partition("if TYPE_CHECKING:")[2].partition("__all__")[0]
    assert all(name in typed for name in mhc.__all__)


def test_notebooks_and_readme_import_from_the_top_alone() -> None:
    texts = [(ROOT / "README.md").read_text(encoding="utf-8")]
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        texts += ["".join(cell["source"]) for cell in cells]
    assert "import mental_health_classifier" in "\n".join(texts)
    for text in texts:
        assert "mental_health_classifier." not in text.replace("src/mental_health_classifier/", "")


def test_a_run_is_found_read_loaded_and_explained(
    runs: Mapping[str, RunSummary], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, run in runs.items():
        shutil.copytree(run.directory, tmp_path / "outputs" / name)
    network = runs["baseline_micro"]
    found = mhc.find_runs()
    assert {run.id for run in found} == {run.id for run in runs.values()}
    assert [run.id for run in mhc.find_runs("outputs")] == [run.id for run in found]
    (listed,) = [run for run in found if run.id == network.id]
    for reference in (network.id, "baseline_micro", Path("outputs/baseline_micro"), listed):
        assert reference is not None
        run = mhc.read_run(reference)
        assert run.id == network.id and run.run["environment"]
    with pytest.raises(mhc.InputError, match="No run nowhere among the 2"):
        mhc.read_run("nowhere")
    classifier = mhc.load_classifier(listed)
    assert isinstance(classifier, mhc.Predictor)
    table = mhc.ModelAnalyzer("outputs").create_performance_comparison()
    assert len(table) == 2
    figure, notes = mhc.figures.draw("confusion", found)
    assert figure.axes and notes == []

    both = mhc.explain(listed, TEXTS)
    (alone,) = mhc.explain("baseline_micro", TEXTS[1:])
    assert [each.text for each in both] == TEXTS
    assert {each.class_name for each in both} == {"suicide"}
    for each in both:
        assert each.places.shape == (len(each.attributions), 2)
    np.testing.assert_allclose(both[1].attributions, alone.attributions, atol=1e-4)
    shown = alone._repr_mimebundle_([], [])
    assert "gone" in shown["text/plain"] and "background-color" in shown["text/html"]
    assert mhc.explain(listed, []) == []
    with pytest.raises(mhc.InputError, match="a list of texts"):
        mhc.explain(listed, TEXTS[0])
