"""The report opens in a browser and shows every figure."""

import shutil
from urllib.parse import urlsplit

import pytest
from runs import SMALL, SMALL_OCEAN, SMALL_SNOW, run
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

DRIVER = shutil.which("chromedriver")
GLACIER = {
    "area by year": "glacier_retreat_graph.png",
    "blocks": "blocks.png",
    "learning curve": "learning_curve.png",
    "patches": "patches.png",
    "predictions on test blocks": "glacier_gallery.png",
    "recovered and true area": "truth_check.png",
    "reliability and skill": "reliability.png",
    "scenes and outlines": "glacier_scenes.png",
}
GLACIER_TABLES = {
    "area by year", "area by glacier", "skill on held-out blocks", "recovered and true area", "trend", "scenes",
}  # fmt: skip
OCEAN = {
    "biomes": "ocean_biome_map.png",
    "choice of the cut": "ocean_cut_grid.png",
    "competition": "ocean_competition.png",
    "cores": "ocean_core.png",
    "coverage and trends": "ocean_coverage.png",
    "dendrogram": "ocean_dendrogram.png",
    "drivers": "ocean_drivers.png",
    "drivers by calendar month": "ocean_drivers_season.png",
    "occurrence": "ocean_occurrence.png",
    "recovered and true coverage": "truth_check.png",
    "seasonal cycle": "ocean_seasonal_cycle.png",
    "skill of the network": "ocean_classifier.png",
    "slopes": "ocean_slope_maps.png",
    "slopes of the biomes": "ocean_biome_profile.png",
}
OCEAN_TABLES = {"agreement of methods", "biomes", "coverage by month", "fields of the data set", "trends of coverage"}
SNOW = {
    "activation maps, dinov2": "activation_maps_dinov2.png",
    "augmentation": "augmentation.png",
    "benchmark": "benchmark.png",
    "curation": "curation.png",
    "domain shift": "domain_shift.png",
    "embeddings, PCA": "embeddings_pca.png",
    "embeddings, t-SNE": "embeddings_tsne.png",
    "gallery": "snow_gallery.png",
    "reliability and skill": "reliability.png",
    "retrieval": "embeddings_retrieval.png",
    "seasons": "snow_seasons.png",
    "snow cover": "snow_cover.png",
    "triplets": "triplets.png",
    "truth check": "truth_check.png",
}
SNOW_TABLES = {
    "benchmark", "conclusions", "curation", "domain shift", "retrieval", "skill by season", "snow cover of every scene",
    "truth check", "what the benchmark says",
}  # fmt: skip
STUDIES = {
    "glacier": ("finished", SMALL, GLACIER, GLACIER_TABLES, "timelapse"),
    "ocean": ("finished_ocean", SMALL_OCEAN, OCEAN, OCEAN_TABLES, "animation"),
    "snow": ("finished_snow", SMALL_SNOW, SNOW, SNOW_TABLES, None),
}
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


def rows(browser, kind):
    """Rows of the open category by their label as a figure or a table, rows of the other kind left out."""
    heads = [cell.text.strip().lower() for cell in browser.find_elements(By.XPATH, "//tr[th][1]/th")]
    if kind not in heads:
        return {}
    found = {}
    for row in browser.find_elements(By.XPATH, "//tr[td]"):
        text = row.find_elements(By.TAG_NAME, "td")[heads.index(kind)].text.strip()
        if text:
            found[text] = row
    return found


@pytest.mark.parametrize("study", STUDIES)
def test_report_shows_every_figure_and_table(study, tmp_path, browser, request):
    fixture, config, figures, tables, animation = STUDIES[study]
    report = tmp_path / "report.html"
    text, passed = run(request.getfixturevalue(fixture), config, "--report", str(report))
    assert passed, text
    browser.get(report.as_uri())
    wait = WebDriverWait(browser, 30)
    wait.until(lambda page: page.find_elements(By.XPATH, f"//a[normalize-space()='{study}']"))[0].click()
    wait.until(lambda page: set(figures) <= set(rows(page, "figure")))
    assert tables <= set(rows(browser, "table"))
    for label, name in figures.items():
        rows(browser, "figure")[label].find_element(By.TAG_NAME, "a").click()
        wait.until(lambda page, name=name: figure_is_shown(page, f"filename={name}"), f"figure '{label}' is not shown")
    if animation:
        assert_animation_is_shown(browser, wait, animation)
    for label in sorted(tables):
        link = rows(browser, "table")[label].find_element(By.TAG_NAME, "a").get_attribute("href")
        assert urlsplit(link).scheme == "data" and link.startswith("data:text/csv"), label


def assert_animation_is_shown(browser, wait, animation):
    """The animation stands in a page of its own."""
    rows(browser, "figure")[animation].find_element(By.TAG_NAME, "a").click()
    wait.until(lambda page: page.find_elements(By.TAG_NAME, "iframe"))
    browser.switch_to.frame(browser.find_element(By.TAG_NAME, "iframe"))
    wait.until(lambda page: figure_is_shown(page, "data:image/gif"), f"the {animation} is not shown")
    browser.switch_to.default_content()
