"""The reference pages, and the docstrings that they are made of."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

import mental_health_classifier as mhc
from mental_health_classifier.configuration.registry import CLASSES, find_part

ROOT = Path(__file__).resolve().parent.parent
OURS = sorted(name for name, whole in CLASSES.items() if whole.startswith(mhc.__name__))


@pytest.mark.parametrize("name", OURS)
def test_what_a_configuration_may_name_has_a_docstring_of_its_own(name: str) -> None:
    part = find_part(name)
    assert part.__doc__ and (not isinstance(part, type) or "__doc__" in vars(part))
    assert not part.__doc__.startswith(f"{name}("), "the one that a dataclass is given"


def test_what_the_figures_offer_has_docstrings() -> None:
    for name in mhc.figures.__all__:
        offered = getattr(mhc.figures, name)
        assert not callable(offered) or offered.__doc__


@pytest.mark.filterwarnings("ignore:Error parsing type annotation")
def test_the_pages_hold_every_name_and_ask_nothing_of_a_network(tmp_path: Path) -> None:
    script = ROOT / "docs" / "build_reference.py"
    spec = importlib.util.spec_from_file_location("build_reference", script)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    pages = {path.stem: path.read_text() for path in module.build_reference(tmp_path / "pages")}
    for name in OURS:
        assert f'id="{name}"' in pages["configuration"]
    assert "conf/network/encoder/transformer.yaml" in pages["configuration"]
    for name in set(mhc.__all__) - {"__version__", "figures"}:
        assert f'id="{name}"' in pages["mental_health_classifier"]
    for name in mhc.figures.__all__:
        assert f'id="{name}"' in pages["figures"]
    for page in pages.values():
        assert 'src="http' not in page and '<link rel="stylesheet"' not in page
