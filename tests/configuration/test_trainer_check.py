import pytest

from mental_health_classifier.configuration.check import checked
from mental_health_classifier.contracts import InputError


@pytest.mark.parametrize(
    "override",
    [
        *("+trainer.fast_dev_run=true", "+trainer.overfit_batches=1", "trainer.max_epochs=0"),
        *("trainer.max_epochs=-1", "trainer.max_epochs=null", "+trainer.max_steps=0"),
        *("trainer.limit_train_batches=0", "+trainer.limit_val_batches=0"),
        *("+trainer.limit_predict_batches=2", "+trainer.precision=64-true"),
        *("+trainer.precision=bf16-true", "trainer.devices=0", "+trainer.strategy=ddp_spawn"),
        "+trainer.enable_checkpointing=false",
        *("+trainer.accumulate_grad_batches=0", "+trainer.limit_test_batches=2"),
    ],
)
def test_what_a_record_cannot_do_with_is_refused_in_a_sentence(override, compose_config) -> None:
    key, _, value = override.lstrip("+").partition("=")
    said = {"true": "True", "false": "False", "null": "null"}.get(value, value)
    with pytest.raises(InputError, match=rf"^{key}={said}: .+\.$"):
        checked(compose_config([override]))


@pytest.mark.parametrize(
    "override",
    [
        *("+trainer.max_steps=3", "+trainer.check_val_every_n_epoch=5"),
        *("+trainer.val_check_interval=0.5", "+trainer.limit_val_batches=1"),
        *("+trainer.precision=bf16-mixed", "+trainer.precision=16-mixed", "trainer.devices=[0]"),
        *("trainer.devices=2", "+trainer.strategy=ddp", "+trainer.num_nodes=2"),
        *("trainer.log_every_n_steps=0", "+trainer.limit_predict_batches=1.0"),
    ],
)
def test_usual_options_are_let_through(override: str, compose_config) -> None:
    checked(compose_config([override]))
