"""Weights of a pretrained model, read from safetensors and compared with its architecture."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import torch
from torch import nn

from mental_health_classifier.contracts import InputError


def read_weights(
    kind: Any,
    folder: Path,
    configuration: Any,
    *,
    key: str,
    device: Any = None,
    dtype: torch.dtype = torch.float32,
) -> nn.Module:
    """The model in a folder as transformers reads it, evaluating. No code of the folder runs.

    Args:
        kind: the class of transformers that chooses the model, such as AutoModel.
        configuration: of `configuration_of`.
        key: of the setting that names the model, for messages.
        device: None: the processor; `meta`: names and shapes are compared, and no weight is read.

    Raises:
        InputError: the weights are not those of the architecture.
    """
    try:
        model, report = kind.from_pretrained(
            folder,
            config=copy.deepcopy(configuration),
            dtype=dtype,
            use_safetensors=True,
            trust_remote_code=False,
            local_files_only=True,
            device_map=device,
            ignore_mismatched_sizes=True,  # they are told below
            output_loading_info=True,
        )
    except Exception as error:  # safetensors, transformers and torch each raise their own
        raise InputError(
            f"{key}: the weights in {folder} cannot be read ({type(error).__name__}). They were "
            "cut or changed, or config.json is of another model. Restore them."
        ) from None
    missing = sorted(name for name in report["missing_keys"] if "pooler" not in name)
    unlike = sorted((name, *map(tuple, shapes)) for name, *shapes in report["mismatched_keys"])
    if missing or unlike:
        if unlike:
            name, found, wanted = unlike[0]
            what = f"hold {name} of shape {found} where config.json asks for {wanted}"
        else:
            what = f"lack {len(missing)} of those that config.json asks for, such as {missing[0]}"
        raise InputError(
            f"{key}: the weights in {folder} {what}: one of the two is of another model. Restore "
            "them from a copy."
        )
    return model.eval()
