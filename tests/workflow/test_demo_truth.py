"""The truth checks of the embedded demo pass its results and fail wrong ones, made of them in one way each."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import rasterio
from PIL import Image

import climate_indicators.carbon.truth as carbon_truth
import climate_indicators.glacier.truth as glacier_truth
import climate_indicators.ocean.truth as ocean_truth
import climate_indicators.snow.truth as snow_truth
from climate_indicators.carbon.truth_maps import mask_agreements
from climate_indicators.core.atomic_files import read_json
from climate_indicators.core.tables import read_table
from climate_indicators.geo.netcdf import read_fields
from climate_indicators.ocean.biomes.membership import cells_of_dataset
from climate_indicators.ocean.truth_maps import map_rows, regime_pairs
from climate_indicators.segmentation.map_pairs import yearly_agreement
from climate_indicators.snow.truth_maps import map_agreements
from climate_indicators.stats.truth_checks import check_table, failed_rows
from runs import ROOT

pytestmark = pytest.mark.long
SHIFTS = [(1, 0), (-1, 0), (0, 1), (0, -1), (2, 0), (0, 4)]
GLACIER, SNOW, CARBON, OCEAN = (f"results/{study}/demo" for study in ("glacier", "snow", "carbon", "ocean"))


def smaller(values, share=0.8):
    """Values whose changes are a share of the true ones."""
    return values.mean() + share * (values - values.mean())


def other_years(years, seed):
    """Years in another order, each at least two years from its own place: int, by year."""
    years, rng = np.unique(years), np.random.default_rng(seed)
    while True:
        order = rng.permutation(years)
        if (np.abs(order - years) >= min(2, len(years) // 2)).all():
            return dict(zip(years.tolist(), order.tolist(), strict=True))


def shifted(path, target, shift):
    """Copy of a raster whose pixels are moved down and right; what enters at the edges is not known."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with rasterio.open(path) as raster:
        values, profile = raster.read(1), raster.profile
    moved = np.full_like(values, 255)
    rows, cols = (slice(max(by, 0), size + min(by, 0)) for by, size in zip(shift, values.shape, strict=True))
    from_rows, from_cols = (slice(max(-by, 0), size - max(by, 0)) for by, size in zip(shift, values.shape, strict=True))
    moved[rows, cols] = values[from_rows, from_cols]
    with rasterio.open(target, "w", **profile | {"driver": "GTiff"}) as raster:
        raster.write(moved, 1)


def failures(table):
    return set(failed_rows(table)["quantity"])


@pytest.mark.parametrize("site", [GLACIER, SNOW, CARBON, OCEAN])
def test_the_demo_itself_passes_and_warns_of_no_failed_check(run_of_demo, site):
    table = read_table(run_of_demo / site / "truth_check.csv")
    assert failures(table) == set()
    warned = pd.read_csv(run_of_demo / "results/warnings.csv")
    assert not warned.message.str.startswith("truth check failed").any()


# ---------------------------------------------------------------------------------------------------------- glacier


@pytest.fixture(scope="module")
def glacier(run_of_demo):
    site, truth = run_of_demo / GLACIER, run_of_demo / "resources/glacier/demo/truth"
    maps = yearly_agreement((site / "extent").glob("*.tif"), truth / "extent", site / "aoi.tif")
    return {
        "areas": read_table(site / "glacier_area_by_year.csv"),
        "trend": read_table(site / "trend.csv"),
        "truth": read_table(truth / "areas.csv"),
        "extents": maps,
    }


KM2 = ["area_km2", "lower_km2", "upper_km2"]
SLOPES = ["slope_per_year", "lower_per_year", "upper_per_year"]


def test_right_glacier_results_pass(glacier):
    assert failures(glacier_truth.truth_table(**glacier)) == set()


