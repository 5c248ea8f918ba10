"""The behaviour suite, tried on the model of a recorded run."""

from __future__ import annotations

from typing import Any

from mental_health_classifier.data.reading.scrubbing import scrub
from mental_health_classifier.data.seen_posts import LEARNED_FROM
from mental_health_classifier.evaluation.behaviour_suite import assess_behaviour, texts_of_suite
from mental_health_classifier.prediction.predictor import Predictor
from mental_health_classifier.prediction.run_posts import read_seen_posts
from mental_health_classifier.tracking.record.assessments import write_assessment
from mental_health_classifier.tracking.record.run_summary import RunSummary


def behaviour_of_run(run: RunSummary) -> dict[str, Any]:
    """Runs the behaviour suite on a run's model and stores what it found, and how many of its
    texts the model learned from (None: the record does not say which posts it has seen).

    Alerts begin at the certificate's threshold, or at the operating point's where there is none.
    """
    predictor = Predictor.load(run, allow_uncertified=True)
    found = assess_behaviour(
        lambda texts: predictor.calibrated(predictor.predict_proba(texts)),
        priority_index=predictor.priority_index,
        threshold=predictor.threshold,
        refer_from=predictor.refer_from,
    )
    texts = [scrub(text)[0] for text in texts_of_suite()]
    seen = read_seen_posts(run)
    num_seen = None if seen is None else int(seen.are_among(texts, parts=LEARNED_FROM).sum())
    behaviour = {
        "is_certified": predictor.is_certified,
        "texts": len(texts),
        "texts_seen": num_seen,
        **found,
    }
    write_assessment(run.directory, "behaviour", behaviour)
    return behaviour
