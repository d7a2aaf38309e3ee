"""A glacier site out of an archive on loopback: fetched once, taken up again, refused in one message."""

import os

import numpy as np
import pandas as pd
import pytest
import rasterio

from climate_indicators.synthetic.glacier.site import SyntheticGlacierSite
from runs import STUDY, files_with, jobs_of, run, run_until
from servers.faulty import Fault
from servers.sentinel2 import COLLECTION, Archive
from servers.stac import StacServer

pytestmark = pytest.mark.long
SITE = "results/glacier/mine"
SCENES = [f"{SITE}/scenes.csv", "resources/glacier/mine/scenes.csv"]
KEY = "key-marker-4711"


@pytest.fixture(scope="module")
def world():
    return SyntheticGlacierSite(192, 40, None, 7)


@pytest.fixture(scope="module")
def server(world):
    """Three years, each with a clouded scene and a clear one, the offset served in another way each year."""
    with StacServer(token="signature-marker-4712", key=KEY) as one:
        archive = Archive(world)
        archive.items, archive.files = one.items, one.files
        half = (slice(None), slice(0, 96))
        archive.add("2020-09-10", **{"s2:processing_baseline": "02.14"})
        archive.add("2020-09-20", cloudy=half, cover=1.0, **{"s2:processing_baseline": "02.14"})
        archive.add("2021-09-12", added_dn=1000, **{"s2:processing_baseline": "05.00"})
        archive.add(
            "2022-09-14", cover=60.0, **{"s2:processing_baseline": "04.00", "earthsearch:boa_offset_applied": True}
        )
        archive.add("2022-09-24", cloudy=half, **{"s2:processing_baseline": "04.00"})
        yield one


@pytest.fixture(scope="module")
def folder(world, tmp_path_factory):
    path = tmp_path_factory.mktemp("archive")
    world.area_of_interest.to_file(path / "aoi.gpkg", driver="GPKG")
    world.outlines(2020).to_file(path / "outlines.gpkg", driver="GPKG")
    return path


@pytest.fixture(scope="module", autouse=True)
def key():
    os.environ["PC_SDK_SUBSCRIPTION_KEY"] = KEY
    yield
    del os.environ["PC_SDK_SUBSCRIPTION_KEY"]


def config(server, last_year, **more):
    site = {
        "source": "archive",
        "reference_year": 2020,
        "resolution_m": 40,
        "crs": "EPSG:32644",
        "aoi": "aoi.gpkg",
        "outlines": {"path": "outlines.gpkg", "id_field": "glacier_id"},
        "archive": {
            "catalog": "other", "endpoint": f"{server.url}/stac", "collection": COLLECTION,
            "tokens": f"{server.url}/token", "first_year": 2020, "last_year": last_year, "skip_years": [2021], **more,
        },
    }  # fmt: skip
    return {"glacier": STUDY | {"sites": {"mine": site}}}


def test_what_will_be_read_is_told_before_anything_is(folder, server):
    text, passed = run(folder, config(server, 2022), "fetch_sizes")
    assert passed and "Estimated download from archives" in text, text
    table = pd.read_csv(folder / "resources/archive/sizes.csv")
    assert table.year.unique().tolist() == [2020, 2022] and (table.megabytes > 0).all()
    assert table.groupby("year").overpasses.first().tolist() == [2, 2]
    # two pages of items for each year
    assert server.bytes_of_files() == 0 and len(server.searches) == 4


def test_years_become_scenes_and_a_second_run_asks_for_nothing(folder, server):
    text, passed = run(folder, config(server, 2022), *SCENES)
    assert passed, text
    table = pd.read_csv(folder / SCENES[0]).set_index("scene")
    assert table.date.to_dict() == {2020: "2020-09-10", 2022: "2022-09-14"}
    assert table.valid_fraction.min() > 0.9
    medians = []
    for year in (2020, 2022):
        with rasterio.open(folder / f"{SITE}/scenes/{year}.tif") as raster:
            band = raster.read(raster.descriptions.index("B04") + 1, masked=True)
            medians.append(float(np.ma.median(band)) * raster.scales[0])
    assert abs(medians[1] - medians[0]) < 0.02, "the offset makes a jump"
    candidates = pd.read_csv(folder / SCENES[1])
    assert candidates[candidates.chosen].date.tolist() == ["2020-09-10", "2022-09-14"]
    assert candidates.reason.notna().all()
    assert len(server.searches) == 4, "searches are kept from the estimate"
    log = (folder / "logs/glacier/mine/fetch_glacier_year_2020.log").read_text()
    assert "to be read · classes for the choice: SCL of 2 overpasses" in log and "MB in all" in log
    asked = len(server.requests)
    text, passed = run(folder, config(server, 2022), *SCENES)
    assert passed and "Nothing to be done" in text, text
    assert len(server.requests) == asked


