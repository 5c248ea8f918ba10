import json
import re

import pytest
from written_runs import write_run

from mental_health_classifier.analysis.model_card import model_card, write_model_card
from mental_health_classifier.tracking.record.run_summary import read_run

CERTIFICATE = {
    "is_certified": True,
    "priority_class": "suicide",
    "required_recall": 0.9,
    "confidence": 0.9,
    "n": 118,
    "allowed_misses": 7,
    "misses": 6,
    "threshold": 0.0712,
    "false_alarm_rate": 0.31,
    "false_alarm_interval": [0.28, 0.34],
    "guaranteed": "At least 90% are alerted.",
    "not_guaranteed": ["Another community."],
}


def card_of(directory):
    return model_card(read_run(directory))


def test_a_card_without_assessments_says_what_was_not_measured(tmp_path):
    card = card_of(write_run(tmp_path / "run"))
    assert "None: nothing is promised about missed posts." in card
    assert card.count("\nNot measured.") == 6
    assert "mhc behaviour" in card and "prospective study" in card
    for section in ("Use", "Data", "Performance", "Certificate", "Limits", "TRIPOD+AI"):
        assert f"## {section}\n" in card
    assert "Excluded: diagnosis, automatic contact" in card
    assert "| recall_at_spec80 | .800 [.76, .83] |" in card


def test_what_learned_from_synthetic_posts_is_not_for_clinical_use(tmp_path):
    run = write_run(tmp_path / "run", run={"id": "a1"}, data={"is_synthetic": True})
    says = "**Not for clinical use: the model of run a1 learned from synthetic posts.**"
    assert says in card_of(run)


def test_the_certificate_stands_with_its_limits(tmp_path):
    directory = write_run(tmp_path / "run")
    (directory / "assessments").mkdir()
    (directory / "assessments" / "certificate.json").write_text(json.dumps(CERTIFICATE))
    card = card_of(directory)
    assert "At least 90% are alerted." in card and "- Another community." in card
    assert "118 calibration posts, 6 missed of 7 allowed" in card


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "a|b\n## Certificate", "*x* `y`"])
def test_names_cannot_forge_parts_of_the_card(tmp_path, name):
    card = card_of(write_run(tmp_path / "run", run={"name": name}))
    assert "<script>" not in card and card.count("\n## Certificate") == 1
    assert "| b" not in card.splitlines()[0]


def test_names_of_classes_cannot_forge_parts_of_the_card(tmp_path):
    name = "a|<b>\x1b[2J\n## Use"
    directory = write_run(
        tmp_path / "run", end={"metrics": {"test/n": 9, f"test/recall/{name}": 1}}
    )
    (directory / "assessments").mkdir()
    certificate = json.dumps(CERTIFICATE | {"priority_class": name})
    (directory / "assessments" / "certificate.json").write_text(certificate)
    card = card_of(directory)
    assert "\x1b" not in card and "<b>" not in card and card.count("\n## Use") == 1
    assert "recall/a\\|\\<b\\>" in card


def test_a_card_is_written_beside_the_record(tmp_path):
    directory = write_run(tmp_path / "run")
    write_model_card(read_run(directory))
    assert (directory / "model_card.md").read_text() == card_of(directory)


def test_each_item_of_the_statement_stands_once(tmp_path):
    card = card_of(write_run(tmp_path / "run"))
    answered = re.findall(r"^\| (\d+) [^|]+ \| ([^|]+) \|$", card, flags=re.MULTILINE)
    (for_people,) = re.findall(r"only people can answer: (.*?)\.\n", card, flags=re.DOTALL)
    numbers = [*(number for number, _ in answered), *re.findall(r"\d+", for_people)]
    assert sorted(map(int, numbers)) == list(range(1, 28))
    for _, sections in answered:
        assert all(f"## {section}\n" in card for section in sections.split(", "))


def test_a_run_that_cannot_be_rebuilt_says_so(tmp_path):
    reasons = {"src/*local*.py": "is ignored by git"}
    run = write_run(tmp_path / "run", run={"source": {"cannot_be_rebuilt": reasons}})
    assert r"- This run cannot be rebuilt: src/\*local\*.py is ignored by git." in card_of(run)
