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


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("hub_password: hunter2", "hub_password"),
        ("model: {widht: hunter2}", "model.widht"),
        ("evaluation: {bootstrap: hunter2}", "evaluation.bootstrap"),
        ("network: {pool: {_target_: hunter2}}", "network.pool"),
    ],
)
def test_what_is_no_setting_is_refused_by_its_name_alone(composed_with, written, key) -> None:
    with pytest.raises(InputError, match=rf"^{key} is no setting") as refusal:
        checked(composed_with(f"# @package _global_\n{written}\n"))
    assert "hunter2" not in str(refusal.value)


def test_a_group_may_hold_a_number_for_others_to_refer_to(composed_with) -> None:
    written = "# @package _global_\nmodel: {posts: 900}\ndata: {size: '${model.posts}'}\n"
    assert checked(composed_with(written)).data.size == 900
