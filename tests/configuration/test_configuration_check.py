from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig, OmegaConf

from mental_health_classifier.configuration.build import register_resolvers
from mental_health_classifier.configuration.check import checked
from mental_health_classifier.contracts import InputError

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def composed() -> DictConfig:
    """The configuration of a file of posts, into which any key can be put."""
    register_resolvers()
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        config = compose("config", overrides=["data=file"])
    OmegaConf.set_struct(config, False)
    return config


@pytest.mark.parametrize(
    "key",
    [
        "callbacks.resources",
        "network.encoder",
        "logger.tensorboard",
        "data",
        "evaluation.yardstick",
    ],
)
def test_a_part_that_does_not_say_what_it_is_is_refused(key, composed) -> None:
    config = composed.copy()
    del OmegaConf.select(config, key)["_target_"]
    with pytest.raises(InputError, match=rf"^{key}\._target_ is missing"):
        checked(config)


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("seed=-1", "seed=-1: expected 0 to 4294967295"),
        ("seed=null", "seed=null: a whole number was expected"),
        ("seed=1.5", "seed=1.5: a whole number"),
        ("seed=true", "seed=True: a whole number"),
        ("num_threads=-1", "num_threads=-1: expected 1 to 1024"),
        ("model.width=64.5", "model.width=64.5: a whole number"),
        ("model.width=0", "model.width=0: expected 1 to 65536"),
        ("model.dropout=.inf", "model.dropout=.inf: a number|model.dropout=inf: a number"),
        ("optimizer.learning_rate=0.1x", "optimizer.learning_rate=0.1x: a number"),
        ("optimizer.weight_decay=none", "optimizer.weight_decay=none: a number"),
        ("data.shares=null", "data.shares=null: a mapping"),
        ("optimized_metric=null", "optimized_metric=null: text"),
        ("optimized_metric=val_acc", "optimized_metric=val_acc: a number of the validation part"),
        ("optimized_metric=val/x", "optimized_metric=val/x: a number of the validation part"),
        ("optimized_metric=test/auprc", "optimized_metric=test/auprc: a number of the validation"),
        ("evaluation.selection_metric=val/x", "evaluation.selection_metric=val/x: a number that"),
        ("evaluation.selection_metric=val/loss", "evaluation.selection_metric=val/loss: a number"),
        ("callbacks.early_stopping.monitor=auc", "callbacks.early_stopping.monitor=auc: a number"),
        ("data.path=[a.csv,b.csv]", r"data\.path=\['a.csv', 'b.csv'\]: text or null"),
        ("evaluation.bootstrap_draws=many", "evaluation.bootstrap_draws=many: a whole number"),
        ("callbacks.early_stopping.patience=x", "callbacks.early_stopping.patience=x: a whole"),
        ("trainer.max_epochs=two", "trainer.max_epochs=two: a whole number or null"),
        ("callbacks.progress=1", "callbacks=.*: a mapping|callbacks.progress"),
        (
            "data._target_=lightning.pytorch.Trainer",
            "data._target_=lightning.* does not belong there",
        ),
        ("network.pooling._partial_=true", r"network.pooling._partial_: false was"),
        ("data.shares.train=all", r"data\.shares\.train=all: a number was"),
        ("data.columns.text=[a,0.5]", r"data\.columns\.text=\['a', 0.5\]: text or a list"),
        ("data.truncate=middle", r"data\.truncate=middle: one of head, tail, head_tail, win"),
        (
            "data.window_overlap=9",
            r"data\.window_overlap is about windows, and data\.truncate=head",
        ),
        ("data.window_overlap=-1", r"data\.window_overlap=-1: expected 0 to 1048576"),
        ("data.max_windows=0", r"data\.max_windows=0: expected 1 to 1024"),
        (
            "network.windows={_target_: AttentionOverWindows, width: 64}",
            r"network\.windows is about windows, and data\.truncate=head cuts",
        ),
        (
            "data={truncate: windows, window_overlap: 256}",
            r"data\.window_overlap=256: a window of model\.max_tokens=256 has room for 256 tokens",
        ),
        ("trainer.precision=8", r"trainer\.precision=8: one of 64, 32, 16 or one of transformer"),
        ("sampler.size=3", "sampler.size: LengthBuckets takes no such argument; it takes max_"),
        ("evaluation.specificity_floor=1", "evaluation.specificity_floor=1: expected more than 0"),
        ("evaluation.bootstrap_draws=39", "evaluation.bootstrap_draws=39: expected 40 to 1000000"),
        ("evaluation.confidence=0", "evaluation.confidence=0: expected more than 0 and less than"),
        ("evaluation.alert_budget=0", "evaluation.alert_budget=0: expected more than 0 and at mo"),
        ("evaluation.alert_budget=-0.1", "evaluation.alert_budget=-0.1: expected"),
        ("evaluation.alert_budget=1.5", "evaluation.alert_budget=1.5: expected"),
        ("evaluation.alert_budget=half", "evaluation.alert_budget=half: a number"),
        ("evaluation.alert_budget=null", "evaluation.alert_budget=null: a number"),
        ("evaluation.alert_budget=.nan", "evaluation.alert_budget=nan: a number"),
        ("clinical.variants={curriculum: true, curriculum_anti: true}", "clinical=.*both replace"),
    ],
)
def test_a_value_of_another_kind_is_told_with_its_key(override, said, composed) -> None:
    config = OmegaConf.merge(composed, OmegaConf.from_dotlist([override]))
    assert isinstance(config, DictConfig)
    with pytest.raises(InputError, match=f"^{said}") as refused:
        checked(config)
    assert len(str(refused.value)) < 400


