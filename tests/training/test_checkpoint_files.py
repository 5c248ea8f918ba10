import math
from pathlib import Path

import pytest
import torch

from mental_health_classifier.contracts import InputError
from mental_health_classifier.training.checkpoint_files import (
    SafetensorsCheckpointIO,
    drop_resume_state,
    read_checkpoint,
)

CHECKPOINT = {
    "epoch": 3,
    "global_step": 40,
    "git": {"commit": "abc", "is_dirty": None},
    "state_dict": {"network.weight": torch.arange(6.0).view(2, 3)},
    "optimizer_states": [
        {
            "state": {0: {"step": torch.tensor(40.0), "exp_avg": torch.ones(2, 3)}},
            "param_groups": [{"lr": 0.1, "betas": (0.9, 0.98), "params": [0]}],
        }
    ],
    "callbacks": {"EarlyStopping": {"best": math.inf, "score": torch.tensor(math.nan)}},
}


def test_a_checkpoint_comes_back_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "checkpoints" / "last.safetensors"
    SafetensorsCheckpointIO().save_checkpoint(CHECKPOINT, path)
    loaded = SafetensorsCheckpointIO().load_checkpoint(path)
    assert torch.equal(loaded["state_dict"]["network.weight"], torch.arange(6.0).view(2, 3))
    optimizer = loaded["optimizer_states"][0]
    assert torch.equal(optimizer["state"][0]["exp_avg"], torch.ones(2, 3))
    assert optimizer["param_groups"] == CHECKPOINT["optimizer_states"][0]["param_groups"]
    early_stopping = loaded["callbacks"]["EarlyStopping"]
    assert early_stopping["best"] == math.inf and early_stopping["score"].isnan()
    assert loaded["git"] == {"commit": "abc", "is_dirty": None}
    assert [p.name for p in path.parent.iterdir()] == ["last.safetensors"]


def test_dropping_the_resume_state_keeps_weights_and_origin(tmp_path: Path) -> None:
    path = tmp_path / "best.safetensors"
    SafetensorsCheckpointIO().save_checkpoint(CHECKPOINT, path)
    drop_resume_state(path, {"epoch": 3})
    tensors, state = read_checkpoint(path)
    assert list(tensors) == ["network.weight"]
    assert state == {
        "epoch": 3,
        "global_step": 40,
        "git": {"commit": "abc", "is_dirty": None},
        "schema_version": 1,
        "selection": {"epoch": 3},
    }


def test_equal_checkpoints_are_equal_files(tmp_path: Path) -> None:
    for name in ("a", "b"):
        SafetensorsCheckpointIO().save_checkpoint(CHECKPOINT, tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_what_json_cannot_hold_is_refused_rather_than_pickled(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="resume/callbacks/x of type object"):
        SafetensorsCheckpointIO().save_checkpoint(
            {**CHECKPOINT, "callbacks": {"x": object()}}, tmp_path / "a"
        )
    assert not (tmp_path / "a").exists()


def test_every_flipped_byte_and_every_cut_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "last.safetensors"
    SafetensorsCheckpointIO().save_checkpoint(CHECKPOINT, path)
    whole = path.read_bytes()
    for place in range(0, len(whole), 31):
        path.write_bytes(whole[:place])
        with pytest.raises(InputError, match="is damaged"):
            read_checkpoint(path)
        flipped = bytearray(whole)
        flipped[place] ^= 4
        path.write_bytes(flipped)
        with pytest.raises(InputError, match="is damaged"):
            read_checkpoint(path)
