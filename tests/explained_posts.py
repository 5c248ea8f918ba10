"""Explained posts, made by hand."""

from __future__ import annotations

import numpy as np

from mental_health_classifier.contracts.explained_text import DecidedPost
from mental_health_classifier.explanation.on_terminal import Explanation


def explained(text: str, places: list[list[int]], attributions: list[float]) -> Explanation:
    return Explanation(
        text=text,
        class_name="suicide",
        probabilities={"suicide": 0.25, "control": 0.75},
        places=np.array(places),
        attributions=np.array(attributions),
        decided=DecidedPost(
            "alert",
            "reached_threshold",
            "suicide",
            0.25,
            threshold=0.047,
            refer_from=0.02,
            is_certified=True,
        ),
    )
