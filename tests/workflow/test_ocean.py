"""What a finished run of the ocean study holds, that another run gives the same, and what re-runs after a change."""

import shutil

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
import xarray as xr
from PIL import Image

from cases import shortened
from runs import OCEAN_STUDY, QUICK_BIOMES, QUICK_CLASSIFIER, SMALL_OCEAN, copy_workflow, jobs_of, run, tables

pytestmark = pytest.mark.slow
SITE = "results/ocean/small"
PARTS = ["200401-200512", "200601-200712"]
SCALERS = ["frozen", "monthly"]
ZONES = ["global", "arctic", "north_atlantic", "equatorial_pacific", "southern_ocean"]
MONTHS = [f"{year}-{month:02d}" for year in range(2004, 2008) for month in range(1, 13)]
MAPS = [f"{kind}/{part}" for kind in ("slopes", "labels/frozen", "labels/monthly") for part in PARTS]
METHODS = {"network", "nearest_centroid", "lda", "knn"}
TREND = "slope_per_year lower_per_year upper_per_year"
COLUMNS = {
    "inputs": "quantity variable n_files first_file unit_found unit_configured unit cadence first_month last_month "
    "minimum median maximum conversion months_present months_missing missing_months time_stamp level positions",
    "cuts": "mode max_density_ratio compactness k silhouette gap gap_sd calinski_harabasz stability published_bic "
    "published_aic smallest_share chosen",
    "biomes": "label name family n_cells area_km2 median_abs_latitude mean_ice mean_sst mean_dic mean_alk mean_fco2 "
    "mean_salinity mean_mld slope_sst_z sd_slope_sst_z slope_dic_z sd_slope_dic_z slope_alk_z sd_slope_alk_z slope_sst "
    "slope_dic slope_alk color",
    "agreement": "method k share_labeled ami_with_biomes ami_with_truth",
    "tuning": "batch_size optimizer learning_rate fold accuracy macro_f1 epochs",
    "history": "epoch loss accuracy val_loss val_accuracy",
    "metrics": "model split iou dice precision recall f1 accuracy f1_lower f1_upper ece log_loss temperature n_cells "
    "f1_gain f1_gain_lower f1_gain_upper",
    "confusion": "model split true predicted count",
    "reliability": "model split bin_lower bin_upper mean_confidence accuracy n_cells",
    "coverage": "scaler zone month label biome percent lower_percent upper_percent area_km2 data_percent flag",
    "trend": f"scaler zone biome quantity unit n_years first_year last_year {TREND} line_at_first_year "
    "total_change total_lower total_upper total_percent lag1 effective_n p_value test significant sentence p_adjusted",
    "seasonal_trend": f"scaler zone biome quantity unit n_years n_months first_month last_month {TREND} lag1 "
    "effective_n p_value test significant p_adjusted",
    "seasonal_cycle": "scaler zone label biome calendar_month n_years mean_percent sd_percent min_percent max_percent",
    "sensitivity": "month driver n_cells mean_slope frozen_z monthly_z",
    "midlatitude_balance": "band calendar_month n_years subtropical_percent subtropical_sd_percent subpolar_percent "
    "subpolar_sd_percent thermal_share thermal_share_subtropical thermal_share_subpolar thermal_share_interannual "
    "thermal_uatm non_thermal_uatm",
    "core": "label biome mean_km2 core_km2 core_percent",
    "drivers": "month label biome variable unit mean sd n_cells",
    "drivers_by_biome": "label biome variable unit mean sd_cells sd_months n_months",
    "truth_check": "quantity unit truth estimate lower upper tolerance expected within",
    "coverage_check": "scaler zone month regime truth estimate lower upper error",
}
FIGURES = (
    "slope_maps biome_map dendrogram cut_grid biome_profile classifier coverage seasonal_cycle midlatitude_balance "
    "frequency core drivers drivers_season"
).split()


def table(folder, name):
    return pd.read_csv(folder / SITE / f"{name}.csv")


def dataset(folder, name, **options):
    with xr.open_dataset(folder / SITE / f"{name}.nc", **options) as opened:
        return opened.load()


@pytest.mark.parametrize("name", COLUMNS)
def test_tables_have_their_columns_and_rows(finished_ocean, name):
    found = table(finished_ocean, name)
    assert list(found.columns) == COLUMNS[name].split()
    assert len(found) and not found.duplicated().any()


