"""The command `publish`: a run as a folder for the Hugging Face hub."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from mental_health_classifier.cli.arguments import LookedUpIn, Run, answer, existing, say
from mental_health_classifier.contracts import InputError
from mental_health_classifier.tracking.keeping.published import publish_run
from mental_health_classifier.tracking.run_index import find_runs, resolve_run

USE = """
## Try it

    pip install mental-health-classifier
    hf download {repository} --local-dir model
    mhc show model
    mhc predict posts.csv --run model --output decisions.csv

Weights are numbers and everything else is JSON: nothing is unpickled, and nothing in the folder
runs. Each file is compared with the checksum in its record before it decides. What recognises the
posts that it learned from is not part of the folder, so `mhc evaluate` cannot leave them out.
"""


def publish(
    run: Run,
    to: Annotated[Path, typer.Option("--to", help="The new folder.")],
    license_: Annotated[
        str | None, typer.Option("--license", help="Of the weights: mit, apache-2.0, other, ...")
    ] = None,
    dataset: Annotated[
        str | None,
        typer.Option(help="Name of the posts on the hub, if there: OWNER/NAME."),
    ] = None,
    push: Annotated[
        str | None, typer.Option(help="Send the folder to this repository, OWNER/NAME: private.")
    ] = None,
    token: Annotated[
        str | None, typer.Option(envvar="HF_TOKEN", help="With --push: your token of the hub.")
    ] = None,
    root: LookedUpIn = None,
) -> None:
    """Writes a folder for the Hugging Face hub; --push sends it.

    Nothing is sent anywhere without --push and a token. A new repository is private; who may see it
    is decided there. No post and no hash of one is in the folder.
    """
    if push is not None and not token:
        raise InputError(
            "--push needs a token of the hub: give it in the environment variable HF_TOKEN. "
            "Without --push the folder is written and nothing is sent."
        )
    # With jinja2 and yaml, which the help does without.
    from mental_health_classifier.analysis.hub_card import RESULTS, eval_results, hub_card

    folders = existing(root)
    found = resolve_run(run, folders)
    card = hub_card(found, find_runs(folders), license_=license_, dataset=dataset)
    pages = {"README.md": card + USE.format(repository=push or "OWNER/NAME")}
    if dataset is not None:
        pages[RESULTS] = eval_results(found, dataset=dataset)
    publish_run(found, to, pages)
    answer(f"{to}: run {found.id}, {sum(each.is_file() for each in to.rglob('*'))} files.")
    say(
        "run.json in it tells the command, paths and packages of the run, and data.json its posts' "
        "source and counts: read both before you share them."
    )
    encoder = (found.configuration.get("network") or {}).get("encoder")
    if isinstance(encoder, Mapping) and encoder.get("adapters"):
        say("Its adapters stand beside the weights of an encoder, which is not in the folder.")
    if push is not None and token:
        answer(_push(to, push, token))


def _push(folder: Path, repository: str, token: str) -> str:
    """Sends a folder to the hub and says where it is.

    Raises:
        InputError: the hub's library is not installed, or the hub refuses or is not reached.
    """
    try:
        from huggingface_hub import HfApi
    except ImportError:
        raise InputError(
            "--push needs huggingface_hub: pip install huggingface_hub. The folder is written."
        ) from None
    api: Any = HfApi(token=token)
    try:
        api.create_repo(repository, private=True, exist_ok=True)
        return str(api.upload_folder(repo_id=repository, folder_path=folder))
    except Exception as error:  # of the hub, of its client, of the network: no common parent
        status = getattr(getattr(error, "response", None), "status_code", None)
        reason = f"it answered {status}" if status else type(error).__name__
        raise InputError(
            f"The hub did not take {repository} ({reason}). {folder} is written; check the name, "
            f"the token and the network, then: hf upload {repository} {folder}"
        ) from None
