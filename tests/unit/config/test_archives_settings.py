"""Settings of sites that are fetched: what does not go together is said before any job."""

import copy
from pathlib import Path

import pytest
import yaml

from climate_indicators.config.validation import ConfigError, check

ROOT = Path(__file__).resolve().parents[3]
GLACIER = {
    "source": "archive",
    "reference_year": 2020,
    "outlines": {"archive": "rgi6", "ids": ["RGI60-11.01450"]},
    "archive": {"first_year": 2019, "last_year": 2021},
}
SNOW = {"source": "archive", "aoi": "a.gpkg", "archive": {"first_year": 2019, "last_year": 2021}}


def problems(study, site, **changes):
    """Problems of a site with changes, keys dotted with two underscores."""
    site = copy.deepcopy(site)
    for key, value in changes.items():
        group, _, inner = key.rpartition("__")
        (site[group] if group else site)[inner] = value
    try:
        check({study: {"sites": {"mine": site}}})
    except ConfigError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, ""),
        ({"archive__first_year": 2022}, "first_year: found 2022, later than last_year (2021)"),
        ({"archive__skip_years": [2020]}, "reference_year: found 2020, but the archive's years are 2019, 2021"),
        ({"archive__skip_years": [2019, 2020, 2021]}, "all years from 2019 to 2021 are left out"),
        ({"archive__season_first": "09-31"}, "season_first: found 09-31, which is no day"),
        ({"archive__season_first": "02-29"}, ""),
        ({"archive__masked": [3]}, "masked: 0, the class without data"),
        ({"archive__catalog": "other"}, "catalog: other needs endpoint"),
        ({"archive__catalog": "planetary"}, "found the text 'planetary'"),
        ({"archive__endpoint": "https://me:pw@a.org/v1"}, "endpoint: found the text 'https://...@a.org/v1'"),
        ({"archive__endpoint": "ftp://a"}, "endpoint: found the text 'ftp://a'"),
        ({"bands": ["B02", "B03", "B04", "B08", "B11", "B10"]}, "found B10; planetary_computer has B01"),
        ({"archive": None}, "archive: missing; source: archive needs it"),
        ({"archive": {"first_year": 2019}}, "at least first_year and last_year"),
        ({"outlines": None}, "outlines: missing"),
        ({"outlines": {"path": "a.gpkg"}}, "aoi: missing; without it"),
        ({"terrain_bands": ["slope"]}, "needs an elevation model"),
        ({"source": "files"}, "archive: has no effect with source: files"),
    ],
)
def test_glacier_site(changes, said):
    found = problems("glacier", GLACIER, **changes)
    assert said in found and bool(said) == bool(found), found


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, ""),
        ({"aoi": None}, "aoi: missing; source: archive needs an area"),
        ({"archive": None}, "archive: missing"),
        ({"archive__first_year": 2022}, "first_year: found 2022, later"),
        ({"archive__masked": [3]}, "masked: 0, the class without data"),
        ({"archive__radar_endpoint": "https://me:pw@a.org"}, "radar_endpoint: found the text 'https://...@a.org'"),
        ({"archive__radar_catalog": "earth_search"}, "radar_catalog: found the text 'earth_search'"),
        ({"archive__radar_catalog": "other"}, "radar_catalog: catalog: other needs endpoint"),
        ({"scenes_table": "a.csv"}, "scenes_table: has no effect with source: archive"),
        ({"source": "files", "scenes_table": "a.csv"}, "archive: has no effect with source: files"),
    ],
)
def test_snow_site(changes, said):
    found = problems("snow", SNOW, **changes)
    assert said in found and bool(said) == bool(found), found


@pytest.mark.parametrize("path", sorted((ROOT / "config" / "examples").glob("*.yaml")), ids=lambda path: path.name)
def test_examples_are_sound(path):
    check(yaml.safe_load(path.read_text()), [path])