def test_figures_are_drawn(finished_ocean):
    for name in [*(f"ocean_{name}" for name in FIGURES), "truth_check"]:
        with Image.open(finished_ocean / SITE / f"{name}.png") as picture:
            assert min(picture.size) > 300, name
            assert len(picture.convert("RGB").getcolors(2**24)) > 20, f"{name} is nearly blank"


def test_animation_has_a_frame_a_month_in_the_biomes_colors(finished_ocean):
    wanted = {tuple(bytes.fromhex(text[1:])) for text in table(finished_ocean, "biomes").color}
    with Image.open(finished_ocean / SITE / "ocean_animation.gif") as animation:
        assert animation.n_frames == len(MONTHS) and animation.info["duration"] == 300
        colors = {color for _, color in animation.convert("RGB").getcolors(2**24)}
    assert wanted <= colors
    page = (finished_ocean / SITE / "ocean_animation.html").read_text()
    assert "data:image/gif;base64," in page and "http" not in page


def test_manifest_names_every_result(finished_ocean):
    manifest = pd.read_csv(finished_ocean / "results/manifest.csv").set_index("path")
    expected = [f"{name}.csv" for name in COLUMNS] + [f"ocean_{name}.png" for name in FIGURES]
    expected += [f"{name}.nc" for name in ("cells", "linkage", "biomes", "frequency", *MAPS)]
    expected += ["truth_check.png", "ocean_animation.gif", "ocean_animation.html", "model/model.keras"]
    assert {f"{SITE}/{name}" for name in expected} <= set(manifest.index)
    for path in manifest.index:
        assert (finished_ocean / path).stat().st_size == manifest.bytes[path]


def test_coverage_adds_up_with_the_unclassified(finished_ocean):
    coverage = table(finished_ocean, "coverage")
    labels = [0, *table(finished_ocean, "biomes").label]
    keys = ["scaler", "zone", "month"]
    assert len(coverage) == len(SCALERS) * len(ZONES) * len(MONTHS) * len(labels)
    assert coverage.groupby(keys).label.apply(list).map(lambda found: found == labels).all()
    assert set(coverage.zone) == set(ZONES) and set(coverage.month) == set(MONTHS)
    np.testing.assert_allclose(coverage.groupby(keys).percent.sum(), 100, atol=1e-6)
    assert (coverage.query("label == 0").biome == "unclassified").all()
    assert (coverage.lower_percent <= coverage.percent).all() and (coverage.percent <= coverage.upper_percent).all()
    zone_km2 = coverage.groupby(keys).area_km2.transform("sum")
    np.testing.assert_allclose(100 * coverage.area_km2 / zone_km2, coverage.percent, atol=1e-6)


@pytest.mark.parametrize("scaler", SCALERS)
def test_coverage_is_what_the_labels_say(finished_ocean, scaler):
    area = dataset(finished_ocean, "cells").area_km2
    coverage = table(finished_ocean, "coverage").query("scaler == @scaler and zone == 'global'")
    for part in PARTS:
        maps = dataset(finished_ocean, f"labels/{scaler}/{part}").label
        for month in (maps.time[0], maps.time[-1]):
            rows = coverage[coverage.month == str(month.values)[:7]].set_index("label")
            for label in rows.index:
                covered = float(area.where(maps.sel(time=month) == label, 0).sum())
                assert covered == pytest.approx(rows.area_km2[label])
    assert 2 < len(coverage.label.unique())


@pytest.mark.parametrize("scaler", SCALERS)
@pytest.mark.parametrize("part", PARTS)
def test_labels_follow_the_slopes_and_the_probabilities(finished_ocean, scaler, part):
    maps, slopes = dataset(finished_ocean, f"labels/{scaler}/{part}"), dataset(finished_ocean, f"slopes/{part}")
    area = dataset(finished_ocean, "cells").area_km2.values
    labels, probability = maps.label.values, maps.probability.values
    kept = slopes.status.values == 0
    assert ((labels == -1) == (area == 0)).all()
    assert (np.isfinite(probability).all(axis=0) == kept).all(), "cells without slopes have no probabilities"
    assert (labels[~kept & (area > 0)] == 0).all()
    chances = probability[:, kept]
    np.testing.assert_allclose(chances.sum(axis=0), 1, atol=0.01)
    sure = chances.max(axis=0) > 0.51  # probabilities are stored in steps of 0.004
    assert (labels[kept][sure] == chances.argmax(axis=0)[sure] + 1).all() and sure.mean() > 0.9


