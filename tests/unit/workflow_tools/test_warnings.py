"""Warnings of jobs: written next to each log, collected for the user."""

import csv
import logging

from climate_indicators.core.log import start_log, warnings_path
from climate_indicators.workflow_tools.warnings import warning_rows, warning_text


def job(folder, log, *messages):
    """A job that gives some warnings."""
    logger = start_log(folder / log, "rule")
    for message in messages:
        logger.warning("%s", message)


def test_warnings_of_library_and_script_are_collected_with_study_site_and_rule(tmp_path):
    logger = start_log(tmp_path / "logs/glacier/demo/scene_2019.log", "scene")
    logger.warning("cloud mask covers %d %%", 80)
    logger.info("not a warning")
    logger.error("not a warning either")
    logging.getLogger("climate_indicators.geo.terrain").warning('DEM covers "99.5 %",\nnot all')
    job(tmp_path, "logs/manifest.log", "over all sites")
    rows = warning_rows(tmp_path / "logs", {"glacier": ["demo"]})
    assert [tuple(row.values()) for row in rows] == [
        ("", "", "manifest", "over all sites"),
        ("glacier", "demo", "scene_2019", 'DEM covers "99.5 %",\nnot all'),
        ("glacier", "demo", "scene_2019", "cloud mask covers 80 %"),
    ]


def test_a_job_that_runs_again_replaces_its_warnings(tmp_path):
    log = "logs/snow/demo/snow_cover.log"
    job(tmp_path, log, "first")
    job(tmp_path, log, "second", "second")
    sites = {"snow": ["demo"]}
    assert [row["message"] for row in warning_rows(tmp_path / "logs", sites)] == ["second"]
    job(tmp_path, log)
    assert not warnings_path(tmp_path / log).exists() and warning_rows(tmp_path / "logs", sites) == []


def test_sites_and_studies_that_are_not_configured_are_left_out(tmp_path):
    for place in ("glacier/one", "glacier/old", "glacier/pooled", "glacier", "ocean/one"):
        job(tmp_path, f"logs/{place}/rule.log", place)
    found = [row["message"] for row in warning_rows(tmp_path / "logs", {"glacier": ["one"]})]
    assert found == ["glacier", "glacier/one", "glacier/pooled"]


def test_the_text_for_a_terminal_is_short_and_names_the_table():
    rows = [{"study": "snow", "site": f"s{n}", "rule": "snow_maps", "message": "m"} for n in range(5)]
    lines = warning_text(rows, "t.csv", most=3).splitlines()
    assert len(lines) == 5 and "5 warnings" in lines[0] and "t.csv" in lines[0] and "2 more" in lines[-1]
    assert lines[1].split() == ["snow", "s0", "snow_maps:", "m"]
    assert warning_text([], "t.csv") == ""


def test_rows_survive_the_csv_of_the_table(tmp_path):
    job(tmp_path, "logs/carbon/x/rule.log", "a, b\nµatm")
    with open(warnings_path(tmp_path / "logs/carbon/x/rule.log"), encoding="utf-8", newline="") as stream:
        assert list(csv.reader(stream)) == [["a, b\nµatm"]]
