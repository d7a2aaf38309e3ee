"""A user's file that is replaced re-runs what reads it, whatever its date; no rule here trains anything."""

import os
import re
import shutil

import pytest

from runs import ROOT, jobs_of, run

pytestmark = pytest.mark.slow
CONFIG = {"carbon": {"sites": {"forest": {"source": "table", "table": "carbon.csv", "value": "kg", "date": "date"}}}}
TARGET = "results/carbon/forest/trend_analysis.csv"
# input functions whose paths may be a user's, and what they are called with
OF_USERS = re.compile(
    r"\b(aoi_of|first_tiles|tiles_of_batch|outlines_aoi|inventory_file|weather_aoi|snow_aoi|snow_scenes_table|snow_files"
    r"|snow_weather_file|snow_tables|encoder_weights|carbon_files|carbon_dates_table|carbon_ground_truth|carbon_table"
    r"|foundation_folder|ocean_files|ocean_zone_files|glacier_site|site_inputs|scene_files)\b"
)


def table(folder, slope=1.0, date=1_600_000_000):
    months = [
        f"{year}-{month:02d}-15,{5000 + slope * 10 * year}" for year in range(2010, 2016) for month in range(1, 13)
    ]
    (folder / "carbon.csv").write_text("\n".join(["date,kg", *months]) + "\n")
    os.utime(folder / "carbon.csv", (date, date))


@pytest.fixture(scope="module")
def finished_trend(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trend")
    table(folder)
    text, passed = run(folder, CONFIG, "--", TARGET)
    assert passed, text
    return folder


@pytest.fixture
def work(finished_trend, tmp_path):
    return shutil.copytree(finished_trend, tmp_path / "work")


def would_run(folder):
    text, passed = run(folder, CONFIG, "--dry-run", "--", TARGET)
    assert passed, text
    return jobs_of(text), text


def test_the_same_content_with_any_date_reruns_nothing(work):
    for date in (1_500_000_000, 1_999_999_999):
        table(work, date=date)
        assert would_run(work)[0] == set()


def test_other_content_with_an_older_date_reruns_what_reads_it(work):
    table(work, slope=2.0, date=1_500_000_000)
    jobs, text = would_run(work)
    assert jobs == {"carbon_trend"} and "carbon.csv" in text


@pytest.mark.long
def test_other_content_of_the_same_size_and_date_reruns_what_reads_it(work):
    before = (work / "carbon.csv").stat()
    table(work, slope=1.1)
    after = (work / "carbon.csv").stat()
    assert (before.st_size, before.st_mtime) == (after.st_size, after.st_mtime)
    assert would_run(work)[0] == {"carbon_trend"}


@pytest.mark.long
def test_results_without_snakemakes_records_are_announced(work):
    assert "without Snakemake's records" not in would_run(work)[1]
    shutil.rmtree(work / ".snakemake")
    jobs, text = would_run(work)
    assert jobs == set() and "without Snakemake's records" in text and "--forceall" in text


@pytest.mark.long
def test_results_whose_inputs_are_gone_are_announced(work):
    everything = "results/manifest.csv"
    text, passed = run(work, CONFIG, "--", everything)
    assert passed and "Not found" not in text, text
    (work / "carbon.csv").rename(work / "other.csv")
    for arguments in ([], ["--dry-run"]):
        text, passed = run(work, CONFIG, *arguments, "--", everything)
        assert passed and "Nothing to be done" in text, text
        assert "Not found: carbon.csv. Results that need them are of an earlier run" in text, text


@pytest.mark.parametrize(
    "path", sorted((ROOT / "rules").rglob("*.smk")), ids=lambda path: f"{path.parent.name}/{path.stem}"
)
def test_every_rule_that_reads_a_users_file_is_watching_its_content(path):
    blocks = re.split(r"^(?=(?:rule |    rule:|use rule ))", path.read_text(), flags=re.M)[1:]
    for block in blocks:
        asked = re.search(r"^ +input:\n(.*?)^ +output:", block, re.M | re.S)
        functions = set(OF_USERS.findall(asked[1])) if asked else set()
        # the grid's tiles are those of its scene, by another function; simulated tables are no user's
        functions = {{"scene_files": "first_tiles"}.get(name, name) for name in functions}
        if functions:
            line = re.search(r"content=content_of\((.*?)\),?\n", block)
            assert line, f"{path.name}: {block.splitlines()[0]} has no content_of({', '.join(sorted(functions))})"
            assert functions <= set(OF_USERS.findall(line[1])), block.splitlines()[0]
