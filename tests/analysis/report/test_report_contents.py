import csv
import hashlib
import json

import numpy as np
import pytest
from typer.testing import CliRunner
from written_runs import (
    write_failed_run,
    write_run,
    write_stored_predictions,
    yardstick_of,
)

from mental_health_classifier.analysis.model_card import model_card
from mental_health_classifier.analysis.report.contents import gather_report
from mental_health_classifier.analysis.sections.pieces import DASH, Measure, plain
from mental_health_classifier.analysis.tables.model_comparison import (
    compare_models,
    comparison_section,
)
from mental_health_classifier.cli.app import app
from mental_health_classifier.contracts.metric_words import measure_words
from mental_health_classifier.storage.json_lines import append_record, open_records
from mental_health_classifier.tracking.run_index import find_runs, read_run


def report_on(*directories):
    return gather_report(map(read_run, directories))


def sentences_of(sentences):
    return " ".join(map(plain, sentences))


def write_yardstick(directory, *, skill):
    """Predictions of a yardstick that was fitted beside a run."""
    write_stored_predictions(directory / "yardstick", skill=skill, seed=99)
    moved = directory / "yardstick" / "predictions"
    moved.rename(directory / "predictions" / "yardstick")


def write_seeds(folder, name, *, skill, posts=120, config=None, hypothesis="", **changes):
    """Three runs of one configuration with predictions, which differ in their seed."""
    directories = []
    for seed in (1, 2, 3):
        directory = folder / f"{name}{seed}"
        run = {"name": name, "model": name, "seed": seed, "configuration_hash": name}
        run["hypothesis"] = hypothesis
        run |= {"config": config} if config else {}
        # No two models come to the same numbers throughout.
        write_run(
            directory, run=run, **changes | {"recall": changes.get("recall", 0.8) + seed / 1e4}
        )
        number = 10 * ord(name[0]) + seed
        write_stored_predictions(directory, skill=skill, seed=number, posts=posts)
        directories.append(directory)
    return directories


def test_the_summary_says_what_ran_and_what_came_of_it(tmp_path):
    good = write_run(
        tmp_path / "a",
        recall=0.9,
        run={"name": "good"},
        end={"yardstick": yardstick_of({"test/recall_at_spec80": (0.1, 0.02, 0.18)})},
    )
    write_stored_predictions(good, skill=6, seed=1)
    write_yardstick(good, skill=0)
    report = report_on(
        good,
        write_failed_run(tmp_path / "b"),
        write_run(tmp_path / "c", left_out=("end.json",)),
    )
    said = sentences_of(report.summary)
    assert "This report covers 3 runs, 1 completed, 1 failed and 1 killed." in said
    assert "1 completed run of 1 configuration can be compared" in said
    assert "same 1,200 posts (posts)" in said
    assert "The recommended configuration, good, of a single model, finds .900 [.86, .93]" in said
    # One seed shows nothing of its configuration, however far it is from the yardstick.
    assert "good is not shown to be better or worse than the yardstick tfidf_logistic" in said
    assert "it takes two seeds or more on either side" in said
    assert "Of 8 conditions for any use with people, the records show 1 to be met." in said


def test_every_number_leads_to_its_run_which_is_identified(tmp_path):
    directory = write_run(tmp_path / "a", run={"name": "good"})
    report = report_on(directory)
    (section,) = report.runs
    numbers = [piece for each in report.summary for piece in each if isinstance(piece, Measure)]
    assert numbers and {number.anchor for number in numbers} == {section.anchor}
    assert section.facts["directory"] == str(directory)
    assert section.facts["id"] == read_run(directory).id
    assert set(section.checksums) == {"run.json", "data.json", "attempts/001/end.json"}
    end = (directory / "attempts/001/end.json").read_bytes()
    assert section.checksums["attempts/001/end.json"] == hashlib.sha256(end).hexdigest()


