"""One thing has one name, however it is spelled."""

from __future__ import annotations

import pytest

from mental_health_classifier.data.reading.spellings import (
    folded,
    folded_author,
    folded_list,
    is_missing,
    look_alikes,
    misspellings,
    names_in_list,
    num_look_alikes,
    spelled_as,
    with_decimal_point,
)


@pytest.mark.parametrize(
    ("spellings", "name"),
    [
        (["1", "1.0", "01", " 1 ", "1.", "+1", "1,0", "\uff11", 1, 1.0], "1"),
        (["0", "-0", "0.0", "000"], "0"),
        (["-3", "-3.0", "\u22123"], "-3"),
        (["1.5", "1.5 "], "1.5"),
        (["1,000"], "1,000"),  # a thousand, or one
        (["Suicide", "suicide\u200b", "\ufeffsuicide", "\uff33uicide", "SUICIDE\u00a0"], "suicide"),
        (
            ["non-suicide", "non\u2011suicide", "non\u2013suicide", "non\u2212suicide"],
            "non-suicide",
        ),
        (["d\u00e9pression", "de\u0301pression", "D\u00c9PRESSION"], "d\u00e9pression"),
        (["a  b", "a\u00a0b", "a\tb"], "a b"),
        ([True, "True", "TRUE"], "true"),
    ],
)
def test_spellings_of_one_name_are_one(spellings: list[object], name: str) -> None:
    assert {folded(each) for each in spellings} == {name}
    assert folded(name) == name


def test_a_missing_value_is_known_by_its_spellings_and_none_is_a_class() -> None:
    for cell in (
        "",
        " ",
        "nan",
        "NaN",
        "NA",
        "N/A",
        "n/a",
        "null",
        "NULL",
        "None",
        "<NA>",
        "\u200b",
    ):
        assert is_missing(cell), cell
    for cell in ("none", "no", "0", "nano", "NaN?"):
        assert not is_missing(cell), cell


def test_spellings_of_an_author_are_one_and_nobody_is_none() -> None:
    assert {folded_author(each) for each in ("u/anna", "/u/Anna", "ANNA", "@anna", "anna ")} == {
        "anna"
    }
    assert folded_author("7.0") == folded_author("7") == folded_author("u/7")
    for nobody in ("[deleted]", "[removed]", "nan", "None", "AutoModerator", "u/AutoModerator"):
        assert folded_author(nobody) == "", nobody


def test_names_that_look_alike_are_told_and_others_are_not() -> None:
    assert look_alikes(["non suicide", "nonsuicide", "suicide"]) == [["non suicide", "nonsuicide"]]
    assert look_alikes(["suicide", "su\u0456cide"]) == [["suicide", "su\u0456cide"]]
    assert look_alikes(["depression", "d\u00e9pression"]) == [["depression", "d\u00e9pression"]]
    assert look_alikes(["0", "1", "none", "<", ">", "\u60b2\u4f24", "\u5feb\u4e50"]) == []
    assert num_look_alikes(["anna", "\u0430nna", "bert", "b-ert"]) == 1
    assert num_look_alikes(["anna", "ANNA", "\u674e\u96f7"]) == 0


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ("[0, 1]", ["0", "1"]),
        ("[0 1]", ["0", "1"]),
        ("['joy', 'fear of death']", ["joy", "fear of death"]),
        ('["joy", "it\'s fine"]', ["joy", "it's fine"]),
        ("['joy' 'fear']", ["joy", "fear"]),
        ("[joy, fear of death]", ["joy", "fear of death"]),
        ("('joy',)", ["joy"]),
        ("[1, 'joy']", ["1", "joy"]),
        ("[None, 'joy', nan]", ["joy"]),
        ("[]", []),
        ("joy, fear", None),
        ("[" + "a," * 20_000 + "]", None),
    ],
)
def test_a_list_is_read_as_python_json_and_numpy_write_it(
    cell: str, names: list[str] | None
) -> None:
    assert names_in_list(cell) == names


def test_a_list_becomes_what_a_task_of_several_labels_reads() -> None:
    assert folded_list("['Joy', 'Fear']") == folded_list("joy; fear") == "joy;fear"
    assert folded_list("[1.0, 02]") == "1;2"
    assert folded_list("[]") == "none"
    assert folded_list('["anger, hate"]') == "anger hate"


def test_rare_names_of_hardly_other_letters_are_misspelt() -> None:
    counts = {"suicide": 90, "non-suicide": 80, "level 2": 40, "sucide": 9, "level 1": 1}
    assert misspellings(counts) == {"sucide": "suicide"}


def test_a_decimal_comma_is_read_where_it_can_only_be_one() -> None:
    assert [with_decimal_point(each) for each in ("1,5", "0,125", "3,14159", "-2,50")] == [
        *("1.5", "0.125", "3.14159", "-2.50"),
    ]
    assert with_decimal_point("1,250") == "1,250"


@pytest.mark.parametrize(
    ("given", "names", "name"),
    [
        (1, ("0", "1"), "1"),
        ("1.0", ("0", "1"), "1"),
        (1.0, ("0", "1"), "1"),
        (True, ("false", "true"), "true"),
        (True, ("no", "yes"), "yes"),
        (False, ("no", "yes"), "no"),
        (True, ("0", "1"), "1"),
        ("Suicide", ("control", "suicide"), "suicide"),
        ("other", ("a", "b"), "other"),
        (None, ("a", "b"), None),
    ],
)
def test_a_class_is_found_as_people_name_it(
    given: object, names: tuple[str, ...], name: str | None
) -> None:
    assert spelled_as(given, names) == name
