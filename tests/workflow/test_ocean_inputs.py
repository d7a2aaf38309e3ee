"""Ocean data of users through the rules: NEMO-like and CMIP6-like files, products with gaps, and what is refused."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from cases import shortened
from climate_indicators.ocean.reader.carbonate_system import sensitivities
from ocean_files import chemical_pco2, cmip6, nemo, product, regimes
from runs import QUICK_BIOMES, QUICK_CLASSIFIER, run

pytestmark = pytest.mark.slow
STUDY = {"months_per_job": 6, "cells": {"size": 12}, "biomes": QUICK_BIOMES, "classifier": QUICK_CLASSIFIER}
GRID = (50, 90)
SCALERS = ("frozen", "monthly")
EMPTY, REJECTED = "2005-04", "2005-05"


def study(**sites):
    """Configuration of sites of files; the biomes are those of their first month unless a site says otherwise."""
    every = {
        name: {"source": "files", "reference_month": settings["first_month"]} | settings
        for name, settings in sites.items()
    }
    return {"ocean": STUDY | {"sites": every}}


def fields(folder, site, name):
    with xr.open_dataset(folder / "results/ocean" / site / f"{name}.nc") as opened:
        return opened.load()


def table(folder, site, name):
    return pd.read_csv(folder / "results/ocean" / site / f"{name}.csv")


def kept(slopes, name):
    return slopes[f"slope_{name}"].where(slopes.status == 0)


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A NEMO-like and a CMIP6-like data set of one ocean, run up to coverage."""
    folder = tmp_path_factory.mktemp("models")
    (folder / "nemo").mkdir()
    (folder / "cmip6").mkdir()
    config = study(
        nemo=nemo(folder / "nemo", (2008,), world=regimes, shape=GRID),
        cmip6=cmip6(folder / "cmip6", first=2008, years=1, world=regimes, shape=GRID, pco2=chemical_pco2),
    )
    # a pattern in place of the names, below data_dir
    config["ocean"]["sites"]["nemo"]["files"] = ["nemo/ORCA_*.nc"]
    config["data_dir"] = str(folder)
    text, passed = run(folder, config, "--", *(f"results/ocean/{site}/coverage.csv" for site in ("nemo", "cmip6")))
    assert passed, text
    return folder


@pytest.mark.long
@pytest.mark.parametrize("site", ["nemo", "cmip6"])
def test_models_run_up_to_coverage(models, site):
    coverage = table(models, site, "coverage")
    assert sorted(coverage.month.unique()) == [f"2008-{month:02d}" for month in range(1, 13)]
    sums = coverage.groupby(["scaler", "zone", "month"]).percent.sum()
    assert len(sums) == 2 * 5 * 12
    np.testing.assert_allclose(sums, 100, atol=1e-6)
    biomes = table(models, site, "biomes").sort_values("median_abs_latitude")
    assert len(biomes) >= 2 and biomes.n_cells.min() > 50
    assert biomes.family.iloc[0] == "subtropical" and biomes.family.iloc[-1] in ("subpolar", "ice")
    # where the fronts of this ocean were put: 30° on the mean of the year
    warm = coverage.query("scaler == 'frozen' and zone == 'global' and biome.str.startswith('SUBTR')")
    ocean = coverage.query("scaler == 'frozen' and zone == 'global'").groupby("month").area_km2.sum()
    share = warm.groupby("month").area_km2.sum() / ocean
    assert share.between(0.35, 0.6).all()


@pytest.mark.long
@pytest.mark.parametrize("site", ["nemo", "cmip6"])
def test_slopes_of_models_are_the_sensitivities_of_their_water(models, site):
    january = fields(models, site, "slopes/200801-200806").sel(time="2008-01-01")
    cells = (january.status == 0).values
    water = {name: january[f"mean_{name}"].values[cells] for name in ("sst", "salinity", "dic", "alk")}
    true = sensitivities(**water)
    # cells of 12° reach across fronts, and salinity is left out
    for name in ("sst", "dic", "alk"):
        error = np.abs(january[f"slope_{name}"].values[cells] / true[name] - 1)
        assert np.median(error) < 0.1, name
    assert float(january.r2.where(january.status == 0).median()) > 0.99