@pytest.mark.parametrize("shift", SHIFTS)
def test_shifted_extents_are_noticed_in_every_year(run_of_demo, glacier, shift, tmp_path):
    site, truth = run_of_demo / GLACIER, run_of_demo / "resources/glacier/demo/truth"
    for path in (site / "extent").glob("*.tif"):
        shifted(path, tmp_path / path.name, shift)
    maps = yearly_agreement(tmp_path.glob("*.tif"), truth / "extent", site / "aoi.tif")
    found = failures(glacier_truth.truth_table(**glacier | {"extents": maps}))
    assert found >= {f"offset of extent {year}" for year in range(2016, 2025)}


def test_glacier_changes_times_0_8_are_noticed(glacier):
    areas, trend = glacier["areas"].copy(), glacier["trend"].copy()
    areas[KM2] -= 0.2 * (areas[["area_km2"]].to_numpy() - areas["area_km2"][0])
    trend[SLOPES] *= 0.8
    found = failures(glacier_truth.truth_table(**glacier | {"areas": areas, "trend": trend}))
    assert {"trend, estimate / truth", f"changes of {glacier_truth.AREA}, estimate / truth"} <= found
    assert "trend" not in found, "the interval alone does not see it"


@pytest.mark.parametrize("factor", [0.92, 1.08, 1.18])
def test_glacier_areas_that_are_wrong_in_proportion_are_noticed(glacier, factor):
    areas = glacier["areas"].copy()
    areas[KM2] *= factor
    found = failures(glacier_truth.truth_table(**glacier | {"areas": areas}))
    assert f"mean of {glacier_truth.AREA}, estimate / truth" in found


@pytest.mark.parametrize("seed", range(20))
def test_glacier_years_in_another_order_are_noticed(glacier, seed):
    areas = glacier["areas"]
    order = areas["year"].map(other_years(areas["year"], seed))
    moved = areas.assign(**areas.set_index("year").loc[order, KM2].reset_index(drop=True))
    found = failures(glacier_truth.truth_table(**glacier | {"areas": moved}))
    assert {f"correlation of {glacier_truth.AREA}", f"error of {glacier_truth.AREA}"} <= found


# ------------------------------------------------------------------------------------------------------------- snow


def snow_maps(compared, optical, maps, run):
    folders = {"optical": sorted(Path(optical).glob("[0-9]*[0-9]")), "radar": sorted(Path(maps).glob("[0-9]*[0-9]"))}
    truth = run / "resources/snow/demo/truth/snow"
    return map_agreements(compared, folders, truth, run / SNOW / "aoi.tif")


@pytest.fixture(scope="module")
def snow_tables(run_of_demo):
    site, folder = run_of_demo / SNOW, run_of_demo / "resources/snow/demo/truth"
    truth = snow_truth.Truth(
        read_table(folder / "cover.csv"),
        read_table(folder / "defects.csv", dtype=str),
        read_json(folder / "planted.json"),
    )
    compared = snow_truth.compare_cover(read_table(site / "cover.csv", dtype={"orbit": str}), truth)
    names = {"trends": "season_trends"} | {
        name: name for name in ("radar_cover", "snow_weather", "regressions", "curation", "triplets")
    }
    tables = {
        key: read_table(site / f"{name}.csv", dtype={"radar": str, "optical": str}) for key, name in names.items()
    }
    maps = snow_maps(compared, site / "optical", site / "maps", run_of_demo)
    return {"compared": compared, "truth": truth, "maps": maps} | tables


CORRECTED = ["corrected_fraction", "corrected_lower", "corrected_upper"]
OPTICAL, RADAR = snow_truth.SERIES["optical"], snow_truth.SERIES["radar"]


def test_right_snow_results_pass(snow_tables):
    assert failures(snow_truth.truth_table(**snow_tables)) == set()
    assert len(snow_tables["maps"]) >= 21 and ("radar", None) in snow_tables["maps"]


@pytest.mark.parametrize("factor", [0.92, 1.08, 1.18])
def test_snow_cover_that_is_wrong_in_proportion_is_noticed(snow_tables, factor):
    compared, radar = snow_tables["compared"], snow_tables["radar_cover"].copy()
    radar[CORRECTED] *= factor
    wrong = {"compared": compared.assign(estimate=factor * compared["estimate"]), "radar_cover": radar}
    found = failures(snow_truth.truth_table(**snow_tables | wrong))
    assert f"mean of {OPTICAL}, estimate / truth" in found


