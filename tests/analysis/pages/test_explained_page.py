from explained_posts import explained

from mental_health_classifier.analysis.pages.explained_text import explained_page
from mental_health_classifier.analysis.sections.section import Section


def test_what_a_person_wrote_does_nothing_to_the_page() -> None:
    text = "<script>alert(1)</script> \x1b[2J"
    one = explained(text, [[0, 8], [8, len(text)]], [1.0, 0.5])
    page = explained_page(one, run_id="<b>")
    assert "<script" not in page and "&lt;script&gt;" in page and "<b>" not in page
    assert "default-src 'none'" in page


def test_a_page_says_first_what_was_decided_and_why() -> None:
    page = explained_page(explained("up down", [[0, 2], [3, 7]], [2.0, -1.0]), run_id="abc")
    assert "<h1>Alerted</h1>" in page
    assert "<p>Probability .250 of suicide, alert from .047.</p>" in page
    assert page.index("suicide</th>") < page.index(">.250<") < page.index(">.750<")


def test_whole_words_are_coloured_and_a_legend_says_how() -> None:
    one = explained("hopeless day", [[0, 4], [4, 8], [9, 12]], [1.0, 1.0, -1.0])
    page = explained_page(one, run_id="abc")
    assert '<span class="for" style="--depth: 60%" title="+2.00">hopeless</span> <span' in page
    assert (
        '<span class="against" style="--depth: 34%" title="\N{MINUS SIGN}1.00">day</span>' in page
    )
    assert "speaks for suicide</li>" in page and "sum of those of the pieces" in page


def test_a_page_is_made_for_phones_and_for_the_dark() -> None:
    page = explained_page(explained("up", [[0, 2]], [1.0]), run_id="abc")
    assert "width=device-width" in page and "prefers-color-scheme: dark" in page


def test_what_explanations_are_worth_stands_with_the_posts_left_out() -> None:
    one = explained("up", [[0, 2]], [1.0])
    assert "Not measured." in explained_page(one, run_id="abc")
    worth = Section(title="Explanations", header=["part", "left out"], rows=[["suff", "12"]])
    page = explained_page(one, run_id="abc", worth=worth)
    assert "Not measured" not in page and "left out" in page and "<bdi>12</bdi>" in page
