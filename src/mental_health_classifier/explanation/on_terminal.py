"""Explained posts in colour, on a terminal and in notebooks."""

from __future__ import annotations

from rich.console import Console, ConsoleOptions, RenderResult
from rich.jupyter import JupyterMixin
from rich.text import Text

from mental_health_classifier.console.shades import shade
from mental_health_classifier.console.tables import Column, TextTable
from mental_health_classifier.console.wording import printable
from mental_health_classifier.contracts.explained_text import ExplainedText


class Explanation(ExplainedText, JupyterMixin):
    """An explained text that notebooks and rich consoles show in colour: red speaks for the class,
    blue against it, the stronger the more."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield self.coloured
        yield TextTable(
            [
                Column("token", [printable(piece) for piece, _ in self.strongest]),
                Column(
                    "adds to the logit",
                    [f"{value:+.3f}" for _, value in self.strongest],
                    is_number=True,
                ),
            ]
        )

    @property
    def coloured(self) -> Text:
        shown = Text()
        for piece, value in self.pieces:
            style = ""
            if value is not None:
                colour = ",".join(map(str, shade(value / self.scale)))
                style = f"black on rgb({colour})"
            shown.append(printable(piece), style)
        return shown
