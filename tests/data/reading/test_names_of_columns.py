import pytest

from mental_health_classifier.data.reading.names import are_column_names, is_name


@pytest.mark.parametrize(
    "name", ["suicide", "suicide risk", "18-24", "sécurité", "I'm fine, thanks"]
)
def test_what_is_short_and_no_sentence_is_a_name(name: str) -> None:
    assert is_name(name)


@pytest.mark.parametrize(
    "post",
    ["", "I sleep badly.", "why me?", "one two three four five six", "x" * 41, "a\nb", "\x1b[2J"],
)
def test_what_may_be_a_post_is_none(post: str) -> None:
    assert not is_name(post)


def test_a_header_names_columns_and_none_of_them_comes_again_below() -> None:
    below = [["i like tea", "fine", "anna"]]
    assert are_column_names(["text", "label", "user id"], below)
    assert not are_column_names(["tea with honey", "fine", "anna"], below)


@pytest.mark.parametrize("row", ["tea;fine;anna", "tea|fine", "tea, fine", "12", "2024-05-01"])
def test_a_row_of_a_file_without_header_names_none(row: str) -> None:
    assert not are_column_names([row], [])
