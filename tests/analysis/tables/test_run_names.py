from mental_health_classifier.analysis.figures.names import plain_name
from mental_health_classifier.analysis.tables.run_names import (
    configuration_names,
    group_names,
    names_by_hash,
    run_names,
)

NAN = float("nan")


def row(
    name,
    *,
    seed=1,
    identifier="abcdef123456",
    model="small",
    variants="",
    configuration=None,
    overrides="",
):
    return {
        "overrides": overrides,
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


def test_choices_that_are_not_shared_tell_configurations_of_one_name_apart():
    common = "model=micro trainer.max_epochs=4"
    rows = [
        row("micro", configuration="1", overrides=f"{common} seed=1"),
        row("micro", configuration="1", overrides=f"{common} seed=2"),
        row("micro", configuration="2", overrides=f"{common} network/attention=entmax seed=1"),
        row("micro", configuration="3", overrides=f"{common} +optimizer.learning_rate=0.1 seed=1"),
        row("micro", configuration="4", overrides=f"{common} 'data.columns={{text: a b}}'"),
        row("other", configuration="5", overrides="model=other data.fold=3"),
    ]
    assert configuration_names(rows, shown=str) == [
        *("micro", "micro", "micro (attention entmax)", "micro (learning rate 0.1)"),
        *("micro (columns {text: a b})", "other"),
    ]


def test_what_has_no_influence_on_results_is_in_no_name():
    quiet = "hydra.job.chdir=true logger=csv num_threads=1 trainer.log_every_n_steps=9 seed=3"
    rows = [
        row("micro", configuration="a" * 16, overrides=f"{quiet} data.path=x.csv"),
        row("micro", configuration="b" * 16, overrides=""),
    ]
    assert configuration_names(rows, shown=str) == ["micro (aaaaaa)", "micro (bbbbbb)"]


def test_names_by_hash_leave_out_what_has_none():
    rows = [row("a", configuration="1"), row("b", configuration=NAN)]
    rows[1]["configuration_hash"] = None
    assert names_by_hash(rows, shown=str) == {"1": "a"}


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
    rows = [{"configuration": name} for name in ("try", "try", "?", "?", "other")]
    names = group_names(rows, shown=str)
    assert names[:2] == ["try (1)", "try (2)"] and names[4] == "other" and len(set(names)) == 5
