"""The report opens in a browser and shows every figure."""

import shutil
from urllib.parse import urlsplit

import numpy as np
import pytest
from PIL import Image
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from climate_indicators.plotting.animation import write_animation, write_page
from runs import ROOT, SMALL, SMALL_OCEAN, SMALL_SNOW, run

DRIVER = shutil.which("chromedriver")
STYLE = ("--report-stylesheet", str(ROOT / "report/style.css"))
GLACIER = {
    "area by elevation": "glacier_hypsometry.png",
    "area by year": "glacier_retreat_graph.png",
    "blocks": "blocks.png",
    "ice fronts": "glacier_termini.png",
    "learning curve": "learning_curve.png",
    "patches": "patches.png",
    "predictions on test blocks": "glacier_gallery.png",
    "recovered and true area": "truth_check.png",
    "reliability and skill": "reliability.png",
    "scenes and outlines": "glacier_scenes.png",
    "terminus retreat": "glacier_terminus_change.png",
}
GLACIER_TABLES = {
    "area by year", "area by glacier", "skill on held-out blocks", "recovered and true area", "trend", "scenes",
    "terminus retreat", "rate of terminus retreat", "area by elevation", "topographic attributes",
}  # fmt: skip
OCEAN = {
    "biomes": "ocean_biome_map.png",
    "choice of the cut": "ocean_cut_grid.png",
    "balance of the middle latitudes": "ocean_midlatitude_balance.png",
    "cores": "ocean_core.png",
    "coverage and trends": "ocean_coverage.png",
    "dendrogram": "ocean_dendrogram.png",
    "drivers": "ocean_drivers.png",
    "drivers by calendar month": "ocean_drivers_season.png",
    "frequency": "ocean_frequency.png",
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


OTHERS = [pytest.param(study, marks=pytest.mark.long) for study in STUDIES if study != "glacier"]


@pytest.fixture(scope="module")
def reports(tmp_path_factory, request):
    """Function that gives the report of a study, which is made once."""
    folder, made = tmp_path_factory.mktemp("reports"), {}

    def report_of(study):
        if study not in made:
            fixture, config, *_ = STUDIES[study]
            made[study] = folder / f"{study}.html"
            # without the style sheet the top of a long page lies above what can be reached
            text, passed = run(request.getfixturevalue(fixture), config, "--report", str(made[study]), *STYLE)
            assert passed, text
        return made[study]

    return report_of


@pytest.mark.parametrize("study", ["glacier", *OTHERS])
def test_report_shows_every_figure_and_table(study, reports, browser):
    _, _, figures, tables, animation = STUDIES[study]
    report = reports(study)
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
    wait.until(lambda page: figure_is_shown(page, "data:image/"), f"the {animation} is not shown")
    browser.switch_to.default_content()


# sides of the demo's largest figures, in pixels: far taller and far wider than a window, and small
SHAPES = [(1900, 1500), (2600, 1000), (800, 2400), (400, 600)]
TITLE = (220, 20, 60)


@pytest.fixture
def large(finished, tmp_path):
    """The finished run with figures and an animation of the demo's size in place of its own, and its report."""
    folder = tmp_path / "large"
    shutil.copytree(finished, folder)
    results = folder / "results/glacier/small"
    for number, name in enumerate(sorted(GLACIER.values())):
        rows, columns = SHAPES[number % len(SHAPES)]
        picture = np.full((rows, columns, 3), 240, "uint8")
        picture[:30] = TITLE
        Image.fromarray(picture).save(results / name)
    rng = np.random.default_rng(5)
    frames = [rng.integers(60 + 10 * year, 160 + 10 * year, (655, 590, 3), dtype="uint8") for year in range(9)]
    write_animation(frames, folder / "x.gif", 0.8, ["#FFFFFF"])
    assert (folder / "x.gif").stat().st_size > 2_400_000  # that of the demo, which the report did not show
    write_page(folder / "x.gif", results / "glacier_retreat_timelapse.html", "glacier retreat")
    text, passed = run(folder, SMALL, "--report", str(folder / "report.html"), *STYLE)
    assert passed, text
    return folder / "report.html"


# the top of the picture after its box is scrolled up as far as it goes, from the top of the box
TOP = """
const pictures = [...document.querySelectorAll("img")];
const picture = pictures.find(one => one.naturalWidth > 300 && one.src.includes(arguments[0]));
let box = picture.parentElement;
while (box && !/auto|scroll/.test(getComputedStyle(box).overflowY)) box = box.parentElement;
box.scrollTop = 0;
return picture.getBoundingClientRect().top - Math.max(0, box.getBoundingClientRect().top);
"""


@pytest.mark.long
@pytest.mark.parametrize("window", [(1500, 1000), (500, 900)])
def test_the_title_of_every_figure_can_be_reached_and_a_large_timelapse_is_shown(large, browser, window):
    browser.set_window_size(*window)
    browser.get(large.as_uri())
    wait = WebDriverWait(browser, 30)
    wait.until(lambda page: page.find_elements(By.XPATH, "//a[normalize-space()='glacier']"))[0].click()
    wait.until(lambda page: set(GLACIER) <= set(rows(page, "figure")))
    for label, name in GLACIER.items():
        rows(browser, "figure")[label].find_element(By.TAG_NAME, "a").click()
        wait.until(lambda page, name=name: figure_is_shown(page, f"filename={name}"), f"figure '{label}' is not shown")
        top = browser.execute_script(TOP, f"filename={name}")
        assert top >= 0, f"the top of figure '{label}' lies {-top:.0f} pixels above what can be reached"
    assert_animation_is_shown(browser, wait, "timelapse")


def test_the_report_opens_on_the_main_results_and_limits(finished, reports, browser):
    browser.get(reports("glacier").as_uri())
    wait = WebDriverWait(browser, 30)
    shown = wait.until(lambda page: "Main results" in (body := page.find_element(By.TAG_NAME, "body").text) and body)
    for words in (
        "Glacier area: ",
        "km² (interval ",
        "simulated: no real place",
        "Compared with the known truth",
        "Limits",
    ):
        assert words in shown, shown
    for line in (finished / "results/overview.rst").read_text().splitlines():
        if line.startswith("- "):
            assert line.removeprefix("- ").replace("\\", "") in shown