@pytest.mark.long
def test_both_models_are_one_ocean(models):
    """Density units, wrapped columns, computed fCO2 on one side; SI units, fill values, pCO2, 0–360° on the other."""
    ours, theirs = (fields(models, site, "slopes/200807-200812") for site in ("nemo", "cmip6"))
    np.testing.assert_array_equal(ours.n_points, theirs.n_points)
    both = (ours.status == 0) & (theirs.status == 0)
    assert float((ours.status == theirs.status).mean()) > 0.99
    for name in ("sst", "dic", "alk"):
        difference = np.abs(ours[f"slope_{name}"] / theirs[f"slope_{name}"] - 1).where(both)
        assert float(difference.quantile(0.99)) < 0.01
    inputs = table(models, "nemo", "inputs").set_index("quantity")
    assert {"fco2", "pco2"}.isdisjoint(inputs.index) and inputs.unit_found["alk"] == "mol/m3"
    inputs = table(models, "cmip6", "inputs").set_index("quantity")
    assert inputs.variable["pco2"] == "spco2" and inputs.unit["pco2"] == "uatm"
    assert "stored twice" in (models / "logs/ocean/nemo/ocean_cells.log").read_text()


def in_month(number, change):
    """Change of one month of a field (month, lat, lon)."""

    def changed(values):
        values[number] = change(values[number])
        return values

    return changed


def rough(folder):
    """Latitudes descending, 0–360°, undeclared fill values; one month empty, one without any gradient of carbon."""
    flat = in_month(4, lambda values: 0 * values + 2100)
    return product(
        folder,
        months=6,
        world=regimes,
        step=4,
        sst=in_month(3, lambda values: values * np.nan),
        dic=lambda values: np.where(np.isnan(values), -999, flat(values)),
        alk=lambda values: np.where(np.isnan(values), 1e20, values),
    )


def smooth(folder, settings):
    """The same data the plain way: latitudes ascending, −180 to 180°, gaps NaN; in a Zarr folder."""
    with xr.open_dataset(settings["files"][0], decode_times=False) as dataset:
        plain = dataset.load().sortby("lat")
    plain = plain.assign_coords(lon=(plain.lon + 180) % 360 - 180).sortby("lon")
    plain["dic"] = plain.dic.where(plain.dic > 0)
    plain["alk"] = plain.alk.where(plain.alk < 1e5)
    plain.lon.attrs["units"] = "degrees_east"
    plain.to_zarr(folder / "smooth.zarr", zarr_format=2)
    return settings | {"files": [str(folder / "smooth.zarr")]}


@pytest.fixture(scope="module")
def gappy(tmp_path_factory):
    """A product with all of it, run to the end, and its plain twin, run up to the biomes."""
    folder = tmp_path_factory.mktemp("gappy")
    settings = rough(folder)
    text, passed = run(folder, study(rough=settings))
    assert passed, text
    twin = study(smooth=smooth(folder, settings))
    text, passed = run(folder, twin, "--", "results/ocean/smooth/biomes.csv")
    assert passed, text
    return folder


@pytest.mark.long
def test_order_of_rows_and_columns_and_gaps_change_nothing(gappy):
    cells = [fields(gappy, site, "cells").drop_vars("point_is_ocean") for site in ("rough", "smooth")]
    xr.testing.assert_allclose(*cells)  # without the points, which lie in the order of the files
    xr.testing.assert_identical(*(fields(gappy, site, "biomes") for site in ("rough", "smooth")))
    one, other = (fields(gappy, site, "slopes/200501-200506") for site in ("rough", "smooth"))
    np.testing.assert_array_equal(one.status, other.status)
    for name in ("sst", "dic", "alk"):
        np.testing.assert_allclose(kept(one, name), kept(other, name), rtol=1e-4)
    numbers = ["n_cells", "area_km2", "mean_sst", "mean_alk", "slope_dic"]
    one, other = (table(gappy, site, "biomes") for site in ("rough", "smooth"))
    assert len(one) >= 2 and (one.name == other.name).all()
    np.testing.assert_allclose(one[numbers], other[numbers], rtol=1e-5)


