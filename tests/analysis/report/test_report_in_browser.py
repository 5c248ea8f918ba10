"""The report in a real browser, opened from the disk as from a mail."""

import json
import shutil
from importlib.resources import files
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select
from written_runs import (
    write_failed_run,
    write_run,
    write_stored_predictions,
    yardstick_of,
)

from mental_health_classifier.analysis.report.contents import gather_report
from mental_health_classifier.analysis.report.page import report_page
from mental_health_classifier.storage.json_lines import append_record, open_records
from mental_health_classifier.tracking.run_index import find_runs

pytestmark = pytest.mark.slow

FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--window-size=1280,900"),
)
HOSTILE = "</script><script>document.title='owned'</script><b>\U0001f600 שלום"


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or driver is None:
        pytest.skip("needs chromium and chromedriver (apt-get install chromium-driver)")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    started = webdriver.Chrome(options=options, service=Service(driver))
    yield started
    started.quit()


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    config = {"model": {"width": 64}, "evaluation": {"specificity_floor": 0.8}}
    for number, (name, recall) in enumerate((("middle", 0.8), ("low", 0.6), ("high", 0.9))):
        run = write_run(
            folder / "runs" / name,
            recall=recall,
            run={
                **{"name": name, "seed": number, "configuration_hash": name, "tags": [HOSTILE]},
                **{"config": {**config, "width": number}, "description": HOSTILE * 50},
            },
        )
        write_stored_predictions(run, skill=recall, seed=number)
        with open_records(run / "metrics.jsonl") as handle:
            for step in range(400):
                record = {"step": step, "epoch": 0, "train/loss": 2 / (1 + step)}
                append_record(handle, record)
    write_failed_run(folder / "runs" / "failed", run={"name": HOSTILE})
    (folder / "report.html").write_text(report_page(gather_report(find_runs([folder / "runs"]))))
    return folder / "report.html"


@pytest.fixture
def opened(browser, page):
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    browser.get("about:blank")
    for kind in ("browser", "performance"):
        browser.get_log(kind)
    browser.get(page.as_uri())
    return browser


def names_shown(browser):
    rows = browser.find_elements(By.CSS_SELECTOR, "#table-1 tbody tr")
    return [row.find_element(By.TAG_NAME, "th").text for row in rows if row.is_displayed()]


def heading(browser, title):
    (found,) = [
        each
        for each in browser.find_elements(By.CSS_SELECTOR, "#table-1 thead th")
        if each.text.splitlines()[:1] == [title]
    ]
    return found


def test_the_page_asks_nothing_of_anybody_and_reports_no_error(opened, page: Path):
    assert opened.get_log("browser") == []
    events = [json.loads(entry["message"])["message"] for entry in opened.get_log("performance")]
    asked = {
        event["params"]["request"]["url"]
        for event in events
        if event["method"] == "Network.requestWillBeSent"
    }
    assert {url for url in asked if not url.startswith("data:")} == {page.as_uri()}
    assert opened.title == "Report on 4 runs"


def test_headings_sort_by_number_and_by_name(opened):
    assert names_shown(opened) == ["high", "middle", "low"]
    accuracy = heading(opened, "Accuracy")
    accuracy.find_element(By.TAG_NAME, "button").click()
    assert accuracy.get_attribute("aria-sort") == "descending"
    assert names_shown(opened) == ["high", "middle", "low"]
    accuracy.find_element(By.TAG_NAME, "button").send_keys(Keys.ENTER)
    assert accuracy.get_attribute("aria-sort") == "ascending"
    assert names_shown(opened) == ["low", "middle", "high"]
    heading(opened, "Run").find_element(By.TAG_NAME, "button").click()
    assert names_shown(opened) == ["high", "low", "middle"]
    sorted_by = opened.find_elements(By.CSS_SELECTOR, "#table-1 th[aria-sort]")
    assert [each.text for each in sorted_by] == ["Run"]