def test_snow_changes_times_0_8_are_noticed(snow_tables):
    compared = snow_tables["compared"]
    series = compared.groupby("source")["estimate"]
    wrong = {"compared": compared.assign(estimate=series.transform(smaller))}
    found = failures(snow_truth.truth_table(**snow_tables | wrong))
    assert {f"{what} of {OPTICAL}, estimate / truth" for what in ("changes", "season")} <= found
    assert not found & {OPTICAL, RADAR, snow_truth.CORRECTED_MEAN}, "means alone do not see it"


@pytest.mark.parametrize("seed", range(20))
def test_snow_of_years_in_another_order_is_noticed(snow_tables, seed):
    """Each optical date has the estimate of the date in another year that is next to it in the season."""
    compared = snow_tables["compared"].copy()
    own = compared[compared["source"] == "optical"]
    dates = pd.to_datetime(own["date"])
    order = other_years(own["year"], seed)
    wanted = dates + pd.to_timedelta([365.2425 * (order[year] - year) for year in own["year"]], unit="D")
    nearest = np.abs(dates.to_numpy() - wanted.to_numpy()[:, None]).argmin(axis=1)
    compared.loc[own.index, "estimate"] = own["estimate"].to_numpy()[nearest]
    found = failures(snow_truth.truth_table(**snow_tables | {"compared": compared}))
    assert {f"correlation of {OPTICAL} without season", f"error of {OPTICAL} without season"} <= found


@pytest.mark.parametrize("shift", SHIFTS)
def test_shifted_snow_maps_are_noticed(run_of_demo, snow_tables, shift, tmp_path):
    site, compared = run_of_demo / SNOW, snow_tables["compared"]
    for kind, ending in (("optical", "_mask.tif"), ("maps", "_extent.tif")):
        for path in (site / kind).glob(f"2018/*{ending}"):
            shifted(path, tmp_path / kind / "2018" / path.name, shift)
    chosen = compared[compared["date"].str[:4] == "2018"]
    maps = snow_maps(chosen, tmp_path / "optical", tmp_path / "maps", run_of_demo)
    found = failures(snow_truth.truth_table(**snow_tables | {"maps": snow_tables["maps"] | maps}))
    assert {"offset of optical masks 2018", "offset of radar maps of the wet season 2018"} <= found
    assert not any(name.startswith("offset") and "2018" not in name for name in found)


# ----------------------------------------------------------------------------------------------------------- carbon


@pytest.fixture(scope="module")
def carbon_tables(run_of_demo):
    site, folder = run_of_demo / CARBON, run_of_demo / "resources/carbon/demo/truth"
    names = {
        "estimates": "CO2_seq", "totals": "carbon_total", "trends": "trend_analysis", "forecast": "forecast",
    }  # fmt: skip
    tables = {key: read_table(site / f"{name}.csv") for key, name in names.items()}
    truth = carbon_truth.Truth(
        read_table(folder / "images.csv"), read_table(folder / "series.csv"), read_json(folder / "planted.json")
    )
    maps = mask_agreements(tables["estimates"], site / "masks", folder / "masks")
    return tables | {"truth": truth, "maps": maps}


MONTHS = carbon_truth.SERIES_KG


def carbon_failures(tables, kg):
    """Failed checks where the carbon of the images is another, and the totals follow from it."""
    estimates = tables["estimates"]
    factor = kg.sum() / estimates["carbon_kg"].sum()
    columns = [name for name in tables["totals"] if name.startswith("carbon_kg")]
    totals = tables["totals"].assign(**{name: factor * tables["totals"][name] for name in columns})
    wrong = {"estimates": estimates.assign(carbon_kg=kg), "totals": totals}
    return failures(carbon_truth.truth_table(**tables | wrong))


def carbon_of(images, dates):
    """Carbon of the images of the same places at other dates."""
    known = images.set_index(["place", "date"])["carbon_kg"]
    return pd.Series([known[key] for key in zip(images["place"], dates, strict=True)])


