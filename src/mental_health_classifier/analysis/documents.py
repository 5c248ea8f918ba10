"""HTML pages and Markdown cards from the templates of this folder."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from importlib.resources import files
from typing import Any

from mental_health_classifier.analysis.sections.pieces import (
    Measure,
    RunLink,
    decimal,
    plain,
    shortened,
)
from mental_health_classifier.console.wording import count, printable, printable_lines

_PACKAGE = "mental_health_classifier.analysis"

MARKDOWN_SIGNS = re.compile(r"[\\|<>*`\[\]#]|(?<![^\W_])_|_(?![^\W_])")
"""What Markdown or HTML would make something of; an underscore within a word they leave alone."""


def html_page(template: str, **values: Any) -> str:
    """The page. Whatever a template does not say itself is escaped."""
    return _environment(is_markdown=False).get_template(template).render(values)


def markdown_card(template: str, **values: Any) -> str:
    """The card. Whatever a template does not say itself stands on one line and is escaped."""
    return _environment(is_markdown=True).get_template(template).render(values)


def beside_templates(name: str) -> str:
    """A style or a script that pages hold."""
    return files(_PACKAGE).joinpath("templates", *name.split("/")).read_text(encoding="utf-8")


def allowed(text: str) -> str:
    """What a page's policy says of a style or a script that it holds: this one, by its hash."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


@cache
def _environment(*, is_markdown: bool) -> Any:
    # Commands that make no page do not wait for it.
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    def harmless(value: Any) -> Any:
        """Steers neither its direction of reading nor a terminal."""
        if isinstance(value, Markup):
            return value
        if is_markdown:
            if isinstance(value, Measure):
                return Markup(str(value))
            return Markup(MARKDOWN_SIGNS.sub(r"\\\g<0>", printable(plain(value))))
        if not isinstance(value, str):
            return value
        return printable_lines(value).replace(" %", "\N{NO-BREAK SPACE}%")

    environment = Environment(
        loader=PackageLoader(_PACKAGE),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=harmless,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"counted": count, "decimal": decimal, "shortened": shortened}
    environment.tests |= {
        "measure": lambda piece: isinstance(piece, Measure),
        "run_link": lambda piece: isinstance(piece, RunLink),
    }
    return environment
