"""The fastest that this machine multiplies matrices."""

from __future__ import annotations

import statistics
import time

import torch

_SIDE = 2048


def matrix_peak(repeats: int = 7) -> tuple[float, float]:
    """Floating-point operations of a large float32 product for each second, and for each second of
    processor time: of the faster of the two libraries that torch carries, whichever training uses.
    """
    left, right = torch.rand(_SIDE, _SIDE), torch.rand(_SIDE, _SIDE)
    products = [lambda: left @ right]
    if torch.backends.mkldnn.is_available():
        products.append(
            lambda: torch.ops.mkldnn._linear_pointwise(left, right, None, "none", [], "")
        )
    best = (0.0, 0.0)
    for product in products:
        product()
        seconds, processor_seconds = [], []
        for _ in range(repeats):
            start, processor_start = time.perf_counter(), time.process_time()
            product()
            seconds.append(time.perf_counter() - start)
            processor_seconds.append(time.process_time() - processor_start)
        # Medians: a training step, too, has to share the machine with whatever else runs.
        medians = statistics.median(seconds), statistics.median(processor_seconds)
        best = max(best, (2 * _SIDE**3 / medians[0], 2 * _SIDE**3 / medians[1]))
    return best
