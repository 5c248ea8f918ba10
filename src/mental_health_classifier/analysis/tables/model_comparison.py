"""Pairs of configurations, each of one run or of several seeds, and which of two is better."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

from mental_health_classifier.analysis.sections.pieces import (
    Measure,
    Sentence,
    decimal,
    interval_of,
)
from mental_health_classifier.analysis.sections.section import Section
from mental_health_classifier.analysis.sections.verdicts import verdict_facts, verdict_sentence
from mental_health_classifier.analysis.tables.measured_runs import MeasuredRuns
from mental_health_classifier.analysis.tables.run_facts import facts_of
from mental_health_classifier.analysis.tables.run_names import configuration_names
from mental_health_classifier.console.wording import count, posts_by
from mental_health_classifier.contracts import InputError
from mental_health_classifier.contracts.decimals import decimals
from mental_health_classifier.contracts.headline import EQUIVALENCE_MARGIN, headline_of
from mental_health_classifier.evaluation.intervals import CONFIDENCE
from mental_health_classifier.evaluation.paired_comparison import (
    alerts_compared,
    holm_adjusted,
    permutation_test,
    t_interval,
)
from mental_health_classifier.evaluation.verdict import (
    MeasuredModel,
    Verdict,
    verdict_on,
)
from mental_health_classifier.tracking.record.assessments import require_judge, stored_predictions
from mental_health_classifier.tracking.record.external_runs import parts_of
from mental_health_classifier.tracking.run_index import RunSummary, find_runs, resolve_run
from mental_health_classifier.tracking.selection.candidates import Candidate, candidates_among

SPECIFICITY_FLOOR = 0.80
"""At which McNemar's test alerts, as the headline does."""


def models_called(references: Sequence[str], roots: Sequence[Path]) -> dict[str, list[RunSummary]]:
    """The runs of each configuration by its name, see `configuration_names`, ordered by seed; of a
    seed that ran twice the latest.

    Args:
        references: a run, several separated by commas, or a folder that holds runs.

    Raises:
        InputError: nothing is called that, a run did not complete, runs of several configurations
            are called one, or two references lead to one configuration.
    """
    if len(references) < 2:
        raise InputError(
            "--test compares configurations, two or more: give two runs, or groups of runs."
        )
    models: list[list[RunSummary]] = []
    owners: dict[str, str] = {}
    for reference in references:
        found = _one_configuration(reference, _runs_called(reference, roots))
        if found.configuration_hash in owners:
            other = owners[found.configuration_hash]
            raise InputError(
                f"{other} and {reference} are runs of one configuration, which cannot be better "
                "than itself. Give its seeds as one group, separated by commas."
            )
        owners[found.configuration_hash] = reference
        models.append(list(found.runs))
    names = configuration_names([facts_of(first) for first, *_ in models], shown=str)
    return dict(zip(names, models, strict=True))


def _runs_called(reference: str, roots: Sequence[Path]) -> list[RunSummary]:
    folder = Path(reference)
    if folder.is_dir() and not (folder / "run.json").is_file():
        runs = find_runs([folder])
    else:
        runs = [resolve_run(each, roots) for each in reference.split(",") if each]
    unfinished = [run for run in runs if run.status != "completed"]
    if unfinished or not runs:
        what = f"{count(len(unfinished), 'run')} that did not complete" if runs else "no runs"
        raise InputError(f"{reference} holds {what}. Give completed runs.")
    for run in runs:
        require_judge(run)
    if len({run.directory.resolve() for run in runs}) < len(runs):
        raise InputError(f"{reference} names a run twice, which would count it as two seeds.")
    return runs


def _one_configuration(reference: str, runs: Sequence[RunSummary]) -> Candidate:
    found = candidates_among(runs)
    if not found:
        raise InputError(f"{reference} has no record of its configuration: choose another run.")
    if len(found) > 1:
        raise InputError(
            f"{reference} holds {len(found)} configurations. A group is one configuration with its "
            "seeds: give each a group of its own."
        )
    return found[0]


def compare_models(
    models: dict[str, list[RunSummary]], *, margin: float = EQUIVALENCE_MARGIN
) -> list[dict[str, Any]]:
    """Every pair of configurations compared on the same test posts, see `verdict_on`.

    Returns:
        For each pair `first`, `second`, `better` (the name of one of them, or None), `verdict` on
        the second, `difference` (second minus first) with its `interval` over authors and seeds,
        what a verdict would need (`explanation`, `seeds_needed`), and for two single runs `mcnemar`
        and for pairs of equal seeds `permutation_p`, both also adjusted by Holm's method.
    """
    measured = MeasuredRuns()
    pairs = list(combinations(models, 2))
    rows = []
    for first, second in pairs:
        of_first, of_second = measured.of(models[first]), measured.of(models[second])
        key = _key_of([*of_first, *of_second])
        verdict = verdict_on(of_second, of_first, key, questions=len(pairs), margin=margin)
        better = {"better": second, "worse": first}.get(verdict.word)
        rows.append(
            {
                "first": first,
                "second": second,
                "better": better,
                "metric": f"test/{key}",
                "n": len(of_first[0].test),
                **verdict_facts(verdict),
                "num_models": verdict.num_models[::-1],
                **_by_pair(of_first, of_second, key, verdict),
                "mcnemar": _mcnemar(models[first], models[second]),
            }
        )
    _adjust([(row, "permutation_p") for row in rows])
    _adjust([(row["mcnemar"] or {}, "p") for row in rows])
    return rows