def test_a_better_configuration_is_recommended_and_a_like_one_is_a_tie(tmp_path):
    # So many posts that hardly any other authors would part two models of this skill.
    good = write_seeds(tmp_path, "good", skill=3, posts=3000, recall=0.9)
    bad = write_seeds(tmp_path, "bad", skill=0, posts=3000, recall=0.5)
    report = report_on(*good, *bad)
    found = report.recommendation
    assert found.run is not None and found.run.name == "good"
    (rival,) = found.rivals
    assert (rival.run.name, rival.difference.verdict, rival.num_seeds) == ("bad", "better", 3)
    verdict = "good is better than bad: recall at specificity .80 +"
    assert f"Runner-up: bad. {verdict}" in sentences_of(report.recommendation_sentences)
    assert verdict in sentences_of(report.summary)
    like = write_seeds(tmp_path, "like", skill=3, posts=3000, recall=0.89)
    report = report_on(*good, *bad, *like)
    assert [rival.run.name for rival in report.recommendation.ties] == ["like"]
    assert "Tied with the recommended one: like." in sentences_of(report.recommendation_sentences)
    assert "good is as good as like: recall at specificity .80" in sentences_of(report.summary)


def test_every_page_gives_one_verdict_in_one_sentence(tmp_path):
    good = write_seeds(tmp_path / "runs", "good", skill=3, recall=0.9)
    bad = write_seeds(tmp_path / "runs", "bad", skill=0, recall=0.5)
    (pair,) = compare_models({"bad": [*map(read_run, bad)], "good": [*map(read_run, good)]})
    (sentence,) = comparison_section([pair]).sentences
    said = plain(sentence)
    assert said.startswith("good is better than bad: recall at specificity .80 +")
    assert "3 seeds beside 3" in said and "[" in said
    pages = [read_run(each) for each in (*good, *bad)]
    report = gather_report(pages)
    assert said in sentences_of(report.summary)
    assert f"Runner-up: bad. {said}" in sentences_of(report.recommendation_sentences)
    assert said in model_card(pages[0], pages).replace("\\", "")
    for command in (["compare"], ["best"], ["show", str(good[0]), "--root"]):
        printed = CliRunner().invoke(app, [*command, str(tmp_path / "runs")]).output
        assert said in " ".join(printed.split()), command
    # Seen from the other side it is the same question.
    said_of_bad = model_card(pages[-1], pages)
    assert "bad is worse than good: recall at specificity .80 \u2212" in said_of_bad


def test_a_verdict_stands_where_no_configuration_can_be_recommended(tmp_path):
    few = {"end": {"metrics": {"val/recall_at_spec80": 0.9, "test/recall_at_spec80": 0.9}}}
    good = write_seeds(tmp_path, "good", skill=3, **few)
    bad = write_seeds(tmp_path, "bad", skill=0, **few)
    report = report_on(*good, *bad)
    assert report.recommendation.run is None and report.rivals.rows
    said = sentences_of(report.summary)
    assert "is better than" in said or "is worse than" in said
    printed = CliRunner().invoke(app, ["compare", str(tmp_path)]).output
    assert "is better than" in printed or "is worse than" in printed


def test_a_runner_up_without_predictions_is_said_not_to_be_compared(tmp_path):
    one = write_run(tmp_path / "a", recall=0.9, run={"configuration_hash": "a"})
    other = write_run(tmp_path / "b", recall=0.8, run={"configuration_hash": "b", "name": "other"})
    report = report_on(one, other)
    assert "Runner-up: other. baseline was not compared with other: Run" in sentences_of(
        report.recommendation_sentences
    )


def test_a_hypothesis_stands_beside_what_came_of_it(tmp_path):
    hypothesis = {"hypothesis": "Wider is better"}
    worse = yardstick_of({"test/recall_at_spec80": (-0.1, -0.18, -0.02)})
    wide = write_seeds(
        tmp_path, "wide", skill=0, hypothesis="Wider is better", end={"yardstick": worse}
    )
    for directory in wide:
        write_yardstick(directory, skill=6)
    report = report_on(
        *wide,
        write_failed_run(tmp_path / "b", run=hypothesis),
        write_run(tmp_path / "c"),
    )
    (stated,) = report.hypotheses
    assert stated.title == "Wider is better"
    assert [row[-1] for row in stated.rows] == [
        *["its configuration is worse than the yardstick"] * 3,
        "failed: InputError: data.path=x is gone",
    ]


