"""Settings of what is fetched: which keys go together, and which addresses may stand in a configuration."""

import re

import pytest

from climate_indicators.config.validation import ConfigError, check

SHA = "0" * 64


def problems(config):
    with pytest.raises(ConfigError) as told:
        check(config)
    return "\n".join(told.value.problems)


def glacier(outlines, **more):
    scene = {"year": 2020, "date": "2020-09-01", "tiles": ["a.tif"]}
    site = {"source": "files", "reference_year": 2020, "resolution_m": 10, "scenes": [scene], "outlines": outlines}
    return {"glacier": {"sites": {"a": site | more}}}


def snow(weather, **more):
    site = {"source": "series", "snow": "snow.csv", "weather": weather}
    return {"snow": {"sites": {"a": site | more}}}


def ocean(**more):
    months = {"first_month": "2004-01", "last_month": "2004-12", "reference_month": "2004-01"}
    variables = {name: {"name": name} for name in ("sst", "dic", "alk", "fco2")}
    return {"ocean": {"sites": {"a": {"source": "files", **months, "variables": variables} | more}}}


WEATHER = {"archive": "open_meteo", "first": "2014-01-01", "last": "2023-12-31", "latitude": 28, "longitude": 86.8}


@pytest.mark.parametrize(
    "config",
    [
        glacier({"archive": "rgi7", "ids": ["RGI2000-v7.0-G-15-00001"]}),
        glacier({"archive": "rgi6", "region": 15}, aoi="aoi.gpkg"),
        glacier({"archive": "rgi6", "file": "15.zip"}, aoi="aoi.gpkg"),
        glacier({"archive": "glims", "ids": ["G079064E30878N"]}),
        glacier({"archive": "glims"}, aoi="aoi.gpkg"),
        snow(WEATHER),
        snow("weather.csv", columns={"date": "day"}),
        ocean(files=["x.nc"], downloads=[{"url": "https://a.org/x.nc", "sha256": SHA}]),
        ocean(files=["y.nc"], downloads=[{"url": "https://a.org/get?id=7", "name": "y.nc"}]),
        ocean(files=["x.nc"], downloads=[{"url": ["https://a.org/x.nc", "https://b.org/older/z.nc"]}]),
        {"archives": {"rgi6": "https://a.org", "rgi7": ["https://a.org", "https://b.org"]}} | snow(WEATHER),
    ],
)
def test_settings_that_go_together_pass(config):
    completed = check(config)
    assert completed["offline"] is False
    assert completed["archives"]["tries"] == 6


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (glacier({"ids": ["x"]}), "path and archive: neither is given"),
        (glacier({"path": "a.gpkg", "archive": "rgi7"}), "path and archive: both are given"),
        (
            glacier({"archive": "rgi6", "ids": ["RGI60-15.00001"], "layer": "a"}),
            "outlines.layer: has no effect without path or file",
        ),
        (glacier({"path": "a.gpkg"}, aoi_layer="a"), "aoi_layer: has no effect without glacier.sites"),
        (glacier({"path": "a.gpkg", "ids": ["x"]}), "outlines.ids: has no effect with path"),
        (glacier({"archive": "rgi7", "where": "x"}, aoi="a"), "outlines.where: has no effect with archive"),
        (glacier({"archive": "rgi7"}), "outlines.ids: empty, and glacier.sites.a.aoi is null"),
        (glacier({"archive": "rgi7"}, aoi="a"), "outlines.region: missing"),
        (glacier({"archive": "glims", "region": 3}, aoi="a"), "outlines.region: has no effect with archive: glims"),
        (glacier({"archive": "glims", "ids": ["G1' OR 1=1"]}), "is no identifier of GLIMS"),
        (glacier({"archive": "rgi6", "ids": ["RGI2000-v7.0-G-15-00001"]}), "is no identifier of rgi6"),
        (snow(WEATHER | {"last": "2013-12-31"}), "weather.first: found 2014-01-01, later than last"),
        (snow(WEATHER | {"last": "2023-02-30"}), "weather.last: found 2023-02-30, which is no day"),
        (snow(WEATHER | {"latitude": None}), "weather.latitude, longitude: missing, and snow.sites.a.aoi is null"),
        (snow(WEATHER, columns={"date": "day"}), "a.columns: has no effect"),
        (snow({"archive": "open_meteo", "first": "2014-01-01"}), "weather.last: missing"),
        (ocean(files=["x.nc"], downloads=[{"url": "https://a.org/y.nc"}]), "downloads: nothing reads y.nc"),
        (
            ocean(files=["x.nc"], downloads=[{"url": "https://a.org/x.nc"}, {"url": "https://b.org/x.nc"}]),
            "downloads: 2 files are called x.nc",
        ),
        (ocean(files=["x.nc"], downloads=[{"url": "https://me:pw@a.org/x.nc"}]), r"downloads\[0\].url"),
        (ocean(files=["x.nc"], downloads=[{"url": "https://a.org/x.nc", "sha256": "abc"}]), r"downloads\[0\].sha256"),
        *(
            (ocean(files=["x.nc"], downloads=[{"url": "https://a.org/x.nc", "name": name}]), r"downloads\[0\].name")
            for name in ("..", ".", ".hidden", "/etc/x.nc", "../x.nc", "a/b.nc")
        ),
        *(
            (
                ocean(files=["x.nc"], downloads=[{"url": f"https://a.org/{name}"}]),
                r"downloads: a file would be called '.*'; expected a name without folders",
            )
            for name in ("..", "%2Fetc%2Fx.nc", "..%2F..%2Fx.nc", "a%0Ab.nc", "%2E%2E")
        ),
        ({"archives": {"rgi6": "ftp://a.org"}} | snow(WEATHER), "archives.rgi6"),
        ({"archives": {"rgi6": ["https://a.org", "ftp://b.org"]}} | snow(WEATHER), r"archives.rgi6\[1\]"),
        ({"archives": {"glims": []}} | snow(WEATHER), "archives.glims"),
        ({"archives": {"rgi7": ["https://a.org", "https://a.org"]}} | snow(WEATHER), "archives.rgi7"),
    ],
)
def test_settings_that_do_not_go_together_are_named(config, message):
    assert re.search(message, problems(config)), problems(config)


def test_the_inventory_6_is_sought_at_the_mirror_before_the_address_that_may_be_gone():
    """The files at www.glims.org were reported to be gone in 2025."""
    addresses = check(snow(WEATHER))["archives"]["rgi6"]
    assert [address.split("/")[2] for address in addresses] == ["cluster.klima.uni-bremen.de", "www.glims.org"]


def test_password_in_an_address_is_not_repeated_in_the_message():
    assert "pw" not in problems(ocean(files=["x.nc"], downloads=[{"url": "https://me:pw@a.org/x.nc"}]))
    assert "pw" not in problems({"archives": {"rgi6": ["https://a.org", "https://me:pw@b.org"]}} | snow(WEATHER))
