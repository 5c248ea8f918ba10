import pytest
from written_runs import write_failed_run, write_run, yardstick_of

from mental_health_classifier.analysis.pages.configuration_list import (
    configuration_list,
    configurations_for_paper,
)
from mental_health_classifier.analysis.tables.run_table import headline_column, run_table
from mental_health_classifier.analysis.tables.seed_groups import group_table
from mental_health_classifier.console.tables import new_console
from mental_health_classifier.tracking.run_index import read_run


@pytest.fixture
def table(tmp_path):
    yardstick = yardstick_of({"test/recall_at_spec80": (0.05, 0.01, 0.09)})
    for seed, recall in ((1, 0.9), (2, 0.7)):
        write_run(
            tmp_path / f"a{seed}",
            recall=recall,
            run={"name": "two seeds", "seed": seed, "configuration_hash": "a" * 16},
            end={"yardstick": yardstick},
        )
    one = {"name": "one seed", "configuration_hash": "b" * 16, "tags": ["pilot"]}
    write_run(tmp_path / "b", recall=0.75, run=one)
    write_failed_run(tmp_path / "failed", run={"name": "broken"})
    return run_table(map(read_run, sorted(tmp_path.iterdir())))


def printed(table, *, width=None):
    groups, by = group_table(table), f"{headline_column(table)}_mean"
    console = new_console()
    console.width = width or 1000
    with console.capture() as capture:
        console.print(configuration_list(groups, table, by=by, width=width))
    return capture.get()


def test_a_configuration_has_its_mean_its_worst_seed_and_the_number_of_its_seeds(table):
    lines = printed(table).splitlines()
    two = next(line for line in lines if line.startswith("two seeds")).split()
    # The mean of .9 and .7; Student's interval of two seeds leaves nothing out.
    assert two[3:8] == ["2", ".800", "[.00,", "1.0]", ".700"]
    one = next(line for line in lines if line.startswith("one seed")).split()
    assert one[3] == "1" and one[4] == ".750" and one[7] == "-"
    assert "Left out: 1 run that did not complete" in lines[-1]


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_long_name_is_wrapped_beside_whole_numbers(table, width):
    name = "micro (width 64, attention entmax, pooling attention_readout, learning rate 0.002)"
    table["configuration"] = name
    page = printed(table, width=width)
    assert "…" not in page and ".750 [.71, .78]" in page
    assert max(map(len, page.splitlines())) <= width
    assert all(word in page for word in ("entmax", "attention_readout", "0.002)"))


def test_tags_are_shown_where_a_run_has_any(table):
    assert "pilot" in printed(table)


def test_a_table_for_a_paper_says_what_its_intervals_are_over(table):
    columns, caption = configurations_for_paper(
        group_table(table), table, by="final_recall_at_spec80_mean"
    )
    assert [column.header for column in columns[:2]] == ["configuration", "seeds"]
    assert "over other authors and seeds; ordered by the headline." in caption
    assert "mhc" not in caption and "--" not in caption  # which a paper has no use for