def test_right_carbon_results_pass(carbon_tables):
    assert failures(carbon_truth.truth_table(**carbon_tables)) == set()
    assert set(carbon_tables["maps"]) == set(range(2012, 2019))


def test_kg_times_1_18_are_noticed(carbon_tables):
    found = carbon_failures(carbon_tables, 1.18 * carbon_tables["estimates"]["carbon_kg"])
    assert {f"{carbon_truth.TOTAL_SUM}, estimate / truth", f"mean of {MONTHS}, estimate / truth"} <= found
    assert carbon_truth.TOTAL not in found, "the interval alone does not see it"


def test_carbon_changes_times_0_8_are_noticed(carbon_tables):
    images = carbon_tables["estimates"]
    found = carbon_failures(carbon_tables, images.groupby("place")["carbon_kg"].transform(smaller))
    assert {f"{what} of {MONTHS}, estimate / truth" for what in ("changes", "season")} <= found


@pytest.mark.parametrize("seed", range(20))
def test_carbon_of_years_in_another_order_is_noticed(carbon_tables, seed):
    images = carbon_tables["estimates"]
    order = other_years(images["date"].str[:4].astype(int), seed)
    other = images["date"].str[:4].astype(int).map(order).astype(str) + images["date"].str[4:]
    known = images.set_index(["place", "date"])["carbon_kg"]
    found = carbon_failures(
        carbon_tables, pd.Series(known.loc[list(zip(images["place"], other, strict=True))].to_numpy())
    )
    assert found & {f"correlation of {MONTHS} without season", f"error of {MONTHS} without season"}


@pytest.mark.parametrize("seed", range(3))
def test_carbon_of_months_in_another_order_is_noticed(carbon_tables, seed):
    images = carbon_tables["estimates"]
    dates = np.unique(images["date"])
    other = images["date"].map(dict(zip(dates, np.random.default_rng(seed).permutation(dates), strict=True)))
    known = images.set_index(["place", "date"])["carbon_kg"]
    found = carbon_failures(
        carbon_tables, pd.Series(known.loc[list(zip(images["place"], other, strict=True))].to_numpy())
    )
    assert f"changes of {MONTHS}, estimate / truth" in found


@pytest.mark.parametrize("shift", SHIFTS)
def test_shifted_masks_are_noticed(run_of_demo, carbon_tables, shift, tmp_path):
    site, truth = run_of_demo / CARBON, run_of_demo / "resources/carbon/demo/truth"
    estimates = carbon_tables["estimates"]
    chosen = estimates[estimates["date"].str[:4] == "2015"]
    for name in chosen["image_path"].str.replace(".jpg", ".png"):
        pixels = np.asarray(Image.open(site / "masks" / name))
        Image.fromarray(np.roll(pixels, shift, (0, 1))).save(tmp_path / name)
    maps = carbon_tables["maps"] | mask_agreements(chosen, tmp_path, truth / "masks")
    assert "offset of masks 2015" in failures(carbon_truth.truth_table(**carbon_tables | {"maps": maps}))


# ------------------------------------------------------------------------------------------------------------ ocean


@pytest.fixture(scope="module")
def ocean_check(run_of_demo):
    return pd.read_csv(run_of_demo / OCEAN / "coverage_check.csv")


def ocean_failures(check):
    check = check.assign(error=check["estimate"] - check["truth"])
    nothing = pd.DataFrame(columns=["month", "driver", "frozen_z", "monthly_z", "true_z"])
    return failures(ocean_truth.truth_table(check, nothing, {zone: zone for zone in check["zone"].unique()}, 0.95))


BOUNDS = ["estimate", "lower", "upper"]
PARTS = ["scaler", "zone", "regime"]


def test_right_coverage_passes(ocean_check):
    assert ocean_failures(ocean_check) == set()


def test_coverage_times_1_1_is_noticed_in_every_zone(ocean_check):
    wrong = ocean_check.copy()
    wrong[BOUNDS] *= 1.1
    found = ocean_failures(wrong)
    for zone in ocean_check["zone"].unique():
        assert any(zone in name for name in found), zone