@pytest.mark.parametrize("name", ["biomes", "cells", "frequency", *MAPS])
def test_fields_keep_to_the_cf_conventions(finished_ocean, name):
    raw = dataset(finished_ocean, name, decode_times=False, mask_and_scale=False)
    assert raw.attrs["Conventions"].startswith("CF-1.") and raw.attrs["title"]
    borders = {variable.attrs["bounds"] for variable in raw.variables.values() if "bounds" in variable.attrs}
    assert borders <= set(raw.variables), "the file lacks bounds that an attribute names"
    assert raw.lat.attrs["units"] == "degrees_north" and raw.lat.attrs["standard_name"] == "latitude"
    assert raw.lon.attrs["units"] == "degrees_east" and raw.lon.attrs["standard_name"] == "longitude"
    for key in set(raw.variables) - borders:
        about = raw[key].attrs
        assert "long_name" in about or "standard_name" in about, key
        assert raw[key].dtype.kind != "f" or about.get("units"), f"{key}: numbers without a unit"
        if "flag_values" in about:
            flags = np.atleast_1d(about["flag_values"])
            assert flags.dtype == raw[key].dtype and len(flags) == len(about["flag_meanings"].split()), key
            assert set(np.unique(raw[key])) <= set(flags.tolist()), key
    if "time" in raw.coords:
        assert raw.time.attrs["units"] == "days since 1850-01-01" and raw.time.attrs["calendar"] == "standard"


def test_flags_of_the_labels_are_the_biomes_by_name(finished_ocean):
    biomes = table(finished_ocean, "biomes")
    names = ["no_data", "land", "unclassified", *biomes.name.str.replace(" ", "_")]
    for name in ["biomes", *MAPS[2:]]:
        about = dataset(finished_ocean, name).label.attrs
        assert about["flag_values"].tolist() == [-2, -1, 0, *biomes.label] and about["flag_meanings"].split() == names


def test_months_of_the_parts_are_all_there_once(finished_ocean):
    for kind in ("slopes", "labels/frozen", "labels/monthly"):
        times = np.concatenate([dataset(finished_ocean, f"{kind}/{part}").time.values for part in PARTS])
        assert [str(time)[:10] for time in times] == [f"{month}-01" for month in MONTHS]


def test_slopes_are_of_the_size_that_sea_water_has(finished_ocean):
    slopes = dataset(finished_ocean, f"slopes/{PARTS[0]}")
    kept = slopes.where(slopes.status == 0)
    assert int((slopes.status == 0).sum(("lat", "lon")).min()) > 400
    assert float(kept.r2.median()) > 0.98
    for name, low, high in (("sst", 8, 20), ("dic", 0.8, 4), ("alk", -4, -0.6)):
        assert low < float(kept[f"slope_{name}"].median()) < high
        assert float(kept[f"p_{name}"].max()) <= 0.04
    assert np.isfinite(kept.vif_sst.values).sum() == int((slopes.status == 0).sum())


def test_skill_is_given_for_the_network_and_the_simple_methods(finished_ocean):
    metrics, confusion = table(finished_ocean, "metrics"), table(finished_ocean, "confusion")
    assert set(metrics.model) == METHODS
    assert (metrics.groupby("model").split.apply(set) == {"train", "validation", "test"}).all()
    right = confusion[confusion.true == confusion.predicted].groupby(["model", "split"])["count"].sum()
    total = confusion.groupby(["model", "split"])["count"].sum()
    for row in metrics.itertuples():
        assert total[row.model, row.split] == row.n_cells
        assert right[row.model, row.split] / row.n_cells == pytest.approx(row.accuracy)
        assert np.isnan(row.f1_lower) or row.f1_lower <= row.f1 <= row.f1_upper
    # all learnt biomes of the reference month are dealt out
    assert metrics.query("model == 'network'").n_cells.sum() == table(finished_ocean, "biomes").n_cells.sum()


