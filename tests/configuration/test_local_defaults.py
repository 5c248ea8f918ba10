"""conf/local/default.yaml: paths and defaults of one machine."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import ROOT
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig

from mental_health_classifier.configuration.build import register_resolvers
from mental_health_classifier.configuration.check import checked
from mental_health_classifier.contracts import InputError


@pytest.fixture
def composed_with(tmp_path: Path) -> Callable[..., DictConfig]:
    def composed(written: str, *overrides: str) -> DictConfig:
        register_resolvers()
        conf = shutil.copytree(ROOT / "conf", tmp_path / "conf", dirs_exist_ok=True)
        (conf / "local").mkdir(exist_ok=True)
        (conf / "local" / "default.yaml").write_text(written, encoding="utf-8")
        with initialize_config_dir(str(conf), version_base="1.3"):
            return compose("config", overrides=[f"cache_dir={tmp_path / 'cache'}", *overrides])

    return composed


def test_a_machine_has_defaults_of_its_own_below_the_command_line(composed_with) -> None:
    written = "# @package _global_\nnum_threads: 3\ndata: {size: 900}\n"
    config = checked(composed_with(written))
    assert (config.num_threads, config.data.size) == (3, 900)
    config = checked(composed_with(written, "num_threads=1"))
    assert (config.num_threads, config.data.size) == (1, 900)


def test_defaults_that_would_change_nothing_are_refused(composed_with) -> None:
    with pytest.raises(InputError, match="first line has to be: # @package _global_"):
        checked(composed_with("num_threads: 3\n"))


def test_a_misspelt_default_is_told_like_any_other(composed_with) -> None:
    with pytest.raises(InputError, match=r"data\.sise"):
        checked(composed_with("# @package _global_\ndata: {sise: 900}\n"))