def test_coverage_whose_changes_are_times_0_8_is_noticed(ocean_check):
    wrong = ocean_check.copy()
    for column in BOUNDS:
        wrong[column] = ocean_check.groupby(PARTS)[column].transform(smaller)
    assert any(name.startswith("changes of") for name in ocean_failures(wrong))


@pytest.mark.parametrize("seed", range(3))
def test_coverage_of_months_in_another_order_is_noticed(ocean_check, seed):
    order = np.random.default_rng(seed).permutation(120)
    wrong = ocean_check.copy()
    for column in BOUNDS:
        wrong[column] = ocean_check.groupby(PARTS)[column].transform(lambda values: values.to_numpy()[order])
    found = ocean_failures(wrong)
    assert any(name.startswith("changes of") for name in found) and any(name.startswith("season of") for name in found)


@pytest.mark.parametrize("seed", range(20))
def test_coverage_of_years_in_another_order_is_noticed(ocean_check, seed):
    order = (12 * np.array(list(other_years(range(10), seed).values()))[:, None] + np.arange(12)).ravel()
    wrong = ocean_check.copy()
    for column in BOUNDS:
        wrong[column] = ocean_check.groupby(PARTS)[column].transform(lambda values: values.to_numpy()[order])
    assert any(name.startswith("correlation of") for name in ocean_failures(wrong))


@pytest.fixture(scope="module")
def biome_maps(run_of_demo):
    """Labels and true regimes of five years, cells, and the regime that each biome stands for."""
    site, part = run_of_demo / OCEAN, "200901-201312"
    cells = cells_of_dataset(read_fields(site / "cells.nc"))
    regime = read_fields(run_of_demo / f"resources/ocean/demo/truth/{part}.nc").regime
    areas = ocean_truth.cell_areas_by_regime(regime.sel(time="2009-01-01"), cells)
    regime_of = ocean_truth.regimes_of_biomes(read_fields(site / "biomes.nc").label.values.ravel(), areas)
    return read_fields(site / f"labels/frozen/{part}.nc").label, regime, cells, regime_of


def test_right_biome_maps_pass(biome_maps):
    assert failures(check_table(map_rows(regime_pairs(*biome_maps)))) == set()


@pytest.mark.parametrize("shift", [{"lat": 1}, {"lat": -1}, {"lon": 1}, {"lon": -1}])
def test_biome_maps_that_are_shifted_by_a_cell_are_noticed(biome_maps, shift):
    labels, *others = biome_maps
    moved = labels.copy(data=labels.roll(shift, roll_coords=False).values)
    found = failures(check_table(map_rows(regime_pairs(moved, *others))))
    assert {f"offset of biome maps {year}" for year in range(2009, 2014)} <= found


# -------------------------------------------------------------------------------------------------------------- run


def test_a_failed_check_is_shown_to_the_user(run_of_demo, tmp_path):
    """Carbon × 1.18 among the results: the rule of the check warns, and the end of the run, too."""
    for part in ("results", "resources"):
        shutil.copytree(run_of_demo / part / "carbon", tmp_path / part / "carbon")
    table = tmp_path / CARBON / "CO2_seq.csv"
    read_table(table).assign(carbon_kg=lambda images: 1.18 * images["carbon_kg"]).to_csv(table, index=False)
    workflow = ["snakemake", "--snakefile", str(ROOT / "Snakefile"), "--configfile", str(ROOT / "config/config.yaml")]
    chosen = ["--cores", "1", "--force", "--allowed-rules", "carbon_truth_check", "--", f"{CARBON}/truth_check.csv"]
    done = subprocess.run([*workflow, *chosen], cwd=tmp_path, capture_output=True, text=True)
    text = done.stdout + done.stderr
    assert done.returncode == 0, text
    said = f"truth check failed: mean of {MONTHS}, estimate / truth is 1.1"
    assert said in text
    assert "2 warnings that may change a conclusion" in text, "the end of the run shows them"
    assert said in (tmp_path / "logs/carbon/demo/carbon_truth_check.warnings.csv").read_text()
