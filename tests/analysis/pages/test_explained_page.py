from explained_posts import explained

from mental_health_classifier.analysis.pages.explained_text import explained_page


def test_what_a_person_wrote_does_nothing_to_the_page() -> None:
    text = "<script>alert(1)</script> \x1b[2J"
    one = explained(text, [[0, 8], [8, len(text)]], [1.0, 0.5])
    page = explained_page(one, run_id="<b>")
    assert "<script" not in page and "&lt;script&gt;" in page and "<b>" not in page
    assert "default-src 'none'" in page


def test_a_page_holds_the_post_its_colours_and_the_probabilities() -> None:
    page = explained_page(explained("up down", [[0, 2], [3, 7]], [2.0, -1.0]), run_id="abc")
    assert 'style="background: rgb(255, 120, 120)" title="+2.000">up</span> <span' in page
    assert page.index("suicide</td>") < page.index("0.250") < page.index("0.750")
