"""Triplets: what is measured and what is written."""

import json

import h5py
import numpy as np
import pandas as pd
import pytest
import rasterio
from matplotlib.backends.backend_agg import FigureCanvasAgg

from climate_indicators.core.atomic_files import sha256
from climate_indicators.core.errors import InputError
from climate_indicators.geo.grid import Grid
from climate_indicators.plotting.chip_scale import pixel_width_m
from climate_indicators.plotting.snow.triplets import snow_triplets_figure
from climate_indicators.snow.scenes.checks import CHECK_COLUMNS
from climate_indicators.snow.scenes.pairing import pair_scenes
from climate_indicators.snow.triplets import extraction as triplets_module
from climate_indicators.snow.triplets.curation import curate
from climate_indicators.snow.triplets.extraction import (
    TRIPLET_COLUMNS,
    measure_chips,
    triplet_table,
    with_years,
    write_triplets,
)
from climate_indicators.snow.triplets.places import make_places
from refusals import raises_naming
from snow_folders import GRID, ORBITS, SIZE, SnowSite

CHIP = 24
SETTINGS = {
    "max_missing": 0.1, "max_cloud": 0.3, "max_snow": 0.98, "min_snow": 0.02, "keep_uniform": 0.0,
    "train": 0.6, "validation": 0.2, "test": 0.2,
}  # fmt: skip
NO_CHECKS = pd.DataFrame({name: [] for name in CHECK_COLUMNS})


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Three years of a site with a radar gap, a cloud and an area of interest; everything up to the table."""
    site = SnowSite(tmp_path_factory.mktemp("snow"))
    gap, cloud = np.zeros((2, SIZE, SIZE), bool)
    gap[:, :33] = True  # takes 29 columns of 4 + 24 px: the first place whole, one pixel of the second
    cloud[:40] = True
    for year in (2018, 2019, 2020):
        for month in (1, 5):
            site.optical(f"{year}-{month:02d}-05", cloud=cloud if (year, month) == (2019, 5) else None)
            site.radar(f"{year}-{month:02d}-06", ORBITS[0], missing=gap if (year, month) == (2018, 5) else None)
            site.radar(f"{year}-{month:02d}-04", ORBITS[1])
    scenes = site.finish()
    site.area[104:] = 0
    pairs = with_years(pair_scenes(scenes, 3)[0].assign(regime="wet"))
    places = make_places(site.area, CHIP, 4)
    candidates = measure_chips(pairs, ["20200504_o121"], places, site.folders, site.area, CHIP)
    curation = curate(pairs, NO_CHECKS, candidates.fillna({"missing": 1.0, "unknown": 0.0}), SETTINGS)
    triplets = triplet_table(curation, candidates, pairs, SETTINGS, 1)
    return site, pairs, places, candidates, curation, triplets


@pytest.fixture(scope="module")
def patches(made, tmp_path_factory):
    site, pairs, _, _, _, triplets = made
    path = tmp_path_factory.mktemp("patches") / "patches.h5"
    done = []
    write_triplets(path, triplets, pairs, site.folders, site.area, CHIP, lambda: done.append(1))
    assert len(done) == len(triplets)
    return path


def test_the_year_of_a_folder_is_that_of_each_scene():
    dates = pd.to_datetime(["2018-12-31", "2019-01-01", "2019-06-02"])
    table = with_years(pd.DataFrame({"date": dates, "days_apart": [1, -2, 0]}))
    assert table["radar_year"].tolist() == [2018, 2019, 2019]
    assert table["optical_year"].tolist() == [2019, 2018, 2019]


def test_chips_are_measured_within_the_area(made):
    site, pairs, places, candidates, _, _ = made
    assert len(candidates) == len(pairs) * len(places) == 12 * 16
    of = candidates.set_index("triplet")
    gap = of.loc[["20180506_o48_r00c00", "20180506_o48_r00c01", "20180506_o48_r00c02"], "missing"]
    assert gap.tolist() == pytest.approx([1.0, 1 / 24 * 3, 0.0])
    cloudy = of.loc[["20190506_o48_r00c00", "20190506_o48_r01c00", "20190506_o48_r02c00"], "unknown"]
    assert cloudy.tolist() == pytest.approx([1.0, 10 / 24, 0.0])
    snow = site.snow(pd.Timestamp("2018-01-05"))
    assert of.loc["20180106_o48_r02c01", "snow"] == pytest.approx(snow[58:82, 30:54].mean())
    # the last row of places reaches beyond the area: only pixels inside count
    assert of.loc["20180106_o48_r03c01", "snow"] == pytest.approx(snow[86:104, 30:54].mean())
    assert of.loc[of["pair"] == "20200504_o121", ["missing", "unknown", "snow"]].isna().all(axis=None)


def test_chips_are_the_same_however_many_are_read_together(made, monkeypatch):
    site, pairs, places, candidates, _, _ = made
    monkeypatch.setattr(triplets_module, "SPAN_PX", CHIP)
    apart = measure_chips(pairs, ["20200504_o121"], places, site.folders, site.area, CHIP)
    monkeypatch.setattr(triplets_module, "SPAN_PX", 2 * CHIP + 4)
    two = measure_chips(pairs, ["20200504_o121"], places, site.folders, site.area, CHIP)
    pd.testing.assert_frame_equal(apart, candidates, check_exact=True)
    pd.testing.assert_frame_equal(two, candidates, check_exact=True)


def test_the_table_is_in_order_and_complete(made):
    _, _, _, _, curation, triplets = made
    assert triplets.columns.tolist() == TRIPLET_COLUMNS and triplets["number"].tolist() == list(range(len(triplets)))
    assert triplets["triplet"].is_monotonic_increasing
    assert triplets["triplet"].tolist() == curation.loc[curation["decision"] == "kept", "triplet"].tolist()
    assert (triplets["valid_fraction"] >= 0.9).all() and triplets["snow_fraction"].between(0.02, 0.98).all()
    assert set(triplets["hydro_year"]) == {2018, 2019, 2020}


def test_no_triplet_crosses_orbits(made):
    site, _, _, _, curation, triplets = made
    for table in (curation, triplets):
        orbits = table["radar"].str.split("_o").str[1]
        assert (orbits == table["orbit"]).all() and set(orbits) == set(ORBITS)
        assert (table["triplet"].str.split("_o").str[1].str.split("_").str[0] == orbits).all()
    # and the change of every scene is that against the reference of its own orbit
    for path in (site.root / "change").rglob("*.tif"):
        with rasterio.open(path) as change, rasterio.open(site.root / "radar" / path.parent.name / path.name) as radar:
            with rasterio.open(site.root / "reference" / f"o{path.stem.split('_o')[1]}.tif") as reference:
                given = radar.read() != radar.nodata
                difference = (radar.read().astype(int) - reference.read() - change.read())[given]
        assert np.abs(difference).max() <= 1


def test_the_file_holds_the_pixels_of_the_scenes(made, patches):
    site, _, _, _, _, triplets = made
    with h5py.File(patches) as store:
        assert json.loads(store.attrs["bands"]) == ["VV", "VH", "VV_change", "VH_change"]
        assert {name: str(store[name].dtype) for name in store if name != "name"} == {
            "image": "float32", "valid": "bool", "label": "uint8", "rgb": "uint8", "split": "uint8", "block": "int32",
            "number": "int32", "origin": "int32",
        }  # fmt: skip
        assert store["name"].asstr()[:].tolist() == triplets["triplet"].tolist()
        assert store["block"][:].tolist() == triplets["place"].tolist()
        assert store["number"][:].tolist() == triplets["number"].tolist()
        values = {"unused": 0, "train": 1, "validation": 2, "test": 3}
        assert store["split"][:].tolist() == triplets["split"].map(values).tolist()
        line = triplets.set_index("triplet").loc["20180106_o48_r02c01", "number"]
        rows, cols = slice(58, 82), slice(30, 54)
        assert store["origin"][line].tolist() == [58, 30]
        for part, first in (("radar", 0), ("change", 2)):
            with rasterio.open(site.root / part / "2018" / "20180106_o48.tif") as raster:
                expected = raster.read()[:, rows, cols].transpose(1, 2, 0) * 0.01
            assert store["image"][line][..., first : first + 2] == pytest.approx(expected, abs=1e-4)
        with rasterio.open(site.root / "optical" / "2018" / "20180105.tif") as raster:
            red = raster.read(3)[rows, cols] * 1e-4
        assert store["rgb"][line][..., 0] == pytest.approx(255 * np.clip(red, 0, 1) ** 0.6, abs=0.51)
        with rasterio.open(site.root / "optical" / "2018" / "20180105_mask.tif") as raster:
            assert (store["label"][line] == raster.read(1)[rows, cols]).all()


def test_levels_are_those_of_valid_training_pixels(made, patches):
    triplets = made[-1]
    with h5py.File(patches) as store:
        learnt = np.flatnonzero(triplets["split"] == "train")
        pixels = np.concatenate([store["image"][line][store["valid"][line]] for line in learnt])
        assert store.attrs["mean"] == pytest.approx(pixels.mean(axis=0, dtype=float), rel=1e-5)
        assert store.attrs["std"] == pytest.approx(pixels.std(axis=0, dtype=float), rel=1e-4)
        assert np.isfinite(store["image"][:]).all()


def test_where_radar_is_missing_there_is_the_mean_and_no_label(made, tmp_path):
    site, pairs, _, candidates, _, _ = made
    loose = SETTINGS | {"max_missing": 0.5, "max_cloud": 0.6}
    curation = curate(pairs, NO_CHECKS, candidates.fillna({"missing": 1.0, "unknown": 0.0}), loose)
    triplets = triplet_table(curation, candidates, pairs, loose, 1)
    write_triplets(tmp_path / "p.h5", triplets, pairs, site.folders, site.area, CHIP)
    lines = triplets.set_index("triplet")["number"]
    with h5py.File(tmp_path / "p.h5") as store:
        line = lines[[name for name in lines.index if name.startswith("20180506_o48") and name.endswith("c01")][0]]
        valid, label = store["valid"][line], store["label"][line]
        assert not valid[:, :3].any() and valid[:, 3:].all()
        assert (label[:, :3] == 255).all() and (label[:, 3:] != 255).all()
        assert store["image"][line][:, :3] == pytest.approx(np.broadcast_to(store.attrs["mean"], (24, 3, 4)), rel=1e-5)
        cloudy = [name for name in lines.index if name.startswith("20190506") and "_r01" in name]
        line = lines[cloudy[0]]
        assert (store["label"][line][:10] == 255).all() and not store["rgb"][line][:10].any()
        assert store["rgb"][line][10:].all() and store["valid"][line].all()
        line = lines[[name for name in lines.index if "_r03" in name][0]]
        assert (store["label"][line][18:] == 255).all() and store["valid"][line][18:].all()


def test_two_runs_give_the_same_bytes(made, patches, tmp_path):
    site, pairs, _, _, _, triplets = made
    write_triplets(tmp_path / "again.h5", triplets, pairs, site.folders, site.area, CHIP)
    assert sha256(tmp_path / "again.h5") == sha256(patches)


def test_nothing_kept_is_refused_with_the_reasons(made):
    _, pairs, _, candidates, _, _ = made
    curation = curate(pairs, NO_CHECKS, candidates.fillna({"missing": 1.0}), SETTINGS | {"max_snow": 0.0})
    with raises_naming(InputError, "all_snow ", "nodata "):
        triplet_table(curation, candidates, pairs, SETTINGS, 1)


def test_a_part_without_triplets_is_refused(made):
    _, pairs, _, candidates, curation, triplets = made
    # without the triplets that would test, the test places and years stay but never meet
    test = triplets.loc[triplets["held_out"] == "place_and_year", "triplet"]
    table = curation.assign(decision=curation["decision"].where(~curation["triplet"].isin(test), "rejected"))
    found = set()
    for seed in range(40):
        try:
            triplet_table(table, candidates, pairs, SETTINGS, seed)
        except InputError as error:
            found.add(str(error).split(" (")[0])
    assert "the test part has no triplet" in found


def test_other_grids_are_refused(made):
    site, pairs, places, _, _, _ = made
    with raises_naming(ValueError, "grid"):
        measure_chips(pairs, [], places, site.folders, np.ones((SIZE, SIZE + 1), "uint8"), CHIP)


def test_the_sheet_shows_examples_of_each_part(made, patches):
    triplets = made[-1]
    figure = snow_triplets_figure(patches, triplets, GRID)
    FigureCanvasAgg(figure).draw()
    titles = [axes.get_title() for axes in figure.axes if axes.get_title()]
    assert len(titles) == 12 and all("orbit" in title and "regime wet" in title for title in titles)
    names = [text.get_text() for axes in figure.axes for text in axes.texts]
    counts = triplets["split"].value_counts()
    assert {f"{split}: {counts[split]} triplets" for split in ("train", "validation", "test")} <= set(names)
    assert "200 m" in names or "500 m" in names


def test_the_width_of_a_pixel_is_that_on_the_ground():
    assert pixel_width_m(GRID) == 50
    # the width that the real site's description tells
    khumbu = Grid("EPSG:4326", rasterio.Affine(0.07 / 256, 0, 86.78, 0, -0.05 / 256, 28.0), 256, 256)
    assert pixel_width_m(khumbu) == pytest.approx(26.9, abs=0.05)
