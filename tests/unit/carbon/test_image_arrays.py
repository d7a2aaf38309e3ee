"""Images of every kind as arrays, and their way to the network's square and back."""

import warnings

import numpy as np
import pytest
import rasterio
from affine import Affine
from PIL import Image, TiffImagePlugin, TiffTags
from rasterio.crs import CRS

from climate_indicators.carbon.images.arrays import (
    Reading,
    black_border,
    check_scales,
    fit,
    fit_share,
    read_image,
    unfit,
)
from climate_indicators.carbon.images.orientation import read_orientation
from climate_indicators.carbon.images.resampling import resample
from climate_indicators.core.errors import InputError
from climate_indicators.geo.pixel_area import pixel_area
from refusals import raises_naming

OPEN = Reading(black_is_missing=False)


@pytest.fixture
def picture():
    """Bright random colors, uint8, 40 by 50."""
    return np.random.default_rng(0).integers(20, 256, (40, 50, 3)).astype("uint8")


@pytest.fixture
def smooth():
    """Colors that JPEG keeps well, uint8, 48 by 64."""
    rows, cols = np.mgrid[:48, :64]
    return np.stack([40 + 3 * rows, 60 + 2 * cols, np.full_like(rows, 128)], axis=2).astype("uint8")


def write_tif(path, bands, **profile):
    bands = np.asarray(bands)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        keys = {"dtype": bands.dtype, "count": len(bands), "height": bands.shape[1], "width": bands.shape[2]}
        with rasterio.open(path, "w", **({"driver": "GTiff"} | keys | profile)) as raster:
            raster.write(bands)
    return path


def save(path, image, **keys):
    image.save(path, **keys)
    return path


def test_rgb_png_is_read_as_it_is(tmp_path, picture):
    image = read_image(save(tmp_path / "größe 木.png", Image.fromarray(picture)), Reading())
    assert image.values.dtype == "float32" and image.seen.dtype == bool and image.seen.all()
    np.testing.assert_array_equal(image.values, picture)
    assert (image.dtype, image.n_bands) == ("uint8", 3)
    assert image.pixel_area_m2 is None and image.crs is None and image.transform is None


def test_reading_a_picture_warns_of_nothing(tmp_path, picture):
    path = save(tmp_path / "a.png", Image.fromarray(picture))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read_image(path, Reading())


def test_chosen_bands_come_in_the_order_asked_for(tmp_path, picture):
    path = save(tmp_path / "a.png", Image.fromarray(picture))
    np.testing.assert_array_equal(read_image(path, Reading(bands=(3, 1))).values, picture[..., [2, 0]])
    palette = Image.fromarray(picture).quantize(16)
    path = save(tmp_path / "p.png", palette)
    np.testing.assert_array_equal(
        read_image(path, Reading(bands=(3, 2, 1))).values, np.asarray(palette.convert("RGB"))[..., ::-1]
    )


def test_reading_from_settings_keeps_defaults():
    assert Reading.from_settings({"bands": [4, 1], "nodata": 0}) == Reading(bands=(4, 1), nodata=0)
    assert Reading.from_settings({}) == Reading()


@pytest.mark.parametrize("share", [0.3, 0.6, 0.99])
@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.tif", "b.tif"])
def test_file_cut_short_is_refused_by_name(tmp_path, picture, name, share):
    whole = tmp_path / f"whole_{name}"
    if name == "b.tif":
        write_tif(whole, picture.transpose(2, 0, 1), compress="deflate")
    else:
        Image.fromarray(picture).save(whole)
    path = tmp_path / name
    path.write_bytes(whole.read_bytes()[: int(whole.stat().st_size * share)])
    assert read_image(whole, OPEN).seen.all()
    with raises_naming(InputError, name):
        read_image(path, OPEN)


@pytest.mark.parametrize("share", [0.3, 0.99])
def test_png_cut_short_under_another_name_is_refused(tmp_path, picture, share):
    whole = save(tmp_path / "whole.png", Image.fromarray(picture))
    (tmp_path / "a.jpg").write_bytes(whole.read_bytes()[: int(whole.stat().st_size * share)])
    with raises_naming(InputError, "a.jpg"):
        read_image(tmp_path / "a.jpg", OPEN)


def test_image_that_does_not_fit_into_memory_is_named(tmp_path, picture, monkeypatch):
    path = save(tmp_path / "a.png", Image.fromarray(picture))

    def read(*_, **__):
        raise MemoryError

    monkeypatch.setattr("climate_indicators.carbon.images.arrays._read", read)
    with raises_naming(InputError, "a.png", "memory"):
        read_image(path, OPEN)


