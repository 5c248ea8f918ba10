"""Figures as SVG inside an HTML page: its colours and font, links and titles."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from xml.etree import ElementTree

from markupsafe import Markup
from matplotlib import rc_context
from matplotlib.figure import Figure

from mental_health_classifier.analysis.figures.files import figure_bytes
from mental_health_classifier.analysis.figures.narrow import make_narrow
from mental_health_classifier.analysis.figures.style import DARK, GREY, GRID, LOOKS

COLORS = {
    **{look.color: f"var(--s{place})" for place, look in enumerate(LOOKS)},
    **{DARK: "currentColor", GREY: "var(--quiet)", GRID: "var(--rule)", "#ffffff": "var(--paper)"},
}
"""What a page says of the colours of `style`, so that they follow its light and dark looks."""

SMALL, BROAD = 4.5, 9.0
"""Widths in inches: what a phone can show as it is, and what a small window cannot."""
KINDS_OF_LINE = ("as-logged", "smoothed")
"""Names of lines that a page can show and hide."""

_NUMBER = re.compile(r"-?\d+\.\d+")
_LINK = "{http://www.w3.org/1999/xlink}href"
_KEPT = ("fill", "stroke", "opacity", "font-size", "font-weight", "text-anchor")
"""Beginnings of the properties that a page has no say in."""


@dataclass(frozen=True, slots=True)
class InlineFigure:
    """A drawing that stands in a page, with its title and caption as text of the page."""

    title: str
    caption: str
    svg: Markup
    narrow: Markup | None = None
    """The same for a phone; None: it is small enough."""
    is_broad: bool = False
    """Whether it takes a wide screen to be read as it is."""


def inline_figure(
    figure: Figure, name: str, *, titles: Mapping[str, str] | None = None
) -> InlineFigure:
    """A figure for a page whose policy forbids styles of its elements.

    Args:
        figure: laid out for a phone, without its title and caption, from here on.
        name: what its ids begin with, unique on the page.
        titles: what is shown of a link when it is pointed at, by its address; `data-link` of such
            an element is the address.
    """
    # A page reads no dollar sign as a formula.
    title, caption = (
        " ".join(text.replace(r"\$", "$").split())
        for text in (figure.get_suptitle(), figure.get_supxlabel())
    )
    figure.suptitle("")
    figure.supxlabel("")
    width = figure.get_figwidth()
    svg, narrow = _drawing(figure, name, title, titles), None
    if width > SMALL:
        narrow = _drawing(make_narrow(figure), f"{name}-narrow", title, titles)
    return InlineFigure(title, caption, svg, narrow, is_broad=width > BROAD)


def _drawing(figure: Figure, name: str, title: str, titles: Mapping[str, str] | None) -> Markup:
    with rc_context({"svg.fonttype": "none"}):
        root = ElementTree.fromstring(figure_bytes(figure, "svg"))
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag.endswith(("}metadata", "}style")):
                parent.remove(child)
    for element in list(root.iter()):
        _tell_values(element)
    for element in list(root.iter()):
        _make_inline(element, name)
        if titles and element.tag == "a":
            # For the pointer: the same link stands in a table, and a key press each would be many.
            element.set("tabindex", "-1")
            address = element.get("href", "")
            element.set("data-link", address)
            if element.find(".//title") is None:
                ElementTree.SubElement(element, "title").text = titles.get(address, "")
    role = "group" if titles else "img"
    width, height = (f"{round(inches * 96)}" for inches in figure.get_size_inches())
    root.attrib = {"viewBox": root.get("viewBox", ""), "width": width, "height": height}
    root.attrib |= {"role": role, "aria-label": title}
    return Markup(ElementTree.tostring(root, encoding="unicode"))


def _tell_values(element: ElementTree.Element) -> None:
    """What `tell` said becomes titles: one for each mark, or one for the whole."""
    identity = element.get("id", "")
    if identity in KINDS_OF_LINE:
        element.set("class", identity)
    if not identity.startswith("["):
        return
    del element.attrib["id"]
    values = json.loads(identity)
    marks = [each for each in element.iter() if each.tag.endswith("}use")]
    if len(marks) != len(values):
        marks, values = [element], ["; ".join(values)]
    for mark, value in zip(marks, values, strict=True):
        title = ElementTree.Element("title")
        title.text = value.replace(r"\$", "$")
        mark.insert(0, title)


def _make_inline(element: ElementTree.Element, name: str) -> None:
    """Moves styles into attributes, and leaves out what a page says itself."""
    element.tag = element.tag.rpartition("}")[2]
    style = dict(
        each.split(": ", 1) for each in element.attrib.pop("style", "").split("; ") if each
    )
    attributes, element.attrib = element.attrib | _attributes(style, element.tag), {}
    for key, value in attributes.items():
        if key == "id" and element.tag not in ("path", "clipPath"):
            continue
        if key == "id":
            value = f"{name}-{value}"
        elif key == "clip-path" or (key == _LINK and element.tag == "use"):
            value = value.replace("#", f"#{name}-")
        element.set(key.rpartition("}")[2], _NUMBER.sub(_rounded, value))
    element.text, element.tail = (element.text or "").strip() or None, None


def _attributes(style: Mapping[str, str], tag: str) -> dict[str, str]:
    return {
        # White letters stand on colours that a page does not change.
        key: value if (tag, value) == ("text", "#ffffff") else COLORS.get(value, value)
        for key, value in style.items()
        if key.startswith(_KEPT)
    }


def _rounded(number: re.Match[str]) -> str:
    # What no eye sees costs no bytes.
    return f"{float(number[0]):.1f}".removesuffix(".0")
