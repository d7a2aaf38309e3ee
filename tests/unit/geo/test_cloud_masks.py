"""Cloud masks: 0 is clear; the classes of Sentinel-2, Landsat and HLS are understood, others are refused."""

from contextlib import ExitStack

import numpy as np
import pytest
from rasterio.windows import Window

from climate_indicators.core.errors import InputError
from climate_indicators.geo.rasters.cloud_masks import CloudMask
from refusals import raises_naming
from snow_scene_files import GRID, write_raster

AREA = np.ones(GRID.shape, "uint8")


def cloud(folder, name, numbers, dtype="uint8", nodata=None, bands=("mask",)):
    """Cloud of the first row of a mask whose columns hold these numbers in turn, and its row of the table."""
    values = np.resize(np.array(numbers, dtype), GRID.shape[1])
    array = np.broadcast_to(values, (len(bands), *GRID.shape)).copy()
    path = write_raster(folder / name, array, bands, nodata=nodata)
    with ExitStack() as stack:
        mask = CloudMask(stack, path, GRID, AREA)
        mask.load(Window(0, 0, GRID.width, GRID.height), AREA == 1)
        return mask.cloud[0, : len(numbers)].tolist(), mask.row()


@pytest.mark.parametrize(
    ("name", "numbers", "dtype", "expected"),
    [
        ("T32TPT_20190820T101031_SCL_20m.tif", range(12), "uint8", [1, 1, 0, 1, 0, 0, 0, 0, 1, 1, 1, 0]),
        # fill; clear land, water, snow; dilated cloud, cirrus, cloud, cloud shadow
        (
            "LC08_L2SP_193027_20190820_20200827_02_T1_QA_PIXEL.TIF",
            [1, 21824, 21952, 30048, 21826, 54596, 22280, 23888],
            "uint16",
            [1, 0, 0, 0, 1, 1, 1, 1],
        ),
        # clear with little aerosol, snow, water with much; cloud, next to it, shadow; missing
        ("HLS.S30.T32TPT.2019232T101031.Fmask.tif", [64, 80, 224, 66, 68, 72, 255], "uint8", [0, 0, 0, 1, 1, 1, 1]),
        ("clouds.tif", [0, 1], "uint8", [0, 1]),
        ("clouds.tif", [0, 255], "uint8", [0, 1]),
        ("clouds.tif", [0, 1, 2, 3, 255], "uint8", [0, 1, 1, 1, 1]),
        ("clouds_made_from_SCL.tif", [0, 1], "uint8", [0, 1]),
        ("clouds.tif", [1], "uint8", [1]),
    ],
)  # fmt: skip
def test_what_a_mask_means(tmp_path, name, numbers, dtype, expected):
    for nodata in (None, 0):
        found, row = cloud(tmp_path, name, list(numbers), dtype, nodata)
        assert found == [bool(one) for one in expected]
        assert row.covered_fraction == 1
    classes = len(numbers) > 5
    assert ("by the" in row.note) == classes


def test_a_band_that_is_named_after_its_classes(tmp_path):
    found, _ = cloud(tmp_path, "2019.tif", [4, 5, 6, 8, 9, 11], bands=("SCL",))
    assert found == [False, False, False, True, True, False]


@pytest.mark.parametrize(
    ("name", "numbers", "dtype", "words"),
    [
        ("classes.tif", [4, 5, 6, 11], "uint8", "4, 5, 6, 11"),  # everything would be cloud
        ("probability.tif", [0, 3, 10, 20, 55, 90], "uint8", "probabilities"),
        ("probability.tif", np.linspace(0, 1, 30), "float32", "probabilities"),
        ("LC08_fmask.tif", [0, 1, 3, 4], "uint8", "LC08_fmask.tif"),  # snow would be cloud
    ],
)
def test_numbers_that_are_no_mask_are_refused(tmp_path, name, numbers, dtype, words):
    with pytest.raises(InputError, match=words):
        cloud(tmp_path, name, numbers, dtype)


def test_a_mask_has_one_band(tmp_path):
    with raises_naming(InputError, "clouds.tif", "2 bands"):
        cloud(tmp_path, "clouds.tif", [0, 1], bands=("cloud", "shadow"))
