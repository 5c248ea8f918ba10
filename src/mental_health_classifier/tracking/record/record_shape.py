"""Shapes of run.json, data.json and end.json; other keys are passed on as they are.

What is needed has been written by every version of this package, the rest by some.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mental_health_classifier.contracts.folder_names import folder_name
from mental_health_classifier.tracking.record.shapes import (
    Kind,
    Shape,
    also,
    any_mapping,
    anything,
    count,
    flag,
    list_of,
    mapping,
    moment,
    name,
    number,
    numbers,
    optional,
    pairs,
    record,
    relative_path,
    text,
    texts,
    where,
    whole_number,
    whole_number_or_text,
)

_IDENTIFIER = also(text, lambda value: None if folder_name(value) == value else "")
"""What can stand in paths and commands as it is."""

_RUN = record(
    needed={
        **{"id": _IDENTIFIER, "name": text, "created_at": moment},
        **{"tags": list_of(text), "variants": list_of(text)},
        "config": any_mapping,
        "git": record(
            known={
                **{"commit": optional(text), "branch": optional(text)},
                "is_dirty": optional(flag),
            }
        ),
    },
    known={
        **dict.fromkeys(("description", "hypothesis", "model"), optional(text)),
        "configuration_hash": optional(text),
        "seed": optional(whole_number_or_text),
        "trial": optional(count),
        **{"argv": list_of(text), "overrides": list_of(text)},
        "source": record(known={"sha256": optional(text), "cannot_be_rebuilt": texts}),
        "environment": record(
            known={
                "python": optional(text),
                "packages": texts,
                "variables": texts,
            }
        ),
        "hardware": record(known={"torch_threads": optional(count)}),
        "imported": record(
            known={**dict.fromkeys(("from", "experiment", "run"), text), "texts_left_out": count}
        ),
    },
)

_POSTS: Kind = record(
    needed={"posts": count}, known={"authors": optional(count), "classes": optional(numbers)}
)
_ACCOUNT: Kind = record(
    known={
        **{"rows_read": optional(count), "rows_kept": optional(count)},
        "dropped": mapping(record(needed={"rows": count}, known={"first": list_of(text)})),
        "scrubbed": mapping(count),
    }
)
_AUXILIARY: Kind = record(needed={"labels": record(needed={"kind": text}), "weight": number})


def _wrong_in_data(value: Mapping[str, Any]) -> str | None:
    classes, priority_class = value["classes"], value.get("priority_class")
    if len(set(classes)) < len(classes):
        return "classes"
    return "priority_class" if priority_class not in (None, *classes) else None


_FACTS = record(
    needed={"classes": list_of(name)},
    known={
        **dict.fromkeys(("fingerprint", "name", "priority_class"), optional(name)),
        "is_synthetic": optional(flag),
        "parts": mapping(_POSTS),
        "account": _ACCOUNT,
        "warnings": list_of(text),
        "ceilings": optional(mapping(number)),
        "auxiliary_tasks": optional(mapping(_AUXILIARY)),
        "token_streams": mapping(anything),
    },
)
_DATA = also(_FACTS, _wrong_in_data)

_MEASURED = {
    **{"metrics": numbers, "intervals": pairs},
    **{"differences": numbers, "difference_intervals": pairs},
}
_CHOSEN: Mapping[str, Kind] = {
    **dict.fromkeys(("name", "chosen_by"), optional(text)),
    "chosen_among": optional(numbers),
}
_ELSEWHERE = record(
    known={
        **{"file": text, "notes": list_of(text), "answers": mapping(count)},
        "referred": mapping(
            record(needed={"posts": count, "priority": count, "reasons": mapping(count)})
        ),
    }
)
"""Where predictions come from that another program made."""
_MODEL = record(
    known={
        "external": optional(_ELSEWHERE),
        **{"parameters": optional(count), "temperature": optional(number)},
        **dict.fromkeys(("token_streams", "windows"), optional(mapping(anything))),
    }
)
_ENDED: Mapping[str, Kind] = {"status": text, "duration_seconds": number, "model": _MODEL}
_LISTED_FACTS: Mapping[str, Kind] = {
    "error": optional(record(known=dict.fromkeys(("type", "place", "message"), optional(text)))),
    "peak_memory_bytes": optional(count),
}
_END = record(
    needed={**_ENDED, "metrics": numbers, "intervals": pairs},
    known={
        **_LISTED_FACTS,
        "phases": numbers,
        "yardstick": optional(record(known={**_CHOSEN, **_MEASURED})),
        "selection": optional(
            record(
                known={
                    "monitor": optional(text),
                    **dict.fromkeys(("value", "epoch", "step"), optional(number)),
                }
            )
        ),
        "artefacts": any_mapping,
    },
)

RUN, DATA, END = Shape(_RUN), Shape(_DATA), Shape(_END)
"""run.json; data.json, whose classes are told apart by their names; end.json."""

ARTEFACTS = Shape(mapping(record(needed={"sha256": optional(text)}), keys=relative_path))
"""What end.json says of each file of the run."""

_LISTED = record(
    needed={
        "attempt": where(lambda name: type(name) is str and name.isdecimal()),
        "stamp": list_of(whole_number),
        "run": _RUN,
        "data": optional(count),
        "end": record(needed=_ENDED, known=_LISTED_FACTS),
    }
)
LISTING = Shape(
    record(needed={"version": count, "entries": mapping(_LISTED), "data": list_of(_DATA)})
)
"""The index of a list of runs, which keeps some of each."""
