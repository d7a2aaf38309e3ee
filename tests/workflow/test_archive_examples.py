"""The example configurations of archives, end to end, with only the addresses replaced, and made small."""

import copy
import io
import shutil
import zipfile
from contextlib import ExitStack

import numpy as np
import pandas as pd
import pytest
import rasterio
import xarray as xr
import yaml

from climate_indicators.core.stac_catalogs import find_catalog
from climate_indicators.synthetic.glacier.site import SyntheticGlacierSite
from climate_indicators.synthetic.ocean.dataset import SyntheticOcean
from climate_indicators.synthetic.ocean.regimes import SUBPOLAR, SUBTROPICAL, UPWELLING
from runs import QUICK_BIOMES, QUICK_CLASSIFIER, ROOT, SNOW_STUDY, STUDY, run
from servers.files import FileServer
from servers.oceansoda import oceansoda_file
from servers.sentinel1 import serve_snow_site
from servers.sentinel2 import Archive
from servers.stac import StacServer
from servers.weather import DAILY, WeatherServer

pytestmark = pytest.mark.long
YEARS = range(2018, 2023)
TOKEN = "marker-of-a-token"


def small(example, server, world, folder):
    """An example's settings on the loopback server: a small world, five years, a small network."""
    config = yaml.safe_load((ROOT / "config/examples" / example).read_text())
    config["archives"] = {"rgi6": f"{server.url}/rgi6", "backoff_s": 0.1}
    study = config["glacier"]
    ((name, site),) = study["sites"].items()
    site |= {"resolution_m": 40, "reference_year": YEARS[0]}
    site["archive"] |= {"endpoint": f"{server.url}/stac", "first_year": YEARS[0], "last_year": YEARS[-1]}
    if "aoi" in site:
        world.area_of_interest.to_file(folder / "aoi.gpkg", driver="GPKG")
        site["aoi"] = "aoi.gpkg"
    else:
        site["outlines"]["margin_m"] = 100
    config["glacier"] = copy.deepcopy(STUDY) | {"sites": study["sites"]}
    return name, config


def serve(server, world, catalog, region, folder):
    """A clouded and a clear scene a year with the catalog's own names of assets, and the inventory's file."""
    archive = Archive(world, find_catalog(catalog, "optical").assets)
    archive.items, archive.files = server.items, server.files
    for year in YEARS:
        new = year >= 2022
        applied = {"earthsearch:boa_offset_applied": True} if new and catalog == "earth_search" else {}
        served = {"added_dn": 1000 if new and not applied else 0, "s2:processing_baseline": "04.00" if new else "03.01"}
        archive.add(f"{year}-09-10", **served, **applied)
        archive.add(f"{year}-09-20", cloudy=(slice(0, 130), slice(None)), cover=1.0, **served, **applied)
    server.files |= inventory_zip(world, region, folder)


def inventory_zip(world, region, folder):
    """Zipped outlines of the world as the inventory has them; the largest has the number of the example."""
    outlines = world.outlines(YEARS[0]).to_crs("EPSG:4326")
    order = outlines.to_crs(world.grid.crs).area.rank(ascending=False).astype(int)
    numbers = [1450 if place == 1 else 9000 + place for place in order]
    outlines["RGIId"] = [f"RGI60-{region:02d}.{number:05d}" for number in numbers]
    name = {11: "11_rgi60_CentralEurope", 15: "15_rgi60_SouthAsiaEast"}[region]
    source = folder / "inventory" / f"{name}.shp"
    source.parent.mkdir()
    outlines[["RGIId", "geometry"]].to_file(source)
    return {f"/rgi6/{name}.zip": zipped(source.parent)}