def _key_of(models: Sequence[MeasuredModel]) -> str:
    """The headline, or macro F1 where a model gave bare classes, which nothing can rank."""
    test = models[0].test
    is_ranked = all(each.test.has_probabilities for each in models)
    return headline_of(test.task.priority_class if is_ranked else None)


def _by_pair(
    first: Sequence[MeasuredModel], second: Sequence[MeasuredModel], key: str, verdict: Verdict
) -> dict[str, Any]:
    """What pairs of equal seeds say of seeds alone; the verdict rests on more."""
    differences = []
    if verdict.is_paired:
        pairs = zip(first, second, strict=True)
        differences = [other.numbers[key] - one.numbers[key] for one, other in pairs]
    return {
        "num_pairs": len(differences),
        "differences_by_pair": differences,
        "seed_interval": t_interval(differences, confidence=CONFIDENCE),
        "permutation_p": permutation_test(differences) if differences else None,
    }


def _mcnemar(first: Sequence[RunSummary], second: Sequence[RunSummary]) -> dict[str, Any] | None:
    if len(first) > 1 or len(second) > 1:
        return None
    if any(run.is_external and "val" not in parts_of(run) for run in (*first, *second)):
        return None
    one, other = (stored_predictions(runs[0], ("val", "test")) for runs in (first, second))
    return alerts_compared(one, other, specificity_floor=SPECIFICITY_FLOOR)


def _adjust(places: list[tuple[dict[str, Any], str]]) -> None:
    known = [(holder, key) for holder, key in places if holder.get(key) is not None]
    adjusted = holm_adjusted([holder[key] for holder, key in known])
    for (holder, key), value in zip(known, adjusted, strict=True):
        holder[f"{key}_adjusted"] = value


def comparison_section(rows: Sequence[dict[str, Any]]) -> Section:
    """A row a pair: the difference, and what each test says of it."""
    shown = []
    for row in rows:
        of_mcnemar = row["mcnemar"]
        shown.append(
            [
                row["first"],
                row["second"],
                "{} / {}".format(*row["num_models"]),
                Measure(row["difference"], interval_of(row["interval"]), is_signed=True),
                row["verdict"],
                "{only_first} / {only_second}".format(**of_mcnemar) if of_mcnemar else "-",
                Measure((of_mcnemar or {}).get("p_adjusted")),
                Measure(row.get("permutation_p_adjusted")),
            ]
        )
    first = rows[0]
    return Section(
        title="Comparison",
        sentences=[_said(first)] if len(rows) == 1 else [],
        caption=f"Difference in {first['metric']}, which rests on "
        f"{posts_by(first['num_posts'], first['num_authors'])}, with intervals over other authors "
        f"and seeds that are as wide as {count(len(rows), 'comparison')} "
        f"{'asks' if len(rows) == 1 else 'ask'} for. A tie: the whole interval lies within "
        f"{decimals(first['margin'], 2)} of zero",
        header=[
            *("first", "second", "models", "second - first", "second is"),
            *("only first\nonly second", "McNemar\np", "permutation\np"),
        ],
        rows=shown,
        notes=list(_notes(rows)),
    )


def _said(row: dict[str, Any]) -> Sentence:
    facts = {**row, "num_models": row["num_models"][::-1]}
    key = row["metric"].removeprefix("test/")
    return verdict_sentence(row["second"], row["first"], facts, key=key)


def _notes(rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    """What a verdict lacks, and at which specificities alerts were counted."""
    for row in rows:
        who = "" if len(rows) == 1 else f"{row['first']} and {row['second']}: "
        if row["explanation"] and len(rows) > 1:
            yield f"{who}{row['explanation']}."
        of_mcnemar = row["mcnemar"]
        if not of_mcnemar:
            continue
        ends = [decimal(each) for each in of_mcnemar["specificities"]]
        if ends[0] != ends[1]:
            yield (
                f"{who}McNemar's test counts alerts at thresholds from val. On test these leave "
                f"{ends[0]} and {ends[1]} of other posts without an alert: one that finds more may "
                "only alert more."
            )
