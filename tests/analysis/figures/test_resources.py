"""Processor and memory of runs."""

import pandas as pd
import pytest
from written_runs import write_run

from mental_health_classifier.analysis.figures.resources import resource_use, resources_figure
from mental_health_classifier.contracts import InputError
from mental_health_classifier.storage.json_lines import append_record, open_records
from mental_health_classifier.tracking.run_index import read_run


def write_samples(directory, times):
    with open_records(directory / "resources.jsonl") as handle:
        for time in times:
            sample = {"time": time, "processor_percent": 90.0, "memory_megabytes": 500.0 + time}
            append_record(handle, sample)


def test_seconds_go_on_over_attempts(tmp_path):
    run = write_run(tmp_path / "a")
    write_samples(run, (1.0, 3.0, 0.5, 2.0))
    used = resource_use(read_run(run))
    # The second attempt began to count anew.
    assert used.index.tolist() == [1.0, 3.0, 3.0, 4.5]
    assert used["memory_megabytes"].tolist() == [501, 503, 500.5, 502]


def test_a_run_without_samples_is_refused(tmp_path):
    run = read_run(write_run(tmp_path / "a"))
    with pytest.raises(InputError, match="no course of what it took"):
        resource_use(run)
    with pytest.raises(InputError, match="No run recorded"):
        resources_figure({})


def test_only_what_was_recorded_has_a_panel():
    used = pd.DataFrame(
        {"processor_percent": [50.0, 90.0], "memory_megabytes": [None, None]}, index=[1.0, 2.0]
    ).assign(gpu_memory_megabytes=None)
    (axes,) = resources_figure({"a": used}).axes
    assert axes.get_ylabel().startswith("processor") and axes.get_ylim()[0] == 0