def zipped(folder):
    """Bytes of a zip of a folder's files."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for path in sorted(folder.iterdir()):
            archive.write(path, path.name)
    return content.getvalue()


def run_in_three_steps(folder, config, *servers):
    """Fetch all; run the rest without servers and offline; and once more with them, when nothing is asked for."""
    with ExitStack() as open_servers:
        for server in servers:
            open_servers.enter_context(server)
        text, passed = run(folder, config, "fetch_all")
        assert passed, text
    asked = [len(server.requests) for server in servers]
    assert all(asked)
    text, passed = run(folder, config | {"offline": True})
    assert passed, text
    with ExitStack() as open_servers:
        for server in servers:
            open_servers.enter_context(server)
        text, passed = run(folder, config)
        assert passed and "Nothing to be done" in text, text
    assert [len(server.requests) for server in servers] == asked


@pytest.mark.parametrize(
    ("example", "catalog", "region", "cloudy_year"),
    [("glacier_gangotri.yaml", "planetary_computer", 15, None), ("glacier_aletsch.yaml", "earth_search", 11, 2020)],
    ids=["gangotri", "aletsch"],
)
def test_glacier_example_runs_end_to_end_and_without_a_network_after_fetch_all(
    example, catalog, region, cloudy_year, tmp_path
):
    world = SyntheticGlacierSite(192, 40, cloudy_year, 7)
    server = StacServer()
    serve(server, world, catalog, region, tmp_path)
    name, config = small(example, server, world, tmp_path)
    run_in_three_steps(tmp_path, config, server)
    results = tmp_path / "results/glacier" / name
    assert pd.read_csv(results / "scenes.csv").date.tolist() == [f"{year}-09-10" for year in YEARS]
    areas = pd.read_csv(results / "glacier_area_by_year.csv")
    assert areas.year.tolist() == list(YEARS) and (areas.mapped_km2 > 0).all()
    flags = areas.set_index("year").flag.fillna("")
    assert [year for year in YEARS if "cloudy" in flags[year]] == ([cloudy_year] if cloudy_year else [])
    assert (results / "glacier_retreat_timelapse.gif").stat().st_size > 0


def snow_example(archive, weather, world, folder):
    """The snow example on loopback servers, with the simulated mountain's area and years, and a small network."""
    config = yaml.safe_load((ROOT / "config/examples/snow_archive.yaml").read_text())
    config["archives"] = {"open_meteo": weather.endpoint, "backoff_s": 0.1}
    shutil.copy(world / "aoi.gpkg", folder)
    study = config["snow"]
    site = study["sites"]["langtang"]
    site["aoi"] = "aoi.gpkg"
    for sensor in ("", "radar_"):
        site["archive"] |= {f"{sensor}endpoint": f"{archive.url}/stac", f"{sensor}tokens": f"{archive.url}/token"}
    site["archive"] |= {"resolution_m": 50, "first_year": 2015, "last_year": 2019}
    site["weather"] |= {"first": "2015-10-01", "last": "2019-09-30"}
    # no server of these tests has the weights of others: models of the same kinds take their place
    config["snow"] = SNOW_STUDY | study | {"foundation": SNOW_STUDY["foundation"]}
    return config


def assert_same_scenes(fetched, served):
    """All fetched scenes show what the simulated ones of the same sensor, date and orbit show, pixel by pixel."""
    tables = [pd.read_csv(folder / "scenes.csv", dtype=str, keep_default_na=False) for folder in (fetched, served)]
    both = tables[0].merge(tables[1], on=["sensor", "date", "orbit"], suffixes=("", "_served"))
    assert len(both) == len(tables[0]) > 100
    for row in both.itertuples():
        with rasterio.open(fetched / row.path) as ours, rasterio.open(served / row.path_served) as theirs:
            assert ours.transform == theirs.transform
            found, expected = (raster.read(masked=True).astype("float64") for raster in (ours, theirs))
            if row.sensor == "radar":
                expected = 10 ** (expected * theirs.scales[0] / 10)
        np.testing.assert_allclose(found.filled(0), expected.filled(0), rtol=1e-6, err_msg=row.path)


