"""Members of an ensemble: their folders, and the copies that travel with it.

An ensemble names its members by paths that hold as long as all runs keep their places. What leaves
them (a snapshot, an archive) takes the members along, in the folder of the ensemble itself.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mental_health_classifier.contracts import InputError
from mental_health_classifier.contracts.folder_names import folder_name
from mental_health_classifier.tracking.record.record_check import refuse_changes
from mental_health_classifier.tracking.record.run_summary import RunSummary, read_run
from mental_health_classifier.tracking.record.weight_files import ENSEMBLE, hash_of_weights

MEMBERS = "members"
"""Folder of an ensemble that holds the members it brought along, by their ids."""


def members_of(run: RunSummary) -> Sequence[Mapping[str, Any]]:
    """Facts of each member, as the configuration has them. Empty: the run is no ensemble."""
    ensemble = run.configuration.get(ENSEMBLE)
    members = ensemble.get("members") if isinstance(ensemble, Mapping) else None
    return [each for each in members or () if isinstance(each, Mapping)]


def places_of(run: RunSummary, member: Mapping[str, Any]) -> list[Path]:
    """Where a member of an ensemble may lie, the place to prefer first."""
    carried = run.directory / MEMBERS / folder_name(member.get("id"))
    # Not the path as it stands: of a link to the ensemble's folder `..` leads elsewhere.
    original = os.path.join(run.directory.resolve(), str(member.get("directory")))
    return [carried, Path(os.path.normpath(original))]


def find_member(run: RunSummary, member: Mapping[str, Any]) -> RunSummary:
    """The record of a member, which has the weights that the ensemble was made of.

    Raises:
        InputError: there is none.
    """
    for place in places_of(run, member):
        found = read_run(place)
        if found.id == member.get("id") and _has_weights(found, member.get("weights_sha256")):
            return found
    places = " nor ".join(str(place) for place in places_of(run, member))
    raise InputError(
        f"Neither {places} is member {member.get('id')} of ensemble {run.id}, or its weights have "
        "changed. Restore it, or make the ensemble anew."
    )


def members_to_carry(run: RunSummary) -> dict[str, Path]:
    """Folders of the members that have to travel with a run, by the path within its own that each
    gets there. Empty: the run is no ensemble, or holds them already.

    Raises:
        InputError: a member is gone, or was changed.
    """
    carried = {}
    for member in members_of(run):
        found = find_member(run, member)
        refuse_changes(found)
        place = f"{MEMBERS}/{folder_name(member['id'])}"
        if found.directory != run.directory / place:
            carried[place] = found.directory
    return carried


def check_carried_members(run: RunSummary) -> None:
    """Makes sure that the members that came with a run are what it was made of.

    Raises:
        InputError: one was changed, or is another run.
    """
    for member in members_of(run):
        place = places_of(run, member)[0]
        if place.exists():
            found = find_member(run, member)
            if found.directory != place:
                raise InputError(f"Member {member.get('id')} of ensemble {run.id} was changed.")
            refuse_changes(found)


def _has_weights(run: RunSummary, sha256: object) -> bool:
    try:
        return hash_of_weights(run) == sha256
    except InputError:
        return False
