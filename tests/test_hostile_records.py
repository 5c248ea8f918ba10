"""A record from elsewhere is data: no command runs what its configuration names."""

import os
import pickle
from pathlib import Path

import numpy as np
import pytest
from trained_runs import write_posts

from mental_health_classifier.storage.files import read_json, write_json
from mental_health_classifier.tracking.record.run_summary import read_run

COMMANDS = {
    "predict": "predict posts.csv --run RUN --output out.csv --uncertified --column text=body",
    "explain": "explain RUN",
    "behaviour": "behaviour RUN",
    "shortcuts": "shortcuts RUN",
    "certify": "certify RUN",
    "evaluate": "evaluate RUN posts.csv --column text=body",
    "ensemble": "ensemble RUN RUN2",
    "resume": "resume RUN",
}


class Payload:
    """What leaves a file behind when it is unpickled."""

    def __init__(self, left: Path) -> None:
        self.left = left

    def __reduce__(self):
        return os.mkdir, (str(self.left),)


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_runs_what_a_record_names(command, mhc, runs, tmp_path) -> None:
    left, payload = tmp_path / "it_ran", tmp_path / "payload.npy"
    payload.write_bytes(pickle.dumps(Payload(left)))
    write_posts(tmp_path / "posts.csv", runs["baseline_micro"])
    run = tmp_path / "outputs" / "baseline_micro"
    content = read_json(run / "run.json")
    evil = {
        "_target_": "mental_health_classifier.data.tokens.token_cache.np.load",
        "file": str(payload),
        "allow_pickle": True,
    }
    config = content["config"]
    config["network"]["pooling"] = config["data"] = evil
    config["evaluation"]["yardstick"] = config["token_streams"]["x"] = evil
    config["trainer"] = config["tokenizer"] = config["callbacks"]["x"] = evil
    write_json(run / "run.json", content)
    if command == "resume":
        (run / "attempts" / "001" / "end.json").unlink()
    words = COMMANDS[command].replace("RUN2", "outputs/tfidf_logistic").replace("RUN", str(run))
    result = mhc(*words.split())
    assert not left.exists()
    assert result.exception is None or isinstance(result.exception, SystemExit)
    # The payload works.
    np.load(payload, allow_pickle=True)
    assert left.exists() and read_run(run).configuration