def test_truth_check_says_itself_what_lies_within(finished_ocean):
    check = table(finished_ocean, "truth_check")
    assert check.within.dtype == bool
    inside, near = (
        check.truth.between(check.lower, check.upper),
        (check.estimate - check.truth).abs() <= check.tolerance,
    )
    assert (check.within == inside.where(check.tolerance.isna(), near)).all()
    assert check.quantity.is_unique
    monthly = table(finished_ocean, "coverage_check")
    np.testing.assert_allclose(monthly.estimate - monthly.truth, monthly.error, atol=1e-6)
    frozen = monthly.query("scaler == 'frozen'")
    np.testing.assert_allclose(frozen.groupby(["zone", "month"]).truth.sum(), 100, atol=1e-6)
    errors = frozen.groupby(["zone", "regime"]).error.apply(lambda error: error.abs().max())
    worst = check[check.quantity.str.contains("largest error")]
    assert len(worst) >= len(ZONES)
    for row in worst.itertuples():
        assert (errors - abs(row.estimate - row.truth)).abs().min() < 1e-6, row.quantity


def test_seasonal_cycle_is_the_mean_over_the_years(finished_ocean):
    coverage, cycle = table(finished_ocean, "coverage"), table(finished_ocean, "seasonal_cycle")
    assert (cycle.n_years == 4).all() and set(cycle.calendar_month) == set(range(1, 13))
    row = cycle.query("scaler == 'monthly' and zone == 'southern_ocean' and label == 1 and calendar_month == 9").iloc[0]
    found = coverage.query("scaler == 'monthly' and zone == 'southern_ocean' and label == 1")
    percent = found[found.month.str.endswith("-09")].percent
    assert row.mean_percent == pytest.approx(percent.mean()) and row.sd_percent == pytest.approx(percent.std())


def test_second_run_has_nothing_to_do(finished_ocean):
    text, passed = run(finished_ocean, SMALL_OCEAN)
    assert passed and "Nothing to be done" in text, text


@pytest.mark.long
def test_two_runs_give_the_same_bytes(finished_ocean, tmp_path):
    targets = [f"{SITE}/{name}" for name in ("coverage.csv", "agreement.csv", "frequency.nc", "drivers.csv")]
    text, passed = run(tmp_path, SMALL_OCEAN, "--", *targets)
    assert passed, text
    again = [*tables(tmp_path), *(path.relative_to(tmp_path) for path in tmp_path.rglob("*.nc"))]
    assert {path.suffix for path in again} == {".csv", ".nc"} and len(again) >= 25
    for path in again:
        assert (tmp_path / path).read_bytes() == (finished_ocean / path).read_bytes(), path


@pytest.mark.long
def test_the_length_of_the_parts_changes_no_result(finished_ocean, tmp_path):
    """Months by 17, so that the last part is shorter and the reference month lies elsewhere in its file."""
    text, passed = run(tmp_path, {"ocean": OCEAN_STUDY | {"months_per_job": 17}}, "--", f"{SITE}/coverage.csv")
    assert passed, text
    assert len(list((tmp_path / SITE / "slopes").iterdir())) == 3
    for name in ("biomes.csv", "biomes.nc", "linkage.nc", "metrics.csv", "coverage.csv"):
        assert (tmp_path / SITE / name).read_bytes() == (finished_ocean / SITE / name).read_bytes(), name


@pytest.fixture(scope="module")
def work(finished_ocean, tmp_path_factory):
    """A copy of the finished run, for dry runs: they change nothing but the settings file."""
    folder = tmp_path_factory.mktemp("ocean_stale") / "work"
    shutil.copytree(finished_ocean, folder)
    return folder


COVERED = {"ocean_coverage", "ocean_trend", "ocean_season", "ocean_truth_check", "overview", "manifest"}
LABELED = COVERED | {"ocean_labels", "ocean_midlatitude_balance", "ocean_frequency", "ocean_drivers", "ocean_animation"}
LEARNT = LABELED | {"ocean_classifier", "ocean_skill", "ocean_sensitivity"}
FOUND = LEARNT | {"ocean_biomes", "ocean_detection", "ocean_agreement"}
ZONE = {"name": "north", "title": "North", "lat": [30, 70]}


