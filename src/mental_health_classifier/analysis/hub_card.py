"""Model card as the Hugging Face hub reads it: the card, with its numbers in front as YAML.

Sources: https://huggingface.co/docs/hub/model-cards (front matter with `model-index`) and
https://huggingface.co/docs/hub/eval-results (`.eval_results`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from mental_health_classifier.analysis.model_card import model_card
from mental_health_classifier.console.wording import is_interval, is_number, number, printable
from mental_health_classifier.contracts import InputError
from mental_health_classifier.contracts.decimals import decimals
from mental_health_classifier.contracts.headline import headline_of
from mental_health_classifier.tracking.record.assessments import require_judge
from mental_health_classifier.tracking.record.run_summary import RunSummary

RESULTS = ".eval_results/mental-health-classifier.yaml"
"""Where a hub folder says what its model reached on a data set of the hub."""

_METRICS = {
    "accuracy": ("accuracy", "Accuracy"),
    "f1_macro": ("f1", "Macro F1"),
    "recall_at_spec80": ("recall", "Recall of {} at specificity .80"),
    "auprc": ("average_precision", "Area under precision-recall of {}"),
}
"""Numbers of test by the hub's type of metric and what they are called."""
_OF_WEIGHTS = {
    "library_name": "mental-health-classifier",
    "pipeline_tag": "text-classification",
}
"""What the hub offers a model by; predictions of another program come without one."""
_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,95}(/[A-Za-z0-9][\w.-]{0,95})?")


def hub_card(
    run: RunSummary,
    runs: Sequence[RunSummary] = (),
    *,
    license_: str | None = None,
    dataset: str | None = None,
) -> str:
    """The model card of a run, with front matter.

    Args:
        runs: see `model_card`.
        license_: of the weights, by its name on the hub. None: nothing is said of it.
        dataset: name on the hub of the posts. None: they are called as in the record.

    Raises:
        InputError: the run judges no posts or did not complete, or a name is none of the hub's.
    """
    _check(run, license_=license_, dataset=dataset)
    corpus = printable(run.posts_called)
    facts: dict[str, Any] = {
        **({"license": license_} if license_ else {}),
        **({"datasets": [dataset]} if dataset else {}),
        **({} if run.is_external else _OF_WEIGHTS),
        "tags": ["mental-health", "text-classification", "not-for-clinical-use"],
        "model-index": [
            {
                "name": printable(run.name or run.id),
                "results": [
                    {
                        "task": {"type": "text-classification"},
                        "dataset": {"name": corpus, "type": dataset or corpus, "split": "test"},
                        "metrics": list(_metrics(run)),
                    }
                ],
            }
        ],
    }
    return f"---\n{_yaml(facts)}---\n{model_card(run, runs)}"


def eval_results(run: RunSummary, *, dataset: str, task: str = "default") -> str:
    """The headline of a run on a data set of the hub, as YAML.

    Args:
        dataset: its name on the hub.
        task: which of its tasks was tested.

    Raises:
        InputError: as `hub_card`; or the headline was not measured.
    """
    _check(run, license_=None, dataset=dataset)
    name = headline_of(run.data.get("priority_class"))
    value = run.metrics.get(f"test/{name}")
    if not is_number(value):
        raise InputError(f"Run {run.id} has not measured {name} on test: there is no result.")
    (_, called), shown = _METRICS[name], number(value, run.intervals.get(f"test/{name}"))
    n = run.metrics.get("test/n")
    posts = f"; {n:.0f} posts" if is_number(n) else ""
    notes = f"{called.format(run.data.get('priority_class'))}: {shown}{posts}"
    entry = {
        "dataset": {"id": dataset, "task_id": task},
        "value": round(value, 4),
        "date": str(run.created_at)[:10],
        "notes": printable(notes),
    }
    return _yaml([entry])


def _metrics(run: RunSummary) -> list[Mapping[str, Any]]:
    found = []
    for key, (kind, called) in _METRICS.items():
        value, interval = (each.get(f"test/{key}") for each in (run.metrics, run.intervals))
        if is_number(value):
            ends = ""
            if is_interval(interval):
                ends = f" (95 % interval {decimals(interval[0], 3)} to {decimals(interval[1], 3)})"
            name = printable(called.format(run.data.get("priority_class")) + ends)
            found.append({"type": kind, "value": round(value, 4), "name": name})
    return found


def _check(run: RunSummary, *, license_: str | None, dataset: str | None) -> None:
    require_judge(run)
    if run.status != "completed":
        raise InputError(f"Run {run.id} is {run.status}: only a completed run has a card there.")
    if license_ is not None and not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,60}", license_):
        raise InputError(
            f"--license={printable(license_)}: expected a name as the hub has it, such as mit, "
            "apache-2.0 or other."
        )
    if dataset is not None and not _HUB_NAME.fullmatch(dataset):
        raise InputError(
            f"--dataset={printable(dataset)}: expected a data set of the hub, OWNER/NAME."
        )


def _yaml(content: object) -> str:
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=10_000)