def test_words_filter_and_boxes_choose_columns(opened):
    words = opened.find_element(By.CSS_SELECTOR, "[data-filter=table-1]")
    words.send_keys("HIGH")
    assert names_shown(opened) == ["high"]
    assert opened.find_element(By.CSS_SELECTOR, "[data-count=table-1]").text == "1 of 3 runs"
    words.clear()
    words.send_keys(Keys.SPACE)
    assert len(names_shown(opened)) == 3
    assert not opened.find_elements(By.XPATH, "//*[@id='table-1']//th[.='Tags']")[0].is_displayed()
    opened.find_element(By.CSS_SELECTOR, "details.choose summary").click()
    (box,) = opened.find_elements(By.XPATH, "//label[normalize-space()='Tags']/input")
    box.click()
    assert heading(opened, "Tags").is_displayed()


def type_filter(browser, typed):
    words = browser.find_element(By.CSS_SELECTOR, "[data-filter=table-1]")
    words.clear()
    words.send_keys(typed)


def test_the_filter_understands_columns_and_comparisons(opened):
    for typed, names in (
        ("seed 2", ["high"]),
        ("recall > .7", ["high", "middle"]),
        ("accuracy <= .75 seed 0", ["middle"]),
        ("middle recall >= 0.8", ["middle"]),
        ("seed != 2 and accuracy > .6", ["middle"]),
        ("seed 7", []),
        ("recall > ", []),
    ):
        type_filter(opened, typed)
        assert names_shown(opened) == names, typed


def test_the_address_keeps_filter_order_pins_and_what_is_hidden(opened):
    type_filter(opened, "recall > .7")
    heading(opened, "Accuracy").find_element(By.TAG_NAME, "button").click()
    rows = opened.find_elements(By.CSS_SELECTOR, "#table-1 tbody tr")
    rows[1].find_element(By.CSS_SELECTOR, "[data-pin]").click()
    assert names_shown(opened) == ["middle", "high"]
    opened.find_elements(By.CSS_SELECTOR, "[data-hide]")[1].click()
    assert names_shown(opened) == ["middle"]
    address = opened.current_url
    opened.get("about:blank")
    opened.get(address)
    assert names_shown(opened) == ["middle"]
    assert (
        opened.find_element(By.CSS_SELECTOR, "[data-filter]").get_property("value") == "recall > .7"
    )
    assert heading(opened, "Accuracy").get_attribute("aria-sort") == "descending"
    opened.find_element(By.CSS_SELECTOR, "[data-restore]").click()
    assert names_shown(opened) == ["high", "middle"]


def test_arrows_lead_through_the_buttons_of_rows(opened):
    first = opened.find_element(By.CSS_SELECTOR, "#table-1 [data-pin]")
    first.send_keys(Keys.ARROW_DOWN)
    active = opened.switch_to.active_element
    assert active.get_attribute("aria-label") == "Keep on top: middle"
    stops = opened.find_elements(By.CSS_SELECTOR, "#table-1 .tools [tabindex='0']")
    assert stops == [active]


def test_a_number_leads_to_its_run_which_opens(opened):
    number = opened.find_element(By.CSS_SELECTOR, "#stability tbody td a")
    opened.execute_script("arguments[0].click()", number)
    section = opened.find_element(By.CSS_SELECTOR, number.get_dom_attribute("href"))
    opened.execute_async_script("requestAnimationFrame(() => arguments[0]())")
    assert section.get_attribute("open") is not None
    assert "SHA-256 of run.json" in section.text and "outputs" not in section.text
    assert opened.execute_script("return document.activeElement.tagName") == "SUMMARY"


