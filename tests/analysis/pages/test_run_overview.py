import pytest
from written_runs import write_failed_run, write_run, yardstick_of

from mental_health_classifier.analysis.pages.run_overview import run_overview
from mental_health_classifier.console.tables import new_console
from mental_health_classifier.tracking.run_index import read_run

DIFFERENCES = {
    "test/recall_at_spec80": (0.1, 0.02, 0.18),
    "test/accuracy": (-0.02, -0.06, 0.03),
    "test/f1_macro": (-0.1, -0.15, -0.05),
    "test/auprc": (0.0, -0.01, 0.01),
}


def page_of(directory, *, width=100):
    console = new_console()
    console.width = width
    with console.capture() as capture:
        console.print(run_overview(read_run(directory)))
    return capture.get()


def in_one_line(page):
    return " ".join(page.split())


def test_the_priority_class_comes_first_and_every_number_has_n_and_interval(tmp_path):
    run = write_run(tmp_path / "run", classes=("anxiety", "suicide", "control"))
    lines = page_of(run).splitlines()
    head = next(i for i, line in enumerate(lines) if line.startswith("class"))
    assert lines[head].split() == ["class", "posts", "precision", "recall", "F1"]
    assert [line.split()[0] for line in lines[head + 2 : head + 5]] == [
        *("suicide", "anxiety", "control")
    ]
    row = "suicide 100 .600 [.56, .63] .650 [.61, .68] .620 [.58, .65]"
    assert in_one_line(lines[head + 2]) == row
    page = in_one_line("\n".join(lines))
    assert "Numbers of 300 test posts by 150 authors, with 95 % intervals." in page
    assert "recall at specificity .80 .800 [.76, .83]" in page
    assert "AUPRC (chance .333) .600 [.56, .63]" in page


def test_the_operating_point_says_where_its_threshold_comes_from(tmp_path):
    page = in_one_line(page_of(write_run(tmp_path / "run")))
    assert (
        "a post is alerted when its probability of suicide, as the model gives it, is at least "
        ".25, a threshold chosen on val for specificity .80 and then kept." in page
    )
    assert "operating point: recall .720 [.68, .75] ... specificity .780 [.74, .81]" in page


def test_a_model_without_a_usable_threshold_is_said_to_have_none(tmp_path):
    metrics = {"test/n": 300, "test/operating_point/threshold": None, "test/accuracy": 0.5}
    page = in_one_line(page_of(write_run(tmp_path / "run", end={"metrics": metrics})))
    assert "No threshold reached specificity .80 on val: the model cannot be used to alert" in page


def test_the_yardstick_stands_beside_the_model_with_paired_differences(tmp_path):
    run = write_run(tmp_path / "run", end={"yardstick": yardstick_of(DIFFERENCES)})
    page = in_one_line(page_of(run))
    assert "baseline_small yardstick difference" in page
    assert "beside the yardstick tfidf_logistic on the same posts. Differences are of this" in page
    assert ".800 [.76, .83] .700 [.66, .73] +.100 [.02, .18]" in page
    assert "Recall at specificity .80: this trained model is above the yardstick." in page
    assert "Accuracy: this trained model is not distinguishable from the yardstick." in page


def test_a_model_that_loses_is_said_to_lose(tmp_path):
    yardstick = yardstick_of({"test/recall_at_spec80": (-0.1, -0.2, -0.01)})
    page = page_of(write_run(tmp_path / "run", end={"yardstick": yardstick}))
    assert "Recall at specificity .80: this trained model is below the yardstick." in page


@pytest.mark.parametrize(
    ("sequence", "bag_of_words", "sentences"),
    [
        # Accuracy is .75 with the interval .71 to .78.
        (0.85, 0.70, ["below the sequence", "above the bag-of-words"]),
        (0.75, 0.72, ["not distinguishable from the sequence", "not distinguishable from the bag"]),
        (0.85, 0.80, ["below the sequence", "below the bag-of-words"]),
        (0.70, 0.60, ["significantly above the sequence", "above the bag-of-words"]),
    ],
)
def test_the_run_is_placed_against_both_ceilings(tmp_path, sequence, bag_of_words, sentences):
    ceilings = {"sequence": sequence, "bag_of_words": bag_of_words}
    page = in_one_line(page_of(write_run(tmp_path / "run", data={"ceilings": ceilings})))
    for sentence in sentences:
        assert f"Accuracy: {sentence}" in page
    assert ("This means a leak: look into it." in page) == (sequence == 0.70)


