import pandas as pd
import pytest

from mental_health_classifier.analysis.tables.run_filter import known_columns, runs_where
from mental_health_classifier.contracts import InputError

TABLE = pd.DataFrame(
    {
        "name": pd.Series(["a", "b", "c", None], dtype="str"),
        "final_accuracy": [0.5, 0.9, 0.7, float("nan")],
        "seed": pd.array([1, 2, 3, None], dtype="Int64"),
        "is_dirty": pd.array([True, False, True, None], dtype="boolean"),
        "final_recall_self-harm": [0.1, 0.2, 0.3, 0.4],
        "created_at": pd.to_datetime(
            pd.Series(["2026-11-01", "2026-11-02", "2026-11-03", None]), utc=True
        ),
    }
)


@pytest.mark.parametrize(
    ("condition", "names"),
    [
        ("final_accuracy > 0.6", "bc"),
        (" final_accuracy > 0.6 ", "bc"),
        ("0.5 < final_accuracy <= 0.7", "c"),
        ("final_accuracy > -1", "abc"),
        ("name == 'a' or seed == 3", "ac"),
        ("name != 'a' and seed < 3", "b"),
        ('name in ["a", "b"]', "ab"),
        ("seed not in (1, 2)", "c"),
        ("is_dirty", "ac"),
        ("is_dirty == False", "b"),
        ("not is_dirty", "b"),
        ("not (final_accuracy > 0.6)", "a"),
        ("`final_recall_self-harm` >= 0.2 and seed > 0", "bc"),
        ("created_at > '2026-11-01T12:00'", "bc"),
        ("seed > final_accuracy", "abc"),
        ("name == '`a`' or seed == 1", "a"),
    ],
)
def test_conditions_choose_runs(condition, names):
    """The last run has no numbers: it neither meets a condition on one nor fails it."""
    assert "".join(runs_where(TABLE, condition)["name"]) == names


@pytest.mark.parametrize(
    "condition",
    [
        "__import__('os').system('touch /tmp/x')",
        "name.str.contains('a')",
        "final_accuracy.mean() > 0",
        "(lambda: True)()",
        "@pd.eval('1') == 1",
        "@seed == 1",
        "[seed for seed in (1,)]",
        "seed + 1 > 2",
        "seed ** 99999999 > 2",
        "seed if seed else seed",
        "f'{seed}' == '1'",
        "(seed := 1) == 1",
        "name[0] == 'a'",
        "final_accuracy",
        "1 == 1",
        "'a' in 'abc'",
        "seed is None",
        "seed == None",
        "seed == 1j",
        "seed == b'1'",
        "seed in 1",
        "seed in [[1]]",
        "seed in [seed]",
        "seed > 1 & seed < 3",
        "*seed == 1",
        "seed = 1",
        "seed == 1; import os",
        "",
        "seed >",
        "(" * 500,
        "not " * 20_000 + "is_dirty",
        "\0",
        "name == 3",
        "seed == '1'",
        "is_dirty == 1",
        "created_at > 'yesterday'",
    ],
)
def test_anything_but_a_condition_is_refused_with_what_a_condition_is(condition):
    with pytest.raises(InputError, match="a condition compares columns with numbers"):
        runs_where(TABLE, condition)


def test_an_unknown_column_lists_those_there_are_the_similar_ones_first():
    with pytest.raises(InputError) as caught:
        runs_where(TABLE, "final_acuracy > 0.5")
    message = str(caught.value)
    assert message.index("Similar: final_accuracy") < message.index("There are: name, ")
    assert message.startswith("--where names 'final_acuracy'")


def test_columns_that_exist_pass_and_others_are_refused_under_the_name_of_the_option():
    assert known_columns(["seed", "name"], TABLE, option="--columns") == ["seed", "name"]
    with pytest.raises(InputError, match="--sort names 'zzz', which is not a column"):
        known_columns(["zzz"], TABLE, option="--sort")