def test_two_runs_are_compared_by_what_differs(opened):
    first, second = (
        Select(opened.find_element(By.ID, f"difference-{side}")) for side in ("a", "b")
    )
    options = [option.text for option in first.options]
    first.select_by_index(next(i for i, name in enumerate(options) if name.startswith("high")))
    second.select_by_index(next(i for i, name in enumerate(options) if name.startswith("low")))
    rows = opened.find_elements(By.CSS_SELECTOR, "#difference-rows tr")
    assert [[cell.text for cell in row.find_elements(By.XPATH, "*")] for row in rows] == [
        ["seed", "2", "1"],
        ["width", "2", "1"],
    ]
    assert opened.find_element(By.ID, "difference-caption").text == "Keys that differ: 2"
    numbers = opened.find_elements(By.CSS_SELECTOR, "#difference-numbers tr")
    cells = [[cell.text for cell in row.find_elements(By.XPATH, "*")] for row in numbers]
    (accuracy,) = [row for row in cells if row[0] == "accuracy"]
    assert accuracy[1:3] == [".850 [.81, .88] (n = 300)", ".550 [.51, .58] (n = 300)"]
    assert accuracy[3].startswith("+.")
    # 40 posts of each class, on the diagonal most of them.
    matrix = opened.find_elements(By.CSS_SELECTOR, "#confusion-a tbody td")
    assert sum(int(cell.text) for cell in matrix[:3]) == 40


def test_the_curves_of_two_runs_can_be_drawn_alone(opened):
    opened.execute_script("document.getElementById('difference-curves').click()")
    boxes = opened.find_elements(By.CSS_SELECTOR, "[data-curve]")
    drawn = {box.get_attribute("data-curve") for box in boxes if box.is_selected()}
    assert drawn == {"run-1", "run-2"} and len(boxes) == 3


def test_curves_are_switched_on_and_off(opened):
    box = opened.find_element(By.CSS_SELECTOR, "[data-curve]")
    key = box.get_attribute("data-curve")
    line = opened.find_element(By.CSS_SELECTOR, f"#curves [data-link='#{key}']")
    assert line.value_of_css_property("display") != "none"
    box.click()
    assert line.value_of_css_property("display") == "none"


def test_losses_have_a_logarithmic_scale(opened):
    linear, on_log = (
        opened.find_element(By.CSS_SELECTOR, f"#curves .{kind}")
        for kind in ("linear", "logarithmic")
    )
    assert linear.is_displayed() and not on_log.is_displayed()
    opened.find_element(By.CSS_SELECTOR, "[data-looks='is-logarithmic']").click()
    assert on_log.is_displayed() and not linear.is_displayed()


def test_marks_tell_their_values(opened):
    titles = opened.execute_script(
        "return Array.from(document.querySelectorAll('#summary .wide title'), (t) => t.textContent)"
    )
    assert any(title.startswith("high: .900 [.86, .93]") for title in titles)


AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
VIOLATIONS = """
const done = arguments[0];
axe.run(document, {resultTypes: ["violations"]}).then((found) => done(
  found.violations.map((each) => [each.id, each.nodes.slice(0, 3).map((node) => node.html)])));
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1400])
def test_axe_finds_no_fault(opened, page, width, scheme):
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    opened.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    opened.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    opened.get(page.as_uri())
    opened.execute_script(AXE)
    assert opened.execute_async_script(VIOLATIONS) == []


def test_every_landmark_has_a_name_of_its_own_and_there_is_one_of_each_kind(opened):
    for tag in ("main", "nav", "header.page", "footer.page"):
        assert len(opened.find_elements(By.CSS_SELECTOR, tag)) == 1
    sections = opened.find_elements(By.CSS_SELECTOR, "section, [role=region]")
    names = [each.accessible_name for each in sections]
    assert len(set(names)) == len(names) and all(names)


TAB_STOPS = """
const table = document.getElementById("table-1");
const all = document.querySelectorAll(
  "a[href], button, input, select, summary, [tabindex]");
return [...all].filter((each) => each.tabIndex >= 0 && !each.disabled && each.checkVisibility()
  && (table.contains(each)
      || each.compareDocumentPosition(table) & Node.DOCUMENT_POSITION_FOLLOWING)).length;
