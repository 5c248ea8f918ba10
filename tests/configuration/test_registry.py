import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import yaml
from hydra.utils import get_object
from omegaconf import OmegaConf

import mental_health_classifier
from mental_health_classifier.configuration.build import build
from mental_health_classifier.configuration.registry import BUILDABLE, check_buildable
from mental_health_classifier.contracts import InputError

CONF = Path(__file__).resolve().parents[2] / "conf"
REGISTERED = {name for names in BUILDABLE.values() for name in names}


def targets_in(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        yield from ([value["_target_"]] if "_target_" in value else [])
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from targets_in(inner)


def test_all_that_conf_names_is_on_the_list_and_all_of_ours_on_the_list_is_in_conf() -> None:
    named = {
        target
        for file in CONF.rglob("*.yaml")
        if "hydra" not in file.relative_to(CONF).parts
        for target in targets_in(yaml.safe_load(file.read_text(encoding="utf-8")))
    }
    assert named <= REGISTERED
    assert {name for name in REGISTERED if name.startswith("mental_")} <= named


@pytest.mark.parametrize("name", sorted(REGISTERED))
def test_what_is_on_the_list_is_a_class_or_function_defined_where_it_is_named(name: str) -> None:
    found = get_object(name)
    assert inspect.isclass(found) or inspect.isfunction(found)
    place, _, own = name.rpartition(".")
    assert found.__qualname__ == own
    # Lightning hands its classes out of the packages that it documents.
    assert found.__module__ == place or found.__module__.startswith("lightning.pytorch.")
    if not name.startswith("lightning."):
        assert found.__module__ == place


def modules_of_the_package() -> list[ModuleType]:
    found = pkgutil.walk_packages(mental_health_classifier.__path__, "mental_health_classifier.")
    return [importlib.import_module(each.name) for each in found if "__main__" not in each.name]


def test_nothing_else_that_can_be_reached_through_a_module_is_built() -> None:
    import lightning.pytorch as lightning

    roots = [*modules_of_the_package(), lightning, lightning.callbacks, lightning.loggers]
    reached: set[str] = set()
    for module in roots:
        for name, value in vars(module).items():
            reached.add(f"{module.__name__}.{name}")
            # Through a module that it imported, and as a method of a class.
            if inspect.ismodule(value) or inspect.isclass(value):
                reached |= {f"{module.__name__}.{name}.{inner}" for inner in dir(value)}
    assert len(reached) > 10_000 and reached >= REGISTERED
    assert {target for target in reached if is_built(target)} == REGISTERED


def is_built(target: str) -> bool:
    try:
        check_buildable({"_target_": target})
    except InputError:
        return False
    return True


@pytest.mark.parametrize(
    "target",
    [
        "mental_health_classifier.data.tokens.token_cache.np.load",
        "mental_health_classifier.data.corpus.pd.read_pickle",
        "mental_health_classifier.storage.cache.Path.unlink",
        "mental_health_classifier.data.corpus.FileCorpus.read",
        "lightning.pytorch.Trainer.fit",
        "lightning.pytorch.callbacks.LambdaCallback",
        "lightning.pytorch.callbacks.ModelCheckpoint",
        "lightning.pytorch.callbacks.early_stopping.EarlyStopping",
        "mental_health_classifier.data.corpus.FileCorpus ",
        "",
        None,
        7,
        ["os.system"],
        {"_target_": "os.system"},
    ],
)
@pytest.mark.parametrize("is_partial", [False, True])
def test_what_is_named_is_refused_before_it_is_looked_up(target: object, is_partial: bool) -> None:
    node = {"_target_": target, "_partial_": is_partial, "file": "x.npy"}
    for values in (node, {"a": [{"b": node}]}):
        with pytest.raises(InputError, match="may not be built from a configuration"):
            build(OmegaConf.create(values))


@pytest.mark.parametrize(
    "instruction",
    [{"_args_": ["x"]}, {"_recursive_": False}, {"_convert_": "none"}, {"_x_": 1}],
)
def test_only_a_target_and_partial_tell_hydra_what_to_do(instruction: dict) -> None:
    node = {"_target_": "mental_health_classifier.models.pooling.MeanPooling", **instruction}
    with pytest.raises(InputError, match=f"^network.pooling.{next(iter(instruction))} may"):
        build(OmegaConf.create({"network": {"pooling": node}}).network.pooling)


@pytest.mark.parametrize("place", ["tokenizer", "callbacks.a.b", "data.columns", "network.heads"])
def test_a_part_is_built_where_it_belongs_alone(place: str) -> None:
    config = OmegaConf.create()
    node = {"_target_": "mental_health_classifier.models.pooling.MeanPooling"}
    OmegaConf.update(config, place, node)
    with pytest.raises(InputError, match=f"^{place}._target_=.* does not belong there"):
        build(OmegaConf.select(config, place))


def test_whether_something_is_completed_later_is_true_or_false() -> None:
    node = {"_target_": "mental_health_classifier.models.pooling.MeanPooling", "_partial_": "x"}
    with pytest.raises(InputError, match="true or false"):
        build(OmegaConf.create(node))
