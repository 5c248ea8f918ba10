"""The best models on a terminal, with what they won by and what speaks against them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from mental_health_classifier.analysis.sections.certificate import certificate_summary
from mental_health_classifier.analysis.sections.pieces import heading_title
from mental_health_classifier.console.tables import Column, TextTable, names_that_fit, text
from mental_health_classifier.console.wording import amount, count, number


def best_list(
    best: Mapping[str, Mapping[str, Any]], names: Mapping[str, str], *, width: int | None
) -> RenderableType:
    """A line for each heading, below them the reasons.

    Args:
        best: what `best_models` found.
        names: what configurations are called, by their hash; see `names_by_hash`.
        width: characters in a line; None: as wide as it comes.
    """
    entries = list(best.values())
    titles = [heading_title(name, entry["priority_class"]) for name, entry in best.items()]
    columns = {
        "heading": Column("best by", titles),
        "id": Column("id", [entry["run"] or "-" for entry in entries]),
        "value": Column("on test", [number(e["value"], e["interval"]) for e in entries]),
        "run": Column("run", [names.get(e["configuration"], "-") for e in entries]),
        "n": Column("posts", [amount(entry["n"]) for entry in entries], is_number=True),
        "seeds": Column("models", [amount(e["num_models"]) for e in entries], is_number=True),
        "metric": Column("number", [entry["metric"] for entry in entries]),
        "directory": Column("directory", [entry["directory"] or "-" for entry in entries]),
    }
    shown = list(columns) if width is None else names_that_fit(columns, width=width)
    reasons = [
        text(f"{title[0].upper()}{title[1:]}: {' '.join([entry['reason'], *entry['warnings']])}")
        for title, entry in zip(titles, entries, strict=True)
    ]
    # Headings often name one run: what is known of it is said once.
    runs = {entry["run"]: entry for entry in entries if entry["run"] is not None}
    meaning = text(
        "Chosen on val. On test: the mean over the models of a configuration, with a 95 % interval "
        "over other authors and, where there are several models, other seeds."
    )
    table = TextTable([columns[name] for name in shown])
    return Group(table, "", *([meaning] if runs else []), *reasons, *_worth(runs))


def _worth(runs: Mapping[str, Mapping[str, Any]]) -> Iterator[Text]:
    """The verdict on each run's configuration, and what may be promised of it because it was chosen
    among several."""
    # Two runs can be of one configuration, which the sentence names.
    verdicts = [said for entry in runs.values() for said in entry.get("verdicts") or ()]
    yield from map(text, dict.fromkeys(verdicts))
    for name, entry in runs.items():
        who = "" if len(runs) == 1 else f"Run {name}: "
        if found := entry.get("certificate"):
            among = f"Chosen among {count(entry['looked_at'], 'run')}. "
            yield text(f"{who}{among}{certificate_summary(found)}")
