"""The report opens in a browser and shows every figure."""

import shutil
from urllib.parse import urlsplit

import pytest
from runs import SMALL, run
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

DRIVER = shutil.which("chromedriver")
FIGURES = {
    "area by year": "glacier_retreat_graph.png",
    "blocks": "blocks.png",
    "learning curve": "learning_curve.png",
    "patches": "patches.png",
    "predictions on test blocks": "glacier_gallery.png",
    "recovered and true area": "truth_check.png",
    "reliability and skill": "reliability.png",
    "scenes and outlines": "glacier_scenes.png",
}
TABLES = {"area by year", "area by glacier", "skill on held-out blocks", "recovered and true area", "trend", "scenes"}
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(DRIVER is None, reason="no Chromium here: install the packages chromium and chromium-driver"),
]


@pytest.fixture
def browser():
    options = webdriver.ChromeOptions()
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1400,1000"):
        options.add_argument(argument)
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(executable_path=DRIVER))
    yield driver
    driver.quit()


def figure_is_shown(page, words):
    """Whether the page has decoded a picture of some size whose source holds the words."""
    images = page.find_elements(By.TAG_NAME, "img")
    sources = [(image.get_attribute("src"), image.get_property("naturalWidth")) for image in images]
    return any(words in source[:200] and wide > 300 for source, wide in sources)


def rows(browser, column):
    """Rows of the open category by the label in a column, those without one left out."""
    found = {}
    for row in browser.find_elements(By.XPATH, "//tr[td]"):
        text = row.find_elements(By.TAG_NAME, "td")[column].text.strip()
        if text:
            found[text] = row
    return found


def test_report_shows_every_figure_and_table(finished, tmp_path, browser):
    report = tmp_path / "report.html"
    text, passed = run(finished, SMALL, "--report", str(report))
    assert passed, text
    browser.get(report.as_uri())
    wait = WebDriverWait(browser, 30)
    wait.until(lambda page: page.find_elements(By.XPATH, "//a[normalize-space()='glacier']"))[0].click()
    wait.until(lambda page: set(FIGURES) <= set(rows(page, 0)))
    assert TABLES <= set(rows(browser, 1))
    for label, name in FIGURES.items():
        rows(browser, 0)[label].find_element(By.TAG_NAME, "a").click()
        wait.until(lambda page, name=name: figure_is_shown(page, f"filename={name}"), f"figure '{label}' is not shown")
    # the animation stands in a page of its own
    rows(browser, 0)["timelapse"].find_element(By.TAG_NAME, "a").click()
    wait.until(lambda page: page.find_elements(By.TAG_NAME, "iframe"))
    browser.switch_to.frame(browser.find_element(By.TAG_NAME, "iframe"))
    wait.until(lambda page: figure_is_shown(page, "data:image/gif"), "the timelapse is not shown")
    browser.switch_to.default_content()
    for label in sorted(TABLES):
        link = rows(browser, 1)[label].find_element(By.TAG_NAME, "a").get_attribute("href")
        assert urlsplit(link).scheme == "data" and link.startswith("data:text/csv"), label
