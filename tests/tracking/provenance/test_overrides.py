import pytest

from mental_health_classifier.tracking.provenance.overrides import is_of_a_run, is_plain


@pytest.mark.parametrize(
    "override",
    [
        "model=baseline_micro",
        "clinical=[umls_enhanced,curriculum]",
        "+network/encoder=transformer",
        "network/embedding@network.other=tokens",
        "~callbacks.early_stopping",
        "callbacks.early_stopping=null",
        "callbacks.checkpoints.monitor=val/partial_auc",
        "data.path=../posts/table.csv",
        "data.path=/data/posts.csv",
        "data.labels={I'm fine: control, 3/4: other}",
        "description=waited.. and/or hoped, 24/7",
        "tags=[a,b/c]",
        "optimizer.learning_rate=1e-3",
        *("cache_dir=/scratch/cache", "model.encoder=/models/bert", "model.encoder=owner/bert"),
        *("clinical.vocabulary.path=/data/umls", "sampler.difficulty.run=../outputs/teacher"),
    ],
)
def test_settings_and_choices_of_a_run_are_plain(override: str) -> None:
    assert is_of_a_run(override) and is_plain(override)


@pytest.mark.parametrize(
    "override",
    [
        *("hydra.run.dir=x", "+hydra.callbacks.x._target_=os.system", "hydra/launcher=x"),
        *("++hydra.searchpath=[/tmp]", "~hydra.job", "model@hydra.callbacks.x=baseline_micro"),
        *("+model@_global_.hydra=baseline_micro", "data@a:hydra=sample", "@hydra=x"),
        *("--config-dir=/tmp", "-cd=/tmp", "-cp", "--multirun", "-m", "--config-name=x"),
        *("'hydra.run.dir'=x", '"hydra"=x', " hydra=x", "+ hydra=x", "", "=x", "$x=1"),
        *("seed\nhydra.run.dir=x", "model\x1b=a", "config/hydra/x=1", "+++seed=1"),
    ],
)
def test_options_and_what_is_about_hydra_are_not_of_a_run(override: str) -> None:
    assert not is_of_a_run(override)


@pytest.mark.parametrize(
    "override",
    [
        *("data._target_=os.system", "trainer={_target_: os.system}", "+x={a: [{_target_: a.b}]}"),
        *("x._args_=[touch]", "+x._partial_=true", "name=${oc.env:HOME}", "x=${name}"),
        *("x=${oc.decode:'{_tar${y}: a}'}", "x='${oc.create:{}}'"),
        *("data=../../../tmp/evil", "+experiment=../x", "model=a/../../b", "model=[a,../b]"),
        *('model="../b"', "model=..", "+a/../../b=c", "model@a..b=c"),
        *("logger.csv.name=../../x", "callbacks.checkpoints.dirpath=/home", "name=~/x"),
        *("logger={csv: {name: /tmp/x}}", "trainer.default_root_dir='/tmp'", "data.cache_dir=/tmp"),
        *("data.cache_dir=../x", "logger.csv.version=a/../../x", "a=b,/tmp/x", "a=[/tmp/x]"),
        "data.columns={_target_: os.system}",
    ],
)
def test_what_can_name_code_or_a_place_elsewhere_is_not_plain(override: str) -> None:
    assert not is_plain(override)
