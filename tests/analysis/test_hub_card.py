"""The hub's own library reads what is written for it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from huggingface_hub import ModelCard, parse_eval_result_entries
from written_runs import write_failed_run, write_pretraining_run, write_run

from mental_health_classifier.analysis.hub_card import eval_results, hub_card
from mental_health_classifier.contracts import InputError
from mental_health_classifier.tracking.record.annotations import annotate
from mental_health_classifier.tracking.record.run_summary import read_run


def test_the_hub_reads_every_number_of_the_card(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", recall=0.8)
    annotate(run, [("name", "--- evil: {x}"), ("note", "of nobody's business")])
    text = hub_card(read_run(run), license_="mit", dataset="me/posts")
    card = ModelCard(text)
    assert card.data.license == "mit" and card.data.pipeline_tag == "text-classification"
    assert card.data.model_name == "--- evil: {x}" and "nobody's business" not in text
    results = {each.metric_type: each for each in card.data.eval_results or []}
    assert {kind: each.metric_value for kind, each in results.items()} == {
        "accuracy": 0.75,
        "f1": 0.7,
        "recall": 0.8,
        "average_precision": 0.6,
    }
    recall = results["recall"]
    assert recall.metric_name == (
        "Recall of suicide at specificity .80 (95 % interval .760 to .830)"
    )
    assert (recall.dataset_type, recall.dataset_split) == ("me/posts", "test")
    assert "# Model card" in card.text and "Not for clinical use" in card.text


def test_the_hub_reads_the_headline_on_a_data_set(tmp_path: Path) -> None:
    run = read_run(write_run(tmp_path / "run", recall=0.8))
    (entry,) = parse_eval_result_entries(yaml.safe_load(eval_results(run, dataset="me/posts")))
    assert (entry.dataset_id, entry.task_id, entry.value) == ("me/posts", "default", 0.8)
    assert entry.date == "2026-11-23" and entry.notes is not None
    assert entry.notes == "Recall of suicide at specificity .80: .800 [.76, .83]; 300 posts"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"license_": "My Own!"}, "--license=My Own!: expected a name as the hub has it"),
        ({"dataset": "../x"}, r"--dataset=\.\./x: expected a data set of the hub"),
        ({"dataset": "a\nb: c"}, "expected a data set of the hub"),
    ],
)
def test_names_that_the_hub_does_not_know_are_refused(tmp_path: Path, options, said: str) -> None:
    with pytest.raises(InputError, match=said):
        hub_card(read_run(write_run(tmp_path / "run")), **options)


def test_runs_without_results_have_no_card_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is failed"):
        hub_card(read_run(write_failed_run(tmp_path / "failed")))
    with pytest.raises(InputError, match="judges no post"):
        hub_card(read_run(write_pretraining_run(tmp_path / "encoder")))
    nothing = write_run(tmp_path / "nothing", end={"metrics": {}, "intervals": {}})
    with pytest.raises(InputError, match="has not measured recall_at_spec80"):
        eval_results(read_run(nothing), dataset="me/posts")