def test_snow_example_runs_end_to_end_and_without_a_network_after_fetch_all(tmp_path_factory, tmp_path):
    """Radar and optical scenes under the catalog's own names, signed addresses, and the mountain's weather."""
    simulated = tmp_path_factory.mktemp("simulated")
    text, passed = run(simulated, {"snow": SNOW_STUDY}, "resources/snow/small/scenes.csv")
    assert passed, text
    world = simulated / "resources/snow/small"
    days = pd.read_csv(world / "weather.csv", parse_dates=["date"]).set_index("date")
    archive = StacServer(token=TOKEN, page=100)
    serve_snow_site(world, archive.items, archive.files)
    weather = WeatherServer(lambda name, day: days.at[pd.Timestamp(day), name], offset_s=3600)
    config = snow_example(archive, weather, world, tmp_path)
    run_in_three_steps(tmp_path, config, archive, weather)
    assert_same_scenes(tmp_path / "resources/snow/langtang", world)
    results = tmp_path / "results/snow/langtang"
    scenes = pd.read_csv(results / "scenes.csv", dtype=str)
    assert set(scenes.sensor) == {"radar", "optical"}
    assert pd.read_csv(results / "references.csv").orbit.nunique() > 1
    assert {"train", "validation", "test"} <= set(pd.read_csv(results / "triplets.csv").split)
    assert {"unet", "sam_radar", "all_snow"} <= set(pd.read_csv(results / "benchmark.csv").model)
    found = pd.read_csv(results / "weather.csv", parse_dates=["date"]).set_index("date")
    for name in found:
        # the archive rounds to the decimals of the unit
        step = 10.0 ** -DAILY[name][1]
        np.testing.assert_allclose(found[name], days.loc[found.index, name], atol=0.5001 * step, rtol=0)
    assert len(found) == 1461 and "warning" not in set(pd.read_csv(results / "weather_checks.csv").severity)
    trends = pd.read_csv(results / "season_trends.csv").query("quantity == 'snow_fraction'").set_index("season")
    assert list(trends.index) == ["all", "DJF", "MAM", "JJA", "SON"] and (trends.n_years == 4).all()
    assert trends["mean"]["DJF"] > 0.7 > trends["mean"]["MAM"] > 0.1 > trends["mean"]["JJA"]
    topics = set(pd.read_csv(results / "conclusions.csv").topic)
    assert {"trend", "regression", "lagged regression", "multiple regression"} <= topics
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and TOKEN.encode() in path.read_bytes()]


def ocean_example(server_url, name):
    """The ocean example with the product's file on a loopback server, four of its 38 years, and a small network."""
    config = yaml.safe_load((ROOT / "config/examples/ocean_soda.yaml").read_text())
    study = config["ocean"]
    site = study["sites"]["soda"]
    site["downloads"][0]["url"] = f"{server_url}/{name}"
    site |= {"first_month": "2007-01", "last_month": "2010-12"}
    study |= {"biomes": QUICK_BIOMES, "classifier": QUICK_CLASSIFIER}
    return config


def test_ocean_example_runs_end_to_end_and_without_a_network_after_fetch_all(tmp_path, tmp_path_factory):
    """The product's own names, grid, fill values and dates, which begin before the study and end after it."""
    world = SyntheticOcean(1.0, 2006, 3.0, 3, 3.0)
    name = "OceanSODA_ETHZ-v2023.OCADS.01_1982-2022.nc"
    product = tmp_path_factory.mktemp("product") / name
    oceansoda_file(product, world, "2006-10", "2011-02")
    server = FileServer({f"/{name}": product.read_bytes()})
    run_in_three_steps(tmp_path, ocean_example(server.url, name), server)
    results = tmp_path / "results/ocean/soda"
    inputs = pd.read_csv(results / "inputs.csv").set_index("quantity")
    assert inputs.unit.to_dict() == {
        "sst": "degC", "dic": "umol kg-1", "alk": "umol kg-1", "pco2": "uatm", "salinity": "1"
    }  # fmt: skip
    assert (inputs.first_month == "2006-10").all() and (inputs["maximum"] < 3000).all()
    # biomes lie where the water of their kind is: neither turned upside down nor half the globe away
    with xr.open_dataset(results / "biomes.nc") as opened:
        labels = opened.label.load()
    regimes = xr.DataArray(world.regime(2009, 1), {"lat": world.lat, "lon": world.lon}, ("lat", "lon"))
    there = regimes.sel(lat=labels.lat, lon=labels.lon, method="nearest").to_numpy()
    biomes = pd.read_csv(results / "biomes.csv")
    kinds = {"subpolar": SUBPOLAR, "subtropical": SUBTROPICAL, "upwelling": UPWELLING}
    assert set(biomes.family) == set(kinds)
    for label, family in zip(biomes.label, biomes.family, strict=True):
        assert np.mean(there[labels == label] == kinds[family]) > 0.85, family
    coverage = pd.read_csv(results / "coverage.csv")
    assert coverage.month.nunique() == 48
    np.testing.assert_allclose(coverage.groupby(["scaler", "zone", "month"]).percent.sum(), 100, atol=1e-6)
    trend = pd.read_csv(results / "trend.csv")
    assert set(trend.n_years) == {4} and set(trend.scaler) == {"frozen", "monthly"}
    assert (results / "ocean_coverage.png").stat().st_size > 0 and (results / "ocean_animation.gif").stat().st_size > 0