def test_runs_on_other_posts_are_not_ranked_against_the_latest_ones(tmp_path):
    old = write_run(tmp_path / "old", recall=0.95, data={"fingerprint": "f2", "name": "others"})
    new = [write_run(tmp_path / f"new{n}", recall=0.8, run={"seed": n}) for n in (1, 2)]
    report = report_on(old, *new)
    assert [len(group.rows) for group in report.groups] == [2, 1]
    assert [group.title for group in report.groups] == ["posts", "others"]
    assert report.recommendation.run is not None
    assert report.recommendation.run.directory != old
    assert "1 completed run on other posts" in sentences_of(report.summary)
    assert [posts.title for posts in report.posts] == ["posts, 2 runs", "others, 1 run"]


def test_every_corpus_has_a_recommendation_of_its_own(tmp_path):
    other = {"data": {"fingerprint": "f2", "name": "others"}}
    good = write_seeds(tmp_path, "good", skill=3, recall=0.9, **other)
    bad = write_seeds(tmp_path, "bad", skill=0, recall=0.5, **other)
    new = write_run(tmp_path / "new", recall=0.8)
    report = report_on(*good, *bad, new)
    assert report.recommendation.run.directory == new
    (corpus,) = report.others
    assert corpus.title == "others"
    assert "Recommended: good." in sentences_of(corpus.sentences)
    rivals, headings, stability, *_ = corpus.sections
    assert rivals.rows[0][-1] == "better" and len(stability.rows) == 2
    assert plain(headings.rows[0][1]) == "good"


def test_the_table_has_the_best_run_first_and_the_priority_class_before_all(tmp_path):
    report = report_on(
        *(write_run(tmp_path / f"{n}", recall=r) for n, r in enumerate((0.7, 0.9, 0.8)))
    )
    (group,) = report.groups
    assert [column.title for column in group.columns][:2] == [
        *("Run", "Recall of suicide at specificity .80")
    ]
    assert (group.columns[1].is_ordering, group.columns[1].n) == (True, 100)
    assert [row[1].sort for row in group.rows] == [0.9, 0.8, 0.7]
    assert str(group.rows[0][1].shown) == ".900 [.86, .93]"


def test_without_a_priority_class_macro_f1_ranks_and_no_recall_is_promised(tmp_path):
    report = report_on(write_run(tmp_path / "a", priority_class=None))
    assert report.headline == "f1_macro"
    assert "reaches a macro F1 of .700" in sentences_of(report.summary)
    assert [row[0] for row in report.clinical[0].rows] == ["macro F1", "accuracy"]
    assert report.gates[1].state == "no evidence"


def test_only_failed_runs_make_an_honest_report(tmp_path):
    report = report_on(write_failed_run(tmp_path / "a"), write_failed_run(tmp_path / "b"))
    assert "None of them was completed" in sentences_of(report.summary)
    assert (report.clinical, report.groups, report.gates) == ([], [], [])
    assert [row[-1] for row in report.failures.rows] == ["InputError: data.path=x is gone"] * 2


def test_a_torn_record_among_good_ones_is_named(tmp_path):
    good, torn = write_run(tmp_path / "good"), write_run(tmp_path / "torn")
    (torn / "run.json").write_text('{"id": "abc', encoding="utf-8")
    report = report_on(good, torn)
    ((link, status, *_, reason),) = report.failures.rows
    assert (plain(link), status) == ("torn", "damaged")
    assert "run.json is damaged" in plain(reason)


@pytest.mark.parametrize("content", ["{", '{"is_certified": NaN}'])
def test_a_damaged_assessment_is_named_and_counts_as_none(tmp_path, content):
    run = write_run(tmp_path / "a")
    (run / "assessments").mkdir()
    (run / "assessments" / "certificate.json").write_text(content, encoding="utf-8")
    report = report_on(run)
    (problem,) = report.problems
    assert plain(problem).startswith("baseline: ")
    assert "certificate.json is damaged" in plain(problem)
    assert report.gates[0].state == "no evidence"


@pytest.mark.parametrize(
    ("place", "content", "named"),
    [
        ("data", {"parts": {"train": None}}, "data.json is damaged: parts.train"),
        ("data", {"warnings": None}, "data.json is damaged: warnings"),
        ("end", {"yardstick": {"differences": [1]}}, "end.json is damaged: yardstick.differences"),
        ("end", {"metrics": {"val/accuracy": "high"}}, "end.json is damaged: metrics.val/accuracy"),
        ("run", {"git": {"commit": 7}}, "run.json is damaged: git.commit"),
        ("run", {"variants": [["curriculum"]]}, "run.json is damaged: variants.0"),
    ],
)
def test_a_record_of_another_shape_is_damaged_and_says_where(tmp_path, place, content, named):
    good = write_run(tmp_path / "good")
    other = write_run(tmp_path / "other", **{place: content})
    report = report_on(good, other)
    ((link, status, *_, reason),) = report.failures.rows
    called = "other" if place == "run" else "baseline"
    assert (plain(link).split(" ")[0], status) == (called, "damaged")
    assert named in plain(reason)


