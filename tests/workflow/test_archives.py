"""What is fetched from archives, through the rules, from servers on the loopback interface."""

import hashlib
from contextlib import ExitStack

import geopandas as gpd
import numpy as np
import pytest
from shapely.geometry import box

from climate_indicators.snow.climate.weather import read_weather
from inventory_files import rgi_zip
from runs import STUDY, files_with, run, run_until
from servers.faulty import Fault
from servers.files import FileServer
from servers.weather import WeatherServer, mountain
from weather_site import VARIABLES, snow_site

pytestmark = pytest.mark.slow
TOKEN, KEY = "marker-of-a-token", "marker-of-a-key"
IDS = ["RGI2000-v7.0-G-15-00001", "RGI2000-v7.0-G-15-00002"]
REGION = "RGI2000-v7.0-G-15_south_asia_east"
FIELDS = np.random.default_rng(3).bytes(400_000)


class Archives:
    """Servers of weather, outlines and ocean files, and a configuration of sites that need them."""

    def __init__(self, stack, folder):
        zipped = rgi_zip(folder, "rgi_id", "RGI2000-v7.0-G-15-{:05d}", REGION).read_bytes()
        self.weather = stack.enter_context(WeatherServer(mountain, key=KEY))
        self.outlines = stack.enter_context(FileServer({f"/{REGION}.zip": zipped}, token=f"Bearer {TOKEN}"))
        self.ocean = stack.enter_context(FileServer({"/fields.nc": FIELDS}))

    def config(self, **more):
        quick = {"tries": 2, "backoff_s": 0.05, "connect_s": 10, "read_s": 10}
        return {
            "archives": {"open_meteo": self.weather.endpoint, "rgi7": self.outlines.url, **quick},
            "glacier": STUDY | {"sites": {"a": glacier_site(IDS[0]), "b": glacier_site(IDS[1]), "c": area_site()}},
            "snow": {"sites": {"hut": snow_site()}, "climate": {"variables": VARIABLES}},
            "ocean": {"sites": {"seas": ocean_site(f"{self.ocean.url}/fields.nc")}},
            **more,
        }

    def asked(self):
        return [len(server.requests) for server in (self.weather, self.outlines, self.ocean)]


def glacier_site(identifier):
    scene = {"year": 2020, "date": "2020-10-15", "tiles": ["tile.tif"]}
    outlines = {"archive": "rgi7", "ids": [identifier]}
    return {
        "source": "files",
        "reference_year": 2020,
        "resolution_m": 40,
        "scenes": [scene],
        "outlines": outlines,
    }


def area_site():
    """A site whose outlines are those that meet an area."""
    return glacier_site(IDS[0]) | {"aoi": "area.gpkg", "outlines": {"archive": "rgi7", "region": 15}}


def write_areas(folder):
    """Areas of interest around the hut and over two glaciers, and a table of scenes that no job reads."""
    for name, shape in (("hut", box(86.73, 27.88, 86.93, 28.08)), ("area", box(79.12, 30.79, 79.22, 30.86))):
        gpd.GeoSeries([shape], crs="EPSG:4326").to_file(folder / f"{name}.gpkg", driver="GPKG")
    scenes = ["sensor,path,date,orbit,cloud_mask", "radar,r.tif,2020-01-01,48,", "optical,o.tif,2020-01-02,,"]
    (folder / "scenes.csv").write_text("\n".join(scenes))


def ocean_site(url):
    months = {"first_month": "2004-01", "last_month": "2004-12", "reference_month": "2004-01"}
    variables = {name: {"name": name} for name in ("sst", "dic", "alk", "fco2")}
    downloads = [{"url": url, "sha256": hashlib.sha256(FIELDS).hexdigest()}]
    return {"source": "files", **months, "files": ["fields.nc"], "variables": variables, "downloads": downloads}


@pytest.fixture
def archives(tmp_path_factory):
    with ExitStack() as stack:
        yield Archives(stack, tmp_path_factory.mktemp("published"))


