"""Tables for a paper: Markdown, and LaTeX with booktabs and adjustbox."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mental_health_classifier.analysis.documents import MARKDOWN_SIGNS
from mental_health_classifier.console.tables import Column
from mental_health_classifier.console.wording import printable

_LATEX = {
    **{sign: rf"\{sign}" for sign in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
}
_LATEX_SIGNS = re.compile("|".join(map(re.escape, _LATEX)))
_BETWEEN_NUMBERS = re.compile(r"(?<![\w-])-(?=[.\d])")


def as_markdown(columns: Sequence[Column], *, caption: str) -> str:
    """A pipe table with its caption below it, as GitHub and Pandoc read one."""
    header = [_markdown(column.header) for column in columns]
    rule = ["---:" if column.is_number else "---" for column in columns]
    rows = [[_markdown(cell) for cell in row] for row in _rows(columns)]
    lines = [f"| {' | '.join(cells)} |" for cells in (header, rule, *rows)]
    return "\n".join([*lines, "", _markdown(caption), ""])


def as_latex(columns: Sequence[Column], *, caption: str) -> str:
    r"""A table that `\usepackage{booktabs,adjustbox}` and nothing else sets, no wider than the
    page; whoever names runs in other scripts sets it with LuaLaTeX or XeLaTeX."""
    kinds = "".join("r" if column.is_number else "l" for column in columns)
    header = [_latex(column.header) for column in columns]
    rows = [[_latex(cell) for cell in row] for row in _rows(columns)]
    # A row that began with a bracket or an asterisk would belong to the end of the row before.
    lines = [
        rf"{'{}' if cells[0].startswith(('[', '*')) else ''}{' & '.join(cells)} \\"
        for cells in (header, *rows)
    ]
    return "\n".join(
        [
            r"% \usepackage{booktabs,adjustbox}",
            r"\begin{table}",
            r"\centering",
            rf"\caption{{{_latex(caption)}}}",
            r"\medskip",
            r"\begin{adjustbox}{max width=\textwidth}",
            rf"\begin{{tabular}}{{{kinds}}}",
            r"\toprule",
            lines[0],
            r"\midrule",
            *lines[1:],
            r"\bottomrule",
            r"\end{tabular}",
            r"\end{adjustbox}",
            r"\end{table}",
            "",
        ]
    )


def _rows(columns: Sequence[Column]) -> list[list[str]]:
    return [list(map(str, row)) for row in zip(*(column.cells for column in columns), strict=True)]


def _one_line(text: str) -> str:
    return printable(" ".join(text.replace("-\n", "").split()))


def _markdown(text: str) -> str:
    return MARKDOWN_SIGNS.sub(r"\\\g<0>", _one_line(text))


def _latex(text: str) -> str:
    escaped = _LATEX_SIGNS.sub(lambda match: _LATEX[match[0]], _one_line(text))
    return _BETWEEN_NUMBERS.sub("$-$", escaped)
