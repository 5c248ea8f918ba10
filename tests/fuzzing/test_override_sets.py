"""Random sets of overrides: a configuration that builds, or one message."""

from __future__ import annotations

from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hypothesis import strategies as st
from omegaconf import OmegaConf

from mental_health_classifier.configuration.build import build, build_annotators, register_resolvers
from mental_health_classifier.configuration.check import checked
from mental_health_classifier.configuration.errors import explaining_errors

CONF = Path(__file__).resolve().parents[2] / "conf"
CLEAR = (SystemExit,)
"""With what is explained; all else comes through `explaining_errors` as it is."""

ODD = [
    *("null", "true", "false", "0", "1", "-1", "2", "7", "1e400", "nan", "-.inf", "0.5", "64.5"),
    *("1e-30", "-0.0", "99999999999", "123456789012345678901234567890", "''", "' '", "x"),
    *(
        "[]",
        "[1,2]",
        "[a,b]",
        "[null]",
        "{}",
        "{a: 1}",
        "{a: {b: null}}",
        "[[1],[2]]",
        "été",
        "0.1x",
    ),
    *(
        "'🙂'",
        "'a b'",
        "'1'",
        "'true'",
        "../x",
        "/dev/null",
        "'[0]'",
        "none",
        "val/accuracy",
        "???",
        "0.1x",
    ),
]


def leaves(value: object, key: str = "") -> list[str]:
    if isinstance(value, dict):
        own = [key] if key else []
        return own + [k for n, v in value.items() for k in leaves(v, f"{key}.{n}" if key else n)]
    return [key]


def groups() -> list[str]:
    found = []
    for file in sorted(CONF.rglob("*.yaml")):
        folder, name = file.relative_to(CONF).parent.as_posix(), file.stem
        if folder != "." and not folder.startswith("hydra") and not name.startswith("_"):
            found.append(f"{folder}={name}")
    return found


@pytest.fixture(scope="module")
def override_sets():
    register_resolvers()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        keys = leaves(OmegaConf.to_container(compose("config"), resolve=True))
        keys += [f"data.{k}" for k in ("path", "files", "columns.text", "columns.groups", "labels")]
        one = st.one_of(
            st.tuples(st.sampled_from(keys), st.sampled_from(ODD)).map("=".join),
            st.tuples(st.sampled_from(keys), st.sampled_from(ODD)).map("=".join),
            st.sampled_from(keys).map(lambda key: f"~{key}"),
            st.sampled_from(groups()),
        )
        yield st.lists(one, min_size=1, max_size=4)


def settle(overrides: list[str]) -> None:
    """Composes and checks, and builds what needs no posts."""
    with explaining_errors():
        config = checked(compose("config", overrides=overrides))
        build(config.data)
        build_annotators(config)
        if "network" in config:
            for node in (config.tokenizer, config.sampler, config.optimizer, config.objective):
                build(node)
            for part in config.network.values():
                build(part)


def test_a_set_of_overrides_builds_or_is_refused_with_a_message(try_many, override_sets) -> None:
    tally = try_many(override_sets, settle, number=8, clear=CLEAR)
    assert tally.accepted and tally.clear


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_other_sets_build_or_are_refused_each_time(try_many, override_sets) -> None:
    tally = try_many(override_sets, settle, number=30, clear=CLEAR)
    assert tally.accepted and tally.clear
