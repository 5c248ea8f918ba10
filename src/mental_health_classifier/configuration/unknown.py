"""Keys that are no setting, refused rather than recorded: nothing would read them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from omegaconf import DictConfig, OmegaConf

from mental_health_classifier.configuration.registry import REGISTRY
from mental_health_classifier.configuration.settings import GROUPS, PretrainedSize
from mental_health_classifier.contracts import InputError

_REFERENCE = re.compile(r"\$\{([^}]*)\}")
_NETWORK = {key.split(".")[1]: None for key in REGISTRY if key.startswith("network.")}


def refuse_unknown(config: DictConfig) -> None:
    """Refuses keys of a composed configuration that neither a part nor another key reads; a group
    may hold a number of its own for others to refer to. Recorded ones were checked as they began.

    Raises:
        InputError: one that nothing reads; its value, which can be a secret, is not repeated.
    """
    values: Any = OmegaConf.to_container(config, resolve=False)
    referred = {word for text in _texts(values) for word in _words(text)}
    if not referred:  # a record, in which every reference was followed
        return
    known = {group: [each.name for each in fields(declared)] for group, declared in GROUPS.items()}
    known["model"] += [each.name for each in fields(PretrainedSize)]
    for group, names in {**known, "network": _NETWORK}.items():
        node = values.get(group) if group else values
        if not isinstance(node, dict) or "_target_" in node:
            continue
        # Defaults of a machine that change nothing are told in words of their own.
        for key in node.keys() - {*names, *referred, *([] if group else ["local"])}:
            raise InputError(
                f"{group}.{key}".lstrip(".") + " is no setting, and none refers to it. Leave it "
                "out where it was given: on the command line, in conf/local/default.yaml, or in a "
                f"file of conf/. Settings of {group or 'a run'}: {', '.join(dict.fromkeys(names))}."
            )


def _texts(values: Any) -> Iterator[str]:
    if isinstance(values, dict | list):
        for each in values.values() if isinstance(values, dict) else values:
            yield from _texts(each)
    elif isinstance(values, str):
        yield values


def _words(text: str) -> list[str]:
    return [word for each in _REFERENCE.findall(text) for word in re.findall(r"\w+", each)]