def test_georeferenced_image_stays_where_it_is(tmp_path, picture):
    """Its pixels have their place by the transform; an orientation would move them."""
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[274] = 6
    for tag, kind, values in (
        (33550, TiffTags.DOUBLE, (30.0, 30.0, 0.0)),
        (33922, TiffTags.DOUBLE, (0.0, 0.0, 0.0, 500_000.0, 3_400_000.0, 0.0)),
        (34735, TiffTags.SHORT, (1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 1, 3072, 0, 1, 32644)),
    ):
        tags.tagtype[tag] = kind
        tags[tag] = values
    Image.fromarray(picture).save(tmp_path / "a.tif", tiffinfo=tags)
    image = read_image(tmp_path / "a.tif", Reading())
    assert read_orientation(tmp_path / "a.tif") == 6
    assert image.orientation == 1 and image.transform == Affine(30, 0, 500_000, 0, -30, 3_400_000)
    np.testing.assert_array_equal(image.values, picture)


@pytest.mark.parametrize("options", [{"BIGTIFF": "YES"}, {"BIGTIFF": "NO"}, {"ENDIANNESS": "BIG"}], ids=str)
def test_tif_that_pillow_cannot_open_has_an_orientation(tmp_path, options):
    bands = np.random.default_rng(0).random((5, 3, 4)).astype("float32")
    path = write_tif(tmp_path / "a.tif", bands, **options)
    assert read_orientation(path) == 1
    reading = Reading((1, 2, 3, 4, 5), black_is_missing=False)
    np.testing.assert_allclose(read_image(path, reading).values, 255 * bands.transpose(1, 2, 0), rtol=1e-5)


@pytest.mark.parametrize("name", ["a.jpg", "a.png"])
def test_damaged_file_is_refused_by_name(tmp_path, smooth, name):
    path = save(tmp_path / name, Image.fromarray(np.tile(smooth, (4, 4, 1))))
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 300] = np.random.default_rng(1).bytes(300)
    path.write_bytes(content)
    with raises_naming(InputError, name):
        read_image(path, OPEN)