def test_an_assessment_of_another_shape_is_named(tmp_path):
    run = write_run(tmp_path / "a")
    (run / "assessments").mkdir()
    (run / "assessments" / "certificate.json").write_text('{"is_certified": true}')
    (problem,) = report_on(run).problems
    assert "certificate.json is damaged: priority_class is missing" in plain(problem)


def test_numbers_that_were_not_measured_are_dashes(tmp_path):
    metrics = {"test/n": 300, "test/recall_at_spec80": None, "val/recall_at_spec80": 0.5}
    report = report_on(write_run(tmp_path / "a", end={"metrics": metrics, "intervals": {}}))
    (group,) = report.groups
    assert (str(group.rows[0][1].shown), group.rows[0][1].sort) == ("\u2013", None)
    assert report_on(write_run(tmp_path / "b", end={"metrics": {}, "intervals": {}})).groups


def test_gates_are_met_by_evidence_alone(tmp_path):
    certificate = {
        **{"is_certified": True, "priority_class": "suicide", "required_recall": 0.9},
        **{"confidence": 0.9, "n": 60, "misses": 1, "allowed_misses": 2, "threshold": 0.2},
        **{"false_alarm_rate": 0.3, "false_alarm_interval": [0.2, 0.4]},
        **{"guaranteed": "Recall.", "not_guaranteed": ["Anything else."], "looked_at": 5},
    }
    total = {"n": 30, "misses": 0, "false_alarms": 2, "failure_rate": 0.07, "interval": [0, 0.2]}
    behaviour = {"passes": True, "total": total, "capabilities": {"negation": total}}
    for seed in range(1, 6):
        run = write_run(tmp_path / f"{seed}", recall=0.96 + seed / 1e4, run={"seed": seed})
        (run / "assessments").mkdir()
        for name, content in (("certificate", certificate), ("behaviour", behaviour)):
            (run / "assessments" / f"{name}.json").write_text(json.dumps(content))
    report = gather_report(find_runs([tmp_path]))
    assert [gate.state for gate in report.gates] == ["met"] * 4 + ["no evidence"] * 4
    assert "Not for clinical use as it is" in report.verdict
    assert "show 4 to be met" in sentences_of(report.summary)


def test_whatever_learned_from_synthetic_posts_is_not_for_clinical_use(tmp_path):
    synthetic = write_run(tmp_path / "a", run={"id": "a1"}, data={"is_synthetic": True})
    says = "Not for clinical use: the model of run a1 learned from synthetic posts."
    assert report_on(synthetic).verdict == says


def test_an_accuracy_above_the_ceiling_is_called_a_leak(tmp_path):
    leaking = write_run(tmp_path / "a", recall=0.9, data={"ceilings": {"sequence": 0.7}})
    report = report_on(leaking)
    assert "that means a leak" in sentences_of(report.summary)
    (leak,) = report.posts[0].warnings
    assert plain(leak).startswith("Leak: baseline reached an accuracy of .850 [.81, .88]")


def test_warnings_and_the_account_of_the_posts_are_told(tmp_path):
    account = {"rows_read": 10, "rows_kept": 8, "dropped": {"empty text": {"rows": 2, "first": []}}}
    data = {"account": account, "warnings": ["Authors are not known."]}
    report = report_on(write_run(tmp_path / "a", data=data))
    (posts,) = report.posts
    assert posts.sentences[:2] == [
        "Posts: posts, 10 rows read, 8 kept (fingerprint f1)",
        "Dropped: 2 rows, empty text",
    ]
    assert posts.warnings == ["Authors are not known."]


