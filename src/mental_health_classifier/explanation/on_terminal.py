"""Explained posts in colour, on a terminal and in notebooks."""

from __future__ import annotations

from rich.console import Console, ConsoleOptions, RenderResult
from rich.jupyter import JupyterMixin
from rich.text import Text

from mental_health_classifier.console.decisions import WORDS_ARE_SUMS, sentence
from mental_health_classifier.console.shades import shade
from mental_health_classifier.console.tables import Column, TextTable
from mental_health_classifier.console.wording import printable
from mental_health_classifier.contracts.decimals import decimals
from mental_health_classifier.contracts.explained_text import ExplainedText


class Explanation(ExplainedText, JupyterMixin):
    """An explained text that notebooks and rich consoles show in colour: red speaks for the class,
    blue against it, the stronger the more."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Text(sentence(self.decided), "bold")
        yield Text()
        yield self.coloured
        yield Text()
        yield self.legend
        yield TextTable(
            [
                Column("word", [printable(word) for word, _ in self.strongest]),
                Column(
                    "adds to the logit",
                    [decimals(value, 3, sign="+") for _, value in self.strongest],
                    is_number=True,
                ),
            ]
        )
        yield Text(WORDS_ARE_SUMS)

    @property
    def coloured(self) -> Text:
        shown = Text()
        for word, value in self.words:
            shown.append(printable(word), "" if value is None else _style(value / self.scale))
        return shown

    @property
    def legend(self) -> Text:
        name = printable(self.class_name)
        return Text.assemble(
            (" red ", _style(1.0)),
            f" speaks for {name}, ",
            (" blue ", _style(-1.0)),
            " against it; no colour: not read.",
        )


def _style(strength: float) -> str:
    colour = ",".join(map(str, shade(strength)))
    return f"black on rgb({colour})"