def test_where_every_row_went_is_shown_by_row_number(tmp_path):
    account = {
        "rows_read": 1210,
        "rows_kept": 1200,
        "dropped": {
            "empty text": {"rows": 12, "first": ["posts.csv:3", "posts.csv:9"]},
            "exact duplicate": {"rows": 1, "first": ["posts.csv:7"]},
        },
        "scrubbed": {"handle": 3, "link": 1},
    }
    warning = "Authors are not known: scores look better than they are."
    run = write_run(tmp_path / "run", data={"account": account, "warnings": [warning]})
    page = page_of(run)
    assert "posts, 1,210 rows read, 1,200 kept (fingerprint f1)" in page
    assert "Dropped: 12 rows, empty text (posts.csv:3, posts.csv:9, ...)" in page
    assert "Dropped: 1 row, exact duplicate (posts.csv:7)" in page
    assert "Scrubbed: handle 3, link 1" in page
    assert "Parts: train 300, val 300, calibration 300, test 300" in page
    assert f"Warning: {warning}" in page
    assert "not for clinical use" not in page


def test_synthetic_posts_are_never_for_clinical_use(tmp_path):
    page = page_of(write_run(tmp_path / "run", data={"is_synthetic": True}))
    assert "These posts are synthetic: whatever learned from them is not for clinical use." in page


def test_what_to_type_next_names_this_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = write_run(tmp_path / "outputs" / "2026-11-23" / "run", run={"id": "abcdef012345"})
    page = page_of(run)
    assert "lies in outputs/2026-11-23/run" in page
    for command in ("mhc compare", "mhc show abcdef012345", "mhc diff abcdef012345 OTHER"):
        assert f"  {command}  " in page
    assert "  tensorboard --logdir outputs  " in page


def test_without_a_priority_class_macro_f1_leads_and_nothing_is_said_of_alerts(tmp_path):
    yardstick = yardstick_of({"test/f1_macro": (0.1, 0.05, 0.15)})
    run = write_run(tmp_path / "run", priority_class=None, end={"yardstick": yardstick})
    page = page_of(run)
    assert "specificity" not in page and "AUPRC" not in page
    assert page.index("macro F1") < page.index("accuracy")
    assert "Macro F1: this trained model is above the yardstick." in page


def test_a_failed_run_says_why_and_where_its_log_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    page = page_of(write_failed_run(tmp_path / "run"))
    assert "failed after 2 min 5 s" in page
    assert "InputError: data.path=x is gone" in page
    assert "Log: run/logs/train.log" in page
    assert "precision" not in page


def test_killed_and_damaged_runs_have_a_page(tmp_path):
    killed = write_run(tmp_path / "killed", left_out=("end.json", "data.json"))
    assert "  killed\n" in page_of(killed)
    damaged = write_run(tmp_path / "damaged")
    (damaged / "run.json").write_text("{", encoding="utf-8")
    assert "run.json is damaged" in in_one_line(page_of(damaged))


@pytest.mark.parametrize("width", [80, 120])
def test_the_page_is_readable_at_usual_widths(tmp_path, width):
    yardstick = yardstick_of(DIFFERENCES)
    yardstick |= {
        "metrics": dict.fromkeys(DIFFERENCES, 1.0),
        "intervals": {key: [0.98, 1.0] for key in DIFFERENCES},
    }
    run = write_run(
        tmp_path / "run",
        recall=0.97,
        run={"model": "a_model_with_a_rather_long_name", "description": "word " * 60},
        data={"ceilings": {"sequence": 0.85, "bag_of_words": 0.7}},
        end={"yardstick": yardstick},
    )
    page = page_of(run, width=width)
    assert max(map(len, page.splitlines())) <= width
    assert ".970 [.93, 1.0] 1.00 [.98, 1.0] +.100 [.02, .18]" in in_one_line(page)
    assert "…" not in page


def test_hostile_names_are_shown_and_not_obeyed(tmp_path):
    hostile = "[red]x[/] :smile: \x1b[2J\u202e"
    run = write_run(
        tmp_path / "run",
        run={"name": hostile, "hypothesis": hostile, "tags": [hostile], "model": hostile},
        data={"warnings": [hostile], "name": hostile},
    )
    page = page_of(run, width=200)
    assert page.count(r"[red]x[/] :smile: \x1b[2J\u202e") >= 5
    assert "\x1b" not in page and "\u202e" not in page


def test_a_run_that_cannot_be_rebuilt_says_so(tmp_path):
    reasons = {"src/local.py": "is ignored by git", "src/fast.so": "is compiled"}
    run = write_run(tmp_path / "run", run={"source": {"cannot_be_rebuilt": reasons}})
    assert (
        "This run cannot be rebuilt: src/local.py is ignored by git; src/fast.so is compiled. "
        "Commit what it needs, and start it again." in in_one_line(page_of(run))
    )
    for source in ({}, {"cannot_be_rebuilt": "x"}, [], None):
        other = write_run(tmp_path / repr(source), run={"source": source})
        assert "cannot be rebuilt" not in page_of(other)
