"""Masks: how their numbers are meant, decided once for a folder, and what they do not know."""

import logging

import numpy as np
import pandas as pd
import pytest
import rasterio
from PIL import Image

from climate_indicators.carbon.images.arrays import Reading
from climate_indicators.carbon.images.inventory import build_inventory
from climate_indicators.carbon.images.masks import LISTED, MaskRule, decide_rule, read_mask, survey_mask
from climate_indicators.core.errors import InputError
from refusals import raises_naming

RGB = Reading()
SMOOTH = np.arange(256, dtype="uint8").reshape(16, 16)


def save(path, values):
    """Write a mask; its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(values)).save(path)
    return path


def rule_of(*paths, **listed):
    return decide_rule({path.name: survey_mask(path) for path in paths}, listed, paths[0].parent)


def labels(path, **listed):
    """Labels of a mask that is alone in its folder."""
    return read_mask(path, rule_of(path, **listed)).labels.tolist()


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.array([[0, 1]], "uint8"), [[0, 1]]),
        (np.array([[0, 255]], "uint8"), [[0, 1]]),
        (np.array([[0, 255]], "uint16"), [[0, 1]]),
        (np.array([[0, 65535]], "uint16"), [[0, 1]]),
        (np.array([[False, True]]), [[0, 1]]),
        (np.array([[0, 0]], "uint8"), [[0, 0]]),
        (SMOOTH, (SMOOTH >= 128).astype(int).tolist()),
        (SMOOTH.astype("uint16") * 257, (SMOOTH >= 128).astype(int).tolist()),
    ],
)
def test_values_of_masks(tmp_path, values, expected):
    assert labels(save(tmp_path / "a.png", values)) == expected


def test_scale_is_that_of_the_folder_and_not_of_a_mask(tmp_path):
    """A mask of 0 alone, or of faint edges, has no scale of its own."""
    full = save(tmp_path / "full.png", SMOOTH)
    faint = save(tmp_path / "faint.png", np.minimum(SMOOTH, 90))
    nothing = save(tmp_path / "nothing.png", np.zeros((2, 2), "uint8"))
    rule = rule_of(faint, full, nothing)
    assert rule.scale == "0 to 255"
    assert not read_mask(faint, rule).labels.any() and not read_mask(nothing, rule).labels.any()


@pytest.mark.parametrize(
    "values",
    [[0, 1, 2], [0, 1, 255], [0, 1, 60], [0, 128, 255], [1, 2], [*range(34), 255], [*range(151)], [*range(182), 255]],
    ids=str,
)
def test_numbers_of_classes_are_refused_naming_them(tmp_path, values):
    path = save(tmp_path / "classes.png", np.array([values], "uint8"))
    with raises_naming(InputError, f"{values[0]}, ", "vegetation_values", "unknown_values") as caught:
        rule_of(path)
    assert str(tmp_path) in str(caught.value) and "classes.png" in str(caught.value)


def test_negative_numbers_are_refused_unless_they_are_listed(tmp_path):
    path = tmp_path / "a.tif"
    with rasterio.open(path, "w", driver="GTiff", width=3, height=1, count=1, dtype="int16") as raster:
        raster.write(np.array([[[-1, 0, 1]]], "int16"))
    with pytest.raises(InputError, match="-1, 0, 1"):
        rule_of(path)
    assert labels(path, unknown_values=[-1]) == [[255, 0, 1]]


@pytest.mark.parametrize("other", [SMOOTH, np.array([[0, 255]], "uint8")], ids=["smooth", "0 and 255"])
@pytest.mark.parametrize("values", [[0, 1], [0, 1, 2]], ids=str)
def test_masks_of_two_scales_in_one_folder_are_refused(tmp_path, values, other):
    """Of 40 masks, the 26 with ones would be read as empty."""
    paths = save(tmp_path / "large.png", other), save(tmp_path / "small.png", np.array([values], "uint8"))
    with raises_naming(InputError, "small.png", "0, 1"):
        rule_of(*paths)


def test_listed_values_are_vegetation_and_unknown(tmp_path):
    path = save(tmp_path / "a.png", np.array([[0, 1, 2, 3, 255]], "uint8"))
    rule = rule_of(path, vegetation_values=[2, 3], unknown_values=[255])
    assert rule == MaskRule(LISTED, "", (2, 3), (255,))
    mask = read_mask(path, rule)
    assert mask.labels.tolist() == [[0, 0, 1, 1, 255]] and mask.unknown_share == pytest.approx(0.2)
    void = save(tmp_path / "b.png", np.array([[0, 1, 255]], "uint8"))
    assert labels(void, unknown_values=[255]) == [[0, 1, 255]]
    trimap = save(tmp_path / "c.png", np.array([[0, 128, 255]], "uint8"))
    assert labels(trimap, unknown_values=[128]) == [[0, 255, 1]]


def test_listed_values_that_no_mask_has_are_told(tmp_path, caplog):
    path = save(tmp_path / "a.png", np.array([[0, 1, 2]], "uint8"))
    with caplog.at_level(logging.WARNING, "climate_indicators"):
        rule_of(path, vegetation_values=[2, 7], unknown_values=[255])
    assert "7, 255" in caplog.text and "0, 1, 2" in caplog.text


def test_values_cannot_be_listed_for_jpgs(tmp_path):
    path = save(tmp_path / "a.jpg", np.zeros((16, 16), "uint8"))
    with raises_naming(InputError, "a.jpg", "PNG"):
        rule_of(path, unknown_values=[255])


def test_classes_in_jpgs_are_refused_and_two_values_are_read_at_any_quality(tmp_path):
    rng = np.random.default_rng(0)
    classes = save(tmp_path / "classes.jpg", 100 * rng.integers(0, 3, (60, 60)).astype("uint8"))
    with raises_naming(InputError, "classes.jpg", "PNG", "vegetation_values"):
        rule_of(classes)
    square = save(tmp_path / "square.jpg", np.repeat(np.array([[0, 255]], "uint8"), 32).reshape(2, 32).repeat(8, 0))
    small = save(tmp_path / "small.jpg", np.array([[0, 2]], "uint8").repeat(16, 0).repeat(16, 1))
    nothing = save(tmp_path / "nothing.jpg", np.zeros((16, 16), "uint8"))
    assert rule_of(square, nothing).scale == "0 to 255"
    with pytest.raises(InputError, match=r"small\.jpg"):
        rule_of(square, small)
    speckle = rng.random((64, 64)) < 0.3
    for quality in (30, 75):
        path = tmp_path / f"{quality}.jpg"
        Image.fromarray(255 * speckle.astype("uint8")).save(path, quality=quality)
        assert (np.array(labels(path)) == speckle).mean() > 0.999


def test_rule_of_the_table_of_images(tmp_path):
    table = pd.DataFrame({"mask_scale": ["", "0 to 255"], "mask_palette": ["", "grays"]})
    rule = MaskRule.of_table(table, {"vegetation_values": None, "unknown_values": [7]})
    assert rule == MaskRule("0 to 255", "grays", (), (7,))


def test_float_mask_and_mask_of_gray_colors(tmp_path):
    found = labels(save(tmp_path / "a.tif", np.array([[0.0, 0.49, 0.5, 1.0, np.nan]], "float32")))
    assert found == [[0, 0, 1, 1, 255]], "what is not finite is unknown"
    gray = np.repeat(np.array([[0, 255]], "uint8")[..., None], 3, axis=2)
    assert labels(save(tmp_path / "b.png", gray)) == [[0, 1]]
    assert labels(save(tmp_path / "c.png", np.dstack([gray, [[255, 0]]]).astype("uint8"))) == [[0, 255]]


def test_what_a_mask_does_not_know_is_unknown(tmp_path):
    """Nodata of a mask is neither vegetation nor a reason to read its ones as zeros."""
    for number, values in ((255, [[0, 1, 255]]), (128, [[0, 255, 128]])):
        path = tmp_path / f"{number}.tif"
        with rasterio.open(
            path, "w", driver="GTiff", width=3, height=1, count=1, dtype="uint8", nodata=number
        ) as raster:
            raster.write(np.array(values, "uint8"), 1)
        assert labels(path) == [[0, 1, 255]]


def palette(path, colors, numbers=((0, 1),)):
    image = Image.fromarray(np.array(numbers, "uint8"), "P")
    image.putpalette([part for color in colors for part in color])
    image.save(path)
    return path


def test_palette_masks(tmp_path):
    swapped = palette(tmp_path / "swapped.png", [(255, 255, 255), (0, 0, 0)])
    assert labels(swapped) == [[1, 0]], "white is vegetation, whatever its number"
    assert labels(palette(tmp_path / "colored.png", [(0, 0, 0), (0, 128, 0)])) == [[0, 1]]


def test_palettes_of_a_folder_are_read_alike(tmp_path):
    """One mask shows black and white of a palette alone, the other its green: numbers of classes in both."""
    colors = [(0, 0, 0), (0, 128, 0), (255, 255, 255)]
    paths = palette(tmp_path / "a.png", colors, [[0, 2]]), palette(tmp_path / "b.png", colors, [[0, 1]])
    with pytest.raises(InputError, match="0, 1, 2"):
        rule_of(*paths)
    rule = rule_of(*paths, vegetation_values=[1], unknown_values=[2])
    assert [read_mask(path, rule).labels.tolist() for path in paths] == [[[0, 255]], [[0, 1]]]


def test_jpg_mask_of_nothing_stays_empty(tmp_path):
    path = tmp_path / "a.jpg"
    Image.fromarray(np.tile(np.array([[0, 1]], "uint8"), (16, 8))).save(path, quality=100)
    assert np.asarray(Image.open(path)).max() == 1, "the trap is there"
    assert not np.any(labels(path))


def test_jpg_masks_have_clear_edges_or_are_told(tmp_path):
    square = np.zeros((64, 64), "uint8")
    square[16:48, 16:48] = 255
    path = save(tmp_path / "a.jpg", square)
    mask = read_mask(path, rule_of(path))
    np.testing.assert_array_equal(mask.labels, square > 0)
    assert mask.middle_share < 0.01
    blurred = save(tmp_path / "b.png", np.tile(SMOOTH, (4, 4)))
    assert read_mask(blurred, rule_of(blurred)).middle_share == pytest.approx(0.5, abs=0.01)


def test_colored_or_broken_mask_is_refused(tmp_path):
    colors = np.random.default_rng(0).integers(30, 250, (24, 32, 3)).astype("uint8")
    save(tmp_path / "a.png", colors)
    with raises_naming(InputError, "a.png", "colors"):
        survey_mask(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes((tmp_path / "a.png").read_bytes()[:900])
    with raises_naming(InputError, "b.png"):
        survey_mask(tmp_path / "b.png")


@pytest.mark.parametrize("numbers", [(0, 1), (0, 255)], ids=str)
def test_share_of_vegetation_is_the_true_one_in_all_masks(tmp_path, numbers):
    """Half of each image is vegetation, in one mask all of it, in another none."""
    other, vegetation = numbers
    for name, rows in (("a", 12), ("b", 24), ("c", 0)):
        values = np.random.default_rng(rows).integers(30, 250, (24, 32, 3)).astype("uint8")
        save(tmp_path / f"images/{name}.png", values)
        mask = np.full((24, 32), other, "uint8")
        mask[:rows] = vegetation
        save(tmp_path / f"masks/{name}.png", mask)
    stock = build_inventory(tmp_path / "images", ["a.png", "b.png", "c.png"], tmp_path / "masks", RGB)
    rule = MaskRule.of_table(stock.table, {})
    found = [(read_mask(tmp_path / f"masks/{name}.png", rule).labels == 1).mean() for name in "abc"]
    assert found == [0.5, 1, 0] and stock.soft_masks == []
    assert (stock.table["unknown_fraction"] == 0).all()


def disk(size=96):
    row, column = np.mgrid[:size, :size]
    return (row - 40) ** 2 + (column - 50) ** 2 < 30**2


@pytest.mark.parametrize("quality", [50, 75, 95])
def test_masks_that_were_jpgs_are_read_as_what_they_were(tmp_path, quality):
    """A PNG, and a TIF compressed as JPG: compression leaves several numbers next to 0 and to 255."""
    truth = disk()
    jpg = tmp_path / "a.jpg"
    Image.fromarray(truth.astype("uint8") * 255).save(jpg, quality=quality)
    values = np.array(Image.open(jpg))
    assert len(np.unique(values)) > 6
    png = save(tmp_path / "masks" / "a.png", values)
    tif = tmp_path / "masks" / "b.tif"
    profile = {"driver": "GTiff", "height": 96, "width": 96, "count": 1, "dtype": "uint8", "compress": "JPEG"}
    with rasterio.open(tif, "w", **profile, jpeg_quality=quality) as raster:
        raster.write(truth.astype("uint8") * 255, 1)
    for path in (png, tif):
        assert np.mean(np.array(labels(path)) == truth) > 0.999


@pytest.mark.parametrize("values", [(0, 1, 2, 3, 255), (0, 1, 2, 253, 255), (0, 40, 200, 220, 254), (0, 1, 254, 255)])
def test_few_numbers_near_the_ends_are_classes(tmp_path, values):
    path = save(tmp_path / "a.png", np.array([values * 30], "uint8"))
    with pytest.raises(InputError, match="vegetation_values"):
        rule_of(path)


def test_a_mask_of_one_bit_is_black_and_white_whatever_the_others_have(tmp_path):
    """Programs save a mask in one bit or in eight as its colors need."""
    truth = disk()
    one = tmp_path / "a.png"
    Image.fromarray(truth.astype("uint8") * 255).convert("1").save(one)
    eight = save(tmp_path / "b.png", truth.astype("uint8") * 255)
    rule = rule_of(one, eight)
    for path in (one, eight):
        assert np.array_equal(read_mask(path, rule).labels, truth.astype("uint8"))
    assert np.array_equal(labels(one, vegetation_values=[1]), truth.astype("uint8"))


def without_ground(path, kind, truth):
    path.parent.mkdir(parents=True, exist_ok=True)
    if kind == "transparent":
        Image.fromarray(np.dstack([np.full((*truth.shape, 3), 255), truth * 255]).astype("uint8")).save(path)
        return
    profile = {"driver": "GTiff", "height": truth.shape[0], "width": truth.shape[1], "count": 1, "dtype": "uint8"}
    with rasterio.open(path, "w", **profile, nodata=0) as raster:
        raster.write(truth.astype("uint8"), 1)


@pytest.mark.parametrize(("kind", "ending"), [("transparent", "png"), ("nodata", "tif")])
def test_masks_that_label_vegetation_alone_are_refused(tmp_path, kind, ending):
    """QGIS and gdal_rasterize declare 0 as no data, GIMP erases to transparent: the ground would be unknown."""
    rng = np.random.default_rng(5)
    for name in ("a", "b"):
        save(tmp_path / "images" / f"{name}.png", rng.integers(30, 250, (96, 96, 3)).astype("uint8"))
        without_ground(tmp_path / "masks" / f"{name}.{ending}", kind, disk())
    with raises_naming(InputError, "2 masks"):
        build_inventory(tmp_path / "images", ["a.png", "b.png"], tmp_path / "masks", RGB)


def test_a_mask_that_counts_from_white_is_what_viewers_show(tmp_path):
    truth = disk()
    path = tmp_path / "a.tif"
    profile = {"driver": "GTiff", "height": 96, "width": 96, "count": 1, "dtype": "uint8", "photometric": "MINISWHITE"}
    with rasterio.open(path, "w", **profile) as raster:
        raster.write((~truth).astype("uint8") * 255, 1)
    with Image.open(path) as picture:
        assert np.array_equal(np.array(picture) == 255, truth)
    assert np.array_equal(labels(path), truth.astype("uint8"))
