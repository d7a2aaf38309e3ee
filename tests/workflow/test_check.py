"""`check` names all problems of an own glacier, four RGB images and a shapefile, and its advice leads to a run."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import yaml
from rasterio.transform import from_origin
from shapely.geometry import Point

from runs import run

SIDE, PIXEL_M, CRS = 200, 30, "EPSG:32632"
YEARS = (2019, 2020, 2021, 2022)
SITE = {
    "source": "files",
    "reference_year": 2019,
    "resolution_m": PIXEL_M,
    "bands": ["red", "green", "blue"],
    "outlines": {"path": "outlines.shp", "id_field": "name"},
    "radiometry": {"sentinel2_baseline": False},
    "scenes": [{"year": year, "date": f"{year}-09-01", "tiles": [f"{year}.tif"]} for year in YEARS],
}


def write_inputs(folder):
    """Three bands without names, a shrinking bright disk on dark rough ground, and its outline of the first year."""
    rng = np.random.default_rng(0)
    transform = from_origin(600_000, 5_200_000, PIXEL_M, PIXEL_M)
    row, col = np.indices((SIDE, SIDE))
    ground = 0.12 + 0.08 * np.sin(row / 9) * np.cos(col / 13) + rng.normal(0, 0.02, (SIDE, SIDE))
    for shrunk, year in enumerate(YEARS):
        ice = np.hypot(row - 90, col - 110) < 62 - 4 * shrunk
        image = np.where(ice, 0.7 + rng.normal(0, 0.03, ice.shape), np.clip(ground, 0.02, None))
        bands = np.stack([image * share for share in (1.0, 0.98, 0.95)])
        profile = {"driver": "GTiff", "width": SIDE, "height": SIDE, "count": 3, "dtype": "uint16", "nodata": 0}
        with rasterio.open(folder / f"{year}.tif", "w", crs=CRS, transform=transform, **profile) as raster:
            raster.write((bands * 10_000).astype("uint16"))
    center = transform @ (110.5, 90.5)
    outline = gpd.GeoDataFrame({"Name": ["Disk"]}, geometry=[Point(center).buffer(62 * PIXEL_M)], crs=CRS)
    outline.to_file(folder / "outlines.shp")


def check(folder, site, **changes):
    """Run `snakemake check`: the printed text, whether it passed, and the table."""
    study = {"glacier": {"sites": {"disk": SITE | site}} | changes, "data_dir": str(folder)}
    text, passed = run(folder, study, "--", "check")
    return text, passed, pd.read_csv(folder / "results/glacier/disk/check.csv", keep_default_na=False)


def problems_of(table):
    """Messages of the problems, by input."""
    return table[table.level == "problem"].set_index("input").message


@pytest.mark.slow
def test_all_problems_come_at_once_and_following_the_advice_leads_to_a_check_without_one(tmp_path):
    write_inputs(tmp_path)
    text, passed, table = check(tmp_path, {})
    problems = problems_of(table)
    assert not passed
    # the bands have no names in any year
    assert [name for name in problems.index if name.startswith("scene")] == [f"scene {year}" for year in YEARS]
    assert problems[problems.index.str.startswith("scene")].str.contains("band_names").all()
    # the place is known all the same, so the other problems are reported too
    assert [name.split(" ")[0] for name in problems.index if not name.startswith("scene")] == ["outlines"]
    assert "Name" in problems.iloc[-1]
    assert "2019.tif" in text

    site = {"band_names": ["red", "green", "blue"], "outlines": {"path": "outlines.shp", "id_field": "Name"}}
    text, passed, table = check(tmp_path, site)
    problems = problems_of(table)
    assert list(problems.index) == ["patches"] and not passed
    sizes = yaml.safe_load(problems["patches"].split("patches: ")[-1])
    assert set(sizes) == {"size_px", "stride_px", "block_px", "gap_px"}

    text, passed, table = check(tmp_path, site, patches=sizes)
    assert passed, text
    assert not (table.level == "problem").any()
    # four years are mapped, and too few for a trend
    assert table[table.level == "warning"].input.tolist() == ["scenes"]

    study = {"glacier": {"sites": {"disk": SITE | site}, "patches": sizes}, "data_dir": str(tmp_path)}
    text, passed = run(tmp_path, study, "--dry-run")
    assert passed, text

    # files that are gone since the last check
    for name in ("outlines.shp", "2022.tif"):
        (tmp_path / name).rename(tmp_path / "elsewhere")
        text, passed = run(tmp_path, study, "--", "check")
        assert not passed and name in text
        (tmp_path / "elsewhere").rename(tmp_path / name)


@pytest.mark.long
@pytest.mark.slow
def test_a_year_that_shows_too_little_of_the_area_is_a_warning(tmp_path):
    write_inputs(tmp_path)
    with rasterio.open(tmp_path / "2021.tif", "r+") as raster:
        image = raster.read()
        image[:, : SIDE // 2] = 0
        raster.write(image)
    site = {"band_names": ["red", "green", "blue"], "outlines": {"path": "outlines.shp", "id_field": "Name"}}
    _, _, table = check(tmp_path, site)
    warnings = table[table.level == "warning"].set_index("input").message
    assert "50.0 % of the area has values, less than area.min_valid_fraction (0.8)" in warnings["scene 2021"]
    assert warnings["scenes"].startswith("3 years that are not cloudy")
