"""The command `schema`: what a configuration may hold, as JSON schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer


def schema(
    folder: Annotated[
        Path | None, typer.Argument(help="Write schemas of the files in conf/ here.")
    ] = None,
) -> None:
    """Prints the JSON schema of a configuration, or of conf/ files.

    The latter are written, one for each group. What is printed then tells an editor which file has
    which: in VS Code with the YAML extension it belongs in .vscode/settings.json.
    """
    # Constructors are asked what they declare, and with them come torch and Lightning.
    from mental_health_classifier.configuration.schema import configuration_schema, file_schemas
    from mental_health_classifier.storage.files import write_atomically
    from mental_health_classifier.tracking.provenance.source_files import PROJECT

    if folder is None:
        return typer.echo(json.dumps(configuration_schema(), indent=1))
    files = {}
    for group, found in file_schemas(PROJECT / "conf").items():
        path = folder / f"{group}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, json.dumps(found, indent=1))
        files[str(path)] = "conf/config.yaml" if group == "config" else f"conf/{group}/*.yaml"
    typer.echo(json.dumps({"yaml.schemas": files}, indent=1))