def test_configurations_hold_only_what_differs(tmp_path):
    config = {"model": {"width": 64, "depth": 2}, "data": {"split_seed": 1}}
    wide = {**config, "model": {"width": 128, "depth": 2, "dropout": 0.1}}
    report = report_on(
        write_run(tmp_path / "a", recall=0.9, run={"config": config}),
        write_run(tmp_path / "b", recall=0.8, run={"config": wide}),
    )
    found = report.differences
    assert found["keys"] == ["model.width", "model.dropout"]
    shown = [[found["values"][place] for place in places] for places in found["places"]]
    assert shown == [["64", "(not there)"], ["128", "0.1"]]


def test_seeds_of_one_configuration_stand_together(tmp_path):
    runs = [
        write_run(tmp_path / f"{seed}", recall=recall, run={"seed": seed})
        for seed, recall in ((1, 0.7), (2, 0.8), (3, 0.9))
    ]
    report = report_on(*runs)
    ((_, *cells),) = report.stability.rows
    # Student's t with two degrees of freedom: 4.303 standard errors, which are 0.0577; over
    # authors .04 below and .03 above; and a share is at most 1.
    assert [plain(cell).strip() for cell in cells] == [
        *("3", ".800 [.55, 1.0]", ".100", ".700", DASH, ".700 .800 .900")
    ]


def test_each_size_is_compared_with_the_next_smaller_one(tmp_path):
    small = write_seeds(tmp_path, "small", skill=0, end={"model": {"parameters": 10}})
    large = write_seeds(tmp_path, "large", skill=6, end={"model": {"parameters": 99}})
    report = report_on(*large, *small)
    assert [(row[0], row[-1]) for row in report.sizes.rows] == [("small", ""), ("large", "better")]


def test_sizes_that_were_trained_for_longer_or_shorter_are_not_compared(tmp_path):
    small, large = (
        write_seeds(
            tmp_path,
            name,
            skill=0,
            config={"model": {"name": name}, "trainer": {"max_epochs": epochs}},
            end={"model": {"parameters": epochs}},
        )
        for name, epochs in (("small", 2), ("large", 6))
    )
    assert report_on(*large, *small).sizes.rows[1][-2:] == [
        *("trained for longer or shorter", "not compared")
    ]


def test_curves_come_from_the_metrics_of_the_run(tmp_path):
    run = write_run(tmp_path / "a")
    with open_records(run / "metrics.jsonl") as handle:
        for step in range(5):
            append_record(handle, {"step": step, "epoch": 0, "train/loss": 2.0 - 0.1 * step})
    with (run / "metrics.jsonl").open("ab") as file:
        file.write(b'{"step": 5, "train')
    curves = report_on(run).curves
    assert [curve.name for curve in curves.curves] == ["baseline"]
    (figure,) = curves.figures
    assert figure.title == "Loss, training"
    assert "baseline, seed 1: 2.00 at first, 1.60 at last" in figure.svg
    assert curves.num_damaged == 1


def test_numbers_equal_those_recomputed_from_the_stored_predictions(runs):
    report = gather_report(runs.values())
    (group,) = report.groups
    titles = [column.title for column in group.columns]
    directories = {section.anchor: section.facts["directory"] for section in report.runs}
    for row in group.rows:
        directory = directories[row[0].shown.anchor]
        with open(f"{directory}/predictions/test.csv", newline="", encoding="utf-8") as file:
            posts = list(csv.DictReader(file))
        classes = [name[2:] for name in posts[0] if name.startswith("p_")]
        scores = np.array([[float(post[f"p_{name}"]) for name in classes] for post in posts])
        labels = np.array([classes.index(post["label"]) for post in posts])
        shown = dict(zip(titles, (cell.sort for cell in row), strict=True))
        assert shown["Accuracy"] == pytest.approx((scores.argmax(axis=1) == labels).mean())
        is_priority = labels == classes.index("suicide")
        of_priority = scores[:, classes.index("suicide")]
        best = max(
            (of_priority[is_priority] >= threshold).mean()
            for threshold in (*of_priority, 2.0)
            if (of_priority[~is_priority] < threshold).mean() >= 0.8
        )
        assert shown["Recall of suicide at specificity .80"] == pytest.approx(best)
        found = (scores.argmax(axis=1) == labels)[is_priority].mean()
        assert shown["Recall of suicide"] == pytest.approx(found)


