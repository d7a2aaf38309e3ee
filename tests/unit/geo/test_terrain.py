"""Elevation and slope on the grid."""

import numpy as np
import pytest
import rasterio
from affine import Affine
from scipy.ndimage import maximum_filter

from climate_indicators.core.errors import InputError
from climate_indicators.geo.raster import cog_writer
from climate_indicators.geo.raster_stack import RasterStack, strips, valid_share
from climate_indicators.geo.terrain import slope, write_terrain
from rasters import grid
from refusals import raises_naming

GRID = grid(200, 240, 20.0)
# meters from the upper left corner of the grid to that of the elevation model
BORDER = 300.0


def mountain(path, resolution=30.0, dtype="float32", change=lambda m: m, bands=1, unit="", scale=1.0, offset=0.0,
             nodata=None, shift=0.0):  # fmt: skip
    """Ridges from 2000 to 3500 m, some 40 degrees steep, a border around the grid where pixels differ from its own."""
    border = 0.0 if resolution == 20.0 else BORDER
    rows, cols = (int((side * 20 + 2 * border) / resolution) for side in GRID.shape)
    y, x = np.mgrid[:rows, :cols] * resolution
    meters = 2600 + 500 * np.sin(x / 900) * np.cos(y / 700) + 0.05 * x
    meters = change(meters)
    left, top = GRID.transform.c, GRID.transform.f
    transform = Affine(resolution, 0, left + shift - border, 0, -resolution, top + border)
    profile = {"driver": "GTiff", "width": meters.shape[1], "height": meters.shape[0], "count": bands}
    with rasterio.open(path, "w", crs=GRID.crs, transform=transform, dtype=dtype, nodata=nodata, **profile) as raster:
        raster.write(np.repeat(meters[None], bands, axis=0).astype(dtype))
        raster.units, raster.scales, raster.offsets = [unit] * bands, [scale] * bands, [offset] * bands


def terrain(folder, name="dem.tif", inside=None):
    """Elevation and slope on the grid, where they are known, and the row of the table of inputs."""
    inside = np.ones(GRID.shape, "uint8") if inside is None else inside
    row = write_terrain(folder / "terrain.tif", str(folder / name), GRID, inside, ["elevation", "slope"])
    with RasterStack([folder / "terrain.tif"]) as stack:
        values, valid = stack.read((0, GRID.height), (0, GRID.width))
    return values, valid, row


def plane(path, wide):
    """An elevation model that rises 0.5 m a meter to the east, on 30 m pixels."""
    rows, cols = wide.shape
    with cog_writer(path, wide, "float32", ["height"]) as raster:
        raster.write(np.tile(np.arange(cols, dtype="float32") * 0.5 * wide.transform.a, (rows, 1)), 1)


def ones(wide):
    return np.ones(wide.shape, "uint8")


def test_slope_of_a_plane_is_its_angle():
    assert np.allclose(slope(np.tile(np.arange(9.0) * 10, (5, 1)), 10.0), 45.0)


def test_terrain_is_warped_onto_the_grid_with_names(tmp_path):
    plane(tmp_path / "dem.tif", grid(40, 40, 30.0))
    write_terrain(
        tmp_path / "terrain.tif",
        str(tmp_path / "dem.tif"),
        grid(100, 100),
        ones(grid(100, 100)),
        ["elevation", "slope"],
    )
    with RasterStack([tmp_path / "terrain.tif"]) as stack:
        assert stack.bands == ("elevation", "slope")
        values, valid = stack.read((0, 100), (0, 100))
    assert valid.all()
    inner = np.s_[5:-5, 5:-5]
    assert np.allclose(values[inner][..., 1], np.degrees(np.arctan(0.5)), atol=0.1)
    assert np.allclose(np.diff(values[inner][..., 0], axis=1), 5.0, atol=0.01)


