"""What the help says of the files in conf/."""

from __future__ import annotations

from pathlib import Path

import pytest
from omegaconf import DictConfig, OmegaConf

from mental_health_classifier.configuration.choices import describe_choices, name_choices


@pytest.fixture
def root(tmp_path: Path) -> DictConfig:
    files = {
        "plain": "# Reads posts (Gaur et al. 2019). Their folder is data.path.\nkey: 1\n",
        "packaged": "# @package _global_\n# Does it help?\n#   python train.py\nkey: 1\n",
        "costly": "# Costs $5 and $CONFIG\nkey: 1\n",
        "silent": "key: 1 # a value\n",
        "_part": "# A part of others.\nkey: 1\n",
    }
    (tmp_path / "data").mkdir()
    for name, text in files.items():
        (tmp_path / "data" / f"{name}.yaml").write_text(text)
    sources = [
        {"path": "hydra.conf", "schema": "pkg"},
        {"path": str(tmp_path), "schema": "file"},
        {"path": "", "schema": "structured"},
    ]
    return OmegaConf.create({"hydra": {"runtime": {"config_sources": sources}}})


def test_each_choice_is_told_by_the_first_sentence_of_its_file(root: DictConfig) -> None:
    assert describe_choices("data", _root_=root).splitlines() == [
        "    costly                Costs $$5 and $$CONFIG",
        "    packaged              Does it help?",
        "    plain                 Reads posts (Gaur et al. 2019)",
        "    silent",
    ]


def test_names_leave_out_what_is_a_part_of_others(root: DictConfig) -> None:
    assert name_choices("data", _root_=root) == "costly, packaged, plain, silent"
    assert name_choices("nothing", _root_=root) == ""