def test_how_patiently_one_asks_makes_nothing_stale_and_where_one_asks_does(folder, server):
    wanted = config(server, 2022)
    waits = {"backoff_s": 0.3, "longest_wait_s": 7, "connect_s": 8, "read_s": 9, "request_s": 90, "search_s": 99}
    patient = {"tries": 9, **waits}
    text, passed = run(folder, wanted | {"archives": patient}, "--dry-run", *SCENES)
    assert passed and "Nothing to be done" in text, text
    text, passed = run(folder, config(server, 2022, endpoint=f"{server.url}/other"), "--dry-run", *SCENES)
    assert passed and {"fetch_glacier_year", "fetched_years"} <= jobs_of(text), text


def test_killed_amid_a_further_year_the_same_command_fetches_only_what_is_missing(folder, server):
    wanted = config(server, 2022, skip_years=[])
    kept = folder / "resources/glacier/mine/archive/kept/2021"
    late = [path for path in server.files if "2021" in path and path.endswith("B11.tif")]
    for path in late:
        server.fail(path, Fault(silence_s=8))
    asked = len(server.requests)
    run_until(folder, wanted, lambda: len(list(kept.glob("*.tif"))) >= 6, SCENES[1])
    done = {path for path, _, _ in server.requests[asked:] if path.startswith("/files")} - set(late)
    assert len(done) >= 6
    asked = len(server.requests)
    server.faults.clear()
    text, passed = run(folder, wanted, SCENES[1])
    assert passed, text
    again = {path for path, _, _ in server.requests[asked:] if path.startswith("/files")}
    assert again >= set(late) and len(again & done) <= 1, "what was being fetched at the kill may be fetched again"
    assert not [path for path in again if "2021" not in path]
    candidates = pd.read_csv(folder / SCENES[1])
    assert candidates[candidates.chosen].date.tolist() == ["2020-09-10", "2021-09-12", "2022-09-14"]


def spoilt_years(server, world):
    """Four years whose scenes cannot be used, each for another reason, and what is said of them; 2023 has none."""
    archive = Archive(world)
    archive.items, archive.files = server.items, server.files
    # the world ends before: its ice is that of 2022
    archive._sights = dict.fromkeys(range(2024, 2028), archive._sight(2022))
    archive.add("2024-09-10", cloudy=(slice(None), slice(None)), cover=20.0)
    archive.add("2025-09-11", without=("B11",))
    archive.add("2026-09-12", sides=("west",), orbit=48)
    archive.add("2026-09-12", sides=("east",), orbit=5)
    archive.add("2027-09-13")
    refused = [path for path in server.files if "20270913" in path and "SCL" in path]
    for path in refused:
        server.fail(path, *[Fault(status=403)] * 5)
    return {
        2023: "lists no scene over the area in these days",
        2024: "none of 1 scenes shows 70 % of the area (min_valid): 2024-09-10: shows 0 % of the area",
        2025: "2025-09-11: lacks asset B11",
        2026: "2026-09-12: covers",
        2027: "of 2027-09-13, band SCL: http://127.0.0.1",
    }


def test_years_that_cannot_be_used_stop_with_one_message_each_and_no_key_is_written(folder, server, world):
    said = spoilt_years(server, world)
    targets = [f"resources/glacier/mine/archive/{year}.tif" for year in said]
    text, passed = run(folder, config(server, 2027), "--keep-going", *targets)
    assert not passed
    for year, words in said.items():
        place = f"Error in fetch_glacier_year: other for glacier site 'mine', {year}-08-15 to {year}-10-31: "
        (line,) = [line for line in text.splitlines() if place in line]
        assert words in line
        assert not list((folder / "resources").rglob(f"{year}.*"))
    assert KEY not in text and "signature-marker" not in text
    # passing runs wrote into the same folder before
    assert list((folder / ".snakemake/log").iterdir()) and (folder / SCENES[1]).exists()
    assert not files_with(folder, KEY, "signature-marker-4712")
