from pathlib import Path

import pytest
from hydra import initialize_config_dir
from omegaconf import OmegaConf, open_dict

from mental_health_classifier.contracts import InputError
from mental_health_classifier.sweeps.jobs import plan_of

CONF = Path(__file__).resolve().parents[2] / "conf"


def test_an_interval_is_refused_with_what_to_write_in_its_place(compose_config) -> None:
    config = compose_config([])
    with open_dict(config):
        config.hydra = {
            "overrides": {"task": ["seed=1,2", "model.width=interval(32,64)"]},
            "sweeper": {
                "_target_": "hydra._internal.core_plugins.basic_sweeper.BasicSweeper",
                "params": None,
            },
        }
    with pytest.raises(InputError, match=r"^model\.width=interval.*model\.width=range\(1,4\)"):
        plan_of(config)


def test_a_sweep_over_folds_has_a_job_for_each_that_there_is(compose_config) -> None:
    config = compose_config(["data.num_folds=3"])
    sweep = OmegaConf.load(CONF / "sweep" / "folds.yaml")
    with open_dict(config):
        config.hydra = {
            "overrides": {"task": ["data.num_folds=3"]},
            "job": {"config_name": "config"},
            "sweeper": {
                "_target_": "hydra._internal.core_plugins.basic_sweeper.BasicSweeper",
                "params": sweep.hydra.sweeper.params,
            },
        }
    with initialize_config_dir(str(CONF), version_base="1.3"):
        plan = plan_of(config)
    assert [job.overrides[0] for job in plan.jobs] == [f"data.fold={fold}" for fold in (1, 2, 3)]
