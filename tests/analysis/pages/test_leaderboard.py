import pytest
from written_runs import write_failed_run, write_run, yardstick_of

from mental_health_classifier.analysis.pages.leaderboard import (
    caption_of,
    chosen_columns,
    columns_for_paper,
    leaderboard,
)
from mental_health_classifier.analysis.tables.run_table import headline_column, ranked, run_table
from mental_health_classifier.console.tables import TextTable, new_console
from mental_health_classifier.tracking.run_index import read_run


def printed(page, *, width=1000):
    console = new_console()
    console.width = width
    with console.capture() as capture:
        console.print(page)
    return capture.get()


def board_of(*directories, width=None, by=None):
    table = run_table(map(read_run, directories))
    by = by or headline_column(table)
    page = leaderboard(ranked(table, by=by), by=by, width=width)
    return printed(page, width=width or 1000)


@pytest.fixture
def runs(tmp_path):
    dirty = {"commit": "c0ffee00" * 5, "branch": "main", "is_dirty": True}
    yardstick = yardstick_of({"test/recall_at_spec80": (0.05, 0.01, 0.09)})
    return [
        write_run(tmp_path / "low", recall=0.7, run={"name": "low", "seed": 2, "git": dirty}),
        write_run(
            tmp_path / "high", recall=0.9, run={"name": "high"}, end={"yardstick": yardstick}
        ),
        write_run(tmp_path / "y", run={"name": "tfidf", "model": "tfidf_logistic"}),
        write_failed_run(tmp_path / "failed", run={"name": "broken"}),
        write_run(tmp_path / "killed", run={"name": "gone"}, left_out=("end.json", "data.json")),
    ]


def test_the_best_run_is_first_and_uncompleted_ones_are_last_with_their_status(runs):
    lines = board_of(*runs).splitlines()
    names = [line.split()[0] for line in lines[3:8]]
    assert names == ["high", "*", "low", "broken", "gone"]
    assert "failed" in lines[6] and "killed" in lines[7]


def test_configurations_of_one_name_are_told_apart(tmp_path):
    for variants in ([], ["multitask"], ["umls_enhanced"]):
        run = {"name": "sweep", "variants": variants, "configuration_hash": f"{variants}"}
        write_run(tmp_path / f"{len(list(tmp_path.iterdir()))}", run=run)
    board = board_of(*tmp_path.iterdir(), width=80)
    assert "sweep + multitask" in board and "sweep + umls_enhanced" in board


def test_every_number_has_its_interval_and_the_board_its_n(runs):
    board = board_of(*runs)
    high = next(line for line in board.splitlines() if line.startswith("high"))
    assert ".900 [.86, .93]" in high and ".850 [.81, .88]" in high
    assert "+.050 [.01, .09]" in high
    assert "Test part (300 posts, 100 of suicide), 95 % intervals" in board
    assert "ordered by final_recall_at_spec80. This order chooses nothing" in board


def test_the_yardstick_and_uncommitted_changes_are_marked(runs):
    board = board_of(*runs)
    assert "* tfidf " in board and "* the yardstick" in board
    assert "c0ffee0+" in board and "+ after a commit" in board


def test_a_yardstick_that_is_not_that_of_the_other_runs_is_called_so(tmp_path):
    other = {**yardstick_of({"test/accuracy": (0.1, 0.0, 0.2)}), "name": "mean_of_yardsticks"}
    runs = [
        write_run(tmp_path / "a", end={"yardstick": other}),
        write_run(tmp_path / "y", run={"name": "tfidf", "model": "tfidf_logistic"}),
    ]
    board = board_of(*runs)
    assert "* a yardstick, though not that of the other runs: TF-IDF" in board
    assert "The yardstick of the runs: mean_of_yardsticks." in board


def test_a_wide_board_has_every_column_of_the_comparison(runs):
    header = " ".join(board_of(*runs).splitlines()[1].split())
    for column in (
        "run id model seed",
        "spec. .80 suicide accuracy macro F1",
        "time commit started",
    ):
        assert column in header


@pytest.mark.parametrize("width", [80, 100, 120])
def test_the_board_fits_the_terminal_and_says_what_is_left_out(runs, width):
    board = board_of(*runs, width=width)
    assert max(map(len, board.splitlines())) <= width
    assert ".900 [.86, .93]" in board and "…" not in board
    assert "No room for: model" in board or "status" in board.split("No room for:")[1]


def test_runs_without_a_priority_class_are_ranked_by_macro_f1(tmp_path):
    board = board_of(write_run(tmp_path / "a", priority_class=None))
    assert "ordered by final_f1_macro" in board
    assert "spec. .80" not in board and "recall of" not in board


def test_the_column_that_runs_are_ordered_by_is_shown(runs):
    board = board_of(*runs, width=100, by="final_auprc")
    assert "final_auprc" in board.splitlines()[0] + board.splitlines()[1]


def test_columns_that_were_asked_for_stand_under_their_own_names(runs):
    table = run_table(map(read_run, runs))
    names = ["experiment_name", "final_n", "final_accuracy", "is_dirty"]
    page = printed(TextTable(chosen_columns(table, names)))
    assert page.splitlines()[0].split() == [
        "experiment_name",
        "final_n",
        "final_accuracy",
        "is_dirty",
    ]
    assert page.splitlines()[2].split() == ["low", "300", ".650", "[.61,", ".68]", "True"]


def test_a_table_for_a_paper_has_the_numbers_and_neither_ids_nor_commits(runs):
    table = run_table(map(read_run, runs))
    headers = [column.header for column in columns_for_paper(table, by="final_accuracy")]
    assert {"run", "seed", "accuracy", "macro F1"} <= set(headers)
    assert not {"id", "commit", "status", "time"} & set(headers)
    caption = caption_of(table, by="final_accuracy")
    assert "95 % intervals over other authors; ordered by final_accuracy." in caption
    assert "mhc" not in caption