@pytest.mark.long
def test_an_empty_month_is_missing_and_one_with_every_cell_rejected_unclassified(gappy):
    slopes = fields(gappy, "rough", "slopes/200501-200506")
    words = dict(zip(slopes.status.attrs["flag_meanings"].split(), slopes.status.attrs["flag_values"], strict=True))
    assert (slopes.status.sel(time=f"{EMPTY}-01") == words["no_points"]).all()
    assert not (slopes.status.sel(time=f"{REJECTED}-01") == words["kept"]).any()
    assert (slopes.status.sel(time=f"{REJECTED}-01") == words["dependent_drivers"]).sum() > 200
    area = fields(gappy, "rough", "cells").area_km2
    for scaler in SCALERS:
        labels = fields(gappy, "rough", f"labels/{scaler}/200501-200506")
        for month in (EMPTY, REJECTED):
            here, nothing = labels.sel(time=f"{month}-01"), -2 if month == EMPTY else 0
            assert (here.label.values == np.where(area > 0, nothing, -1)).all() and here.probability.isnull().all()
        assert (labels.label.sel(time="2005-06-01") > 0).sum() > 300
    coverage = table(gappy, "rough", "coverage")
    empty, rejected = (coverage[coverage.month == month] for month in (EMPTY, REJECTED))
    values = ["percent", "lower_percent", "upper_percent", "area_km2"]
    assert set(empty.flag) == {"no data"} and empty[values].isna().all(axis=None) and (empty.data_percent == 0).all()
    assert set(rejected.flag) == {"none classified"} and (rejected.data_percent == 100).all()
    assert set(rejected[rejected.label == 0].percent) == {100} and rejected[rejected.label > 0].percent.isna().all()
    assert coverage[~coverage.month.isin([EMPTY, REJECTED])].flag.isna().all()
    inputs = table(gappy, "rough", "inputs").set_index("quantity")
    assert inputs.missing_months["sst"] == EMPTY and (inputs.months_missing.drop("sst") == 0).all()
    warnings = pd.read_csv(gappy / "results/warnings.csv").astype(str).sum(axis=1)
    assert warnings.str.contains("variables.sst").any() and warnings.str.contains("zone global: 1 of 6").any()
    assert coverage.query("label == 0 and month == '2005-06' and zone == 'global'").percent.max() < 20
    assert EMPTY in (gappy / "logs/ocean/rough/ocean_slopes_200501-200506.log").read_text()


@pytest.mark.long
def test_analyses_live_with_half_a_year_and_blank_months(gappy):
    trend = table(gappy, "rough", "trend")
    assert trend.slope_per_year.isna().all() and not trend.significant.any()
    assert trend.sentence.str.startswith("No trend").all()
    sensitivity = table(gappy, "rough", "sensitivity").groupby("month").n_cells.max()
    assert sensitivity.get(EMPTY, 0) == 0 and sensitivity.get(REJECTED, 0) == 0 and sensitivity["2005-06"] > 300
    assert set(table(gappy, "rough", "seasonal_cycle").calendar_month) == set(range(1, 7))
    drivers = table(gappy, "rough", "drivers").query("label > 0").set_index("month")
    assert "2005-06" in drivers.index and drivers[drivers.index.isin([EMPTY, REJECTED])]["mean"].isna().all()


def edit(settings, change):
    """Rewrite the data set's file after a change."""
    path = settings["files"][0]
    with xr.open_dataset(path, decode_times=False) as dataset:
        changed = dataset.load()
    change(changed).to_netcdf(path)


def unknown_unit(folder, settings):
    settings["variables"]["dic"]["unit"] = "mg m-3"


def unit_of_something_else(folder, settings):
    settings["variables"]["dic"]["unit"] = "mol m-3"


def no_unit(folder, settings):
    def change(dataset):
        del dataset.alk.attrs["units"]
        return dataset

    edit(settings, change)


def kelvin_later(folder, settings):
    def change(dataset):
        dataset.sst[4] += 273.15
        return dataset

    edit(settings, change)


def missing_variable(folder, settings):
    settings["variables"]["dic"]["name"] = "dissic"


def months_after_the_end(folder, settings):
    settings["last_month"] = "2005-08"


def month_left_out(folder, settings):
    edit(settings, lambda dataset: dataset.isel(time=[0, 1, 3, 4, 5]))


def month_twice(folder, settings):
    edit(settings, lambda dataset: dataset.isel(time=[0, 1, 2, 2, 3, 4, 5]))


def other_grid(folder, settings):
    with xr.open_dataset(settings["files"][0], decode_times=False) as dataset:
        dataset[["dic"]].isel(lon=slice(0, 80)).to_netcdf(folder / "dic.nc")
    settings["variables"]["dic"]["files"] = [str(folder / "dic.nc")]


def no_netcdf(folder, settings):
    (folder / "product.nc").write_text("no NetCDF")


def missing_file(folder, settings):
    (folder / "product.nc").unlink()


def no_slopes_in_the_reference_month(folder, settings):
    def change(dataset):
        dataset.alk[5] = 2300
        return dataset

    edit(settings, change)
    settings["reference_month"] = "2005-06"


def no_data_in_the_reference_month(folder, settings):
    def change(dataset):
        dataset.alk[5] = np.nan
        return dataset

    edit(settings, change)
    settings["reference_month"] = "2005-06"


def missing_key(folder, settings):
    del settings["variables"]["alk"]


def misspelt_key(folder, settings):
    settings["variabels"] = settings.pop("variables")


