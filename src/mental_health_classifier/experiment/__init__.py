"""One run, top to bottom."""

from mental_health_classifier.experiment.run import resume_experiment, run_experiment

__all__ = ["resume_experiment", "run_experiment"]