"""


def test_nothing_that_people_wrote_runs(opened):
    assert opened.title == "Report on 4 runs"
    assert not opened.find_elements(By.CSS_SELECTOR, "main b")
    assert HOSTILE[:30] in opened.find_element(By.ID, "failures").text


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_the_page_does_not_overflow(opened, width):
    metrics = {"width": width, "height": 844, "deviceScaleFactor": 2, "mobile": width < 500}
    opened.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    for details in opened.find_elements(By.CSS_SELECTOR, "details"):
        opened.execute_script("arguments[0].open = true", details)
    assert opened.execute_script("return document.documentElement.scrollWidth") <= width


def test_without_scripts_everything_can_still_be_read(browser, page):
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.get(page.as_uri())
        assert names_shown(browser) == ["high", "middle", "low"]
        assert not browser.find_element(By.CSS_SELECTOR, ".controls").is_displayed()
        assert browser.find_element(By.ID, "difference-without").is_displayed()
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_of_a_long_table_the_first_rows_are_shown_until_all_are_wanted(browser, tmp_path):
    for number in range(53):
        write_run(tmp_path / "runs" / f"{number}", run={"name": f"run {number}", "seed": number})
    (tmp_path / "report.html").write_text(
        report_page(gather_report(find_runs([tmp_path / "runs"])))
    )
    browser.get((tmp_path / "report.html").as_uri())
    assert len(names_shown(browser)) == 50
    assert 50 < browser.execute_script(TAB_STOPS) <= 200
    count = browser.find_element(By.CSS_SELECTOR, "[data-count]")
    assert count.text == "53 of 53 runs, the first 50 shown"
    browser.find_element(By.XPATH, "//*[@id='table-1']//button[.='Seed']").click()
    assert names_shown(browser)[0] == "run 52"
    browser.find_element(By.CSS_SELECTOR, "[data-more]").click()
    assert len(names_shown(browser)) == 53 and count.text == "53 of 53 runs"


QUESTIONS = {
    "which model": "Recommended configuration: good",
    "how many missed": r"Of \d+ suicide posts of test it found \d+ and missed \d+",
    "is it better than TF-IDF": "good is .* the yardstick tfidf_logistic",
    "may I use it on people": "May it be used on people.*No: ",
    "how many seeds": "How many seeds.*1; 5 are needed",
    "which data": r"Which data.* posts, of which \d+ posts.* were the test",
    "what failed": "What failed.*1 of 2 runs: 1 failed",
    "what did it cost": "What it cost.*2 min 5 s",
    "can it be repeated": "Can it be repeated",
    "what next": "What next",
}
SCREEN = """
const wanted = new RegExp(arguments[0], "s");
const found = [...document.querySelectorAll("main li, main p, main dl")]
  .flatMap((each) => each.tagName === "DL" ? [...each.querySelectorAll("dd")] : [each])
  .find((each) => wanted.test((each.previousElementSibling?.textContent ?? "") + each.textContent));
return found ? Math.ceil((found.getBoundingClientRect().bottom + scrollY) / innerHeight) : null;
"""


def test_a_cold_reader_finds_ten_answers_on_two_screens(browser, tmp_path):
    good = write_run(
        tmp_path / "runs" / "good",
        run={"name": "good"},
        end={"yardstick": yardstick_of({"test/recall_at_spec80": (0.1, 0.02, 0.18)})},
    )
    write_stored_predictions(good, skill=6, seed=1)
    write_stored_predictions(good / "beside", skill=0, seed=9)
    (good / "beside" / "predictions").rename(good / "predictions" / "yardstick")
    write_failed_run(tmp_path / "runs" / "failed")
    html = report_page(gather_report(find_runs([tmp_path / "runs"])))
    (tmp_path / "report.html").write_text(html)
    metrics = {"width": 1400, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    browser.get((tmp_path / "report.html").as_uri())
    screens = {what: browser.execute_script(SCREEN, said) for what, said in QUESTIONS.items()}
    assert all(screen in (1, 2) for screen in screens.values()), screens