BAD = {
    unknown_unit: (["product.nc, variable dic", "'mg m-3'", "variables.dic.unit"], "cells.nc"),
    unit_of_something_else: (
        ["product.nc, variable dic", "median", "800 and 3200", "variables.dic.unit"],
        "cells.nc",
    ),
    no_unit: (["product.nc, variable alk", "no units attribute", "variables.alk.unit"], "cells.nc"),
    kelvin_later: (
        ["product.nc, variable sst", "2005-05", "'degC'", "median of 282.95", "variables.sst.unit"],
        "cells.nc",
    ),
    missing_variable: (["product.nc", "no variable 'dissic'", "alk, dic, ice, mld, salinity, sst"], "cells.nc"),
    months_after_the_end: (["no field for 2005-07, 2005-08", "2005-01 to 2005-06", "last_month"], "cells.nc"),
    month_left_out: (["no field for 2005-03", "Add the file"], "cells.nc"),
    month_twice: (["month 2005-03 is there twice", "product.nc"], "cells.nc"),
    other_grid: (["dic.nc", "45 × 80", "another grid"], "cells.nc"),
    no_netcdf: (["product.nc cannot be read as NetCDF"], "cells.nc"),
    no_data_in_the_reference_month: (["no data in the reference month 2005-06", "reference_month"], "biomes.csv"),
    no_slopes_in_the_reference_month: (
        ["'no_slopes_in_the_reference_month'", "0 cells of the reference month 2005-06", "need 30"],
        "biomes.csv",
    ),
}
# seen before any job starts, by which the whole run ends
BAD_AT_START = {
    missing_file: ["Missing input files", "product.nc"],
    missing_key: ["ocean.sites.mine.variables.alk: missing"],
    misspelt_key: ["ocean.sites.mine.variabels", "variables"],
}


def left_in(folder, site, absent):
    """Files of a site's results below the name that must not be there."""
    results = folder / "results/ocean" / site
    return [path for path in results.rglob("*") if path.is_file() and path.relative_to(results).parts[0] == absent]


@pytest.fixture(scope="module")
def refused(tmp_path_factory):
    """A run of a site for each kind of bad data, up to the biomes: its folder and its text."""
    folder = tmp_path_factory.mktemp("refused")
    sites = {}
    for spoil in BAD:
        (folder / spoil.__name__).mkdir()
        sites[spoil.__name__] = product(folder / spoil.__name__, months=6, world=regimes, step=4)
        spoil(folder / spoil.__name__, sites[spoil.__name__])
    targets = [f"results/ocean/{site}/biomes.csv" for site in sites]
    text, passed = run(folder, study(**sites), "--keep-going", "--", *targets)
    assert not passed, text
    return folder, text


@pytest.mark.long
@pytest.mark.parametrize("spoil", BAD, ids=lambda spoil: spoil.__name__)
def test_bad_data_end_in_one_clear_message(refused, spoil):
    (folder, text), site = refused, spoil.__name__
    words, absent = BAD[spoil]
    logs = [path.read_text() for path in (folder / "logs/ocean" / site).glob("*.log")]
    messages = [line for log in logs for line in log.splitlines() if " ERROR " in line]
    assert len(messages) == 1 and site in messages[0], messages
    for word in words:
        assert word in messages[0] and word in text, messages[0]
    assert not list((folder / "results").rglob("*.part-*")), "half-written files stay"
    assert not left_in(folder, site, absent), "a result stands that cannot be right"
    assert not left_in(folder, site, "biomes.csv")


@pytest.mark.parametrize("spoil", shortened(BAD_AT_START, missing_file), ids=lambda spoil: spoil.__name__)
def test_bad_data_that_are_seen_before_any_job_end_the_run(tmp_path, spoil):
    settings = product(tmp_path, months=6, world=regimes, step=4)
    spoil(tmp_path, settings)
    text, passed = run(tmp_path, study(mine=settings), "--", "results/ocean/mine/biomes.csv")
    assert not passed
    for word in BAD_AT_START[spoil]:
        assert word in text, text
    assert not [path for path in (tmp_path / "results").rglob("*") if path.is_file()], "a job was run"


@pytest.mark.long
def test_slopes_that_nothing_divides_are_refused_before_a_network_is_trained(tmp_path):
    settings = product(tmp_path, months=6, world=regimes, step=4)
    config = study(mine=settings)
    config["ocean"]["biomes"] = QUICK_BIOMES | {"density": {"max_density_ratio": [0.05], "compactness": [0.0]}}
    text, passed = run(tmp_path, config, "--", "results/ocean/mine/metrics.csv")
    assert not passed
    assert "1 biome on" in text and "max_density_ratio" in text, text
    assert len(table(tmp_path, "mine", "biomes")) == 1
    assert not list((tmp_path / "results").rglob("*.part-*"))
