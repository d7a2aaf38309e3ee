"""Control site: real outlines and real terrain of the Ötztal Alps, in the forms that spoiled areas without a word.

The inventory's own attributes (area, median elevation, mean slope of each glacier) are the truth.
"""

import os
import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
from shapely.geometry import box

from climate_indicators.core.errors import InputError
from climate_indicators.geo.grid import area_mask, read_area_of_interest, site_grid
from climate_indicators.geo.raster_stack import RasterStack
from climate_indicators.geo.terrain import write_terrain
from climate_indicators.glacier.outlines import draw_outlines, outline_areas, outlines_inside, read_outlines
from refusals import raises_naming

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data"
OETZTAL = Path(os.environ.get("GLACIER_OETZTAL", SHARED / "glacier_oetztal"))
RHONE = Path(os.environ.get("GLACIER_RHONE", SHARED / "glacier_rhone"))
OUTLINES, SRTM = OETZTAL / "rgi_oetztal.shp", OETZTAL / "srtm_oetztal.tif"
UTM = "EPSG:32632"
# two of the inventory's areas are those of the plane of the UTM zone, 0.07 % smaller than on the ground
MAX_PLANAR = 8e-4

needs_oetztal = pytest.mark.skipif(not OETZTAL.is_dir(), reason=f"real data not found at {OETZTAL}")
needs_rhone = pytest.mark.skipif(not RHONE.is_dir(), reason=f"real data not found at {RHONE}")


@pytest.fixture(scope="module")
def inventory():
    return gpd.read_file(OUTLINES).set_index("RGIId").sort_index()


@pytest.fixture(scope="module")
def site(inventory):
    """Area of interest around the glaciers, its grid and mask."""
    area = gpd.GeoSeries([box(*inventory.to_crs(UTM).total_bounds).buffer(500)], crs=UTM)
    grid = site_grid(area, 30.0, None)
    return area, grid, area_mask(area, grid)


def measured(path, site, **options):
    """Areas in km² by glacier: drawn in pixels and as polygons, and the numbers of the outlines."""
    area, grid, inside = site
    outlines = outlines_inside(read_outlines(str(path), grid, **options), area)
    numbers = draw_outlines(outlines, grid, inside)
    return outline_areas(outlines, numbers, grid, area).set_index("glacier_id"), numbers


@needs_oetztal
def test_areas_are_those_of_the_inventory_and_repairs_that_change_none_are_no_warning(site, inventory, lines, caplog):
    table, _ = measured(OUTLINES, site, id_field="RGIId")
    np.testing.assert_allclose(table.polygon_km2, inventory.Area, rtol=MAX_PLANAR, atol=0.001)
    # the others are areas on the ground, to the digits of the inventory
    assert ((table.polygon_km2 - inventory.Area).abs() <= 0.0007).sum() >= 16
    assert table.area_km2.sum() == pytest.approx(inventory.Area.sum(), rel=0.002)
    assert any(
        "3 of 20 polygons were not valid (the first: Ring Self-" in record.getMessage() for record in caplog.records
    )
    assert lines() == []


def as_glims(inventory):
    """The outlines as GLIMS has them: two dates of each glacier, the older larger; a rock of 4 ha in each; a lake."""
    now = inventory.to_crs(UTM).geometry.make_valid().reset_index(drop=True)
    middle = now.representative_point()
    rock = gpd.GeoSeries([box(p.x - 100, p.y - 100, p.x + 100, p.y + 100) for p in middle], crs=UTM)
    kinds = [
        ("glac_bound", "1969-08-20", now.buffer(100)),
        ("glac_bound", "2003-08-20", now),
        ("intrnl_rock", "2003-08-20", rock.intersection(now)),
        ("pro_lake", "2003-08-20", now.buffer(50)),
    ]
    parts = [
        gpd.GeoDataFrame(
            {
                "line_type": kind,
                "anlys_id": range(len(now)),
                "glac_id": [f"G{number:06d}E46800N" for number in range(len(now))],
                "src_date": f"{date}T00:00:00",
            },
            geometry=shapes.to_numpy(),
            crs=UTM,
        )
        for kind, date, shapes in kinds
    ]
    return pd.concat(parts).to_crs(4326), rock.intersection(now).area / 1e6


@needs_oetztal
def test_glims_gives_the_areas_of_one_date_without_rocks(site, inventory, tmp_path):
    """All polygons together would be three times as much."""
    frame, rocks = as_glims(inventory)
    frame.to_file(tmp_path / "glims_polygons.shp")
    table, _ = measured(tmp_path / "glims_polygons.shp", site, year=2010)
    assert len(table) == 20
    np.testing.assert_allclose(table.polygon_km2, inventory.Area.to_numpy() - rocks, rtol=MAX_PLANAR, atol=0.001)
    older, _ = measured(tmp_path / "glims_polygons.shp", site, year=1975)
    assert older.polygon_km2.sum() > 1.15 * table.polygon_km2.sum()


@needs_oetztal
def test_several_layers_and_a_zip_with_a_folder(site, inventory, tmp_path):
    path = tmp_path / "site.gpkg"
    site[0].to_frame("geometry").to_file(path, layer="aoi")
    inventory.reset_index().to_file(path, layer="rgi")
    with raises_naming(InputError, "site.gpkg", "aoi, rgi"):
        measured(path, site, id_field="RGIId")
    found = measured(path, site, id_field="RGIId", layer="rgi")[0]
    assert found.polygon_km2.sum() == pytest.approx(inventory.Area.sum(), abs=0.01)
    assert read_area_of_interest(path, "aoi").area.sum() == pytest.approx(site[0].area.sum())
    with zipfile.ZipFile(tmp_path / "RGI.zip", "w") as archive:
        for part in OETZTAL.glob("rgi_oetztal.*"):
            archive.write(part, f"RGI2000-v7.0-G-11/{part.name}")
    found = measured(tmp_path / "RGI.zip", site, id_field="RGIId")[0]
    assert found.polygon_km2.sum() == pytest.approx(inventory.Area.sum(), abs=0.01)


