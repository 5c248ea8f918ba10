from mental_health_classifier.analysis.figures.names import (
    group_names,
    metric_name,
    plain_name,
    run_names,
)


def run(name, seed=1, identifier="abcdef123456"):
    return {"experiment_name": name, "seed": seed, "run_id": identifier, "directory": "d"}


def test_a_name_is_never_read_as_a_formula_and_steers_nothing():
    assert plain_name("a$b$") == r"a\$b\$"
    assert plain_name("a\x1b[2Jb\u202e") == r"a\x1b[2Jb\u202e"


def test_long_names_are_cut():
    assert plain_name("x" * 40, max_length=10) == "x" * 9 + "…"


def test_runs_get_their_seed_or_id_only_where_names_are_alike():
    rows = [
        run("micro", 1),
        run("small", 1, "b"),
        run("small", 2, "c"),
        run("large", 1, "d00000000"),
        run("large", 1, "e00000000"),
    ]
    assert run_names(rows) == [
        *("micro", "small (seed 1)", "small (seed 2)"),
        *("large (seed 1) (d00000)", "large (seed 1) (e00000)"),
    ]


def test_names_that_are_alike_once_they_are_cut_are_told_apart():
    rows = [run("x" * 50 + "a", 1, "a"), run("x" * 50 + "b", 1, "b")]
    assert len(set(run_names(rows))) == 2


def test_configurations_are_told_apart_by_model_then_by_hash():
    def group(name, model, variants, configuration):
        return {
            **{"experiment_name": name, "model": model, "variants": variants},
            "configuration_hash": configuration,
        }

    nan = float("nan")
    rows = [
        group("try", "small", "", "a" * 16),
        group("try", "small", "multitask", "b" * 16),
        group("twice", "small", "", "c" * 16),
        group("twice", "small", "", "d" * 16),
        group(nan, nan, nan, nan),
        group(nan, nan, nan, nan),
    ]
    names = group_names(rows)
    assert names[:2] == ["try (small)", "try (small+multitask)"]
    assert names[2:4] == ["twice (cccccc)", "twice (dddddd)"]
    assert len(set(names)) == 6


def test_columns_are_put_into_words():
    assert metric_name("final_recall_at_spec80") == "recall at specificity .80, test"
    assert metric_name("val_f1_macro") == "macro F1, validation"
    assert metric_name("final_recall_suicide") == "recall suicide, test"
