"""The example configurations of archives, end to end, with only the addresses replaced, and made small."""

import copy
import io
import zipfile

import pandas as pd
import pytest
import yaml
from runs import ROOT, SNOW_STUDY, STUDY, run
from servers.sentinel1 import OPTICAL_COLLECTION, RADAR_COLLECTION, serve_snow_site
from servers.sentinel2 import Archive
from servers.stac import StacServer

from climate_indicators.archives.catalogues import find_catalogue
from climate_indicators.simulation.glacier_world import GlacierWorld

pytestmark = pytest.mark.long
YEARS = range(2018, 2023)


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


def serve(server, world, catalogue, region, folder):
    """A clouded and a clear scene a year with the catalogue's own names of assets, and the inventory's file."""
    archive = Archive(world, find_catalogue(catalogue, "optical").assets)
    archive.items, archive.files = server.items, server.files
    for year in YEARS:
        new = year >= 2022
        applied = {"earthsearch:boa_offset_applied": True} if new and catalogue == "earth_search" else {}
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


@pytest.mark.parametrize(
    ("example", "catalogue", "region", "cloudy_year"),
    [("glacier_gangotri.yaml", "planetary_computer", 15, None), ("glacier_aletsch.yaml", "earth_search", 11, 2020)],
    ids=["gangotri", "aletsch"],
)
def test_glacier_example_runs_end_to_end_and_without_a_network_after_fetch_all(
    example, catalogue, region, cloudy_year, tmp_path
):
    world = GlacierWorld(192, 40, cloudy_year, 7)
    with StacServer() as server:
        serve(server, world, catalogue, region, tmp_path)
        name, config = small(example, server, world, tmp_path)
        text, passed = run(tmp_path, config, "fetch_all")
        assert passed, text
    # the server is gone
    text, passed = run(tmp_path, config | {"offline": True})
    assert passed, text
    results = tmp_path / "results/glacier" / name
    assert pd.read_csv(results / "scenes.csv").date.tolist() == [f"{year}-09-10" for year in YEARS]
    areas = pd.read_csv(results / "glacier_area_by_year.csv")
    assert areas.year.tolist() == list(YEARS) and (areas.mapped_km2 > 0).all()
    flags = areas.set_index("year").flag.fillna("")
    assert [year for year in YEARS if "cloudy" in flags[year]] == ([cloudy_year] if cloudy_year else [])
    assert (results / "glacier_retreat_timelapse.gif").stat().st_size > 0
    with StacServer() as server:
        again = copy.deepcopy(config)
        text, passed = run(tmp_path, again)
        assert passed and "Nothing to be done" in text and not server.requests


def test_snow_site_out_of_archives_becomes_triplets(tmp_path):
    """The simulated mountain, served as archives would, gives pairs of radar and optical scenes of one orbit each."""
    simulated = {"snow": SNOW_STUDY}
    text, passed = run(tmp_path, simulated, "resources/snow/small/scenes.csv")
    assert passed, text
    folder = tmp_path / "resources/snow/small"
    with StacServer(page=100) as server:
        serve_snow_site(folder, server.items, server.files)
        world = SNOW_STUDY["sites"]["small"]["simulate"]
        site = {
            "source": "archive",
            "aoi": "resources/snow/small/aoi.gpkg",
            "archive": {
                "catalogue": "other", "endpoint": f"{server.url}/stac", "collection": OPTICAL_COLLECTION,
                "radar_catalogue": "other", "radar_endpoint": f"{server.url}/stac",
                "radar_collection": RADAR_COLLECTION, "radar_assets": {"VV": "vv", "VH": "vh"},
                "resolution_m": 50, "first_year": 2016, "last_year": 2015 + world["years"] - 1,
            },
        }  # fmt: skip
        config = {"snow": SNOW_STUDY | {"sites": {"valley": site}}}
        text, passed = run(tmp_path, config, "results/snow/valley/triplets.csv")
        assert passed, text
    scenes = pd.read_csv(tmp_path / "results/snow/valley/scenes.csv", dtype=str)
    assert set(scenes.sensor) == {"radar", "optical"} and scenes[scenes.sensor == "radar"].orbit.nunique() > 1
    pairs = pd.read_csv(tmp_path / "results/snow/valley/pairs.csv")
    assert len(pairs) > 0