@pytest.mark.parametrize(
    ("group", "change", "expected"),
    shortened(
        [
            ("figures", {"seconds_per_frame": 0.5}, {"ocean_animation", "manifest"}),
            ("trend", {"significance": 0.01}, {"ocean_trend", "ocean_truth_check", "overview", "manifest"}),
            ("trend", {"confidence": 0.9}, COVERED),
            ("zones", [ZONE], COVERED),
            ("midlatitude_balance", [ZONE], {"ocean_midlatitude_balance", "manifest"}),
            ("classifier", QUICK_CLASSIFIER | {"abstain_below": 0.6}, LABELED),
            ("classifier", QUICK_CLASSIFIER | {"dropout": 0.4}, LEARNT),
            ("biomes", QUICK_BIOMES | {"bootstraps": 3}, FOUND),
            ("regression", {"max_p": 0.05}, FOUND | {"ocean_slopes", "ocean_slope_maps"}),
        ],
        "regression",
        "zones",
    ),
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_setting_reruns_the_rules_that_use_it(work, group, change, expected):
    text, passed = run(work, {"ocean": OCEAN_STUDY | {group: change}}, "--dry-run")
    assert passed, text
    assert jobs_of(text) == expected


@pytest.mark.parametrize(
    ("module", "expected"),
    shortened(
        [
            ("ocean/indicators/seasons.py", {"ocean_season", "manifest"}),
            ("ocean/biomes/density_separation.py", FOUND),
            ("synthetic/ocean/regimes.py", None),
        ],
        "ocean/biomes/density_separation.py",
    ),
)
def test_an_edited_module_reruns_the_rules_that_import_it(work, tmp_path, module, expected):
    snakefile = copy_workflow(tmp_path / "workflow")
    path = snakefile.parent / "src" / "climate_indicators" / module
    path.write_text(path.read_text() + "\n# edited\n")
    text, passed = run(work, SMALL_OCEAN, "--dry-run", snakefile=snakefile)
    assert passed, text
    every = FOUND | {"simulate_ocean", "ocean_cells", "ocean_slopes", "ocean_slope_maps"}
    assert jobs_of(text) == (expected or every)


@pytest.fixture
def own(finished_ocean, tmp_path):
    """A copy of the finished run that a test may go on with."""
    shutil.copytree(finished_ocean, tmp_path / "own")
    return tmp_path / "own"


@pytest.mark.long
def test_zones_by_longitude_alone_and_by_polygons(own):
    square = shapely.box(-60, -50, 0, -20)
    gpd.GeoDataFrame({"kind": ["in"]}, geometry=[square], crs="EPSG:4326").to_crs("EPSG:3857").to_file(own / "z.gpkg")
    zones = [
        {"name": "half", "title": "Half", "lon": [[150, 330]]},
        {"name": "square", "title": "Square", "file": str(own / "z.gpkg"), "where": "kind = 'in'"},
    ]
    config = {"ocean": OCEAN_STUDY | {"zones": zones}}
    text, passed = run(own, config, "--", f"{SITE}/seasonal_cycle.csv")
    assert passed, text
    assert jobs_of(text) == {"ocean_coverage", "ocean_season"}
    coverage = table(own, "coverage")
    assert list(coverage.zone.unique()) == ["global", "half", "square"]
    area = dataset(own, "cells").area_km2
    lon = (area.lon + 360) % 360
    inside = {
        "half": area.where((lon >= 150) & (lon <= 330)),
        "square": area.where((area.lon > -60) & (area.lon < 0) & (area.lat > -50) & (area.lat < -20)),
    }
    for name, km2 in inside.items():
        rows = coverage[(coverage.zone == name) & (coverage.scaler == "frozen") & (coverage.month == "2004-01")]
        assert rows.area_km2.sum() == pytest.approx(float(km2.sum()))


@pytest.mark.long
def test_a_zone_without_ocean_is_refused_by_name(own):
    zones = [{"name": "pole", "title": "Pole", "lat": [89, 90]}]
    text, passed = run(own, {"ocean": OCEAN_STUDY | {"zones": zones}}, "--", f"{SITE}/coverage.csv")
    assert not passed
    assert "zone 'pole'" in text and "no ocean cell" in text, text
    assert not list((own / "results").rglob("*.part-*"))
