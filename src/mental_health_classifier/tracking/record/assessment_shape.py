"""Shapes of the files in `assessments/` that their readers rely on.

Other versions write other things, and files get damaged. Whatever else is in a file is passed on as
it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from mental_health_classifier.tracking.record.shapes import (
    Kind,
    Shape,
    also,
    anything,
    count,
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
    where,
    whole_pair,
)

RATES = ("recall", "false_alarm_rate", "accuracy")
"""What is measured of groups."""

_INTERVAL = optional(whole_pair)


def _wrong_in_histogram(value: Mapping[str, Any]) -> str | None:
    is_whole = value["n"] and len(value["shares"]) == len(value["edges"]) + 1
    return None if is_whole else "shares"


_HISTOGRAM = also(
    record(needed={"edges": list_of(number), "shares": list_of(number), "n": count}),
    _wrong_in_histogram,
)
_REFERENCE = record(
    needed={
        **dict.fromkeys(("characters", "scores"), _HISTOGRAM),
        **dict.fromkeys(("longest", "letter_share", "function_word_share"), number),
    }
)

_PROMISE: Mapping[str, Kind] = {
    "is_certified": flag,
    "priority_class": text,
    **{"required_recall": share, "confidence": share},
}
_MEASURED = record(
    needed={"n": count, "authors": optional(count), "value": optional(number)},
    known={"interval": _INTERVAL},
)
_ON_TEST = record(
    needed={
        "threshold": share,
        **dict.fromkeys(("recall", "recall_with_referred"), _MEASURED),
        **dict.fromkeys(("alerted", "referred", "left"), _MEASURED),
    }
)
_DECIDES: Mapping[str, Kind] = {
    "looked_at": count,
    **dict.fromkeys(("temperature", "refer_from", "refer_share"), optional(number)),
    "operating_point": optional(record(needed={"threshold": share, "refer_from": share})),
    "on_test": _ON_TEST,
}
"""What records of before do not say."""
_CERTIFIED = record(
    needed={
        **_PROMISE,
        **{"threshold": share, "false_alarm_rate": number, "false_alarm_interval": whole_pair},
        **{"n": count, "misses": count, "allowed_misses": count},
        **{"guaranteed": text, "not_guaranteed": list_of(text)},
    },
    known={"reference": optional(_REFERENCE), **_DECIDES},
)
_REFUSED = record(needed={**_PROMISE, "reason": text}, known=_DECIDES)

_OF_PRIORITY = record(
    known={
        **{"brier": optional(number), "slope": optional(number), "intercept": optional(number)},
        **dict.fromkeys(("slope_interval", "intercept_interval"), optional(pair)),
        "reliability_curve": list_of(record(needed={"predicted": number, "observed": number})),
    }
)
_CALIBRATED = record(
    needed={"ece": number, "brier": number, "log_loss": number},
    known={
        "priority": optional(_OF_PRIORITY),
        **dict.fromkeys(("ece_interval", "brier_interval", "log_loss_interval"), _INTERVAL),
        **dict.fromkeys(("ece_noise_floor", "brier_noise_floor"), optional(number)),
    },
)
_POINT = record(
    needed={"threshold": number, "net_benefit": number, "net_benefit_of_alerting_all": number},
    known={"interval": _INTERVAL},
)
_CALIBRATION = record(
    needed={"temperature": number, "before": _CALIBRATED, "after": _CALIBRATED},
    known={"decision_curve": optional(list_of(_POINT))},
)


def _is_a_number(key: str) -> bool:
    return re.fullmatch(r"\d(\.\d+)?", key) is not None


def _wrong_in_triage(content: Mapping[str, Any]) -> str | None:
    first, *others = (tuple(point["recall"]) for point in content["curve"])
    is_curve = all(map(_is_a_number, first)) and all(other == first for other in others)
    return None if is_curve else "curve"


_TRIAGE = also(
    record(
        needed={
            "curve": list_of(
                record(needed={"share_read": number, "recall": mapping(number)}), least=1
            ),
            "shares_needed": mapping(
                optional(record(needed={"share": number, "interval": _INTERVAL})),
                # Share found, by reviewers who notice so much.
                keys=where(lambda key: len(list(filter(_is_a_number, key.split("/")))) == 2),
            ),
        }
    ),
    _wrong_in_triage,
)


def _wrong_in_group(group: Mapping[str, Any]) -> str | None:
    return next((name for name in group if name not in (*RATES, "n")), None)


def _wrong_in_groups(content: Mapping[str, Any]) -> str | None:
    rates = {tuple(value) for values in content["groups"].values() for value in values.values()}
    gaps = {name for gaps in content["gaps"].values() for name in gaps}
    if len(rates) > 1:
        return "groups"
    return None if gaps <= set(RATES) else "gaps"


_RATE = record(needed={"n": count, "value": optional(number), "interval": _INTERVAL})
_GROUP = also(record(needed={"n": count}, known=dict.fromkeys(RATES, _RATE)), _wrong_in_group)
_GROUPS = also(
    record(
        needed={"groups": mapping(mapping(_GROUP)), "gaps": mapping(numbers), "min_posts": count},
        known={"part": text, "not_known": mapping(count)},
    ),
    _wrong_in_groups,
)


def _wrong_in_behaviour(content: Mapping[str, Any]) -> str | None:
    return None if content.get("texts_seen") is None or "texts" in content else "texts"


_TRIED = record(
    needed={
        **dict.fromkeys(("n", "misses", "false_alarms"), count),
        **{"failure_rate": number, "interval": _INTERVAL},
    }
)
_BEHAVIOUR = also(
    record(
        needed={"passes": flag, "capabilities": mapping(_TRIED), "total": _TRIED},
        known={"texts": count, "texts_seen": optional(count)},
    ),
    _wrong_in_behaviour,
)

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

_REPLAY = record(needed={"verdict": text, "differences": list_of(text)})

_SHAPES = {
    name: Shape(kind)
    for name, kind in {
        "certificate": _CERTIFIED,
        "refused certificate": _REFUSED,
        "calibration": _CALIBRATION,
        "triage": _TRIAGE,
        "groups": _GROUPS,
        "behaviour": _BEHAVIOUR,
        "shortcuts": _SHORTCUTS,
        "explain": _EXPLAINED,
        "reference": _REFERENCE,
        "replay": _REPLAY,
        "": anything,
    }.items()
}


def wrong_in_assessment(name: str, content: Mapping[str, Any]) -> str | None:
    """The key that is missing in an assessment or of the wrong kind; None: there is none.

    Args:
        name: of the file; what follows a hyphen says which of several of its kind it is.
    """
    kind = name.partition("-")[0]
    if kind == "certificate" and content.get("is_certified") is not True:
        kind = "refused certificate"
    return _SHAPES.get(kind, _SHAPES[""]).wrong_in(content)
