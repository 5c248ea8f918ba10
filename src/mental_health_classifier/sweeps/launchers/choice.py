"""The launcher that a configuration asks for, by the name of its file in conf/hydra/launcher."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.errors import HydraException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import TypeAdapter, ValidationError

from mental_health_classifier.configuration.build import register_resolvers
from mental_health_classifier.configuration.errors import explain
from mental_health_classifier.contracts import InputError
from mental_health_classifier.sweeps.launchers.launcher import Launcher
from mental_health_classifier.sweeps.launchers.ray_cluster import OnRay
from mental_health_classifier.sweeps.launchers.slurm import OnSlurm
from mental_health_classifier.sweeps.launchers.this_machine import OnThisMachine
from mental_health_classifier.tracking.provenance.source_files import PROJECT

KINDS: dict[str, Any] = {"joblib": OnThisMachine, "slurm": OnSlurm, "ray": OnRay}


def launcher_called(name: str, *, jobs: int | None = None) -> Launcher:
    """A launcher as conf/hydra/launcher/NAME.yaml, and conf/local, describe it.

    Args:
        name: joblib, slurm, slurm_local, ray or that of a file of one's own.
        jobs: at once, in place of what is said there.

    Raises:
        InputError: there is no such file, or what it says cannot be.
    """
    register_resolvers()
    try:
        with initialize_config_dir(str(PROJECT / "conf"), version_base="1.3"):
            config = compose("config", [f"hydra/launcher={name}"], return_hydra_config=True)
    except (HydraException, OmegaConfBaseException) as error:
        raise InputError(explain(error)) from None
    node = OmegaConf.to_container(config.hydra.launcher)
    assert isinstance(node, dict)
    given: dict[str, Any] = {str(key): value for key, value in node.items()}
    given.pop("_target_")
    return launcher_of({**given, **({} if jobs is None else {"jobs": jobs})}, name=name)


def launcher_of(settings: Mapping[str, Any], *, name: str = "?") -> Launcher:
    """The launcher that settings describe, `kind` among them.

    Raises:
        InputError: a setting cannot be.
    """
    kind, given = settings.get("kind"), {k: v for k, v in settings.items() if k != "kind"}
    if kind is None:
        raise InputError(
            f"hydra/launcher={name} runs jobs in Hydra's own way, one after the other in one "
            "process. Give joblib, slurm, slurm_local, ray or one of your own, or none of them."
        )
    if kind not in KINDS:
        raise InputError(f"hydra.launcher.kind={kind}: expected one of {', '.join(KINDS)}.")
    unknown = given.keys() - KINDS[kind].__dataclass_fields__.keys()
    if unknown:
        raise InputError(f"hydra.launcher of kind {kind} has no {', '.join(sorted(unknown))}.")
    try:
        return TypeAdapter(KINDS[kind]).validate_python(given)
    except ValidationError as error:
        first = error.errors()[0]
        raise InputError(
            f"hydra.launcher.{'.'.join(map(str, first['loc']))}={first['input']}: {first['msg']}."
        ) from None
