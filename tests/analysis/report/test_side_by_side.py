"""Two runs beside each other."""

import pytest
from written_runs import write_run, write_stored_predictions

from mental_health_classifier.analysis.report.differences import differences
from mental_health_classifier.analysis.report.evidence import gather_evidence
from mental_health_classifier.tracking.run_index import read_run


@pytest.fixture
def found(tmp_path):
    for number, (name, skill) in enumerate((("good", 6), ("poor", 1), ("bare", None))):
        config = {"model": {"_target_": name, "width": number}, "seed": number}
        run = {"name": name, "configuration_hash": name, "config": config, "seed": number}
        directory = write_run(tmp_path / name, recall=0.9 - number / 10, run=run)
        if skill is not None:
            write_stored_predictions(directory, skill=skill, seed=number)
    return differences(gather_evidence(map(read_run, sorted(tmp_path.iterdir()))))


def test_choices_are_told_without_the_classes_that_they_are_built_with(found):
    assert found["keys"] == ["seed", "model.width"]


def test_numbers_of_runs_stand_beside_each_other(found):
    place = found["numbers"].index("accuracy")
    shown = {each["name"].split(",")[0]: each["numbers"][place] for each in found["runs"]}
    assert shown["good"] == ".850 [.81, .88] (n = 300)"
    assert shown["bare"] == ".650 [.61, .68] (n = 300)"


def test_pairs_are_measured_on_the_same_posts_either_way_round(found):
    assert set(found["pairs"]) == {"0-1", "1-0"}
    place = found["numbers"].index("accuracy")
    there, back = (found["pairs"][key][place] for key in ("0-1", "1-0"))
    assert there.startswith("+.") and back.startswith("\u2212.")
    assert there.split()[0][1:] == back.split()[0][1:]


def test_two_runs_that_can_be_compared_are_shown_at_first(found):
    assert found["first"] == [0, 1]
    assert len({each["posts"] for each in found["runs"]}) == 1


def test_confusion_counts_every_post_once(found):
    assert [sum(map(sum, each["confusion"])) for each in found["runs"]] == [120, 120, 0]
    assert found["runs"][0]["classes"] == ["suicide", "anxiety", "control"]
