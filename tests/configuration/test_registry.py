import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import yaml
from omegaconf import OmegaConf

import mental_health_classifier
from mental_health_classifier.configuration.build import build
from mental_health_classifier.configuration.registry import (
    CLASSES,
    REGISTRY,
    check_buildable,
    find_part,
    with_short_names,
)
from mental_health_classifier.contracts import InputError
from mental_health_classifier.tracking.provenance.former_names import SHORT_NAMES

CONF = Path(__file__).resolve().parents[2] / "conf"


def targets_in(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        yield from ([value["_target_"]] if "_target_" in value else [])
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from targets_in(inner)


def test_all_that_conf_names_is_registered_and_all_of_ours_is_in_conf() -> None:
    named = {
        target
        for file in CONF.rglob("*.yaml")
        if "hydra" not in file.relative_to(CONF).parts
        for target in targets_in(yaml.safe_load(file.read_text(encoding="utf-8")))
    }
    assert named <= set(CLASSES)
    assert {name for name, whole in CLASSES.items() if whole.startswith("mental_")} <= named


def test_a_short_name_stands_for_one_class() -> None:
    pairs = {pair for place in REGISTRY.values() for pair in place.parts.items()}
    assert len(pairs) == len(CLASSES) and set(SHORT_NAMES.values()) <= set(CLASSES)


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_what_is_registered_is_a_class_or_function_defined_where_it_is_named(name: str) -> None:
    found = find_part(name)
    assert inspect.isclass(found) or inspect.isfunction(found)
    assert found.__qualname__ == name
    # Lightning hands its classes out of the packages that it documents.
    module = CLASSES[name].rpartition(".")[0]
    assert found.__module__ == module or found.__module__.startswith("lightning.pytorch.")


@pytest.mark.parametrize("key", sorted(REGISTRY))
def test_what_is_given_at_run_time_is_an_argument_of_the_parts(key: str) -> None:
    for name in REGISTRY[key].given or ():
        takers = [part for part in REGISTRY[key].parts if name in arguments_of(part)]
        assert takers, f"nothing at {key} takes {name}"


def arguments_of(part: str) -> set[str]:
    return set(inspect.signature(find_part(part)).parameters)


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
    built = {target for target in reached if is_built(target)}
    print(f"\nnames walked={len(reached)}, built={len(built)}, registered={len(CLASSES)}")
    assert len(reached) > 10_000 and built == set(CLASSES.values())


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
        "FileCorpus.read",
        "RunRecord",
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


def test_a_target_that_a_resolver_makes_is_checked_as_any_other(monkeypatch) -> None:
    monkeypatch.setenv("SECRET", "os.system")
    with pytest.raises(InputError, match=r"os\.system may not be built"):
        build(OmegaConf.create({"a": {"b": {"_target_": "${oc.env:SECRET}"}}}).a)


@pytest.mark.parametrize(
    "instruction",
    [{"_args_": ["x"]}, {"_recursive_": False}, {"_convert_": "none"}, {"_x_": 1}],
)
def test_beside_a_target_only_partial_is_read(instruction: dict) -> None:
    node = {"_target_": "MeanPooling", **instruction}
    with pytest.raises(InputError, match=f"^network.pooling.{next(iter(instruction))} may"):
        build(OmegaConf.create({"network": {"pooling": node}}).network.pooling)


@pytest.mark.parametrize("place", ["tokenizer", "callbacks.a.b", "data.columns", "network.heads"])
def test_a_part_is_built_where_it_belongs_alone(place: str) -> None:
    config = OmegaConf.create()
    OmegaConf.update(config, place, {"_target_": "MeanPooling"})
    with pytest.raises(InputError, match=f"^{place}._target_=.* does not belong there"):
        build(OmegaConf.select(config, place))


def test_whether_something_is_completed_later_is_true_or_false() -> None:
    with pytest.raises(InputError, match="true or false"):
        build(OmegaConf.create({"_target_": "MeanPooling", "_partial_": "x"}))


@pytest.mark.parametrize(
    "target",
    [
        "learn_bpe",
        "mental_health_classifier.data.tokens.tokenizer.learn_bpe",
        "mental_health_classifier.data.tokenizer.learn_bpe",
    ],
)
def test_a_part_is_found_by_its_short_name_and_by_those_in_full(target: str) -> None:
    node = {"_target_": target, "_partial_": True, "vocabulary_size": 9}
    assert build(OmegaConf.create({"tokenizer": node}).tokenizer).func is find_part("learn_bpe")
    values = {"tokenizer": node, "x": [{"y": dict(node)}]}
    assert set(targets_in(with_short_names(values))) == {"learn_bpe"}
