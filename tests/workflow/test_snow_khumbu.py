"""Mosaics of Sentinel-1 and Sentinel-2 over the Khumbu, with the shipped study; about four minutes on two cores."""

import json
import os
import shutil
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
import rasterio
import yaml
from pyproj import Geod
from rasterio.windows import Window

from runs import ROOT, jobs_of, run

KHUMBU = Path(os.environ.get("SNOW_KHUMBU", ROOT.parent / "shared" / "data" / "snow_khumbu"))
pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not KHUMBU.is_dir(), reason=f"real data not found at {KHUMBU}"),
]
FILES = {"2024-07-15": "s1_summer_2024.tif", "2024-10-15": "s1_autumn_2024.tif"}
# per cent of pixels in summer and autumn, known from the bands alone
PER_CENT = {"ndsi_fraction": [5.5, 25.2], "ndsi_nir_fraction": [4.7, 23.2], "ndfsi_fraction": [4.2, 22.4]}


@pytest.fixture(scope="module")
def config():
    return yaml.safe_load((ROOT / "config/examples/snow_khumbu.yaml").read_text()) | {"data_dir": str(KHUMBU)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory, config):
    folder = tmp_path_factory.mktemp("khumbu")
    text, passed = run(folder, config)
    assert passed, text
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def khumbu(folder):
    return folder / "results/snow/khumbu"


def test_nothing_is_left_to_do(folder, config):
    text, passed = run(folder, config, "--dry-run")
    assert passed and not jobs_of(text), text


@pytest.mark.parametrize("rule", PER_CENT)
def test_masks_have_the_known_share_of_snow(khumbu, rule):
    table = pd.read_csv(khumbu / "optical/2024.csv").sort_values("date")
    np.testing.assert_allclose(100 * table[rule], PER_CENT[rule], atol=0.1)


def test_the_logarithm_of_zero_is_in_no_patch(khumbu):
    table = pd.read_csv(khumbu / "triplets.csv")
    with h5py.File(khumbu / "patches.h5") as store:
        image, valid, label, mean = store["image"][:], store["valid"][:], store["label"][:], store.attrs["mean"]
        place = json.loads(store.attrs["bands"]).index("VV")
    assert np.isfinite(image).all()
    np.testing.assert_allclose(image[~valid], np.broadcast_to(mean, image[~valid].shape), rtol=1e-6)
    assert (label[~valid] == 255).all()
    size, n_holes = label.shape[1], 0
    for row in table.itertuples():
        window = Window(row.col, row.row, size, size)
        with rasterio.open(KHUMBU / FILES[row.date]) as raster:
            bands = raster.read(window=window)
        holes = np.isneginf(bands).any(axis=0)
        n_holes += holes.sum()
        assert not valid[row.number][holes].any()
        assert abs(image[row.number][..., place][~holes]).max() < 100  # dB
    assert n_holes > 0, "the files have no hole of the logarithm: nothing was tested"


def test_areas_are_those_on_the_ground(khumbu):
    with rasterio.open(KHUMBU / "s2_summer_2024.tif") as raster:
        left, bottom, right, top = raster.bounds
        n_pixels = raster.width * raster.height
    ring = [(left, bottom), (right, bottom), (right, top), (left, top)]
    whole, _ = Geod(ellps="WGS84").polygon_area_perimeter(*zip(*ring, strict=True))
    assert whole / n_pixels == pytest.approx(26.9 * 21.7, rel=0.01)  # m²
    cover = pd.read_csv(khumbu / "cover.csv")
    assert sorted(cover.source) == ["optical", "optical", "radar", "radar"]
    pixel_m2 = 1e6 * cover.snow_area_km2 / cover.snow_pixels
    # rows of pixels shrink northwards, by 0.05 % over the image
    np.testing.assert_allclose(pixel_m2[cover.snow_pixels > 0], whole / n_pixels, rtol=1e-3)


def test_two_dates_hold_out_places_but_no_year(folder, khumbu):
    triplets = pd.read_csv(khumbu / "triplets.csv")
    assert set(triplets.split) == {"train", "validation", "test"}
    assert (triplets.groupby("place").split.nunique() == 1).all()
    assert set(triplets[triplets.split == "test"].held_out) == {"place"}
    assert set(triplets[triplets.split != "test"].held_out) == {"none"}
    log = (folder / "logs/snow/khumbu/snow_triplets.log").read_text()
    assert "fewer than three hydrological years" in log
    assert set(triplets.orbit) == {"mixed"} and set(triplets.regime) == {"unknown"}


def test_every_candidate_is_kept_or_rejected_with_a_reason(khumbu):
    curation = pd.read_csv(khumbu / "curation.csv")
    assert len(curation) == 50  # 25 places, two dates
    assert (curation.reason.isna() == (curation.decision == "kept")).all()
    kept = curation[curation.decision == "kept"].triplet.sort_values()
    assert kept.tolist() == pd.read_csv(khumbu / "triplets.csv").triplet.tolist()
    counts = pd.read_csv(khumbu / "curation_counts.csv").set_index("reason").n
    assert counts["kept"] == len(kept) and counts.sum() == len(curation)


def test_the_benchmark_says_who_has_no_skill(khumbu):
    table = pd.read_csv(khumbu / "benchmark.csv").set_index("model")
    assert set(table.index) == {
        "unet", "sam_oracle", "sam_radar", "random_forest", "wet_snow_threshold", "all_snow"
    }  # fmt: skip
    notes = pd.read_csv(khumbu / "benchmark_notes.csv").statement
    for row in table.drop("all_snow").itertuples():
        verdict = notes[notes.str.startswith(f"{row.label}: ")].tolist()
        assert len(verdict) == 1
        claims = "better than all-snow" in verdict[0]
        assert claims != ("no skill beyond all-snow" in verdict[0])
        # a gain whose interval reaches 0 is none
        assert not claims or row.dice_gain_all_lower > 0
    # single pixels of radar tell nothing of where the snow lies here
    for model in ("random_forest", "wet_snow_threshold"):
        assert notes.str.startswith(f"{table.label[model]}: no skill beyond all-snow").any(), notes.tolist()


def test_a_scene_that_is_its_own_reference_is_warned_about(folder):
    log = (folder / "logs/snow/khumbu/snow_reference.log").read_text()
    assert "WARNING 20240715_omixed is the only scene of its reference" in log
