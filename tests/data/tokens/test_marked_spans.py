import pandas as pd
import pytest

from mental_health_classifier.contracts import InputError
from mental_health_classifier.data.tokens.marked_spans import MarkedSpans


def posts(*cells: str | None) -> pd.DataFrame:
    return pd.DataFrame({"id": [f"id{n}" for n in range(len(cells))], "column/reasons": cells})


def test_a_cell_holds_any_number_of_spans() -> None:
    found = MarkedSpans(column="reasons").annotate(posts("4:11 20:25", "", None, " 0:3 "))
    assert found == [[(4, 11, 1), (20, 25, 1)], [], [], [(0, 3, 1)]]


def test_posts_from_elsewhere_have_no_marks() -> None:
    assert MarkedSpans(column="reasons").annotate(pd.DataFrame({"text": ["a", "b"]})) == [[], []]


@pytest.mark.parametrize("cell", ["4-11", "4:11,20:25", "secret words", "4:"])
def test_what_is_no_span_is_told_by_post_and_column_alone(cell: str) -> None:
    with pytest.raises(InputError, match=r"reasons of post id1 .* such as 4:11") as raised:
        MarkedSpans(column="reasons").annotate(posts("", cell))
    assert "secret" not in str(raised.value)
