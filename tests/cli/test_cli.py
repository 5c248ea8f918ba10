import csv
import io
import json
import subprocess
import sys

import pytest
import typer
from typer.testing import CliRunner
from written_runs import write_failed_run, write_run

from mental_health_classifier.cli.app import COMMANDS, app
from mental_health_classifier.tracking.provenance.environment import DETERMINISM

HOSTILE = "[red]x[/] \x1b[2J,=1+1"


@pytest.fixture
def mhc(tmp_path, monkeypatch):
    """Runs the command in the test's own folder, its output in a pipe."""
    monkeypatch.chdir(tmp_path)
    for variable in ("COLUMNS", "FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(variable, raising=False)
    for variable, value in DETERMINISM.items():
        # Set already, they do not make a command start Python, and with it the tests, once more.
        monkeypatch.setenv(variable, value)

    def run(*arguments):
        return CliRunner().invoke(app, arguments)

    return run


@pytest.fixture
def six_runs(tmp_path):
    """Completed (two), without a priority class, failed, killed, damaged."""
    write_run(tmp_path / "outputs" / "a", recall=0.9, run={"name": "best", "tags": ["pilot"]})
    write_run(tmp_path / "multirun" / "b" / "0", recall=0.7, run={"name": HOSTILE, "seed": 2})
    write_run(tmp_path / "multirun" / "b" / "1", priority_class=None, run={"name": "plain"})
    write_failed_run(tmp_path / "outputs" / "c", run={"name": "broken"})
    write_run(tmp_path / "outputs" / "d", run={"name": "gone"}, left_out=("end.json",))
    damaged = write_run(tmp_path / "outputs" / "e")
    (damaged / "data.json").write_text("{", encoding="utf-8")


def test_help_says_of_every_command_what_its_docstring_says(mhc):
    result = mhc("--help")
    assert result.exit_code == 0
    group = typer.main.get_group(app)
    with typer.Context(group) as context:
        for name, (_, line) in COMMANDS.items():
            command = group.get_command(context, name)
            assert command.get_short_help_str(limit=200) == line
            assert f"  {name} " in result.stdout and line in result.stdout


def test_a_misspelt_command_is_told_what_is_near(mhc):
    result = mhc("compere")
    assert result.exit_code == 2 and "Did you mean 'compare'" in result.stderr


def test_version_is_printed(mhc):
    assert mhc("--version").stdout.strip().count(".") == 2


def test_runs_are_listed_newest_first(mhc, six_runs):
    rows = json.loads(mhc("runs", "--json").stdout)
    assert [row["experiment_name"] for row in rows] == [
        *("baseline", "gone", "broken", "plain", HOSTILE, "best")
    ]
    assert rows[0]["status"] == "damaged" and "data.json" in rows[0]["problem"]
    assert mhc("runs").exit_code == 0


def test_runs_can_be_chosen_by_status(mhc, six_runs):
    rows = json.loads(mhc("runs", "--status", "killed", "--json").stdout)
    assert [row["experiment_name"] for row in rows] == ["gone"]
    result = mhc("runs", "--status", "dead")
    assert result.exit_code == 1
    assert "--status=dead: expected one of completed, failed" in result.stderr


def test_no_runs_are_no_error(mhc):
    for command in ("runs", "compare"):
        result = mhc(command)
        assert result.exit_code == 0 and result.stdout == ""
        assert "No runs in outputs, multirun yet. `python train.py` makes one." in result.stderr
        assert json.loads(mhc(command, "--json").stdout) == []
    assert mhc("compare", "--where", "final_accuracy > 0.85").exit_code == 0
    assert mhc("compare", "--csv", "-").stdout == ""


def test_a_folder_that_is_not_there_is_an_error(mhc):
    result = mhc("compare", "nowhere")
    assert result.exit_code == 1
    assert "Expected a folder with runs, but nowhere is none." in result.stderr


def test_compare_puts_the_best_of_each_corpus_first_and_uncompleted_runs_last(mhc, six_runs):
    rows = json.loads(mhc("compare", "--runs", "--json").stdout)
    # Without a priority class "plain" is compared with nobody.
    assert [row["experiment_name"] for row in rows] == [
        *("plain", "best", HOSTILE, "gone", "broken", "baseline")
    ]
    assert rows[1]["final_recall_at_spec80"] == 0.9
    assert rows[0]["final_recall_at_spec80"] is None
    for column in (
        *("experiment_name", "status", "model", "variants", "seed", "parameters_millions"),
        *("final_accuracy", "final_f1_macro", "final_recall_suicide", "final_recall_at_spec80"),
        *("duration_seconds", "commit", "is_dirty"),
    ):
        assert column in rows[0]


def test_compare_by_corpus_has_a_row_a_model_in_every_form(mhc, six_runs):
    rows = json.loads(mhc("compare", "--by-corpus", "--json").stdout)
    assert {row["corpus"] for row in rows} and {row["metric"] for row in rows} <= {
        *("recall_at_spec80", "f1_macro"),
    }
    for form in ((), ("--markdown",), ("--latex",), ("--csv", "-")):
        printed = mhc("compare", "--by-corpus", *form).stdout
        assert all(row["model"].split("_")[0] in printed for row in rows)
    refused = mhc("compare", "--by-corpus", "--sort", "seed")
    assert refused.exit_code == 1 and "leave out --sort" in refused.stderr
    assert "No ranks" in " ".join(mhc("compare", "--by-corpus").stdout.split())


def test_compare_is_a_table_without_colours_in_a_pipe(mhc, six_runs):
    result = mhc("compare", "--runs")
    assert result.exit_code == 0
    assert ".900 [.86, .93]" in result.stdout
    assert "\x1b" not in result.stdout
    assert r"[red]x[/] \x1b[2J,=1+1" in result.stdout


def test_the_guides_filter_works_on_the_command_line(mhc, six_runs):
    rows = json.loads(mhc("compare", "--where", "final_accuracy > 0.84", "--json").stdout)
    assert [row["experiment_name"] for row in rows] == ["best"]
    nothing = mhc("compare", "--where", "final_accuracy > 0.99")
    assert nothing.exit_code == 0
    assert "No run of 6 is like that." in nothing.stderr


@pytest.mark.parametrize(
    "condition", ["__import__('os').getcwd() == ''", "@roots == 1", "final_accuracy.max() > 0"]
)
def test_a_condition_cannot_run_anything(mhc, six_runs, condition):
    result = mhc("compare", "--where", condition)
    assert result.exit_code == 1
    assert "a condition compares columns with numbers" in result.stderr
    assert result.stdout == ""


def test_tags_choose_runs(mhc, six_runs):
    rows = json.loads(mhc("compare", "--tag", "pilot", "--json").stdout)
    assert [row["experiment_name"] for row in rows] == ["best"]
    assert json.loads(mhc("compare", "--tag", "pilot", "--tag", "x", "--json").stdout) == []
    none = mhc("compare", "--tag", "x", "--columns", "final_accuracy_mean", "--csv", "-")
    assert none.stdout == "final_accuracy_mean\n"
    assert "No run of 6 is like that." in none.stderr


def test_columns_and_order_can_be_chosen(mhc, six_runs):
    chosen = ("compare", "--runs", "--columns", "experiment_name,seed")
    result = mhc(*chosen, "--sort", "seed", "--json")
    assert [list(row) for row in json.loads(result.stdout)] == [["experiment_name", "seed"]] * 6
    assert json.loads(result.stdout)[0]["seed"] == 2
    ascending = mhc(*chosen, "--sort", "seed", "--ascending", "--json")
    assert json.loads(ascending.stdout)[0]["seed"] == 1
    assert "experiment_name" in mhc("compare", "--columns", "experiment_name").stdout


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--sort", "final_acuracy"),
        ("--columns", "seed,final_acuracy"),
        ("--where", "final_acuracy > 1"),
    ],
)
def test_a_misspelt_column_lists_what_there_is(mhc, six_runs, option, value):
    result = mhc("compare", "--runs", option, value)
    assert result.exit_code == 1
    assert f"{option} names 'final_acuracy', which is not a column of these runs." in result.stderr
    assert "Similar: final_accuracy," in result.stderr and "There are: " in result.stderr


