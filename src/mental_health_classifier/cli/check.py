"""The command `check`: what a file of posts holds, and how to train with it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mental_health_classifier.cli.arguments import Encoding, Pairs, answer, pairs
from mental_health_classifier.console.progress import counting
from mental_health_classifier.console.wording import alternatives, count
from mental_health_classifier.contracts import InputError
from mental_health_classifier.data.reading.account import reason_lines

if TYPE_CHECKING:
    from mental_health_classifier.data.preparing.survey import Lengths, Survey
    from mental_health_classifier.data.reading.column_guess import Columns
    from mental_health_classifier.data.reading.source import Source

_PRIORITY = ("suicid", "self harm", "selfharm", "crisis", "risk")
"""What a class is called whose misses cost most, the plainest word first."""
_DENIED = re.compile(
    r"\b(?:no|not|non|none|never|without|absence|absent|low|control)\b|\bnon(?=\w)"
)
"""What makes of such a name that of the others: no risk, non_suicidal, nonsuicidal."""
_FEWEST_OF_PRIORITY = 5
"""Of a class with fewer posts none can be in every part."""
_FEWEST_POSTS = 20
_MOST_SHOWN = 20
_ROLES_SAID = ("id", "text", "label", "author", "split", "severity")


def check(
    posts: Annotated[Path, typer.Argument(help="A file of posts, or a folder of such files.")],
    column: Pairs = None,
    encoding: Encoding = None,
    label: Pairs = None,
) -> None:
    """Says what a file of posts holds, and how to train with it.

    Nothing is stored. --column text=body says which column holds what, --label SPELLING=CLASS which
    class a label is.
    """
    # With pandas, which takes half a second to import: not for the help.
    from mental_health_classifier.data.preparing.survey import survey_posts
    from mental_health_classifier.data.reading.column_guess import survey_columns
    from mental_health_classifier.data.reading.source import Source

    given = pairs(column, option="--column")
    if unknown := sorted(given.keys() - set(_ROLES_SAID)):
        raise InputError(
            f"--column {unknown[0]}={given[unknown[0]]}: a column can be named for "
            f"{', '.join(_ROLES_SAID)}."
        )
    for each in label or ():
        if not all(map(str.strip, each.rpartition("="))):
            raise InputError(f"--label {each}: expected SPELLING=CLASS.")
    columns = survey_columns(str(posts), given, encoding)
    source = Source.of(
        str(posts), columns=_named(columns, given), labels=label or None, encoding=encoding
    )
    with counting(f"Reading {posts.name}", total=None) as advance:
        survey = survey_posts(source, advance)
    for line in _about_rows(posts, columns, survey, source):
        answer(line)
    if source.labels is not None:
        _require_labels(source.labels, survey.labels)
    if survey.account.rows_kept:
        for line in _about_posts(survey):
            answer(line)
    if problems := _problems(survey):
        raise InputError("It cannot be trained on as it is: " + " ".join(problems))
    for line in _training(posts, _named(columns, given), survey, label, encoding):
        answer(line)


def _named(columns: Columns, given: Mapping[str, str]) -> dict[str, str | list[str]]:
    """The column of each role, as a configuration says it; none where nobody wants one."""
    unwanted = {role: [] for role in given if role not in columns.found}
    return {role: guess.column for role, guess in columns.found.items()} | unwanted


def _require_labels(classes: Mapping[str, str], found: Mapping[str, int]) -> None:
    """Raises InputError for a spelling that no post has."""
    if lost := [spelling for spelling in classes if spelling not in found]:
        there = alternatives(lost[0], _shown(found))
        raise InputError(f"--label {lost[0]}={classes[lost[0]]}: no post is labelled so.{there}")


def _shown(labels: Mapping[str, int]) -> list[str]:
    """Labels that may be shown, the most frequent first: what stands there once may be a cell of
    another column that has slipped."""
    from mental_health_classifier.data.reading.names import is_name

    often = [name for name, rows in labels.items() if rows > 1 and is_name(name)]
    return sorted(often, key=lambda name: -labels[name])


def _about_rows(posts: Path, columns: Columns, survey: Survey, source: Source) -> list[str]:
    account = survey.account
    lines = [
        f"{posts.name}: {count(account.rows_read, 'row')}, of which {account.rows_kept:,} stay"
    ]
    lines += [f"  {role}: column {g.column} ({g.reason})" for role, g in columns.found.items()]
    if columns.unused:
        lines.append(f"  columns not used: {', '.join(columns.unused)}")
    if columns.unread_sheets:
        lines.append(f"  sheets not read: {', '.join(columns.unread_sheets)}")
    described = account.describe()
    lines += reason_lines({"left out": described["dropped"], "noted": described["noted"]})
    if unmapped := _shown(
        {n: rows for n, rows in survey.labels.items() if n not in (source.labels or ())}
    ):
        lines.append(f"  labels of no class: {', '.join(unmapped[:_MOST_SHOWN])}")
    if account.scrubbed:
        lines.append("  replaced by placeholders: " + _counted(account.scrubbed))
    if source.pooled_parts:
        lines.append(f"  {source.pooled_parts}")
    return lines


def _about_posts(survey: Survey) -> list[str]:
    from mental_health_classifier.data.preparing.prepared_posts import MAX_CLASSES
    from mental_health_classifier.data.reading.names import is_name, unlike_classes
    from mental_health_classifier.data.reading.spellings import look_alikes, misspellings

    names = [name for name in survey.classes if is_name(name)]
    # More of them are no classes, see `_problems`, and every pair would be compared.
    compared = {name: survey.classes[name] for name in names if len(names) <= MAX_CLASSES}
    alike = [each for each in look_alikes(compared) if any(compared[name] > 1 for name in each)]
    alike += map(list, misspellings(compared).items())
    spelled = {name for each in alike for name in each}
    # What stands there once may be a cell of another column that has slipped.
    named = [name for name in names if survey.classes[name] > 1 or name in spelled]
    shown = named[:_MOST_SHOWN]
    lines = ["classes", *(f"  {_about_class(name, survey)}" for name in shown)]
    if further := len(named) - len(shown):
        lines.append(f"  further classes, of no more posts, not shown: {further:,}")
    if further := len(survey.classes) - len(named):
        lines.append(f"  labels of one post each, or unlike names, not shown: {further:,}")
    gone = {name: rows for name, rows in survey.lost.items() if name not in survey.classes}
    lines += [f"  {_about_class(name, survey)}" for name in _shown(gone)[:_MOST_SHOWN]]
    lines += [f"  one class? {' and '.join(map(repr, each))}" for each in alike]
    if alike:
        lines.append("  --label SPELLING=CLASS, once for each spelling of every class, says so")
    if what := unlike_classes([*survey.classes]):
        lines.append(f"  they look like {what}: --column label=NAME names another column")
    if survey.num_authors:
        of_nobody = f"; {count(survey.num_without_author, 'post')} of nobody known"
        several = f"; {survey.num_respelled:,} spelled in several ways, each taken for one"
        lines.append(
            f"authors: {survey.num_authors:,}"
            + (of_nobody if survey.num_without_author else "")
            + (several if survey.num_respelled else "")
        )
    else:
        lines.append("authors: not known, so posts of one author may be in several parts")
    if survey.parts:
        others = survey.account.rows_kept - sum(survey.parts.values())
        divided = f"; {count(others, 'post')} of no part to be divided" if others else ""
        lines.append(f"parts shipped: {_counted(survey.parts)}{divided}")
        if survey.num_in_several_parts:
            lines.append(
                f"  authors with posts in more than one part: {survey.num_in_several_parts:,}; "
                "scores may look better than they are on new authors"
            )
    lines.append(f"words in a post: {_in_words(survey.words)}")
    lines.append(f"characters in a post: {_in_words(survey.characters)}")
    return lines


def _about_class(name: str, survey: Survey) -> str:
    posts, lost = survey.classes.get(name, 0), survey.lost.get(name, 0)
    left_out = f"; left out: {lost:,} of {posts + lost:,} rows" if lost else ""
    return f"{name}: {posts:,} ({100 * posts / max(1, survey.account.rows_kept):.1f} %){left_out}"


def _counted(numbers: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {number:,}" for name, number in numbers.items())


def _in_words(lengths: Lengths) -> str:
    return (
        f"median {lengths.middle:,}, at most {lengths.most:,} in 95 % of posts, longest "
        f"{lengths.longest:,}"
    )


def _problems(survey: Survey) -> list[str]:
    """Why training would refuse the posts."""
    from mental_health_classifier.data.preparing.prepared_posts import MAX_CLASSES
    from mental_health_classifier.data.reading.names import A_NAME, unlike_names

    account, number = survey.account, len(survey.classes)
    if not account.rows_read:
        return ["It holds no posts, there is no row below the names of the columns."]
    if not account.rows_kept:
        return [f"None of its {count(account.rows_read, 'row')} can be used."]
    found = []
    if number == 1:
        found.append("All posts have one label, and two classes were expected at least.")
    if number > MAX_CLASSES:
        found.append(f"There are {number:,} different labels, {MAX_CLASSES} at most were expected.")
    if said := unlike_names([*survey.classes]):
        found.append(
            f"Not every label looks like the name of a class: {said}. {A_NAME}. --label "
            "SPELLING=CLASS, once for each spelling of every class, leaves out all others."
        )
    if not 2 <= number <= MAX_CLASSES:
        found.append("--column label=NAME names another column.")
    if survey.refusal is not None:
        found.append(survey.refusal)
    return found


def _training(
    posts: Path,
    columns: Mapping[str, str | list[str]],
    survey: Survey,
    label: list[str] | None,
    encoding: str | None,
) -> Iterator[str]:
    """The command that trains on the posts, and what to think of before."""
    settings = [f"data.path={_quoted(str(posts))}"]
    settings += [f"data.encoding={_quoted(encoding)}"] if encoding else []
    settings += [
        f"data.columns.{role}={_quoted(column) if isinstance(column, str) else '[]'}"
        for role, column in columns.items()
        if column != role
    ]
    if label:
        settings.append(f"data.labels=[{', '.join(map(_in_quotes, label))}]")
    priority = _priority_class(survey.classes)
    if priority != "suicide":
        settings.append(f"data.priority_class={_quoted(priority) if priority else 'null'}")
    yield "train with"
    yield "  " + " ".join(["python train.py data=file", *map(shlex.quote, settings)])
    if priority is None:
        yield "  data.priority_class=NAME names the class whose misses cost most, if there is one."
    few = {name: posts for name, posts in survey.classes.items() if posts < _FEWEST_POSTS}
    if few:
        yield f"  fewer than {_FEWEST_POSTS} posts may be too few to learn from: {_counted(few)}"


def _priority_class(classes: Mapping[str, int]) -> str | None:
    """The one class that sounds like that whose misses cost most. None: there is none, or people
    have to say which of several it is."""
    said = {
        name: re.sub(r"[\W_]+", " ", name.casefold())
        for name, count in classes.items()
        if count >= _FEWEST_OF_PRIORITY
    }
    for sign in _PRIORITY:
        named = [n for n, words in said.items() if sign in words and not _DENIED.search(words)]
        if named:
            return named[0] if len(named) == 1 else None
    return None


def _quoted(value: str) -> str:
    """A value as Hydra reads it."""
    return value if re.fullmatch(r"[\w./-]+", value) else _in_quotes(value)


def _in_quotes(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