@pytest.mark.parametrize("key", ["seed", "evaluation.confidence", "data.sample_seed"])
def test_a_setting_that_is_missing_is_named(key: str, compose_config) -> None:
    with pytest.raises(InputError, match=f"^{key} is missing"):
        checked(compose_config([f"~{key}"]))


def test_a_number_that_fits_stays_as_it_was_written(compose_config) -> None:
    config = checked(compose_config(["model.dropout=0", "trainer.limit_train_batches=1"]))
    assert type(config.model.dropout) is type(config.trainer.limit_train_batches) is int


@pytest.mark.parametrize(
    "overrides",
    [
        ["optimized_metric=val/recall/any"],  # its classes are not known yet
        ["optimized_metric=val/operating_point/recall"],
        ["optimized_metric=val/severity/kappa", "clinical=multitask"],
        ["evaluation.selection_metric=val/recall_at_spec80"],
        ["model=tfidf_logistic", "evaluation.selection_metric=val/auprc"],
        ["callbacks.early_stopping.monitor=val/loss", "callbacks.early_stopping.mode=min"],
        ["data=file", "data.priority_class=null", "clinical=standard"],
    ],
)
def test_a_number_that_the_validation_part_will_have_may_choose(overrides, compose_config) -> None:
    checked(compose_config(overrides))


def test_without_a_priority_class_its_numbers_choose_nothing(compose_config) -> None:
    config = compose_config(
        ["data.priority_class=null", "evaluation.selection_metric=val/f1_macro"]
    )
    assert checked(config).optimized_metric == "val/f1_macro"
    for overrides, key in (
        (["optimized_metric=val/auprc"], "optimized_metric=val/auprc"),
        (["evaluation.selection_metric=val/partial_auc"], "evaluation.selection_metric=val/part"),
        (
            ["model=tfidf_logistic", "evaluation.selection_metric=val/auprc"],
            "evaluation.selection_metric=val/auprc: a number of the validation part",
        ),
    ):
        with pytest.raises(InputError, match=f"^{key}"):
            checked(compose_config(["data.priority_class=null", *overrides]))


def test_one_text_where_a_list_belongs_is_a_list_of_one(compose_config) -> None:
    config = checked(compose_config(["tags=pilot", "data.kept_columns=urgency"]))
    assert config.tags == ["pilot"] and config.data.kept_columns == ["urgency"]


