"""Builds docs/reference/: the public face and all that a configuration may name, as web pages.

They are made from docstrings and from the registry, and ask nothing of any network.
"""

from __future__ import annotations

import re
import shutil
import warnings
from collections import defaultdict
from pathlib import Path
from types import ModuleType

import pdoc

import mental_health_classifier as mhc
from mental_health_classifier.configuration.registry import REGISTRY, find_part
from mental_health_classifier.evaluation.decisions import Decision
from mental_health_classifier.explanation.on_terminal import Explanation

ROOT = Path(__file__).resolve().parent.parent
OUTPUT = ROOT / "docs" / "reference"
FACE, FIGURES, PARTS = "mental_health_classifier", "figures", "configuration"
THEIR_DOCS = "https://lightning.ai/docs/pytorch/stable/api"

FACE_TEXT = """\
What `import mental_health_classifier as mhc` offers, and the classes of what it returns. The README
shows how it is used. `mhc.figures` has [a page of its own](figures.html), and so has
[what a configuration may name](configuration.html).
"""
FIGURES_TEXT = """\
What `mhc.figures` offers. Each function that draws returns a matplotlib figure and saves nothing.
"""
PARTS_TEXT = """\
What may stand as `_target_` in a configuration, and where: `*` is any one name. All other keys
beside `_target_` are arguments of the constructor, less those that are given as the run begins.

| key | may be | given as the run begins |
|---|---|---|
"""


def build_reference(output: Path) -> list[Path]:
    """Writes the pages, in place of those that are there."""
    pages = {page.modulename: page for page in (page_of_face(), page_of_figures(), page_of_parts())}
    theme = Path(__file__).parent / "theme"
    pdoc.render.configure(docformat="google", show_source=False, template_directory=theme)
    # Of named tuples, whose fields are then shown as they are written.
    warnings.filterwarnings("ignore", "Error parsing type annotation", UserWarning)
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir(parents=True)
    for name, page in pages.items():
        (output / f"{name}.html").write_text(pdoc.render.html_module(page, pages), "utf-8")
    # The list of three pages that pdoc would write says less than the first of them.
    first = f'<meta http-equiv="refresh" content="0; url={FACE}.html">\n'
    (output / "index.html").write_text(first, "utf-8")
    (output / "search.js").write_text(pdoc.render.search_index(pages), "utf-8")
    return sorted(output.iterdir())


def page_of_face() -> pdoc.doc.Module:
    """What the package hands out, and the classes of what that returns."""
    members = {name: getattr(mhc, name) for name in mhc.__all__ if name != "__version__"}
    returned = {kind.__name__: kind for kind in (Decision, Explanation, type(members["tracker"]))}
    return _page(FACE, FACE_TEXT, members | returned)


def page_of_figures() -> pdoc.doc.Module:
    """The functions that draw, and those that read what they draw."""
    members = {name: getattr(mhc.figures, name) for name in mhc.figures.__all__}
    return _page(FIGURES, FIGURES_TEXT, members)


def page_of_parts() -> pdoc.doc.Module:
    """Our classes and functions of the registry, each with its places; Lightning's as links."""
    members, places, table = {}, defaultdict(list), []
    for key, place in REGISTRY.items():
        for name, module in place.parts.items():
            places[name].append(key)
            if module.startswith(FACE):
                members[name] = find_part(name)
                # What they inherit from us is linked.
                bases = [] if not isinstance(members[name], type) else members[name].__mro__[1:]
                members |= {b.__name__: b for b in bases if b.__module__.startswith(FACE)}
        names = ", ".join(_linked(name, module) for name, module in place.parts.items())
        given = ", ".join(f"`{name}`" for name in place.given or ())
        table.append(f"| `{key}` | {names} | {given} |")
    page = _page(PARTS, PARTS_TEXT + "\n".join(table), members)
    chosen = files_that_choose()
    for name in places.keys() & page.members.keys():
        where = f"In the configuration: {', '.join(f'`{key}`' for key in places[name])}"
        if chosen[name]:
            where += f", chosen by {', '.join(f'`{path}`' for path in chosen[name])}"
        member = page.members[name]
        member.docstring = f"*{where}.*\n\n{member.docstring}"
    return page


def files_that_choose() -> dict[str, list[str]]:
    """The files below conf/ that name a part."""
    chosen = defaultdict(list)
    for path in sorted((ROOT / "conf").rglob("*.yaml")):
        for name in re.findall(r"_target_: (\w+)$", path.read_text("utf-8"), re.MULTILINE):
            chosen[name].append(path.relative_to(ROOT).as_posix())
    return chosen


def _page(name: str, text: str, members: dict[str, object]) -> pdoc.doc.Module:
    module = ModuleType(name, text)
    vars(module).update(members, __all__=list(members))
    return pdoc.doc.Module(module)


def _linked(name: str, module: str) -> str:
    if module.startswith(FACE):
        return f"[{name}](#{name})"
    kind = f"{module}.{name}"
    return f"[{name}]({THEIR_DOCS}/{kind}.html)"


if __name__ == "__main__":
    for path in build_reference(OUTPUT):
        print(path.relative_to(ROOT))
