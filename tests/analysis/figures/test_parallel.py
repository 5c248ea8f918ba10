"""A sweep in parallel coordinates."""

import numpy as np
import pytest

from mental_health_classifier.analysis.figures.parallel import parallel_figure
from mental_health_classifier.contracts import InputError

SWEEP = [
    ("a", {"model.width": "64", "seed_of": "1", "network/pooling": "mean"}, 0.7),
    ("b", {"model.width": "128", "seed_of": "1"}, 0.9),
    ("c", {"model.width": "8", "seed_of": "1", "network/pooling": "mean"}, 0.5),
]


def test_a_line_goes_through_the_settings_that_differ_to_its_mean():
    (axes,) = parallel_figure(SWEEP, metric="test/f1_macro").axes
    names = [label.get_text() for label in axes.get_xticklabels()]
    assert names == ["width", "pooling", "macro F1,\ntest"]
    # Numbers in their order: 8, 64, 128; words as they are spelt; means from the least to the most.
    lines = {tuple(np.round(line.get_ydata(), 6).tolist()) for line in axes.lines}
    assert lines == {(0.5, 1.0, 0.5), (1.0, 0.0, 1.0), (0.0, 1.0, 0.0)}


def test_what_does_not_differ_is_not_drawn():
    with pytest.raises(InputError, match="differ in a setting"):
        parallel_figure([(n, {"width": "1"}, 0.5) for n in "abc"], metric="test/f1_macro")
    with pytest.raises(InputError, match="three configurations"):
        parallel_figure(SWEEP[:2], metric="test/f1_macro")
    with pytest.raises(InputError, match="three configurations"):
        parallel_figure([], metric="test/f1_macro")