@pytest.fixture
def credentials(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")

    def give(token, key):
        monkeypatch.setenv("EARTHDATA_TOKEN", token)
        monkeypatch.setenv("OPEN_METEO_KEY", key)

    return give


def test_everything_is_fetched_once_verified_and_needs_no_network_afterwards(archives, credentials, tmp_path):
    write_areas(tmp_path)
    wrong = [f"{text}-expired" for text in (TOKEN, KEY)]
    credentials(*wrong)
    text, passed = run(tmp_path, archives.config(), "--keep-going", "fetch_all")
    assert not passed
    assert "rgi7, region 15: http://127.0.0.1" in text and "the server answered 401" in text
    assert "snow site 'hut': weather at 27.98° N, 86.83° E, 2019-01-01 to 2019-12-31: http://127.0.0.1" in text
    assert not files_with(tmp_path, TOKEN, KEY) and "marker" not in text
    # the file that needs no credential was fetched meanwhile, and is not fetched again
    assert len(archives.ocean.requests) == 1

    credentials(TOKEN, KEY)
    text, passed = run(tmp_path, archives.config(), "fetch_all")
    assert passed, text
    # wrong credential and right one; of two sites in one region the file is fetched once; two years of weather
    assert archives.asked() == [3, 2, 1]
    assert not files_with(tmp_path, TOKEN, KEY) and "marker" not in text
    table, _ = read_weather(tmp_path / "resources/snow/hut/weather.csv", VARIABLES)
    assert (len(table), str(table["date"].iloc[-1].date())) == (365 + 182, "2020-06-30")
    assert (tmp_path / "resources/ocean/seas/files/fields.nc").read_bytes() == FIELDS

    text, passed = run(
        tmp_path, archives.config(offline=True), *(f"resources/glacier/{site}/outlines.gpkg" for site in "abc")
    )
    assert passed, text
    for site, identifier in zip("ab", IDS, strict=True):
        folder = tmp_path / "resources/glacier" / site
        outlines, area = gpd.read_file(folder / "outlines.gpkg"), gpd.read_file(folder / "aoi.gpkg")
        assert list(outlines["glacier_id"]) == [identifier]
        gaps = np.abs(outlines.to_crs(area.crs).total_bounds - area.total_bounds)
        np.testing.assert_allclose(gaps, 2000, atol=1)
    outlines = gpd.read_file(tmp_path / "resources/glacier/c/outlines.gpkg")
    assert list(outlines["glacier_id"]) == IDS
    assert archives.asked() == [3, 2, 1]


@pytest.mark.long
def test_an_inventory_whose_first_address_is_gone_comes_from_the_next_one(tmp_path):
    body = rgi_zip(tmp_path).read_bytes()
    site = glacier_site("") | {"outlines": {"archive": "rgi6", "ids": ["RGI60-15.00001"]}}
    with FileServer() as gone, FileServer({"/15_rgi60_SouthAsiaEast.zip": body}) as mirror:
        archives = {"rgi6": [gone.url, mirror.url], "tries": 2, "backoff_s": 0.05}
        config = {"archives": archives, "glacier": STUDY | {"sites": {"a": site}}}
        text, passed = run(tmp_path, config, "resources/glacier/a/outlines.gpkg")
        assert passed and [len(server.requests) for server in (gone, mirror)] == [1, 1], text
    assert list(gpd.read_file(tmp_path / "resources/glacier/a/outlines.gpkg")["glacier_id"]) == ["RGI60-15.00001"]


def test_offline_ends_at_once_with_the_list_of_what_is_missing(archives, tmp_path):
    write_areas(tmp_path)
    (tmp_path / "resources/ocean/seas/files").mkdir(parents=True)
    (tmp_path / "resources/ocean/seas/files/fields.nc").write_bytes(FIELDS)
    text, passed = run(tmp_path, archives.config(offline=True), "--dry-run")
    assert not passed
    assert "offline: true" in text
    assert "- resources/snow/hut/weather.csv: daily weather of snow site 'hut'" in text
    assert "- resources/archive/outlines/rgi7_15.zip: outlines of rgi7 for glacier site" in text
    assert "fields.nc" not in text
    assert archives.asked() == [0, 0, 0]


@pytest.mark.long
def test_killed_in_the_middle_goes_on_where_it_was(archives, credentials, tmp_path):
    credentials(TOKEN, KEY)
    write_areas(tmp_path)
    archives.ocean.fail("/fields.nc", Fault(slow_s=0.2))
    kept = tmp_path / "resources/archive/files"

    def in_the_middle():
        weather = (tmp_path / "resources/snow/hut/weather.csv").exists()
        return weather and any(path.stat().st_size for path in kept.glob(".*fields.nc.partial"))

    config = archives.config()
    del config["glacier"]
    run_until(tmp_path, config, in_the_middle, "fetch_all", limit_s=120)
    text, passed = run(tmp_path, config, "fetch_all")
    assert passed, text
    assert (tmp_path / "resources/ocean/seas/files/fields.nc").read_bytes() == FIELDS
    # the two years of weather were there, and of the fields the rest was asked for
    assert archives.asked() == [2, 0, 2]
    assert archives.ocean.requests[1][2]["Range"].startswith("bytes=")
    assert archives.ocean.requests[1][2]["Range"] != "bytes=0-"
