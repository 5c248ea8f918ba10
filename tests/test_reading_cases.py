"""Small inputs of every kind that was once misread, each with its command and with what is right.

MHC_CASES names their folder: NAME/cmd.txt is the command, NAME/expected.txt what is right. What can
be checked of that stands here.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hydra.errors import OverrideParseException

from mental_health_classifier.configuration.build import build_corpus
from mental_health_classifier.configuration.check import checked
from mental_health_classifier.configuration.errors import explain
from mental_health_classifier.contracts import Corpus, InputError


class Outcome(NamedTuple):
    corpus: Corpus | None
    message: str
    """Of the refusal; empty: there is a corpus."""

    @property
    def classes(self) -> dict[str, int]:
        assert self.corpus is not None, self.message
        counts = self.corpus.posts["label"].value_counts()
        return {name: int(counts[i]) for i, name in enumerate(self.corpus.task.class_names)}

    @property
    def noted(self) -> str:
        assert self.corpus is not None, self.message
        account: Any = self.corpus.account
        return " ".join(account["noted"])


def has_classes(*names: str) -> Callable[[Outcome], bool]:
    return lambda came: set(came.classes) == set(names) and sum(came.classes.values()) == 120


def says(*words: str) -> Callable[[Outcome], bool]:
    return lambda came: "Traceback" not in came.message and all(w in came.message for w in words)


def authors_are_apart(came: Outcome) -> bool:
    """No author is in two parts, and every one is there once."""
    assert came.corpus is not None, came.message
    known = came.corpus.posts.dropna(subset=["author"])
    return bool((known.groupby("author")["part"].nunique() == 1).all())


def nobody_is_an_author(came: Outcome) -> bool:
    assert came.corpus is not None, came.message
    is_known = came.corpus.posts["author"].notna()
    return bool(is_known.any() and not is_known.all()) and "no author" in came.noted


def part_sizes(came: Outcome) -> dict[str, int]:
    assert came.corpus is not None, came.message
    return came.corpus.posts["part"].value_counts().to_dict()


def has_severity(came: Outcome) -> bool:
    assert came.corpus is not None, came.message
    return sorted(came.corpus.posts["severity"].unique()) == [0, 1, 2, 3]


def has_labels_0_1_2(came: Outcome) -> bool:
    assert came.corpus is not None, came.message
    return came.corpus.auxiliary_tasks[0].class_names == ("0", "1", "2")


def missing_labels_are_counted(came: Outcome) -> bool:
    assert came.corpus is not None, came.message
    account: Any = came.corpus.account
    return set(came.classes) == {"control", "suicide"} and (
        account["dropped"]["missing label, written nan"]["rows"] == 24
    )


SUICIDE = has_classes("control", "suicide")
NUMBERS = has_classes("0", "1")
RIGHT: dict[str, Callable[[Outcome], bool]] = {
    "author_deleted": nobody_is_an_author,
    "author_spelling": authors_are_apart,
    "columns_int_list": SUICIDE,
    "columns_string": says("data.columns"),
    "double_bom": SUICIDE,
    "duplicate_column_message": says("more than one column 'title'"),
    "groups_year": lambda came: came.corpus is not None and "group_2023" in came.corpus.posts,
    "headerless_short_post": lambda came: "honey" not in came.message and "row" in came.message,
    "json_array": SUICIDE,
    "jsonl_late_column": lambda came: 0 < part_sizes(came)["test"] < 1000,
    "labels_awkward_key": says("data.labels=[", "fine, thanks=control"),
    "labels_dashes": lambda came: len(came.classes) == 2,
    "labels_float_int_mixed": NUMBERS,
    "labels_invisible": SUICIDE,
    "labels_nan_text": missing_labels_are_counted,
    "labels_nfc_nfd": lambda came: len(came.classes) == 2,
    "labels_to_numbers": NUMBERS,
    "multi_label_python_list": has_labels_0_1_2,
    "parquet_far_date": says("of no calendar"),
    "parquet_unknown_zone": says("time zone"),
    "path_list": says("data.path"),
    "priority_case": lambda came: (
        came.corpus is not None and came.corpus.task.priority_class == "suicide"
    ),
    "priority_int": lambda came: came.corpus is not None and came.corpus.task.priority_class == "1",
    "quote_csv_unquoted_writer": lambda came: SUICIDE(came) and "quote" in came.noted,
    "semicolon": SUICIDE,
    "severity_float": has_severity,
    "split_by_file_name": lambda came: part_sizes(came)["test"] == 40,
}


@pytest.fixture
def cases() -> Path:
    folder = os.environ.get("MHC_CASES")
    if not folder:
        pytest.skip("MHC_CASES does not name a folder with cases")
    return Path(folder)


@pytest.fixture
def read(
    cases: Path, compose_config: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], Outcome]:
    def reading(name: str) -> Outcome:
        monkeypatch.chdir(cases / name)
        command, *_ = (cases / name / "cmd.txt").read_text(encoding="utf-8").split(";")
        overrides = shlex.split(command)[2:]
        try:
            return Outcome(build_corpus(checked(compose_config(overrides))), "")
        except InputError as error:
            return Outcome(None, str(error))
        except OverrideParseException as error:
            return Outcome(None, explain(error))

    return reading


@pytest.mark.parametrize("name", RIGHT)
def test_a_case_is_read_as_is_right(name: str, read: Callable[[str], Outcome]) -> None:
    came = read(name)
    assert RIGHT[name](came), (came.message, came.corpus and came.corpus.describe())


def test_no_post_is_decided_with_another_in_silence(
    cases: Path, mhc: Callable[..., Any], tmp_path: Path
) -> None:
    posts = cases / "quote_predict" / "posts.tsv"
    given = ("predict", posts, "--run", "outputs/baseline_micro", "--output", "d.csv")
    done = mhc(*given, "--uncertified")
    lines = (tmp_path / "d.csv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 61 and "posts.tsv:12" in done.output


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("predict_folder", ["predict", "folder", "--output", "d.csv", "--uncertified"]),
        ("explain_folder", ["explain", "--file", "folder", "--row", "3"]),
        ("evaluate_unknown_role", ["evaluate", "posts.csv", "--column", "txt=text"]),
    ],
)
def test_what_a_command_cannot_read_is_one_sentence(
    name: str, arguments: list[str], cases: Path, mhc: Callable[..., Any]
) -> None:
    run = "outputs/baseline_micro"
    given = [
        str(cases / name / each) if each in ("folder", "posts.csv") else each for each in arguments
    ]
    given[1:1] = ["--run", run] if name == "predict_folder" else [run]
    done = mhc(*given)
    assert done.exit_code == 1 and isinstance(done.exception, SystemExit), done.output
