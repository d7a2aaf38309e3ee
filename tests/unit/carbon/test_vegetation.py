"""Vegetation of every image: fractions of what is seen, masks at the image's own size, batches that do not matter."""

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

from climate_indicators.carbon.estimation.vegetation import (
    NOT_SEEN,
    OTHER,
    VEGETATION,
    Calibration,
    map_images,
    write_mask,
)
from climate_indicators.carbon.images.arrays import Reading, read_image

EVEN = Calibration(1.0, 0.5)


def run(images):
    """Vegetation where the first band is above 100."""
    return images[..., 0] - 100.0


def write(path, values, **profile):
    bands, rows, cols = values.shape
    settings = {"driver": "PNG", "width": cols, "height": rows, "count": bands, "dtype": "uint8"} | profile
    with rasterio.open(path, "w", **settings) as raster:
        raster.write(values)


@pytest.fixture
def folder(tmp_path):
    """A picture whose left half is bright, one of another shape, and one on the ground with a nodata corner."""
    (tmp_path / "inner").mkdir()
    half = np.full((3, 40, 64), 60, "uint8")
    half[:, :, :32] = 200
    write(tmp_path / "half.png", half)
    write(tmp_path / "inner" / "bright.png", np.full((3, 96, 32), 200, "uint8"))
    placed = np.full((3, 64, 64), 200, "uint8")
    placed[:, :32, :32] = 7
    transform = from_origin(500000, 5000000, 10, 10)
    write(tmp_path / "placed.tif", placed, driver="GTiff", crs="EPSG:32632", transform=transform, nodata=7)
    return tmp_path


NAMES = ["half.png", "inner/bright.png", "placed.tif"]


def mapped(folder, batch=2, calibration=EVEN, names=NAMES):
    reading = Reading(black_is_missing=False)
    return list(
        map_images(names, lambda name: read_image(folder / name, reading), run, [60.0] * 3, 32, batch, calibration)
    )


def test_fractions_are_shares_of_what_is_seen(folder):
    rows = [image.row() for image in mapped(folder)]
    assert [row["image"] for row in rows] == NAMES
    assert [row["n_pixels"] for row in rows] == [40 * 64, 96 * 32, 64 * 64]
    assert [row["valid_fraction"] for row in rows] == [1.0, 1.0, 0.75]
    assert [row["mapped_fraction"] for row in rows] == [0.5, 1.0, 1.0]


def test_batches_change_nothing(folder):
    one, all_at_once = mapped(folder, 1), mapped(folder, 8)
    for left, right in zip(one, all_at_once, strict=True):
        assert left.row() == right.row() and np.array_equal(left.mask, right.mask)


def test_threshold_and_temperature_of_the_calibration_are_used(folder):
    strict = mapped(folder, calibration=Calibration(100.0, 0.9))[0]  # logit 100 / 100 gives a probability of 0.73
    assert strict.mapped_fraction == 0.0 and strict.density_fraction == pytest.approx((0.731 + 0.401) / 2, abs=1e-3)


def test_masks_have_the_size_and_the_place_of_their_image(folder, tmp_path):
    out = tmp_path / "masks"
    for image in mapped(folder):
        write_mask(out, image)
    with rasterio.open(out / "half.png") as raster:
        mask = raster.read(1)
        assert mask.shape == (40, 64)
        assert (mask[:, :30] == VEGETATION).all() and (mask[:, 34:] == OTHER).all()
    assert (out / "inner" / "bright.png").exists()
    with rasterio.open(out / "placed.tif") as raster:
        assert raster.crs.to_epsg() == 32632 and raster.nodata == NOT_SEEN and raster.transform.a == 10
        assert (raster.read(1)[:32, :32] == NOT_SEEN).all() and (raster.read(1)[32:, 32:] == VEGETATION).all()


def test_no_more_than_two_batches_are_read_ahead(folder):
    read, names = [], ["half.png"] * 12

    def count(name):
        read.append(name)
        return read_image(folder / name, Reading(black_is_missing=False))

    images = map_images(names, count, run, [60.0] * 3, 32, 2, EVEN)
    next(images)
    assert len(read) <= 4
    assert len(list(images)) == 11 and len(read) == 12


def test_an_image_that_shows_nothing_has_no_fraction(tmp_path):
    write(tmp_path / "dark.png", np.zeros((3, 32, 32), "uint8"))
    image = next(
        map_images(["dark.png"], lambda name: read_image(tmp_path / name, Reading()), run, [60.0] * 3, 32, 4, EVEN)
    )
    assert image.valid_fraction == 0.0 and np.isnan(image.mapped_fraction) and (image.mask == NOT_SEEN).all()
