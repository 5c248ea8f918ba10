from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from written_runs import CLASSES, write_run

from mental_health_classifier.contracts import Predictions, Task
from mental_health_classifier.storage.json_lines import append_record, open_records
from mental_health_classifier.tracking.provenance.run_comparison import differences_between
from mental_health_classifier.tracking.record.prediction_files import write_predictions
from mental_health_classifier.tracking.record.run_summary import read_run

RECORDS = [{"step": 9, "epoch": 0, "loss": 0.5}, {"step": 19, "epoch": 0, "loss": 0.25}]
WEIGHTS = {"head.bias": torch.zeros(2), "head.weight": torch.ones(2, 3)}
PROBABILITIES = np.full((4, 3), 1 / 3).round(6)


def write(directory: Path, *, records=RECORDS, weights=WEIGHTS, probabilities=PROBABILITIES, **run):
    write_run(directory, **run)
    with open_records(directory / "metrics.jsonl") as handle:
        for record in records:
            append_record(handle, record)
    (directory / "checkpoints").mkdir()
    (directory / "checkpoints" / "best.safetensors").write_bytes(safetensors.torch.save(weights))
    predictions = Predictions(
        part="test",
        task=Task.categorical("task", CLASSES, "suicide"),
        post_ids=list("abcd"),
        authors=None,
        labels=np.array([0, 1, 2, 0]),
        probabilities=probabilities,
    )
    write_predictions(predictions, directory / "predictions" / "test.csv")


def compared(tmp_path: Path, **changes) -> list[tuple[str, str, float | None]]:
    write(tmp_path / "a")
    write(tmp_path / "b", **changes)
    found = differences_between(read_run(tmp_path / "a"), read_run(tmp_path / "b"))
    return [(each.kind, each.name, each.amount) for each in found]


def test_equal_runs_do_not_differ_whatever_their_names_and_times(tmp_path: Path) -> None:
    assert compared(tmp_path, run={"name": "other", "id": "ffff"}) == []


def test_the_cause_stands_before_what_follows_from_it(tmp_path: Path) -> None:
    found = compared(
        tmp_path,
        recall=0.7,
        run={"config": {"model": {"width": 128}}, "seed": 2},
        data={"fingerprint": "f2"},
        records=[RECORDS[0], {**RECORDS[1], "loss": 0.375}],
    )
    kinds = list(dict.fromkeys(kind for kind, _, _ in found))
    assert kinds == ["configuration", "data", "metric", "result"]
    assert ("configuration", "model.width", 128) in [(k, n, 128) for k, n, _ in found]
    assert ("configuration", "seed", 1.0) in found
    assert ("metric", "loss of step 19 (line 2 of metrics.jsonl)", 0.125) in found


def test_a_missing_line_is_noticed(tmp_path: Path) -> None:
    assert compared(tmp_path, records=RECORDS[:1]) == [
        ("metric", "of line 2 and those below it", None)
    ]


def test_models_that_are_fitted_in_one_step_have_no_lines_to_compare(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write(tmp_path / name)
        (tmp_path / name / "metrics.jsonl").unlink()
    runs = [read_run(tmp_path / name) for name in ("a", "b")]
    assert differences_between(*runs) == []


def test_one_bit_of_one_weight_is_named_with_its_size(tmp_path: Path) -> None:
    weight = torch.ones(2, 3)
    # The lowest bit of the fraction of 1.0 is worth 2**-23.
    weight.view(torch.int32)[1, 1] ^= 1
    found = compared(tmp_path, weights={**WEIGHTS, "head.weight": weight})
    assert found == [("tensor", "head.weight of checkpoints/best.safetensors", 2**-23)]


def test_minus_zero_and_another_type_are_not_the_same_bits(tmp_path: Path) -> None:
    found = compared(tmp_path, weights={**WEIGHTS, "head.bias": -torch.zeros(2)})
    assert found == [("tensor", "head.bias of checkpoints/best.safetensors", 0.0)]


@pytest.mark.parametrize("weights", [{"head.weight": torch.ones(2, 3)}, {}])
def test_a_tensor_that_is_missing_is_named(tmp_path: Path, weights) -> None:
    found = compared(tmp_path, weights=weights)
    assert ("tensor", "head.bias of checkpoints/best.safetensors", None) in found


def test_predictions_differ_by_their_largest_probability(tmp_path: Path) -> None:
    other = PROBABILITIES.copy()
    other[2] = [0.35, 0.35, 0.3]
    ((kind, name, amount),) = compared(tmp_path, probabilities=other)
    assert (kind, name) == ("prediction", "file predictions/test.csv")
    assert amount == pytest.approx(0.033333, abs=1e-6)
