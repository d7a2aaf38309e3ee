"""Biomes in the fields of a real ocean model, the MITgcm on 2.8°, with the shipped study; about two minutes."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
import yaml
from PIL import Image

from runs import ROOT, run

FOLDER = Path(os.environ.get("OCEAN_MITGCM", ROOT.parent / "shared" / "data" / "ocean_mitgcm"))
FILE = "mitgcm_biogeo_surface_2p8deg_fco2.nc"
pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not FOLDER.is_dir(), reason=f"real data not found at {FOLDER}"),
]
MONTHS = [f"2001-{month:02d}" for month in range(1, 13)]


@pytest.fixture(scope="module")
def mitgcm(tmp_path_factory):
    config = yaml.safe_load((ROOT / "config/examples/ocean_mitgcm.yaml").read_text())
    folder = tmp_path_factory.mktemp("mitgcm")
    text, passed = run(folder, config | {"data_dir": str(FOLDER)})
    assert passed, text
    return folder


def table(folder, name):
    return pd.read_csv(folder / "results/ocean/mitgcm" / f"{name}.csv")


def fields(folder, name):
    with xr.open_dataset(folder / "results/ocean/mitgcm" / f"{name}.nc") as opened:
        return opened.load()


def test_most_cells_are_kept_and_fit_well(mitgcm):
    slopes = fields(mitgcm, "slopes/200101-200112")
    kept = slopes.status == 0
    assert int(kept.sum(("lat", "lon")).min()) > 1000
    assert (slopes.r2.where(kept).median(("lat", "lon")) > 0.99).all()
    for name, low, high in (("sst", 5, 20), ("dic", 0.8, 3), ("alk", -3, -0.5)):
        assert low < float(slopes[f"slope_{name}"].where(kept).median()) < high


def test_windows_of_points_leave_no_ocean_out(mitgcm):
    """Cells of 2 by 2 points whose windows of 4 by 4 overlap: each ocean point once, most windows full."""
    cells = fields(mitgcm, "cells")
    with xr.open_dataset(FOLDER / FILE, decode_times=False) as data:
        ocean = np.isfinite(data.SST).any("month") & (data.DIC > 0) & (data.ALK > 0)
    assert int(cells.n_points.sum()) == int(ocean.sum()) and cells.n_points.max() == 4
    assert float(cells.area_km2.sum()) == pytest.approx(3.4e8, rel=0.05)
    assert int(fields(mitgcm, "slopes/200101-200112").n_points.max()) == 16


def test_the_files_own_fco2_is_used(mitgcm):
    inputs = table(mitgcm, "inputs").set_index("quantity")
    assert inputs.variable["fco2"] == "fCO2" and inputs.unit_configured["fco2"] == "uatm"
    with xr.open_dataset(FOLDER / FILE, decode_times=False) as data:
        january = data.fCO2.isel(month=0).where((data.fCO2.isel(month=0) <= 500) & (data.DIC >= 1500))
        weights = np.cos(np.radians(data.lat)) * january.notnull()
        mean = float((january * weights).sum() / weights.sum())
    area = fields(mitgcm, "cells").area_km2
    found = fields(mitgcm, "slopes/200101-200112").mean_fco2.sel(time="2001-01-01")
    assert float((found * area).sum() / area.where(found.notnull()).sum()) == pytest.approx(mean, rel=0.005)


def test_carbon_without_seasons_is_named(mitgcm):
    assert "dic, alk: without time in the files" in (mitgcm / "logs/ocean/mitgcm/ocean_cells.log").read_text()
    cadence = table(mitgcm, "inputs").set_index("quantity").cadence
    assert cadence.to_dict() == {
        "sst": "calendar",
        "dic": "annual",
        "alk": "annual",
        "fco2": "calendar",
        "salinity": "calendar",
        "ice": "calendar",
    }
    # nothing but temperature moves the fCO2 of such files
    midlatitude_balance = table(mitgcm, "midlatitude_balance")
    assert (midlatitude_balance.thermal_share == 1).all() and (midlatitude_balance.non_thermal_uatm == 0).all()


def test_biomes_lie_in_the_order_of_latitude(mitgcm):
    biomes = table(mitgcm, "biomes")
    assert 4 <= len(biomes) <= 9
    medians = biomes.groupby("family").median_abs_latitude
    lowest, highest = medians.min(), medians.max()
    assert highest["subtropical"] < lowest["subpolar"] and highest["subpolar"] < lowest["ice"]
    assert highest["subtropical"] < 40 and 40 < lowest["subpolar"] < 60 and lowest["ice"] > 60
    warmth = biomes.sort_values("median_abs_latitude").mean_sst
    assert warmth.iloc[0] > 20 and warmth.iloc[-1] < 5


def test_the_network_knows_the_biomes_on_held_out_cells(mitgcm):
    test = table(mitgcm, "metrics").query("split == 'test'").set_index("model")
    assert test.f1["network"] > 0.9 and test.n_cells["network"] > 150


def test_seasonal_cycle_is_drawn_from_one_year(mitgcm):
    cycle, coverage = table(mitgcm, "seasonal_cycle"), table(mitgcm, "coverage")
    assert sorted(coverage.month.unique()) == MONTHS
    assert (cycle.n_years == 1).all() and cycle.sd_percent.isna().all()
    np.testing.assert_allclose(coverage.groupby(["scaler", "zone", "month"]).percent.sum(), 100, atol=1e-6)
    warm = cycle.query("scaler == 'frozen' and zone == 'north_atlantic' and biome.str.startswith('SUBTR')")
    by_month = warm.groupby("calendar_month").mean_percent.sum()
    assert by_month.max() - by_month.min() > 5, "the season is seen"
    with Image.open(mitgcm / "results/ocean/mitgcm/ocean_seasonal_cycle.png") as picture:
        seen = {color for _, color in picture.convert("RGB").getcolors(2**24)}
    drawn = cycle.query("scaler == 'frozen'").groupby("label").mean_percent.max()
    for biome in table(mitgcm, "biomes").itertuples():
        if drawn[biome.label] > 5:
            assert tuple(bytes.fromhex(biome.color[1:])) in seen, f"{biome.name} is not drawn"


def test_one_year_gives_no_trend_and_says_why(mitgcm):
    trend, seasonal = table(mitgcm, "trend"), table(mitgcm, "seasonal_trend")
    assert (trend.n_years == 1).all() and trend.slope_per_year.isna().all() and not trend.significant.any()
    assert trend.sentence.str.startswith("No trend of").all()
    assert trend.sentence.str.contains("there is 1 year, and a trend needs 5").all()
    assert seasonal.slope_per_year.isna().all() and not seasonal.significant.any()


def test_other_analyses_live_with_one_year(mitgcm):
    site = mitgcm / "results/ocean/mitgcm"
    with Image.open(site / "ocean_animation.gif") as animation:
        assert animation.n_frames == 12
    midlatitude_balance = table(mitgcm, "midlatitude_balance")
    assert len(midlatitude_balance) == 24 and (midlatitude_balance.n_years == 1).all()
    assert (
        midlatitude_balance.subtropical_sd_percent.isna().all()
        and midlatitude_balance.thermal_share_interannual.isna().all()
    )
    # a share of one year is 0 or 1
    shares = fields(mitgcm, "frequency").frequency.values
    assert set(np.unique(shares[np.isfinite(shares)])) == {0, 1}
    drivers = table(mitgcm, "drivers_by_biome").query("label > 0")
    assert set(drivers.variable) == {"sst", "dic", "alk", "fco2", "salinity", "ice"} and (drivers.n_months >= 1).all()
    assert not (site / "truth_check.csv").exists()