def test_strips_do_not_show_in_the_slope(tmp_path):
    plane(tmp_path / "dem.tif", grid(1100, 60, 10.0))
    write_terrain(tmp_path / "terrain.tif", str(tmp_path / "dem.tif"), grid(1100, 60), ones(grid(1100, 60)), ["slope"])
    with rasterio.open(tmp_path / "terrain.tif") as raster:
        assert np.ptp(raster.read(1)) < 1e-3


@pytest.mark.parametrize("name", ["text.tif", "absent.tif"])
def test_unreadable_elevation_models_are_named(tmp_path, name):
    (tmp_path / "text.tif").write_text("no raster")
    with raises_naming(InputError, name):
        terrain(tmp_path, name)
    assert not (tmp_path / "terrain.tif").exists()


def test_elevation_model_without_a_place_is_named(tmp_path):
    with rasterio.open(
        tmp_path / "dem.tif", "w", driver="GTiff", width=5, height=5, count=1, dtype="float32"
    ) as raster:
        raster.write(np.zeros((1, 5, 5), "float32"))
    with raises_naming(InputError, "dem.tif", "coordinate reference system"):
        terrain(tmp_path)


def test_elevation_model_cut_short_is_named(tmp_path):
    mountain(tmp_path / "dem.tif")
    content = (tmp_path / "dem.tif").read_bytes()
    (tmp_path / "dem.tif").write_bytes(content[: len(content) - 500])
    with raises_naming(InputError, "dem.tif", "truncated"):
        terrain(tmp_path)


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({"bands": 3}, "has 3 bands"),
        ({"unit": "ft"}, "unit ft"),
        ({"dtype": "uint8", "change": lambda m: m % 256}, "8 bits"),
        ({"change": lambda m: m * 3.2808}, "elevations from .* to 1"),
        ({"dtype": "int32", "change": lambda m: m * 10}, "elevations for 0 % .* to 3"),
        ({"change": lambda m: m * 0 - 32768}, "-32768 m is its only number"),
        ({"change": lambda m: m * 0 + 2000}, "2000 m is its only number"),
        ({"dtype": "complex64"}, "complex numbers"),
        ({"change": lambda m: m * np.nan}, "elevations for 0 %"),
    ],
    ids=["colors", "feet", "relief", "undeclared feet", "decimetres", "all void", "flat", "complex", "all NaN"],
)
def test_what_is_no_elevation_in_meters_is_refused(tmp_path, options, found):
    mountain(tmp_path / "dem.tif", **options)
    with pytest.raises(InputError, match=f"dem.tif.*{found}"):
        terrain(tmp_path)


def test_scale_and_offset_of_the_file_are_used(tmp_path):
    mountain(tmp_path / "dem.tif", dtype="int16", change=lambda m: (m - 2000) * 10, scale=0.1, offset=2000)
    scaled, valid, row = terrain(tmp_path)
    mountain(tmp_path / "dem.tif")
    assert valid.all() and np.abs(scaled - terrain(tmp_path)[0]).max() < 0.5
    assert row.scale == pytest.approx(0.1) and row.minimum > 2000


# --- voids


def holes(meters, value, size=3, every=40):
    meters = meters.copy()
    for row in range(12, meters.shape[0] - size, every):
        for col in range(12, meters.shape[1] - size, every):
            meters[row : row + size, col : col + size] = value
    return meters


VOIDS = [-9999, -32767, -32768, 0, -3.4e38, np.nan, 32767]


@pytest.mark.parametrize("value", VOIDS)
@pytest.mark.parametrize("resolution", [30.0, 20.0], ids=["warped", "on the grid"])
def test_small_undeclared_voids_are_interpolated_and_reported(tmp_path, lines, value, resolution):
    """Slopes next to such voids were 89.7 degrees; −3.4e38 ended in a traceback."""
    mountain(tmp_path / "dem.tif", resolution)
    whole, _, _ = terrain(tmp_path)
    mountain(tmp_path / "dem.tif", resolution, change=lambda m: holes(m, value))
    values, valid, row = terrain(tmp_path)
    assert valid.all()
    assert np.abs(values[..., 0] - whole[..., 0]).max() < 30 and values[..., 1].max() < 60
    assert 0.99 < row.covered_fraction < 0.997 and "interpolated" in row.note
    (line,) = lines()
    assert "dem.tif" in line and "99." in line


