"""Posts of the priority class that a run left without an alert: where they stand, never what they
say."""

from __future__ import annotations

from collections import Counter

from mental_health_classifier.analysis.figures.models import read_model
from mental_health_classifier.analysis.sections.pieces import Measure, listed, shortened
from mental_health_classifier.analysis.sections.section import Section
from mental_health_classifier.console.wording import count
from mental_health_classifier.contracts import SEVERITY, InputError
from mental_health_classifier.tracking.record.run_summary import RunSummary

MOST_ROWS = 20


def missed_posts(run: RunSummary) -> Section:
    """A row a missed post, the most severe and then the least probable first."""
    title = "Missed posts"
    try:
        model = read_model(run)
    except (InputError, OSError) as error:
        return Section(title=title, missing=f"Not known: {error}")
    test, name = model.test, run.data.get("priority_class")
    if name is None or model.point.threshold is None:
        return Section(title=title, missing="Not known: without a threshold nothing is missed.")
    is_missed = test.is_priority & ~model.point.alerts(test)
    severities = test.groups.get(SEVERITY) or [""] * len(test)
    missed = [place for place in range(len(test)) if is_missed[place]]
    missed.sort(key=lambda place: (severities[place], -test.priority_scores[place]), reverse=True)
    levels = Counter(severities[place] or "not known" for place in missed)
    said = [f"{number} of severity {shortened(level)}" for level, number in sorted(levels.items())]
    of = count(int(test.is_priority.sum()), f"{shortened(name)} post")
    named = f": {listed(said)}" if any(severities) and said else ""
    return Section(
        title=title,
        sentences=[f"At the operating point {len(missed)} of {of} of test were missed{named}."],
        caption="By their row in predictions/test.csv of the run, which holds no text"
        + (f"; the first {MOST_ROWS}" if len(missed) > MOST_ROWS else ""),
        header=["Row", "Severity", f"Probability of {shortened(name, 20)}", "Held for"],
        rows=[
            [
                str(place + 2),  # the first row names the columns
                shortened(severities[place]) or "not known",
                Measure(float(test.priority_scores[place])),
                shortened(test.task.class_names[int(test.probabilities[place].argmax())]),
            ]
            for place in missed[:MOST_ROWS]
        ],
    )