# --- terrain


def srtm(path, change, dtype="int16"):
    with rasterio.open(SRTM) as raster:
        heights, profile = raster.read(1).astype(dtype), raster.profile
    heights = change(heights)
    profile |= {"dtype": dtype, "height": heights.shape[0], "width": heights.shape[1]}
    with rasterio.open(path, "w", **profile) as raster:
        raster.write(heights, 1)
    return str(path)


def terrain(folder, dem, site):
    _, grid, inside = site
    row = write_terrain(folder / "terrain.tif", dem, grid, inside, ["elevation", "slope"])
    with RasterStack([folder / "terrain.tif"]) as stack:
        return (*stack.read((0, grid.height), (0, grid.width)), row)


def by_glacier(values, valid, numbers):
    """Median elevation and mean slope of each glacier."""
    found = [values[(numbers == number) & valid] for number in range(1, numbers.max() + 1)]
    return np.array([np.median(one[:, 0]) for one in found]), np.array([one[:, 1].mean() for one in found])


@needs_oetztal
def test_terrain_of_the_glaciers_is_that_of_the_inventory(site, inventory, tmp_path, lines):
    _, numbers = measured(OUTLINES, site, id_field="RGIId")
    values, valid, row = terrain(tmp_path, str(SRTM), site)
    assert valid.all() and row.covered_fraction == 1 and lines() == []
    middle, steep = by_glacier(values, valid, numbers)
    np.testing.assert_allclose(middle, inventory.Zmed, atol=35)
    np.testing.assert_allclose(steep, inventory.Slope, atol=3.5)
    assert values[..., 1].max() < 75


def speckled(value, count=45):
    """Voids of one to five pixels a side, at the same places for every value."""

    def change(heights):
        rng = np.random.default_rng(0)
        heights = heights.copy()
        for row, col in zip(rng.integers(115, 310, count), rng.integers(100, 470, count), strict=True):
            height, width = rng.integers(1, 6, 2)
            heights[row : row + height, col : col + width] = value
        return heights

    return change


@needs_oetztal
@pytest.mark.parametrize(
    ("value", "dtype"),
    [(-9999, "int16"), (-32767, "int16"), (-32768, "int16"), (0, "int16"), (-3.4e38, "float32"), (np.nan, "float32")],
)
def test_undeclared_voids_leave_the_terrain_of_the_glaciers_as_it_was(site, inventory, tmp_path, lines, value, dtype):
    _, numbers = measured(OUTLINES, site, id_field="RGIId")
    values, valid, row = terrain(tmp_path, srtm(tmp_path / "dem.tif", speckled(value), dtype), site)
    assert 0.993 < row.covered_fraction < 0.999 and valid.all()
    middle, steep = by_glacier(values, valid, numbers)
    np.testing.assert_allclose(middle, inventory.Zmed, atol=35)
    np.testing.assert_allclose(steep, inventory.Slope, atol=3.5)
    assert values[..., 1].max() < 75
    assert "dem.tif" in lines()[-1] and "interpolated" in lines()[-1]


def three_quarters(heights):
    return heights[:, : 89 + 3 * 400 // 4]


@needs_oetztal
@pytest.mark.parametrize(
    ("change", "dtype", "share"),
    [
        (three_quarters, "int16", "7[3-7]"),
        (lambda h: np.where(np.arange(h.shape[1]) < 390, h, 0), "int16", "7[3-7]"),
        (speckled(-9999, 150), "int16", "98"),
        (lambda h: h * 3.2808, "float32", "[34]"),
        (lambda h: h * 10, "float32", "0 %"),
    ],
    ids=["three quarters", "zero", "many voids", "feet", "decimetres"],
)
def test_elevation_models_that_lack_much_are_refused(site, tmp_path, change, dtype, share):
    """Of 77.64 km² 71.96 were mapped with three quarters, and the valid share was 1."""
    with pytest.raises(InputError, match=rf"dem\.tif.* {share}"):
        terrain(tmp_path, srtm(tmp_path / "dem.tif", change, dtype), site)
    assert not (tmp_path / "terrain.tif").exists()


# --- what is no outline, or of several dates


@needs_rhone
def test_a_flow_line_is_no_glacier_and_two_dates_are_refused():
    area = gpd.read_file(RHONE / "outlines.shp").to_crs(UTM)
    grid = site_grid(gpd.GeoSeries([box(*area.total_bounds)], crs=UTM), 20.0, None)
    with raises_naming(InputError, "centerline.shp", "1 LineString", "polygon"):
        read_outlines(str(RHONE / "centerline.shp"), grid)
    with raises_naming(InputError, "outlines.shp", "outlines.where"):
        read_outlines(str(RHONE / "outlines.shp"), grid, "year")
    found = read_outlines(str(RHONE / "outlines.shp"), grid, "year", "year = '2020'")
    assert found.area.sum() / 1e6 == pytest.approx(area.area[area.year.astype(str) == "2020"].sum() / 1e6)