@pytest.mark.parametrize("content", [b"", b"no image at all, but a text"])
@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.tif"])
def test_what_is_no_image_is_refused_by_name(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with raises_naming(InputError, name):
        read_image(tmp_path / name, OPEN)


def test_one_pixel_is_read(tmp_path):
    image = read_image(save(tmp_path / "a.png", Image.new("RGB", (1, 1), (9, 200, 30))), Reading())
    assert image.values.tolist() == [[[9, 200, 30]]] and image.seen.all()


def test_cmyk_becomes_rgb(tmp_path, smooth):
    path = save(tmp_path / "a.jpg", Image.fromarray(smooth).convert("CMYK"), quality=95)
    image = read_image(path, Reading())
    assert image.values.shape == (48, 64, 3)
    assert np.abs(image.values - smooth).mean() < 3


def test_16_bit_png_gray_and_rgb(tmp_path, picture):
    wide = picture.astype("uint16") * 257
    gray = read_image(save(tmp_path / "g.png", Image.fromarray(wide[..., 0])), Reading())
    assert (gray.dtype, gray.n_bands) == ("uint16", 1)
    np.testing.assert_allclose(gray.values, np.repeat(picture[..., :1], 3, axis=2), atol=1e-4)
    path = write_tif(tmp_path / "c.png", wide.transpose(2, 0, 1), driver="PNG")
    color = read_image(path, Reading())
    assert (color.dtype, color.n_bands) == ("uint16", 3)
    np.testing.assert_allclose(color.values, picture, atol=1e-4)


def test_full_scale_of_reflectance_and_floats(tmp_path):
    numbers = np.array([[[0, 2500, 10000, 20000]]], "uint16")
    path = write_tif(tmp_path / "r.tif", numbers)
    found = read_image(path, Reading((1,), full_scale=10000, black_is_missing=False)).values[0, :, 0]
    np.testing.assert_allclose(found, [0, 63.75, 255, 255])
    found = read_image(path, Reading((1,), black_is_missing=False)).values[0, :, 0]
    np.testing.assert_allclose(found, numbers[0, 0] / 65535 * 255, rtol=1e-6)
    path = write_tif(tmp_path / "f.tif", np.array([[[-0.1, 0.5, 1.0, np.nan, np.inf]]], "float32"))
    image = read_image(path, Reading((1,), black_is_missing=False))
    np.testing.assert_allclose(image.values[0, :, 0], [0, 127.5, 255, 0, 0])
    assert image.seen.tolist() == [[True, True, True, False, False]]


def test_full_scale_of_eight_bits_stays(tmp_path, picture):
    path = save(tmp_path / "a.png", Image.fromarray(picture))
    np.testing.assert_array_equal(read_image(path, Reading(full_scale=10000)).values, picture)


def test_two_color_png_has_black_and_white(tmp_path):
    path = save(tmp_path / "a.png", Image.fromarray(np.array([[True, False]])))
    assert read_image(path, OPEN).values[0].tolist() == [[255] * 3, [0] * 3]


def test_palette_becomes_colors(tmp_path, picture):
    palette = Image.fromarray(picture).quantize(32)
    image = read_image(save(tmp_path / "a.png", palette), Reading())
    np.testing.assert_array_equal(image.values, np.asarray(palette.convert("RGB")))
    clear = read_image(save(tmp_path / "b.png", palette, transparency=3), Reading())
    np.testing.assert_array_equal(clear.seen, np.asarray(palette) != 3)
    assert not clear.seen.all()


def test_alpha_is_not_seen(tmp_path, picture):
    alpha = np.full(picture.shape[:2], 255, "uint8")
    alpha[:7, :5] = 0
    image = read_image(save(tmp_path / "a.png", Image.fromarray(np.dstack([picture, alpha]))), Reading())
    np.testing.assert_array_equal(image.seen, alpha > 0)
    assert (image.values[:7, :5] == 0).all() and image.n_bands == 4
    gray = read_image(save(tmp_path / "g.png", Image.fromarray(np.dstack([picture[..., 0], alpha]), "LA")), Reading())
    np.testing.assert_array_equal(gray.seen, alpha > 0)
    np.testing.assert_array_equal(gray.values[20, 20], np.repeat(picture[20, 20, 0], 3))


def test_fourth_band_that_is_asked_for_is_no_alpha(tmp_path, picture):
    infrared = np.zeros(picture.shape[:2], "uint8")
    infrared[:, 25:] = 90
    path = write_tif(tmp_path / "a.tif", [*picture.transpose(2, 0, 1), infrared], photometric="RGB", alpha="YES")
    image = read_image(path, Reading((1, 2, 3, 4), black_is_missing=False))
    assert image.seen.all()
    np.testing.assert_array_equal(image.values[..., 3], infrared)
    np.testing.assert_array_equal(read_image(path, OPEN).seen, infrared > 0)


@pytest.mark.parametrize("declared", [True, False])
def test_nodata_is_not_seen(tmp_path, declared):
    bands = np.full((3, 4, 5), 800, "int16")
    bands[:, 0, 0] = -9999
    bands[1, 2, 3] = -9999  # one band only: the other two alone are of no use
    path = write_tif(tmp_path / "a.tif", bands, nodata=-9999 if declared else None)
    image = read_image(path, Reading(full_scale=1000, nodata=None if declared else -9999))
    assert np.argwhere(~image.seen).tolist() == [[0, 0], [2, 3]]
    assert image.values[0, 0].tolist() == [0, 0, 0]
    np.testing.assert_allclose(image.values[1, 1], 204)


@pytest.mark.parametrize("declared", [True, False])
def test_zero_in_one_band_of_eight_bits_is_a_color(tmp_path, declared):
    bands = np.full((3, 4, 5), 80, "uint8")
    bands[:, 0, 0] = bands[1, 2, 3] = 0
    path = write_tif(tmp_path / "a.tif", bands, nodata=0 if declared else None)
    image = read_image(path, Reading(nodata=None if declared else 0, black_is_missing=False))
    assert np.argwhere(~image.seen).tolist() == [[0, 0]]


def test_band_beyond_the_file_is_refused(tmp_path, picture):
    path = save(tmp_path / "a.png", Image.fromarray(picture))
    with raises_naming(InputError, "a.png", "3 bands", "band 4"):
        read_image(path, Reading((1, 4)))
    gray = save(tmp_path / "g.png", Image.fromarray(picture[..., 0]))
    with raises_naming(InputError, "g.png", "1 band;", "band 4"):
        read_image(gray, Reading((4, 3, 2)))


def test_black_is_missing_only_where_it_reaches_the_edge(tmp_path):
    values = np.full((30, 30, 3), 90, "uint8")
    values[np.add.outer(np.arange(30), np.arange(30)) < 12] = 8  # a slanting corner
    values[18:22, 18:22] = 0  # a dark lake inside
    values[29, 20] = (0, 0, 9)
    corner = np.add.outer(np.arange(30), np.arange(30)) < 12
    np.testing.assert_array_equal(black_border(values), corner)
    path = save(tmp_path / "a.png", Image.fromarray(values))
    np.testing.assert_array_equal(read_image(path, Reading()).seen, ~corner)
    assert read_image(path, OPEN).seen.all()
    assert not black_border(values[12:17, 12:17]).any()


def test_projected_pixel_area_and_place(tmp_path, picture):
    transform = Affine(30, 0, 500_000, 0, -20, 3_400_000)
    path = write_tif(tmp_path / "a.tif", picture.transpose(2, 0, 1), crs="EPSG:32644", transform=transform)
    image = read_image(path, Reading())
    assert image.pixel_area_m2 == pytest.approx(600)
    assert image.crs == CRS.from_epsg(32644) and image.transform == transform


def test_pixel_area_of_turned_rasters_and_other_units():
    utm = CRS.from_epsg(32644)
    turned = Affine.translation(500_000, 3_400_000) @ Affine.rotation(30) @ Affine.scale(10, -10)
    assert pixel_area(utm, turned, 100, 100) == pytest.approx(100)
    feet = CRS.from_epsg(2263)  # New York Long Island, US survey feet
    found = pixel_area(feet, Affine(10, 0, 984_000, 0, -10, 200_000), 100, 100)
    assert found == pytest.approx(100 * (1200 / 3937) ** 2, rel=1e-6)


def test_geographic_pixel_area_against_the_ellipsoid():
    wgs84 = CRS.from_epsg(4326)
    # lengths of a degree on WGS84: at the equator 110.574 km by 111.320 km, at 60° 111.412 km by 55.800 km
    at_equator = pixel_area(wgs84, Affine(0.001, 0, 10, 0, -0.001, 0.05), 100, 100)
    assert at_equator == pytest.approx(110.574 * 111.320, rel=1e-4)
    at_60 = pixel_area(wgs84, Affine(0.001, 0, 10, 0, -0.001, 60.05), 100, 100)
    assert at_60 == pytest.approx(111.412 * 55.800, rel=1e-4)


def test_web_map_has_the_area_of_the_ground():
    web = CRS.from_epsg(3857)
    # 20037508 m is half the equator; y of 60° north is 8399737.89 m, where lengths are twice too long
    at_60 = pixel_area(web, Affine(10, 0, 1_000_000, 0, -10, 8_399_737.89 + 500), 100, 100)
    assert at_60 == pytest.approx(25, rel=0.01)


def test_no_place_has_no_pixel_area():
    assert pixel_area(None, Affine(10, 0, 5, 0, -10, 5), 4, 4) is None
    assert pixel_area(CRS.from_epsg(32644), Affine.identity(), 4, 4) is None


def test_shrinking_by_a_whole_number_is_the_block_mean():
    values = np.random.default_rng(0).random((12, 20, 2)).astype("float32")
    blocks = values.reshape(3, 4, 5, 4, 2).mean(axis=(1, 3))
    np.testing.assert_allclose(resample(values, (3, 5)), blocks, rtol=1e-5)


def test_shrinking_by_a_fraction_counts_parts_of_cells():
    np.testing.assert_allclose(resample(np.array([[0.0, 3.0, 9.0]]), (1, 2)), [[1.0, 7.0]], rtol=1e-6)


def test_growing_is_linear_between_middles():
    np.testing.assert_allclose(resample(np.array([[0.0, 4.0]]), (1, 4)), [[0, 1, 3, 4]])
    np.testing.assert_allclose(resample(np.array([[7.0]]), (3, 3)), np.full((3, 3), 7.0))


@pytest.mark.parametrize("shape", [(96, 64), (64, 96), (320, 512), (20, 30), (1, 700), (64, 64)])
def test_fit_keeps_proportions_and_pads_below_and_right(shape):
    values, seen = np.full((*shape, 3), 50.0, "float32"), np.ones(shape, bool)
    fitted, known, (rows, cols) = fit(values, seen, 64)
    assert fitted.shape == (64, 64, 3) and fitted.dtype == "float32" and known.dtype == bool
    assert (rows, cols) == tuple(max(1, round(64 * length / max(shape))) for length in shape)
    assert known[:rows, :cols].all() and known.sum() == rows * cols
    np.testing.assert_allclose(fitted[known], 50, rtol=1e-5)
    assert (fitted[~known] == 0).all()


def test_fit_of_the_same_size_changes_nothing():
    values = np.random.default_rng(0).random((32, 32, 3)).astype("float32") * 255
    fitted, known, content = fit(values, np.ones((32, 32), bool), 32)
    np.testing.assert_array_equal(fitted, values)
    assert known.all() and content == (32, 32)


def test_fit_averages_only_what_is_seen():
    values, seen = np.full((4, 4, 1), 100.0, "float32"), np.ones((4, 4), bool)
    values[0, :2], seen[0, :2] = 250, False  # half of one cell
    values[2:, :2], seen[2:, :2] = 7, False  # most of another
    values[3, 1], seen[3, 1] = 30, True
    fitted, known, _ = fit(values, seen, 2)
    assert known.tolist() == [[True, True], [False, True]]
    np.testing.assert_allclose(fitted[..., 0], [[100, 100], [0, 100]], rtol=1e-6)


def test_fit_share_is_the_share_of_what_is_seen():
    mask, seen = np.zeros((4, 4), bool), np.ones((4, 4), bool)
    mask[0, 0] = mask[0, 3] = mask[1, 3] = True
    seen[1, :2] = False  # of the first cell, one of two seen pixels is mask
    seen[2:, 2:], mask[2:, 2:] = False, True
    share = fit_share(mask, seen, 2)
    assert share.dtype == "float32"
    np.testing.assert_allclose(share, [[0.5, 0.5], [0, 0]], rtol=1e-6)


def test_fit_share_has_the_mean_of_the_mask():
    mask = np.random.default_rng(0).random((57, 91)) < 0.3
    share = fit_share(mask, np.ones(mask.shape, bool), 32)
    assert share[:20].mean() == pytest.approx(mask.mean(), abs=1e-5)
    assert (share[20:] == 0).all() and share.max() <= 1


@pytest.mark.parametrize("shape", [(48, 96), (200, 100), (30, 45)])
def test_unfit_puts_a_map_back_on_its_image(shape):
    rows, cols = (np.arange(length) + 0.5 for length in shape)
    plane = np.add.outer(2 * rows / shape[0], cols / shape[1]).astype("float32")
    fitted, _, content = fit(plane[..., None], np.ones(shape, bool), 64)
    fitted[content[0] :], fitted[:, content[1] :] = 1e6, 1e6  # padding must not come in
    back = unfit(fitted[..., 0], content, shape)
    assert back.shape == shape and back.dtype == "float32"
    inner = (slice(4, -4), slice(4, -4))
    np.testing.assert_allclose(back[inner], plane[inner], atol=0.01)
    assert back.max() < 3.1


@pytest.mark.parametrize(("dtype", "largest"), [("uint16", 800), ("float32", 800.0)])
def test_reflectance_without_its_full_scale_is_refused_and_with_it_read(tmp_path, dtype, largest):
    path = tmp_path / "reflectance.tif"
    values = np.linspace(0, largest, 3 * 64).reshape(3, 8, 8).astype(dtype)
    with rasterio.open(path, "w", driver="GTiff", width=8, height=8, count=3, dtype=dtype) as raster:
        raster.write(values)
    image = read_image(path, Reading())
    levels = {path.name: (image.dtype, image.full_scale, image.bright_level)}
    with pytest.raises(InputError, match=rf"{tmp_path}.*\({dtype}.*reach 79\d.*reflectance\.tif.*full_scale"):
        check_scales(levels, tmp_path)
    found = read_image(path, Reading(full_scale=1000, black_is_missing=False)).values
    assert found.max() == pytest.approx(204, abs=0.1)


def test_a_bright_image_of_another_scale_does_not_hide_that_the_others_are_dark():
    """Images of 12 bits, and one of 16: by its type, all the others would be black."""
    levels = {f"{number}.tif": ("uint16", 65535.0, 3600.0) for number in range(5)}
    with pytest.raises(InputError, match="full_scale"):
        check_scales({**levels, "bright.tif": ("uint16", 65535.0, 61000.0)}, "images")
    bright = {name: ("uint16", 65535.0, 30000.0) for name in levels}
    check_scales({**bright, "dark.tif": ("uint16", 65535.0, 3600.0), "b.tif": ("uint16", 65535.0, 61000.0)}, "images")


def test_a_gray_image_that_counts_from_white_is_what_viewers_show(tmp_path):
    values = np.arange(40, 240, dtype="uint8").reshape(10, 20)
    profile = {"driver": "GTiff", "height": 10, "width": 20, "count": 1, "dtype": "uint8", "photometric": "MINISWHITE"}
    with rasterio.open(tmp_path / "a.tif", "w", **profile) as raster:
        raster.write(255 - values, 1)
    assert np.array_equal(read_image(tmp_path / "a.tif", Reading()).values[..., 0], values.astype("float32"))
