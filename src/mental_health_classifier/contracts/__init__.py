"""Types that cross rooms: tasks, batches, model outputs, predictions, and the error for bad input.

Nothing here imports torch or pandas, so that the commands that only read records start fast.
"""

from mental_health_classifier.contracts.batches import Batch, LengthGroup, ModelOutput
from mental_health_classifier.contracts.corpus import (
    GROUP_PREFIX,
    PARTS,
    SEVERITY,
    TRAINING_DYNAMICS,
    Corpus,
)
from mental_health_classifier.contracts.errors import InputError
from mental_health_classifier.contracts.predictions import AuxiliaryPredictions, Predictions
from mental_health_classifier.contracts.tasks import Task

__all__ = [
    "GROUP_PREFIX",
    "PARTS",
    "SEVERITY",
    "TRAINING_DYNAMICS",
    "AuxiliaryPredictions",
    "Batch",
    "Corpus",
    "InputError",
    "LengthGroup",
    "ModelOutput",
    "Predictions",
    "Task",
]
