"""JSON schemas of the configuration and of the files in conf/, for editors and scripts."""

from __future__ import annotations

import re
from inspect import signature
from pathlib import Path
from typing import Any

from mental_health_classifier.configuration.arguments import arguments_of, schema_of
from mental_health_classifier.configuration.registry import REGISTRY, Place, find_part
from mental_health_classifier.configuration.settings import GROUPS

Schema = dict[str, Any]

PUT_ELSEWHERE = {"vocabulary": "clinical.vocabulary", "yardstick": "evaluation.yardstick"}
"""Groups whose files others put at a key of another name."""

OF_OTHERS = ("hydra", "search")
"""Folders whose files are no part of a run's configuration: Hydra and `mhc search` read them."""

_REFERENCE = {"type": "string", "pattern": r"\$\{|^\?\?\?$"}
_PACKAGE = re.compile(r"^# @package (\S+)$", re.MULTILINE)


def configuration_schema() -> Schema:
    """Of the whole configuration, composed and resolved."""
    groups = {
        group: schema_of(arguments_of(declared, is_open=True)) for group, declared in GROUPS.items()
    }
    schema = groups[""]
    properties = schema["properties"]
    properties |= {group: groups[group] for group in ("clinical", "evaluation")}
    properties["network"] = {"type": "object", "properties": {}}
    for key, place in REGISTRY.items():
        group, _, name = key.rpartition(".")
        if group in REGISTRY:
            continue  # an argument of what stands there
        holder = properties[group] if group else schema
        if name == "*":
            _fill(holder, "additionalProperties", _of_place(key, place))
        else:
            _fill(holder["properties"], name, _of_place(key, place))
    properties["model"]["anyOf"].append(groups["model"])
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def file_schemas(conf: Path) -> dict[str, Schema]:
    """Of the files in a folder like conf/, by the group that they lie in; "config" has those at its
    top. A file sets any part of what belongs there, refers to other keys, and has a defaults list.
    """
    whole = configuration_schema()
    # A key that nothing reads is more often misspelt than meant.
    whole |= {"properties": {**whole["properties"], "hydra": {}}, "additionalProperties": False}
    packages: dict[str, set[str]] = {"config": {"_global_"}}
    for file in sorted(conf.rglob("*.yaml")):
        group = file.parent.relative_to(conf).as_posix()
        if group.split("/")[0] not in (".", *OF_OTHERS):
            found = _PACKAGE.search(file.read_text(encoding="utf-8"))
            key = PUT_ELSEWHERE.get(group, group.replace("/", "."))
            packages.setdefault(group, set()).add(found[1] if found else key)
    return {
        group: {
            "$schema": whole["$schema"],
            "anyOf": [
                choice
                for key in sorted(keys)
                if (found := _at(whole, key)) is not None
                for choice in _of_file(found)
            ],
        }
        for group, keys in packages.items()
    }


def _of_place(key: str, place: Place) -> Schema:
    return {"anyOf": [_of_part(key, name, place) for name in place.parts]}


def _of_part(key: str, name: str, place: Place) -> Schema:
    part = find_part(name)
    schema = schema_of(arguments_of(part, given=place.given or ()))
    arguments = schema["properties"]
    for argument in arguments:
        if (inner := REGISTRY.get(f"{key}.{argument}")) is not None:
            arguments[argument] = _of_place(f"{key}.{argument}", inner)
            if signature(part).parameters[argument].default is None:
                arguments[argument]["anyOf"].append({"type": "null"})
    fixed: Schema = {"_target_": {"const": name}}
    if place.is_completed(part):
        fixed["_partial_"] = {"const": True}
    needed = [*fixed, *schema.get("required", ())]
    return {**schema, "properties": {**fixed, **arguments}, "required": needed}


def _fill(holder: Schema, name: str, part: Schema) -> None:
    """Puts a schema in the place of any mapping; whatever else may stand there may still."""
    others = [each for each in holder.get(name, {}).get("anyOf", ()) if each["type"] != "object"]
    facts = {key: value for key, value in holder.get(name, {}).items() if key == "description"}
    holder[name] = {**facts, "anyOf": [*part["anyOf"], *others]}


def _at(whole: Schema, package: str) -> Schema | None:
    if package in REGISTRY and "." in package:
        return _of_place(package, REGISTRY[package])
    return whole if package == "_global_" else whole["properties"].get(package)


def _of_file(schema: Schema) -> list[Schema]:
    """What a file may hold: some of it, and what it is composed from."""
    written = _as_written(schema)
    choices = written.get("anyOf", [written])
    for choice in choices:
        choice.setdefault("properties", {})["defaults"] = {"type": "array"}
    return choices


def _as_written(schema: Schema) -> Schema:
    """The same where nothing has to be there, and a reference may stand for any value."""
    found = {key: value for key, value in schema.items() if key not in ("required", "$schema")}
    if "properties" in found:
        found["properties"] = {n: _or_reference(each) for n, each in found["properties"].items()}
    for key in ("items", "additionalProperties"):
        if found.get(key) and isinstance(found[key], dict):
            found[key] = _or_reference(found[key])
    if "anyOf" in found:
        found["anyOf"] = [_as_written(each) for each in found["anyOf"]]
    # As `arguments_of` takes them: digits for text, and one text for a list of one.
    if found.get("type") == "string" and "enum" not in found:
        found["type"] = ["string", "integer"]
    if found.get("type") == "array" and schema["items"].get("type") == "string":
        found["type"] = ["array", "string"]
    return found


def _or_reference(schema: Schema) -> Schema:
    written = _as_written(schema)
    if not written or "const" in written:
        return written
    facts = {"description": written.pop("description")} if "description" in written else {}
    return {**facts, "anyOf": [*written.get("anyOf", [written]), _REFERENCE]}
