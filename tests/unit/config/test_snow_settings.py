"""Settings of the snow study that do not go together."""

import pytest

from climate_indicators.config.validation import ConfigError, check

RADAR = {"sensor": "radar", "path": "a.tif", "date": "2024-08-01", "orbit": 5}
OPTICAL = {"sensor": "optical", "path": "b.tif", "date": "2024-08-01"}


def study(**site):
    return {"snow": {"sites": {"alp": site}}}


def test_settings_that_go_together_pass():
    assert check(study(source="table", table="a.csv", columns={"snow_fraction": "share"}))
    climate = check(study(source="series", snow="snow.csv", weather="weather.csv"))["snow"]["climate"]
    assert climate["lags_days"] == [7, 30] and climate["variables"][0] == "temperature_2m_max"


@pytest.mark.parametrize(
    ("site", "words"),
    [
        ({"source": "table"}, "snow.sites.alp.table: missing; source: table needs it"),
        ({"source": "series", "snow": "a.csv"}, "snow.sites.alp.weather: missing; source: series needs it"),
        (
            {"source": "table", "table": "a.csv", "weather": "b.csv"},
            "snow.sites.alp.weather: has no effect with source: table; remove it, or set source: series",
        ),
        (
            {"source": "table", "table": "a.csv", "columns": {"snow_pixels": "n"}},
            "snow.sites.alp.columns.snow_pixels: no such column is used; those that are: date, place,",
        ),
        ({"source": "files"}, "snow.sites.alp.scenes: neither is given; source: files needs either scenes_table"),
        (
            {"source": "files", "scenes": [{"sensor": "radar", "path": "a.tif", "date": "2024-08-01"}]},
            "snow.sites.alp.scenes: no optical scene",
        ),
        (
            {"source": "files", "scenes": [{"sensor": "optical", "path": "a.tif", "date": "2024-08-01", "orbit": 5}]},
            "snow.sites.alp.scenes[0].orbit: has no effect with sensor: optical",
        ),
        (
            {"source": "files", "scenes": [{"sensor": "radar", "path": "a.tif", "date": "2024-02-30"}]},
            "snow.sites.alp.scenes[0].date: found 2024-02-30, which is no day of the calendar",
        ),
        (
            {"source": "files", "scenes": [RADAR, {"sensor": "optical", "path": "./a.tif", "date": "2024-08-01"}]},
            "snow.sites.alp.scenes[1].path: found ./a.tif, which snow.sites.alp.scenes[0].path names too",
        ),
        (
            {"source": "files", "scenes": [RADAR, OPTICAL | {"cloud_mask": "b.tif"}]},
            "snow.sites.alp.scenes[1].cloud_mask: found b.tif, which snow.sites.alp.scenes[1].path names too",
        ),
        (
            {"source": "files", "scenes": [RADAR, OPTICAL, OPTICAL | {"date": "2024-09-01"}]},
            "snow.sites.alp.scenes[2].path: found b.tif, which snow.sites.alp.scenes[1].path names too",
        ),
        (
            {"source": "simulate", "aoi": "a.gpkg"},
            "snow.sites.alp.aoi: has no effect with source: simulate; remove it, or set source: files",
        ),
        ({"source": "simulate", "weather": "a.csv"}, "snow.sites.alp.weather: has no effect with source: simulate"),
        ({"source": "files", "simulate": {"years": 3}}, "snow.sites.alp.simulate: has no effect with source: files"),
    ],
)
def test_settings_of_a_site_that_do_not_go_together_are_named(site, words):
    with pytest.raises(ConfigError) as error:
        check(study(**site))
    assert words in str(error.value)


@pytest.mark.parametrize(
    ("group", "words"),
    [
        ({"triplets": {"size_px": 100}}, "snow.triplets.size_px: 100 is not a multiple of 8"),
        ({"triplets": {"train": 0.9}}, "snow.triplets: the shares train 0.9 + validation 0.2 + test 0.2 make 1.3"),
        ({"triplets": {"min_snow": 0.5, "max_snow": 0.4}}, "snow.triplets.min_snow: found 0.5, not less than max_snow"),
        ({"radar": {"filter_px": 4}}, "snow.radar.filter_px: found 4; a window has a middle"),
        ({"training": {"epochs": 2}}, "snow.training.warmup_epochs: found 2, but training has 2 epochs"),
        ({"prediction": {"window_px": 100}}, "snow.prediction.window_px: 100 is not a multiple of 8"),
    ],
)
def test_settings_of_the_study_that_do_not_go_together_are_named(group, words):
    with pytest.raises(ConfigError) as error:
        check({"snow": {"sites": {"demo": {"source": "simulate"}}, **group}})
    assert words in str(error.value)
