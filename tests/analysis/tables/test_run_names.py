from mental_health_classifier.analysis.figures.names import plain_name
from mental_health_classifier.analysis.tables.run_names import (
    configuration_names,
    group_names,
    run_names,
)

NAN = float("nan")


def row(name, *, seed=1, identifier="abcdef123456", model="small", variants="", configuration=None):
    return {
        **{"experiment_name": name, "seed": seed, "run_id": identifier, "directory": "d"},
        **{"model": model, "variants": variants, "configuration_hash": configuration or name},
    }


def test_configurations_are_told_apart_by_variants_then_by_model_then_by_hash():
    rows = [
        row("sweep", configuration="a" * 16),
        row("sweep", configuration="b" * 16, variants="multitask"),
        row("sizes", configuration="c" * 16),
        row("sizes", configuration="d" * 16, model="medium"),
        row("twice", configuration="e" * 16),
        row("twice", configuration="f" * 16),
    ]
    assert configuration_names(rows, shown=str) == [
        *("sweep", "sweep + multitask", "sizes (small)", "sizes (medium)"),
        *("twice (eeeeee)", "twice (ffffff)"),
    ]


def test_seeds_of_one_configuration_have_its_name():
    rows = [row("micro", seed=1), row("micro", seed=2)]
    assert configuration_names(rows, shown=str) == ["micro", "micro"]


def test_runs_get_their_seed_or_id_only_where_names_are_alike():
    rows = [
        row("micro"),
        row("small", identifier="b"),
        row("small", seed=2, identifier="c"),
        row("large", identifier="d00000000"),
        row("large", identifier="e00000000"),
    ]
    assert run_names(rows, shown=str) == [
        *("micro", "small (seed 1)", "small (seed 2)"),
        *("large (seed 1) (d00000)", "large (seed 1) (e00000)"),
    ]


def test_names_that_are_alike_once_they_are_cut_are_told_apart():
    rows = [
        row("x" * 50 + "a", identifier="a", configuration="1"),
        row("x" * 50 + "b", identifier="b", configuration="2"),
    ]
    assert len(set(run_names(rows, shown=plain_name))) == 2


def test_one_configuration_on_different_posts_and_unknown_ones_are_told_apart_by_place():
    unknown = row(NAN, model=NAN, variants=NAN, configuration=NAN)
    names = group_names([row("try"), row("try"), unknown, unknown], shown=str)
    assert names[:2] == ["try (1)", "try (2)"] and len(set(names)) == 4
