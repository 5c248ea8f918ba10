import pytest
from omegaconf import OmegaConf

from mental_health_classifier.configuration import learner
from mental_health_classifier.configuration.build import build, build_loggers, selection_metric
from mental_health_classifier.contracts import InputError
from mental_health_classifier.contracts.folder_names import folder_name


@pytest.mark.parametrize(
    "target",
    [
        "os.system",
        "shutil.copy",
        "numpy.savetxt",
        "mental_health_classifier.configuration.build.build",
        "builtins.eval",
    ],
)
def test_only_what_is_on_the_list_is_built(target: str) -> None:
    for node in ({"_target_": target}, {"a": [{"b": {"_target_": target}}]}):
        with pytest.raises(InputError, match=f"_target_={target} may not be built"):
            build(OmegaConf.create(node))


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("baseline_small", "baseline_small"),
        ("../../etc/x", "etc-x"),
        ("a/b c", "a-b-c"),
        ("..", "run"),
        ("", "run"),
        ("x" * 10_000, "x" * 60),
        ("été 7", "été-7"),
    ],
)
def test_a_name_becomes_one_safe_part_of_a_path(name: str, folder: str) -> None:
    assert folder_name(name) == folder


def test_checkpoints_are_chosen_by_the_priority_class_where_there_is_one(compose_config) -> None:
    assert selection_metric("suicide") == "val/partial_auc"
    assert selection_metric(None) == "val/f1_macro"
    config = compose_config(["data.priority_class=null"])
    assert config.callbacks.checkpoints.monitor == config.optimized_metric == "val/f1_macro"


def test_loggers_can_be_combined_and_left_out(compose_config) -> None:
    assert list(compose_config(["logger=[tensorboard,csv]"]).logger) == ["tensorboard", "csv"]
    assert list(compose_config(["logger=none"]).logger) == []


def test_the_yardstick_has_no_network(compose_config) -> None:
    config = compose_config(["model=tfidf_logistic"])
    assert "network" not in config and "optimizer" not in config
    assert config.model.name == config.name == "tfidf_logistic"


def test_a_constructor_that_refuses_its_arguments_is_heard(compose_config) -> None:
    config = compose_config(["data.grammar.cue_strength=-3"])
    with pytest.raises(InputError, match=r"^data\.grammar\.cue_strength must be a number"):
        build(config.data)


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("~data.grammar.missing_label_share", "missing 1 required .*'missing_label_share'"),
        ("+data.grammar.novelty=1", "unexpected keyword argument 'novelty'"),
        ("~data.sample_seed", "missing 1 required .*'sample_seed'"),
        ("+data.novelty=1", "unexpected keyword argument 'novelty'"),
    ],
)
def test_the_configuration_of_another_version_is_refused_with_what_to_do(
    override: str, said: str, compose_config
) -> None:
    config = compose_config([override])
    with pytest.raises(InputError, match=rf"^_target_=.*SampleCorpus .*{said}.*mhc reproduce RUN"):
        build(config.data)


def test_a_part_that_is_completed_later_is_refused_in_the_same_way(compose_config) -> None:
    config = compose_config(["~network.embedding.max_tokens"])
    with pytest.raises(InputError, match=r"^_target_=.*missing 1 required .*'max_tokens'"):
        build(config.network.embedding, vocabulary_size=10)


@pytest.mark.parametrize("place", ["..", "../../x", "/tmp/x", "a/b", "$HOME", "~", "a\\b"])
@pytest.mark.parametrize("key", ["name", "version", "prefix"])
def test_loggers_write_into_the_folder_of_their_run(key: str, place: str) -> None:
    node = {"_target_": "lightning.pytorch.loggers.CSVLogger", "_partial_": True, key: place}
    with pytest.raises(InputError, match=rf"^logger\.csv\.{key}=.*one part of a path"):
        build_loggers(OmegaConf.create({"logger": {"csv": node}}), None)  # pyright: ignore


def test_early_stopping_finds_its_metric_in_a_configuration_that_is_not_resolved() -> None:
    config = OmegaConf.create(
        {
            "evaluation": {"selection_metric": "val/partial_auc"},
            "stopping": {"_target_": "EarlyStopping", "monitor": "${evaluation.selection_metric}"},
        }
    )
    found = learner._after_validation(config.stopping)
    assert found == {
        **{"_target_": "EarlyStopping", "monitor": "val/partial_auc"},
        "check_on_train_epoch_end": False,
    }
