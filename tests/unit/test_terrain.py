"""Elevation and slope on the grid."""

import numpy as np
import pytest
import rasterio
from rasters import grid

from climate_indicators.cogs import Stack, cog_writer
from climate_indicators.logs import InputError
from climate_indicators.terrain import slope, write_terrain


def plane(path, wide):
    """An elevation model that rises 0.5 m a metre to the east, on 30 m pixels."""
    rows, cols = wide.shape
    with cog_writer(path, wide, "float32", ["height"]) as raster:
        raster.write(np.tile(np.arange(cols, dtype="float32") * 0.5 * wide.transform.a, (rows, 1)), 1)


def test_slope_of_a_plane_is_its_angle():
    assert np.allclose(slope(np.tile(np.arange(9.0) * 10, (5, 1)), 10.0), 45.0)


def test_terrain_is_warped_onto_the_grid_with_names(tmp_path):
    plane(tmp_path / "dem.tif", grid(40, 40, 30.0))
    write_terrain(tmp_path / "terrain.tif", str(tmp_path / "dem.tif"), grid(100, 100), ["elevation", "slope"])
    with Stack([tmp_path / "terrain.tif"]) as stack:
        assert stack.bands == ("elevation", "slope")
        values, valid = stack.read((0, 100), (0, 100))
    assert valid.all()
    inner = np.s_[5:-5, 5:-5]
    assert np.allclose(values[inner][..., 1], np.degrees(np.arctan(0.5)), atol=0.1)
    assert np.allclose(np.diff(values[inner][..., 0], axis=1), 5.0, atol=0.01)


def test_strips_do_not_show_in_the_slope(tmp_path):
    plane(tmp_path / "dem.tif", grid(1100, 60, 10.0))
    write_terrain(tmp_path / "terrain.tif", str(tmp_path / "dem.tif"), grid(1100, 60), ["slope"])
    with rasterio.open(tmp_path / "terrain.tif") as raster:
        assert np.ptp(raster.read(1)) < 1e-3


def test_what_lies_outside_the_elevation_model_is_missing(tmp_path):
    plane(tmp_path / "dem.tif", grid(10, 10))
    write_terrain(tmp_path / "terrain.tif", str(tmp_path / "dem.tif"), grid(20, 10), ["elevation"])
    with Stack([tmp_path / "terrain.tif"]) as stack:
        valid = stack.valid()
    assert valid[:9].all() and not valid[11:].any()


def test_unreadable_and_unplaced_elevation_models_are_named(tmp_path):
    (tmp_path / "text.tif").write_text("no raster")
    with pytest.raises(InputError, match="text.tif cannot be read as a raster"):
        write_terrain(tmp_path / "t.tif", str(tmp_path / "text.tif"), grid(10, 10), ["slope"])
    with rasterio.open(
        tmp_path / "unplaced.tif", "w", driver="GTiff", width=5, height=5, count=1, dtype="float32"
    ) as raster:
        raster.write(np.zeros((1, 5, 5), "float32"))
    with pytest.raises(InputError, match="unplaced.tif has no coordinate reference system"):
        write_terrain(tmp_path / "t.tif", str(tmp_path / "unplaced.tif"), grid(10, 10), ["slope"])
    assert not (tmp_path / "t.tif").exists()