@pytest.mark.parametrize("value", VOIDS)
def test_larger_voids_are_missing_up_to_one_percent_with_slopes_next_to_them(tmp_path, lines, value):
    def change(meters):
        meters = meters.copy()
        meters[60:72, 60:73] = value
        return meters

    mountain(tmp_path / "dem.tif", change=change)
    values, valid, row = terrain(tmp_path)
    void = np.zeros(GRID.shape, bool)
    void[75:93, 75:94] = True
    assert not valid[void].any(), "in the void"
    assert valid[~maximum_filter(void, 7)].all(), "away from it"
    assert values[valid][:, 1].max() < 60
    assert row.covered_fraction == pytest.approx(1 - void.sum() / void.size, abs=1e-3)
    assert "not mapped" in lines()[0]


@pytest.mark.parametrize("value", VOIDS)
def test_more_than_one_percent_without_elevation_is_refused(tmp_path, value):
    mountain(tmp_path / "dem.tif", change=lambda m: holes(m, value, size=6, every=30))
    with raises_naming(InputError, "dem.tif", "94.94 %"):
        terrain(tmp_path)
    assert not list(tmp_path.glob("terrain*"))


def test_declared_voids_count_like_others(tmp_path):
    mountain(tmp_path / "dem.tif", change=lambda m: holes(m, -9999), nodata=-9999)
    _, valid, row = terrain(tmp_path)
    assert valid.all() and row.nodata == -9999 and row.missing_by == "nodata -9999"
    mountain(tmp_path / "dem.tif", change=lambda m: holes(m, -9999, 20, 60), nodata=-9999)
    with raises_naming(InputError, "dem.tif", "%"):
        terrain(tmp_path)


def reaching(share):
    """Change of an elevation model: it reaches over this share of the grid's width."""
    return lambda meters: meters[:, : round((BORDER + share * GRID.width * 20) / 30)]


def test_elevation_model_that_does_not_reach_over_the_area_is_refused(tmp_path):
    mountain(tmp_path / "dem.tif", change=reaching(0.75))
    with raises_naming(InputError, "dem.tif", "75.00 %"):
        terrain(tmp_path)


def test_elevation_model_that_hardly_leaves_out_anything_is_reported(tmp_path, lines):
    mountain(tmp_path / "dem.tif", change=reaching(0.994))
    values, valid, row = terrain(tmp_path)
    assert not valid[:, -1].any() and valid[:, :-3].all()
    assert row.covered_fraction == pytest.approx(238 / 240)
    assert "99." in lines()[0]


def test_elevation_model_of_another_place_is_refused(tmp_path):
    mountain(tmp_path / "dem.tif", shift=100_000)
    with raises_naming(InputError, "dem.tif", "area of interest"):
        terrain(tmp_path)


@pytest.mark.parametrize("value", [-100, -1, 1, 600, 8848])
def test_few_numbers_far_from_the_ground_are_voids(tmp_path, lines, value):
    """Far below 1 % of the pixels, and within what the earth has; slopes around them were 89 degrees."""
    mountain(tmp_path / "dem.tif")
    whole, _, _ = terrain(tmp_path)
    mountain(tmp_path / "dem.tif", change=lambda m: holes(m, value, size=2, every=90))
    values, valid, row = terrain(tmp_path)
    assert valid.all() and np.abs(values[..., 0] - whole[..., 0]).max() < 30 and values[..., 1].max() < 60
    assert "range of the ground" in row.note and "99.9" in lines()[0]