def test_the_table_goes_to_a_file_or_to_standard_output(mhc, six_runs, tmp_path):
    assert mhc("compare", "--runs", "--csv", "runs.csv").exit_code == 0
    with open(tmp_path / "runs.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["experiment_name"] for row in rows][:3] == ["plain", "best", HOSTILE]
    result = mhc("compare", "--csv", "runs.csv")
    assert result.exit_code == 1 and "not replaced" in result.stderr
    printed = mhc("compare", "--runs", "--csv", "-").stdout
    assert "\x1b" not in printed
    printed_rows = list(csv.DictReader(io.StringIO(printed)))
    assert printed_rows[1]["final_recall_at_spec80"] == "0.9"


def test_the_table_is_printed_for_a_paper(mhc, six_runs):
    latex = mhc("compare", "--latex").stdout
    assert latex.count(r"\begin{tabular}") == 2 and "\x1b" not in latex
    assert "damaged" not in latex and "failed" not in latex
    markdown = mhc("compare", "--markdown").stdout
    assert markdown.startswith("| configuration |") and markdown.count("---:") > 4
    for wrong in (("--latex", "--json"), ("--markdown", "--csv", "-"), ("--latex", "--test", "a")):
        result = mhc("compare", *wrong)
        assert result.exit_code == 1 and result.stderr.count("\n") == 1


def test_runs_on_different_posts_are_warned_about_apart_from_the_output(mhc, tmp_path):
    write_run(tmp_path / "outputs" / "a")
    write_run(tmp_path / "outputs" / "b", data={"fingerprint": "f2"})
    result = mhc("compare", "--json")
    assert len(json.loads(result.stdout)) == 2
    assert "Warning: These runs were tested on different posts" in result.stderr


def test_compare_and_best_have_a_block_for_each_corpus(mhc, tmp_path):
    write_run(tmp_path / "outputs" / "a", recall=0.9, data={"fingerprint": "f2", "name": "other"})
    write_run(tmp_path / "outputs" / "b", recall=0.7)
    shown = mhc("compare").stdout
    assert shown.index("posts, parts") < shown.index(".700") < shown.index("other, parts")
    assert shown.index("other, parts") < shown.index(".900")
    best = mhc("best").stdout
    assert best.index("posts, parts") < best.index("other, parts")
    rows = json.loads(mhc("best", "--json").stdout)
    assert [row["data_name"] for row in rows] == ["posts"] * 4 + ["other"] * 4
    only = json.loads(mhc("best", "--json", "--where", "data_name == 'other'").stdout)
    assert [row["data_fingerprint"] for row in only] == ["f2"] * 4


def test_a_run_is_shown_by_any_of_its_names(mhc, six_runs):
    identifier = json.loads(mhc("runs", "--json").stdout)[-1]["run_id"]
    for reference in ("outputs/a", "a", identifier, identifier[:6]):
        result = mhc("show", reference)
        assert result.exit_code == 0
        assert "best" in result.stdout and ".900 [.86, .93]" in result.stdout
    (shown,) = json.loads(mhc("show", "a", "--json").stdout)
    assert shown["run"]["name"] == "best" and shown["status"] == "completed"
    assert shown["end"]["metrics"]["test/recall_at_spec80"] == 0.9


def test_an_unknown_run_is_an_error_that_names_similar_ones(mhc, six_runs):
    result = mhc("show", "bets")
    assert result.exit_code == 1
    assert "No run bets among the 6 below outputs, multirun. Did you mean:" in result.stderr


def test_every_kind_of_run_can_be_shown_and_compared_with_another(mhc, six_runs):
    for reference in ("outputs/c", "outputs/d", "outputs/e", "multirun/b/0", "multirun/b/1"):
        assert mhc("show", reference).exit_code == 0
        assert mhc("show", reference, "--json").exit_code == 0
        assert mhc("diff", "outputs/a", reference).exit_code == 0
        assert "\x1b" not in mhc("diff", "outputs/a", reference).stdout


def test_the_difference_of_two_runs_is_listed(mhc, tmp_path):
    write_run(tmp_path / "outputs" / "a", recall=0.8)
    write_run(tmp_path / "outputs" / "b", recall=0.9, run={"config": {"seed": 7}})
    differences = json.loads(mhc("diff", "a", "b", "--json").stdout)
    assert {"kind": "configuration", "key": "seed", "a": 1, "b": 7} in differences
    headline = next(each for each in differences if each["key"] == "test/recall_at_spec80")
    assert (headline["a"], headline["b"]) == (0.8, 0.9)
    assert headline["difference"] == pytest.approx(0.1)


def test_runs_elsewhere_are_found_under_the_roots_given(mhc, tmp_path):
    write_run(tmp_path / "archive" / "old")
    assert len(json.loads(mhc("runs", "archive", "--json").stdout)) == 1
    assert mhc("show", "old", "--root", "archive").exit_code == 0
    assert mhc("diff", "old", "old", "--root", "archive").exit_code == 0
    assert mhc("show", "old").exit_code == 1


@pytest.mark.parametrize(
    ("command", "shown"), [("compare --json | head -c 1", "["), ("--help | head -c 5", "Usage")]
)
def test_the_package_is_the_same_command_and_a_closed_pipe_is_no_error(
    six_runs, tmp_path, command, shown
):
    result = subprocess.run(
        f"{sys.executable} -m mental_health_classifier {command}",
        shell=True,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout == shown and "Error" not in result.stderr


HEAVY = {"torch", "lightning", "sklearn", "statsmodels", "matplotlib"}
"""What takes a second to import or more: for those commands alone that use it, as they do."""


STEERING = "e\x1b[31mx"


@pytest.mark.parametrize(
    "command",
    [
        *("runs", "compare", "best", "show RUN", "diff RUN RUN", "export RUN RUN.tgz", "card RUN"),
        *("clean --keep-last 1", "clean --status completed --delete", "gone UNKNOWN"),
        *("snapshot --name STEERING --run RUN", "snapshot verify model_snapshots/STEERING"),
        *(
            "snapshot restore model_snapshots/STEERING STEERING/new",
            "resume STEERING",
            "runs RUN/x",
        ),
    ],
)
def test_names_of_folders_do_not_steer_the_terminal(command, mhc, tmp_path):
    run, best = tmp_path / "outputs" / STEERING / "run", tmp_path / "outputs" / "best"
    write_run(run, recall=0.5, run={"configuration_hash": "worse"})
    write_run(best, recall=0.9)
    (run.parent / ".tmp-deleted-0123456789abcdef").mkdir()
    unknown = write_run(tmp_path / "multirun" / STEERING, left_out=("end.json",))
    start = unknown / "attempts" / "001" / "start.json"
    start.write_text('{"host": "\\u001b[31mhost", "boot_id": "other", "pid": 1}')
    (tmp_path / STEERING).mkdir()
    (tmp_path / STEERING / "sweep.json").write_text('{"jobs": [{"overrides": ["a\\u001b=1"]}]}')
    snapshot = tmp_path / "model_snapshots" / STEERING
    (snapshot / "source").mkdir(parents=True)
    (snapshot / "source" / STEERING).touch()
    (snapshot / "manifest.json").write_text('{"files": {}}')
    named = {"RUN": str(run.relative_to(tmp_path)), "STEERING": STEERING}
    named["UNKNOWN"] = str(unknown.relative_to(tmp_path))
    for name, path in named.items():
        command = command.replace(name, path)
    result = mhc(*command.split())
    assert isinstance(result.exception, SystemExit | None), result.exception
    assert "\x1b" not in result.output


def test_what_goes_wrong_with_a_folder_is_told_without_steering_the_terminal(tmp_path):
    (tmp_path / "outputs").mkdir()
    (tmp_path / "outputs" / STEERING).symlink_to("gone")
    command = [sys.executable, "-m", "mental_health_classifier", "runs"]
    told = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stderr
    assert "e\\x1b[31mx while looking for runs: it is a link to nothing" in told


def imported_by(program, folder):
    """Modules that a program has imported when it ends, by their first names."""
    program = f"import sys\ntry:\n    {program}\nfinally:\n    print(*sys.modules, file=sys.stderr)"
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    return {name.partition(".")[0] for name in done.stderr.split()}


@pytest.mark.parametrize(
    ("arguments", "too_much"),
    [
        (["--help"], {*HEAVY, "numpy", "pandas", "rich", "orjson"}),
        (["runs"], {*HEAVY, "numpy", "pandas", "scipy", "hydra"}),
        # SciPy has the distributions that the verdict on its configuration takes.
        (["show", "a"], {*HEAVY, "pandas", "hydra"}),
        (["compare", "--runs", "--json"], {*HEAVY, "scipy", "hydra"}),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, list) else "",
)
def test_a_command_imports_no_more_than_it_needs(six_runs, tmp_path, arguments, too_much):
    program = f"from mental_health_classifier.cli.app import app; app({arguments})"
    assert not too_much & imported_by(program, tmp_path)


def test_no_help_waits_for_what_is_slow_to_import(tmp_path):
    modules = [f"mental_health_classifier.cli.{module}" for module, _ in COMMANDS.values()]
    assert not HEAVY & imported_by(f"import {', '.join(modules)}", tmp_path)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("predict posts.csv --best --output decisions.csv", "--best needs a value, and --output"),
        ("ensemble --best --where x", "--best needs a value, and --where"),
        ("check posts.csv --column --label=a=b", "--column needs a value, and --label=a=b"),
    ],
)
def test_an_option_takes_no_other_option_for_its_value(mhc, arguments, said):
    result = mhc(*arguments.split())
    assert result.exit_code != 0 and said in result.stderr


def test_a_value_may_begin_with_a_dash(mhc, tmp_path):
    write_run(tmp_path / "outputs" / "a")
    assert mhc("compare", "--csv", "-").exit_code == 0


def test_a_replay_asks_for_posts_and_encoder_before_anything_else(mhc, tmp_path) -> None:
    facts = {"data": {"path": "nowhere.csv"}, "model": {"name": "x"}, "evaluation": {}}
    folder = write_run(tmp_path / "outputs" / "r", run={"config": facts})
    said = mhc("reproduce", str(folder)).output
    assert "read data.path=nowhere.csv, which is not here" in said
    model = {"name": "x", "encoder": "no/encoder", "encoder_sha256": "0", "download": False}
    folder = write_run(
        tmp_path / "outputs" / "s", run={"config": {**facts, "data": {}, "model": model}}
    )
    said = mhc("reproduce", str(folder)).output
    assert "model.encoder=no/encoder: there is no such folder" in said
