import pytest
from omegaconf import open_dict

from mental_health_classifier.contracts import InputError
from mental_health_classifier.sweeps.jobs import plan_of


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
