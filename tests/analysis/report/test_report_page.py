import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from trained_runs import train_run
from written_runs import write_failed_run, write_run, yardstick_of

from mental_health_classifier.analysis.report.contents import gather_report
from mental_health_classifier.analysis.report.page import report_page
from mental_health_classifier.tracking.run_index import read_run

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&\u202e\U0001f600 שלום"


class Page(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.text, self.elements, self._open = [], "", [], []
        self.content = {}
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        self._open.append(tag)

    def handle_endtag(self, tag):
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data):
        if self._open and self._open[-1] in ("script", "style"):
            self.content.setdefault(self._open[-1], []).append(data)
        else:
            self.text += data

    def attributes(self, name):
        return [attributes[name] for _, attributes in self.elements if name in attributes]

    def named(self, *tags):
        return [(tag, attributes) for tag, attributes in self.elements if tag in tags]


def html_of(*directories):
    return report_page(gather_report(map(read_run, directories)))


@pytest.fixture
def html(tmp_path):
    hostile = {"name": HOSTILE, "description": HOSTILE * 200, "hypothesis": HOSTILE}
    hostile |= {"variants": [HOSTILE, "x" * 10_000]}
    hostile |= {"tags": [HOSTILE, "x" * 10_000], "argv": [HOSTILE], "model": HOSTILE}
    return html_of(
        write_run(tmp_path / "a", recall=0.9, run={"name": "plain"}),
        write_run(tmp_path / "b", run={**hostile, "config": {HOSTILE: {HOSTILE: HOSTILE}}}),
        write_run(
            tmp_path / "c",
            classes=("suicide", HOSTILE, "x" * 10_000),
            data={"name": HOSTILE, "warnings": [HOSTILE], "fingerprint": HOSTILE},
        ),
        write_failed_run(tmp_path / "d", run={"name": "failed"}),
        write_run(tmp_path / "e", left_out=("end.json",)),
    )


def test_whatever_people_wrote_is_shown_escaped_and_short(html):
    page = Page(html)
    assert len(page.named("script")) == 2 and not page.named("iframe", "object")
    assert not [name for _, attributes in page.elements for name in attributes if name[:2] == "on"]
    assert "<script>alert(1)</script>" in page.text
    assert "\u202e" not in html and "\\u202e" in page.text
    assert "x" * 401 not in html
    assert "\U0001f600 שלום" in page.text


def test_nothing_is_asked_of_any_network(html):
    page = Page(html)
    addresses = [*page.attributes("href"), *page.attributes("src"), *page.attributes("srcset")]
    elsewhere = {address for address in addresses if not address.startswith("#")}
    assert "data:," in elsewhere
    assert all(address.startswith("data:") for address in elsewhere)
    assert not re.search(r"url\((?!#)|@import|https?://", html)


def test_the_policy_allows_this_pages_own_style_and_script_alone(html):
    page = Page(html)
    (policy,) = [a["content"] for _, a in page.named("meta") if "http-equiv" in a]
    (style,), (_, script) = page.content["style"], page.content["script"]
    for kind, content in (("style", style), ("script", script)):
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'") and "unsafe" not in policy
    assert not page.attributes("style"), "the policy forbids them"


def test_embedded_data_cannot_end_their_element(html):
    embedded = Page(html).content["script"][0]
    assert "<" not in embedded
    found = json.loads(embedded)
    assert len(found["runs"]) == len(found["places"]) == 5
    assert {len(places) for places in found["places"]} == {len(found["keys"])}


def test_every_link_leads_somewhere_on_the_page_and_ids_are_unique(html):
    page = Page(html)
    ids = page.attributes("id")
    assert len(ids) == len(set(ids))
    assert {address[1:] for address in page.attributes("href") if address[0] == "#"} <= set(ids)
    for name in ("aria-labelledby", "aria-describedby", "for"):
        for reference in page.attributes(name):
            assert set(reference.split()) <= set(ids)


def test_headings_are_in_order_and_tables_have_captions_and_headers(html):
    page = Page(html)
    levels = [int(tag[1]) for tag, _ in page.named("h1", "h2", "h3", "h4")]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))
    assert len(page.named("table")) == len(page.named("caption"))
    assert all("scope" in attributes for _, attributes in page.named("th"))
    for landmark in ("main", "nav", "header", "footer"):
        assert page.named(landmark)
    assert page.named("html")[0][1]["lang"] == "en"


def test_runs_on_other_posts_have_a_warning_and_a_table_of_their_own(html):
    assert "Numbers of one table cannot be compared" in Page(html).text


def test_a_run_that_cannot_be_rebuilt_is_named(tmp_path):
    reasons = {"src/local.py": "is ignored by git"}
    html = html_of(write_run(tmp_path / "a", run={"source": {"cannot_be_rebuilt": reasons}}))
    assert "This run cannot be rebuilt: src/local.py is ignored by git." in Page(html).text


def test_the_promise_is_one_of_a_run_that_was_chosen_among_all(mhc, tmp_path):
    # By the command, which reads runs without the checksums of their files.
    assert mhc("report", "--output", "page.html").exit_code == 0
    page = Page((tmp_path / "page.html").read_text(encoding="utf-8"))
    assert page.text.count("for whichever of 2 models is chosen") > 2  # and in the clinical part
    assert "It is not for a run chosen among" not in page.text


def test_a_name_that_would_be_a_broken_formula_is_drawn_as_it_is(tmp_path):
    name = "name='a $5_{ b $6^'"
    run = train_run(tmp_path / "outputs", "tfidf_logistic", "model=tfidf_logistic", name)
    assert "a $5_{ b $6^" in html_of(run.directory)


IMPOSSIBLE = {
    "one counted as several": r"\b1 (?:more )?(?:\w+ )?(?:runs|posts|seeds|pairs|models|authors|"
    r"configurations|comparisons|trials|misses|alarms|cases|lines|warnings)\b",
    "a zero with a sign": r"[-\u2212]0?\.0+(?![0-9])",
    "a key for a word": r"\b(?:final_|val_|test/|train/)\w+",
    "a sign escaped for another page": r"\\\$|&(?:amp|lt|gt|quot|#)\w*;",
    "nothing for a number": r"\b(?:nan|inf)\b",
}


def written_odd(tmp_path, kind):
    """Runs that make a page say what it is rarely asked to say."""
    name = "a$b$ <i> & co"
    metrics = {"test/n": 1, "test/support/suicide": 1, "test/accuracy": -0.0001}
    of_yardstick = yardstick_of({"test/recall_at_spec80": (-0.0002, -0.004, 0.001)})
    end = {"yardstick": of_yardstick}
    if kind == "one post":
        end |= {"metrics": metrics, "intervals": {"test/accuracy": [-0.004, 0.001]}}
    seeds = 2 if kind == "two seeds" else 1
    return [
        write_run(
            tmp_path / f"{seed}",
            classes=("suicide", "$x$ & <b>", "control"),
            run={"name": name, "model": name, "seed": seed, "hypothesis": name},
            data={"name": name},
            end=end,
        )
        for seed in range(seeds)
    ]


@pytest.mark.parametrize("kind", ["one run", "two seeds", "one post"])
def test_the_page_says_nothing_impossible(tmp_path, kind):
    html = html_of(*written_odd(tmp_path, kind))
    # What is written as code is a name of the record or a command.
    text = Page(re.sub(r"<code.*?</code>", "", html, flags=re.DOTALL)).text
    assert "a$b$ <i> & co" in text
    for what, pattern in IMPOSSIBLE.items():
        assert not (found := re.findall(f".{{0,40}}{pattern}.{{0,20}}", text)), (what, found)
