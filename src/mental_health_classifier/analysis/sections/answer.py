"""The answer first: found, missed and alerted, in posts, beside the yardstick."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from mental_health_classifier.analysis.sections.pieces import (
    Piece,
    number_of,
    shortened,
    yardstick_name,
)
from mental_health_classifier.analysis.sections.section import Section
from mental_health_classifier.analysis.tables.frequencies import (
    Frequencies,
    frequencies_of,
    frequencies_of_yardstick,
)
from mental_health_classifier.console.wording import amount, count, is_interval, is_number
from mental_health_classifier.evaluation.operating_point import DEPLOYED_PREVALENCES
from mental_health_classifier.tracking.record.run_summary import RunSummary

TITLE = "Executive summary"
A_DAY = 1000
"""Posts of the day that is imagined."""

_WORDS = {1: "one", 2: "two", 3: "three", 4: "four", 5: "five", 9: "nine", 10: "ten"}
_SIMPLE = tuple(Fraction(*each) for each in ((1, 10), (1, 5), (1, 4), (1, 3), (1, 2))) + tuple(
    Fraction(*each) for each in ((2, 3), (3, 4), (4, 5), (9, 10))
)


def answer(run: RunSummary) -> Section:
    """What the run did with the test posts, in counts that need no statistics to be read."""
    # Of which posts the numbers of another tracker are is not known, and pretraining judges none.
    is_counted = run.judges_posts and not run.imported_from and bool(run.metrics)
    return Section(title=TITLE, sentences=list(_sentences(run)) if is_counted else [])


def a_day(run: RunSummary) -> Section | None:
    """What a day of A_DAY posts would bring where posts of the priority class are as rare as they
    are outside of corpora. None: the run has no operating point."""
    found = frequencies_of(run)
    specificity = run.metrics.get("test/operating_point/specificity")
    if found is None or not is_number(specificity):
        return None
    recall = found.found / found.priority
    recalls, specificities = (
        run.intervals.get(f"test/operating_point/{name}") for name in ("recall", "specificity")
    )
    rows: list[list[Piece]] = []
    for share in DEPLOYED_PREVALENCES:
        priority, others = A_DAY * share, A_DAY * (1 - share)
        wrong = [1 - each for each in specificities] if is_interval(specificities) else None
        rows.append(
            [
                f"{share * 100:g} % ({priority:g} of {A_DAY:,})",
                _expected(priority, recall, recalls),
                _expected(priority, 1 - recall, _mirrored(recalls)),
                _expected(others, 1 - specificity, wrong and sorted(wrong)),
            ]
        )
    name = shortened(run.data.get("priority_class"))
    return Section(
        title=f"A day of {A_DAY:,} posts",
        caption=f"What {A_DAY:,} new posts would bring by the recall and specificity of the "
        f"operating point, by the share of {name} posts among them; in brackets what 95 % "
        "intervals leave possible. How rare they are where the model would be used is not known "
        "here",
        header=[f"share of {name} posts", "found", "missed", "alerted wrongly"],
        rows=rows,
    )


def in_words(share: float) -> str:
    """`about two in three`, of a share between 0 and 1."""
    if share <= 0:
        return "none"
    if share >= 1:
        return "all"
    if share < 0.05:
        return "hardly any"
    if share > 0.95:
        return "nearly all"
    nearest = min(_SIMPLE, key=lambda each: abs(each - share))
    if nearest == Fraction(1, 2):
        return "about half"
    return f"about {_WORDS[nearest.numerator]} in {_WORDS[nearest.denominator]}"


def _sentences(run: RunSummary) -> Iterator[str]:
    priority_class, found = run.data.get("priority_class"), frequencies_of(run)
    if found is not None:
        yield f"{_of_priority(found, shortened(priority_class))} {_of_alerts(found)}"
        if (beside := frequencies_of_yardstick(run)) is not None:
            yield (
                f"The yardstick {yardstick_name(run)} found {beside.found:,} and missed "
                f"{beside.missed:,}; it alerted {beside.alerted:,} ({beside.alerted_of_100} of "
                f"100), {beside.wrong:,} of them wrongly."
            )
        return
    if priority_class is not None:
        name = shortened(priority_class)
        yield f"It has no operating point: how many {name} posts it would find is not known."
    posts, accuracy = (number_of(run.metrics.get(f"test/{key}")) for key in ("n", "accuracy"))
    if posts is None or accuracy is None:
        return
    yield (
        f"Of {count(posts, 'test post')} it gave {amount(accuracy * posts)} the right class "
        f"({round(100 * accuracy)} of 100)."
    )
    beside = number_of(((run.yardstick or {}).get("metrics") or {}).get("test/accuracy"))
    if beside is not None:
        yield (
            f"The yardstick {yardstick_name(run)} gave {amount(beside * posts)} the right class "
            f"({round(100 * beside)} of 100)."
        )


def _of_priority(found: Frequencies, name: str) -> str:
    return (
        f"Of {count(found.priority, f'{name} post')} of test it found {found.found:,} and missed "
        f"{found.missed:,}."
    )


def _of_alerts(found: Frequencies) -> str:
    if not found.alerted:
        return f"It alerted none of all {count(found.posts, 'post')}."
    wrongly = in_words(found.wrong / found.alerted)
    return (
        f"Of all {count(found.posts, 'post')} it alerted {found.alerted:,} "
        f"({found.alerted_of_100} of 100), {found.wrong:,} of them wrongly ({wrongly})."
    )


def _mirrored(interval: object) -> list[float] | None:
    return [1 - interval[1], 1 - interval[0]] if is_interval(interval) else None


def _expected(posts: float, share: float, interval: object) -> str:
    """`8.9 [7.2, 9.8]`: how many of so many posts are to be expected."""
    shown = f"{posts * share:.1f}"
    if not is_interval(interval):
        return shown
    low, high = (posts * each for each in interval)
    return f"{shown} [{low:.1f}, {high:.1f}]"
