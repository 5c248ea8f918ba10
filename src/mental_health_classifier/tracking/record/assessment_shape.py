"""Shapes of the files in `assessments/`, which other versions and damage change.

Whatever else is in a file is passed on as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from mental_health_classifier.tracking.record.shapes import (
    Kind,
    anything,
    count,
    filled,
    flag,
    list_of,
    mapping,
    number,
    numbers,
    optional,
    pair,
    pairs,
    record,
    share,
    text,
    whole_pair,
)

RATES = ("recall", "false_alarm_rate", "accuracy")
"""What is measured of groups."""

_INTERVAL = optional(whole_pair)
_RATE = record(needed={"n": count, "value": optional(number), "interval": _INTERVAL})

_BINS = record(needed={"edges": list_of(number), "shares": list_of(number), "n": count})


def _histogram(value: Any) -> str | None:
    wrong = _BINS(value)
    if wrong is None and (len(value["shares"]) != len(value["edges"]) + 1 or not value["n"]):
        return "shares"
    return wrong


_LOOKS: Mapping[str, Kind] = {
    **dict.fromkeys(("characters", "scores"), _histogram),
    **dict.fromkeys(("longest", "letter_share", "function_word_share"), number),
}

_PROMISE: Mapping[str, Kind] = {
    "is_certified": flag,
    "priority_class": text,
    **{"required_recall": share, "confidence": share},
}
_CERTIFIED: Kind = record(
    needed={
        **_PROMISE,
        **{"threshold": share, "false_alarm_rate": number, "false_alarm_interval": whole_pair},
        **{"n": count, "misses": count, "allowed_misses": count},
        **{"guaranteed": text, "not_guaranteed": list_of(text)},
    },
    known={"reference": optional(record(needed=_LOOKS))},
)
_REFUSED: Kind = record(needed={**_PROMISE, "reason": text})


def _certificate(content: Any) -> str | None:
    return (_CERTIFIED if content.get("is_certified") is True else _REFUSED)(content)


_OF_PRIORITY = record(
    known={
        **{"brier": optional(number), "slope": optional(number), "intercept": optional(number)},
        **dict.fromkeys(("slope_interval", "intercept_interval"), optional(pair)),
        "reliability_curve": list_of(record(needed={"predicted": number, "observed": number})),
    }
)
_CALIBRATED = record(
    needed={"ece": number, "brier": number, "log_loss": number},
    known={"priority": optional(_OF_PRIORITY)},
)
_POINT = record(
    needed={"threshold": number, "net_benefit": number, "net_benefit_of_alerting_all": number},
    known={"interval": _INTERVAL},
)
_CALIBRATION = record(
    needed={"temperature": number, "before": _CALIBRATED, "after": _CALIBRATED},
    known={"decision_curve": optional(list_of(_POINT))},
)

_TRIAGE = record(
    needed={
        "curve": filled(list_of(record(needed={"share_read": number, "recall": mapping(number)}))),
        "shares_needed": mapping(
            optional(record(needed={"share": number, "interval": _INTERVAL})),
            # Share found, by reviewers who notice so much.
            keys=lambda key: None if len(list(filter(_is_a_number, key.split("/")))) == 2 else "",
        ),
    }
)


def _triage(content: Any) -> str | None:
    wrong = _TRIAGE(content)
    if wrong is not None:
        return wrong
    first, *others = (tuple(point["recall"]) for point in content["curve"])
    is_curve = all(map(_is_a_number, first)) and all(other == first for other in others)
    return None if is_curve else "curve"


def _is_a_number(key: str) -> bool:
    return re.fullmatch(r"\d(\.\d+)?", key) is not None


def _group(value: Any) -> str | None:
    """`n`, and beside it rates by their names."""
    if type(value) is not dict or count(value.get("n")) is not None:
        return "n"
    return _RATES({name: rate for name, rate in value.items() if name != "n"})


_RATES = mapping(_RATE, keys=lambda name: None if name in RATES else "")
_GROUPS = record(
    needed={"groups": mapping(mapping(_group)), "gaps": mapping(numbers), "min_posts": count}
)


def _groups(content: Any) -> str | None:
    wrong = _GROUPS(content)
    if wrong is not None:
        return wrong
    rates = {tuple(value) for values in content["groups"].values() for value in values.values()}
    gaps = {name for gaps in content["gaps"].values() for name in gaps}
    if len(rates) > 1:
        return "groups"
    return None if gaps <= set(RATES) else "gaps"


_TRIED = record(
    needed={
        **dict.fromkeys(("n", "misses", "false_alarms"), count),
        **{"failure_rate": number, "interval": _INTERVAL},
    }
)
_BEHAVIOUR = record(
    needed={"passes": flag, "capabilities": mapping(_TRIED), "total": _TRIED},
    known={"texts": count, "texts_seen": optional(count)},
)


def _behaviour(content: Any) -> str | None:
    is_counted = content.get("texts_seen") is None or "texts" in content
    return _BEHAVIOUR(content) if is_counted else "texts"


_HEADLINE = record(needed={"value": number, "interval": _INTERVAL})
_SHORTCUTS = record(
    needed={
        "metric": text,
        **{"masked": number, "unmasked": number},
        **{"loss_interval": _INTERVAL, "keyword_recall_at_spec80": optional(number)},
    },
    known={
        "masked_share": optional(number),
        "source": optional(
            record(
                needed={"kinds": count, "auc": optional(number), "interval": _INTERVAL, "n": count}
            )
        ),
        "splits": optional(record(needed={"random": _HEADLINE, "grouped": _HEADLINE})),
    },
)

_EXPLAINED = record(
    needed={"intervals": pairs, "n": count, "interpretability_score": optional(number)},
    known={
        **dict.fromkeys(
            ("comprehensiveness", "sufficiency", "stability", "plausibility"), optional(number)
        ),
        "n_plausibility": optional(count),
    },
)

_REFERENCE = record(needed=_LOOKS)

_REPLAY = record(needed={"verdict": text, "differences": list_of(text)})

_SHAPES: Mapping[str, Kind] = {
    "certificate": _certificate,
    "calibration": _CALIBRATION,
    "triage": _triage,
    "groups": _groups,
    "behaviour": _behaviour,
    "shortcuts": _SHORTCUTS,
    "explain": _EXPLAINED,
    "reference": _REFERENCE,
    "replay": _REPLAY,
}


def wrong_in_assessment(name: str, content: Mapping[str, Any]) -> str | None:
    """The key that is missing in an assessment or of the wrong kind; None: there is none.

    Args:
        name: of the file; what follows a hyphen says which of several of its kind it is.
    """
    return _SHAPES.get(name.partition("-")[0], anything)(content)
