"""Jobs of a sweep, as Hydra makes them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Quote, QuotedString
from hydra.errors import HydraException
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from mental_health_classifier.configuration.build import register_resolvers
from mental_health_classifier.configuration.check import checked
from mental_health_classifier.configuration.errors import explain
from mental_health_classifier.configuration.literal import resolved, without_interpolation
from mental_health_classifier.contracts import InputError
from mental_health_classifier.contracts.folder_names import folder_name
from mental_health_classifier.tracking.provenance.configuration_hash import job_hash
from mental_health_classifier.tracking.provenance.source_files import PROJECT
from mental_health_classifier.tracking.sweep.ledger import SweepJob


@dataclass(frozen=True, slots=True)
class SweepPlan:
    """What a sweep is about to do."""

    name: str
    """The names of its runs, each once, as one part of a path."""
    jobs: list[SweepJob]
    """Each configuration once. Empty where another sweeper than Hydra's own chooses as it goes."""


def plan_of(config: DictConfig) -> SweepPlan:
    """What the sweep that is about to start consists of.

    Args:
        config: of the sweep, with its node `hydra`.

    Raises:
        InputError: a job would be refused, see `checked`, or there is no end of jobs.
        HydraException, OmegaConfBaseException: a job cannot be composed.
    """
    sweeper = config.hydra.sweeper
    if sweeper._target_ != f"{BasicSweeper.__module__}.{BasicSweeper.__name__}":
        return SweepPlan(folder_name(config.name), [])
    grid = [f"{key}={value}" for key, value in (sweeper.params or {}).items()]
    overrides = OverridesParser.create().parse_overrides([*grid, *config.hydra.overrides.task])
    for override in overrides:
        if override.is_interval_sweep():
            raise InputError(
                f"{override.input_line}: expected values to try, but an interval has no end of "
                f"them. Write {override.key_or_group}=1,2,3 or {override.key_or_group}=range(1,4)."
            )
    (batch,) = BasicSweeper.split_arguments(overrides, None)
    jobs: dict[str, SweepJob] = {}
    names: dict[str, None] = {}
    for number, each in enumerate(batch):
        # As its run will record it, so that the one is found by the other.
        job = checked(compose(config.hydra.job.config_name, overrides=each))
        key = job_hash(resolved(job))
        jobs.setdefault(key, SweepJob(number, key, tuple(each)))
        names[folder_name(job.name)] = None
    return SweepPlan(folder_name("-".join(names)), list(jobs.values()))


def configuration_of(
    overrides: Sequence[str], conf: Path = PROJECT / "conf"
) -> dict[str, Any] | None:
    """As `composed`. None: the present files make none that passes of its overrides."""
    try:
        return composed(overrides, conf)
    except InputError:
        return None


def composed(overrides: Sequence[str], conf: Path = PROJECT / "conf") -> dict[str, Any]:
    """The configuration that a job has with the present files in conf/.

    Raises:
        InputError: they make none that passes of its overrides.
    """
    register_resolvers()
    # Within a command of Hydra, which has found them already.
    is_found = GlobalHydra.instance().is_initialized()
    try:
        with nullcontext() if is_found else initialize_config_dir(str(conf), version_base="1.3"):
            return resolved(checked(compose("config", overrides=list(overrides))))
    except InputError:
        raise
    except (HydraException, OmegaConfBaseException, TypeError, ValueError) as error:
        # The last two come from Hydra too, where it expected the name of a file.
        raise InputError(explain(error)) from None


def quoted(text: str) -> str:
    """A text as the value of an override, whatever characters it holds."""
    return QuotedString(without_interpolation(text), Quote.single).with_quotes()