def test_coarse_elevation_models_are_reported(tmp_path, lines):
    mountain(tmp_path / "dem.tif", resolution=300.0)
    terrain(tmp_path)
    assert "pixels are" in lines()[0]


def test_only_the_area_of_interest_counts(tmp_path, lines):
    inside = np.ones(GRID.shape, "uint8")
    inside[:, 200:] = 0
    mountain(tmp_path / "dem.tif", change=lambda m: m[:, :160])
    assert terrain(tmp_path, inside=inside)[2].covered_fraction == 1
    assert not lines()


def test_elevation_model_that_is_clipped_to_the_area_reaches_to_its_edge(tmp_path, lines):
    inside = np.zeros(GRID.shape, "uint8")
    inside[32:180, 32:200] = 1

    def clip(meters):
        first_row, first_col, last_row, last_col = (int((BORDER + 20 * cells) / 30) for cells in (32, 32, 181, 201))
        clipped = np.full_like(meters, -9999)
        part = np.s_[first_row:last_row, first_col:last_col]
        clipped[part] = meters[part]
        return clipped

    mountain(tmp_path / "dem.tif", change=clip, nodata=-9999)
    _, valid, row = terrain(tmp_path, inside=inside)
    assert row.covered_fraction == 1 and not lines()
    ring = (inside == 1) & ~valid
    assert not ring[34:178, 34:198].any() and valid[inside == 1].mean() > 0.97


def test_the_sea_is_no_void(tmp_path, lines):
    """At a shore the ground begins at the water's level, also where it is steep."""
    mountain(tmp_path / "dem.tif", change=lambda m: np.maximum(m - 2350, 0))
    values, valid, row = terrain(tmp_path)
    assert (values[..., 0] == 0).mean() > 0.05 and valid.all() and row.covered_fraction == 1
    assert not lines()


def test_steep_walls_that_no_void_explains_are_reported(tmp_path, lines):
    mountain(tmp_path / "dem.tif", change=lambda m: m + np.where(np.arange(len(m)) % 4 < 2, 250, -250)[:, None])
    terrain(tmp_path)
    assert "slopes above 80 degrees" in lines()[0]


def test_voids_are_the_same_whatever_the_strips(tmp_path, monkeypatch):
    mountain(tmp_path / "dem.tif", change=lambda m: holes(m, -9999))
    whole, _, _ = terrain(tmp_path)
    monkeypatch.setattr("climate_indicators.geo.terrain.strips", lambda grid: strips(grid, 37))
    monkeypatch.setattr("climate_indicators.geo.elevations._MAX_PIXELS", 3000)
    parts, valid, _ = terrain(tmp_path)
    assert valid.all() and np.abs(parts - whole).max() < 0.05


def test_a_pixel_without_terrain_is_not_valid_in_a_scene(tmp_path):
    """The valid share of a year is that of the stack from which it is mapped."""
    mountain(tmp_path / "dem.tif", change=reaching(0.994))
    inside = np.ones(GRID.shape, "uint8")
    inside[:20] = 0
    write_terrain(tmp_path / "terrain.tif", str(tmp_path / "dem.tif"), GRID, inside, ["elevation"])
    cloudy = np.zeros(GRID.shape, bool)
    cloudy[100:150, 40:80] = True
    numbers = np.where(cloudy, -32768, 3000).astype("int16")
    with cog_writer(tmp_path / "scene.tif", GRID, "int16", ["B03", "B11"], -32768, 1e-4) as raster:
        raster.write(np.stack([numbers, numbers]))
    clear = valid_share([tmp_path / "scene.tif"], inside)
    assert clear == pytest.approx(1 - 2000 / (180 * 240))
    both = valid_share([tmp_path / "scene.tif", tmp_path / "terrain.tif"], inside)
    assert both == pytest.approx(clear - 2 / 240, abs=1e-6)