def test_numbers_where_text_belongs_are_the_names_of_columns(compose_config) -> None:
    overrides = ["data=file", "data.columns.text=[0]", "data.columns.label=1", "name=5"]
    config = checked(
        compose_config([*overrides, "data.priority_class=1", "+data.labels={a: 1, b: 2}"])
    )
    assert config.data.columns.text == ["0"] and config.data.columns.label == "1"
    assert config.data.priority_class == config.data.labels.a == "1" and config.name == "5"


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ("data.labels=[a,b]", r"each of its entries has to be SPELLING=CLASS"),
        (
            "data.labels={a: suicide, b: suicide}",
            "two classes were expected at least, and it has 1",
        ),
        ("data.labels={a: no, b: yes}", r"data.priority_class=suicide is not a class .* no, yes"),
        ("data.encoding=utf-9", "data.encoding=utf-9: the name of an encoding was expected"),
        ("data.encoding=base64", "data.encoding=base64: the name of an encoding"),
    ],
)
def test_what_no_posts_could_fit_is_told_before_they_are_read(compose_config, chosen, said) -> None:
    with pytest.raises(InputError, match=said):
        checked(compose_config(["data=file", "data.path=nowhere.csv", chosen]))


def test_a_truth_value_where_text_belongs_is_refused_with_how_to_quote(compose_config) -> None:
    with pytest.raises(InputError, match=r"\"data\.task_name='True'\""):
        checked(compose_config(["data.task_name=true"]))


def test_a_truth_value_names_a_class(compose_config) -> None:
    assert checked(compose_config(["data.priority_class=true"])).data.priority_class is True


@pytest.mark.parametrize(
    ("override", "key"),
    [
        ("callbacks=none", "callbacks.checkpoints"),
        ("callbacks.checkpoints=null", "callbacks.checkpoints"),
        ("~callbacks.prediction_writer", "callbacks.prediction_writer"),
    ],
)
def test_a_network_without_what_keeps_its_results_is_refused(
    override: str, key: str, compose_config
) -> None:
    with pytest.raises(InputError, match=f"^{key} is missing.*callbacks=default"):
        checked(compose_config([override]))
    checked(compose_config(["model=tfidf_logistic"]))


def test_known_vectors_of_another_width_are_refused_before_posts_are_read(compose_config) -> None:
    chosen = ["model=baseline_micro", "network.embedding.initial=wordllama"]
    with pytest.raises(InputError, match=r"^network\.embedding\.initial=wordllama has vectors of"):
        checked(compose_config(chosen))
    assert checked(compose_config(["model=baseline_small", chosen[1]])) is not None


@pytest.mark.parametrize("place", ["cache", "cache/deeper"])
def test_a_file_where_a_folder_belongs_is_told(place, compose_config, tmp_path) -> None:
    (tmp_path / "cache").touch()
    with pytest.raises(InputError, match="is a file, and a folder was expected"):
        checked(compose_config([f"cache_dir={tmp_path / place}"]))


def test_a_link_to_nothing_where_a_folder_belongs_is_told(compose_config, tmp_path) -> None:
    (tmp_path / "cache").symlink_to("/scratch/gone")
    with pytest.raises(InputError, match="cache is a link to nothing, and a folder was expected"):
        checked(compose_config([f"cache_dir={tmp_path / 'cache'}"]))


@pytest.mark.slow
@pytest.mark.parametrize(
    "choice",
    [
        "model=tfidf_logistic",
        "clinical=[multitask,curriculum_staged]",
        "clinical=umls_shuffled",
        "regularizer=cue_supervision clinical=interpretable",
        "data=cssrs_posts",
        "debug=profile",
        "callbacks=weight_averaging",
        "logger=[csv,tensorboard]",
    ],
)
def test_what_conf_offers_passes_as_it_is(choice, compose_config) -> None:
    config = compose_config(choice.split())
    once = checked(config)
    assert OmegaConf.to_container(once) == OmegaConf.to_container(config, resolve=True)
    assert checked(once) == once