def test_a_variant_is_compared_with_the_runs_that_lack_nothing_else(tmp_path):
    plain_config = {"model": {"name": "small"}, "clinical": {"variants": {}}}
    config = {"model": {"name": "small"}, "clinical": {"variants": {"curriculum": True}}}
    for seed, recall in ((1, 0.7), (2, 0.71), (3, 0.72)):
        run = {"seed": seed, "configuration_hash": "without", "config": plain_config}
        write_run(tmp_path / f"a{seed}", recall=recall, run=run)
        run = {"seed": seed, "variants": ["curriculum"], "config": config}
        write_run(tmp_path / f"b{seed}", recall=recall + 0.1 + seed / 1000, run=run)
    report = gather_report(find_runs([tmp_path]))
    (impact,) = report.variants
    (row,) = (
        row for row in impact.rows if row[:2] == ["no curriculum", "recall at specificity .80"]
    )
    assert [plain(cell) for cell in row[2:]] == [
        *("+.102", ".001", "3", DASH, "not shown")  # no predictions: authors are not known
    ]
    assert [sentence.partition(":")[0] for sentence in report.variants_not_tried] == [
        *("Clinical vocabulary", "Several tasks at once", "Interpretable attention")
    ]


def test_a_variant_that_this_version_does_not_know_is_no_error(tmp_path):
    report = report_on(write_run(tmp_path / "a", run={"variants": ["of_my_own"]}))
    assert len(report.variants) == 1 and len(report.variants_not_tried) == 4


def test_runs_with_different_priority_classes_have_tables_of_their_own(tmp_path):
    report = report_on(
        write_run(tmp_path / "a", priority_class="anxiety"), write_run(tmp_path / "b")
    )
    assert [group.title for group in report.groups] == [
        *("posts, priority class: suicide", "posts, priority class: anxiety")
    ]
    assert all(len(group.rows) == 1 for group in report.groups)


def test_configurations_of_one_name_are_told_apart(tmp_path):
    report = report_on(
        write_run(tmp_path / "a", recall=0.9, run={"configuration_hash": "a1b2c3d4"}),
        write_run(tmp_path / "b", recall=0.8, run={"configuration_hash": "0f0f0f0f"}),
        write_run(tmp_path / "c", recall=0.7, run={"variants": ["curriculum"]}),
    )
    assert [section.name for section in report.runs] == [
        *("baseline (a1b2c3)", "baseline (0f0f0f)", "baseline + curriculum")
    ]


def test_what_another_program_predicted_is_recommended_with_what_nobody_knows(tmp_path):
    given = {"predictions": "probabilities", "parts": ["val", "calibration", "test"]}
    foreign = {"external": given, "data": {"split_seed": 1}, "evaluation": {"required_recall": 0.1}}
    unknown = {"model": {}}
    theirs = write_seeds(tmp_path, "theirs", skill=4.0, recall=0.9, config=foreign, end=unknown)
    ours = write_seeds(tmp_path, "ours", skill=1.0, recall=0.8)
    report = report_on(*theirs, *ours)
    assert report.recommendation.run.name == "theirs"
    assert not report.sizes.rows  # a model of unknown size is not the smallest
    for said in (report.summary, report.recommendation_sentences):
        assert "nobody here can say which posts its model learned from" in sentences_of(said)
    assert "The best one that was trained here: ours" in sentences_of(
        report.recommendation_sentences
    )
    said = sentences_of(report.summary)
    assert "they were tested on the same" in said and "3 runs of these hold predictions" in said
    gates = {gate.question: gate for gate in report.gates}
    headline = next(gate for question, gate in gates.items() if "headline" in question)
    assert headline.state == "no evidence" and "which nobody here can say" in plain(
        headline.evidence
    )
    steps = " ".join(gate.next_step for gate in report.gates)
    assert "mhc behaviour" not in steps and "train.py" not in steps
    costs = {plain(row[0]): [plain(each) for each in row[4:]] for row in report.costs.rows}
    assert set(costs["theirs"]) == {DASH}
    best = json.loads(CliRunner().invoke(app, ["best", str(tmp_path), "--json"]).stdout)
    ends = {each["metric"]: each["warnings"] for each in best if each["name"] == "theirs"}
    for metric, warnings in ends.items():
        measure = measure_words(metric.removeprefix("test/"))
        assert f"{measure} on test ." in " ".join(warnings)
    assert len(ends) > 1
