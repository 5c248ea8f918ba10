import pytest
from written_runs import write_run

from mental_health_classifier.analysis.tables.across_corpora import across_corpora
from mental_health_classifier.analysis.tables.run_table import run_table
from mental_health_classifier.tracking.run_index import each_run


@pytest.fixture
def found(tmp_path):
    def write(*rows):
        """Runs of (model, corpus, recall), with what else differs."""
        for place, (model, corpus, recall, *changes) in enumerate(rows):
            run, data = {"model": model, "configuration_hash": model * 4}, {"fingerprint": corpus}
            for change in changes:
                run |= change.get("run", {})
                data |= change.get("data", {})
            data |= {"name": corpus, "parts_fingerprint": data.get("parts_fingerprint", corpus)}
            write_run(tmp_path / str(place), recall=recall, run=run, data=data)
        return across_corpora(run_table(each_run([tmp_path])))

    return write


def test_a_row_a_model_and_a_column_a_corpus_without_ranks_of_few(found):
    table = found(("a", "one", 0.8), ("a", "two", 0.7), ("b", "one", 0.9))
    model, *corpora = table.columns()
    assert list(model.cells) == ["a", "b"]
    by_name = {column.header.split("\n")[0]: list(column.cells) for column in corpora}
    assert by_name["one"][0].startswith(".800") and by_name["one"][1].startswith(".900")
    assert by_name["two"][1] == "-"
    assert "5 corpora at least, and here are 2" in " ".join(table.explanation())


def test_of_five_corpora_models_that_ran_on_all_are_ranked(found):
    corpora = "one", "two", "three", "four", "five"
    rows = [(model, each, recall) for each in corpora for model, recall in (("a", 0.7), ("b", 0.8))]
    table = found(*rows, ("c", "one", 0.9))
    assert table.ranked == ["a", "b"] and table.ranks.mean.tolist() == [2, 1]
    model, rank, *_ = table.columns()
    assert list(model.cells) == ["b", "a", "c"] and list(rank.cells) == ["1.0", "2.0", "-"]
    assert "p = .062 (sign test)" in " ".join(table.explanation())


def test_seeds_are_one_model_and_of_configurations_the_best_on_val_counts(found):
    seeds = [("a", "one", recall, {"run": {"seed": s}}) for s, recall in ((1, 0.6), (2, 0.8))]
    other = ("a", "one", 0.75, {"run": {"configuration_hash": "other"}})
    (row,) = found(*seeds, other).cells.to_dict("records")
    assert (row["configuration_hash"], row["value"]) == ("other", pytest.approx(0.75))


def test_other_parts_of_one_corpus_and_folds_are_no_corpora_of_their_own(found):
    old = ("a", "one", 0.5, {"data": {"parts_fingerprint": "before"}})
    later = {"run": {"created_at": "2026-12-24T10:00:00.000000+00:00"}}
    fold = ("a", "two", 0.6, {"run": {"config": {"data": {"fold": 1, "num_folds": 5}}}})
    (row,) = found(old, ("a", "one", 0.8, later), fold).cells.to_dict("records")
    assert row["value"] == pytest.approx(0.8)


def test_two_corpora_of_one_name_are_told_apart(found):
    same = {"data": {"fingerprint": "elsewhere"}}
    table = found(("a", "posts", 0.8), ("a", "posts", 0.7, same))
    assert table.cells["corpus"].nunique() == 2


def test_no_completed_runs_make_an_empty_table(found):
    assert len(found().cells) == 0
