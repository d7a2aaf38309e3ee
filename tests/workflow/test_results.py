"""What a finished run holds, and that another run gives the same."""

import pandas as pd
import pytest
import rasterio

from climate_indicators.stats.truth_checks import COLUMNS, MAX_WARNED, failed_rows
from runs import SMALL, run, tables

pytestmark = pytest.mark.slow
SITE = "results/glacier/small"


def test_tables_have_the_columns_that_all_studies_share(finished):
    metrics = pd.read_csv(finished / SITE / "metrics.csv")
    assert list(metrics.columns[:7]) == ["model", "split", "iou", "dice", "precision", "recall", "f1"]
    assert set(metrics.model) == {"unet", "random_forest", "band_ratio", "all_positive"}
    check = pd.read_csv(finished / SITE / "truth_check.csv")
    assert check.columns.tolist() == COLUMNS
    assert check.within.dtype == bool and check.expected.all()
    inside = (check.truth >= check.lower) & (check.truth <= check.upper)
    near = (check.estimate - check.truth).abs() <= check.tolerance
    assert (check.within == inside.where(check.tolerance.isna(), near)).all()


def test_what_fails_in_the_truth_check_is_in_the_table_of_warnings(finished):
    check, warned = pd.read_csv(finished / SITE / "truth_check.csv"), pd.read_csv(finished / "results/warnings.csv")
    said = warned[warned.rule == "glacier_truth_check"].message
    failed = failed_rows(check)
    assert len(failed), "the network of this site learns for seconds"
    for quantity in failed.quantity[:MAX_WARNED]:
        assert said.str.startswith(f"truth check failed: {quantity} is ").sum() == 1
    assert len(said) == min(len(failed), MAX_WARNED + 1)


def test_what_was_understood_of_every_input_is_listed(finished):
    table = pd.read_csv(finished / SITE / "inputs.csv", keep_default_na=False, na_values=[""])
    assert table.role.value_counts().to_dict() == {"scene": 10, "cloud_mask": 5, "outlines": 1, "aoi": 1, "dem": 1}
    scenes = table[table.role == "scene"]
    assert (scenes.missing_by == "nodata 0").all() and set(scenes.crs) == {"EPSG:32644", "EPSG:32645"}
    late = scenes.file.str.contains("2022|2023")
    assert (scenes.offset == late * -0.1).all() and scenes.covered_fraction.between(0.5, 0.7).all()
    assert (scenes["median"] < 0.4).all() and (scenes.minimum > -0.05).all()


def test_the_cloudy_year_is_flagged_and_filled(finished):
    areas = pd.read_csv(finished / SITE / "glacier_area_by_year.csv").set_index("year")
    assert areas.flag[2022] == "cloudy" and areas.flag.drop(2022).isna().all()
    assert areas.gap_filled_km2[2022] > 5 * areas.gap_filled_km2.drop(2022).max()
    assert ((areas.lower_km2 < areas.area_km2) & (areas.area_km2 < areas.upper_km2)).all()


def test_maps_say_what_made_them_and_are_missing_where_the_scene_is(finished):
    for year in (2020, 2022):
        with rasterio.open(finished / SITE / f"scenes/{year}.tif") as raster:
            missing = raster.read(1) == raster.nodata
        for name in ("probability", "extent"):
            with rasterio.open(finished / SITE / name / f"{year}.tif") as raster:
                assert ((raster.read(1) == 255) == missing).all()
                assert raster.tags()["ENGINE"] == "openvino"
                assert raster.tags()["PRECISION"] in ("float32", "bfloat16")
                assert raster.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"


def test_manifest_names_every_file_of_the_results_with_its_digest(finished):
    manifest = pd.read_csv(finished / "results/manifest.csv").set_index("path")
    assert {f"{SITE}/metrics.csv", f"{SITE}/model/model.keras", f"{SITE}/extent/2023.tif"} <= set(manifest.index)
    pictures = {path.relative_to(finished).as_posix() for path in (finished / SITE).glob("glacier_retreat_[gt]*")}
    assert len(pictures) == 3 and pictures <= set(manifest.index)
    for path in manifest.index:
        assert (finished / path).stat().st_size == manifest.bytes[path]


def test_second_run_has_nothing_to_do(finished):
    text, passed = run(finished, SMALL)
    assert passed and "Nothing to be done" in text, text


@pytest.mark.long
def test_two_runs_on_other_numbers_of_cores_give_the_same_tables(finished, tmp_path):
    text, passed = run(tmp_path, SMALL, "--cores", "1")  # the last one counts: the other run has two
    assert passed, text
    assert len(tables(finished)) == 37
    # the manifest, one of the tables, holds the digest of every map, figure and model
    for table in tables(finished):
        if "benchmarks" not in table.parts:
            assert (tmp_path / table).read_bytes() == (finished / table).read_bytes(), table


@pytest.mark.long
def test_files_give_what_the_simulated_site_gave(finished, files):
    folder, config = files
    names = ["glacier_ids.csv", "scenes/2020.tif", "labels.tif", "blocks.csv"]
    text, passed = run(folder, config, *(f"results/glacier/mine/{name}" for name in names))
    assert passed, text
    for name in names:
        mine, theirs = folder / "results/glacier/mine" / name, finished / SITE / name
        if name.endswith(".csv"):
            assert mine.read_bytes() == theirs.read_bytes()
        else:
            with rasterio.open(mine) as first, rasterio.open(theirs) as second:
                assert (first.read() == second.read()).all()
