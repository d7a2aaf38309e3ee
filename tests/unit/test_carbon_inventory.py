"""Folders of images and masks: what is there, what fits together, dates and places, and what cannot be used."""

import hashlib
import os
import unicodedata

import numpy as np
import pytest
import rasterio
from PIL import Image

from climate_indicators.carbon.folders import count_other_files, find_given, find_masks, list_images
from climate_indicators.carbon.image_dates import find_dates, find_places
from climate_indicators.carbon.images import Reading
from climate_indicators.carbon.inventory import read_mask, refuse_problems, take_stock
from climate_indicators.logs import InputError

RGB = Reading()
NAMES = {"pattern": r"_(?P<year>\d{4})-(?P<month>\d{2})(?:-(?P<day>\d{2}))?"}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "images").mkdir()
    (tmp_path / "masks").mkdir()
    return tmp_path


def picture(path, shape=(24, 32), seed=0):
    """Write bright random colours."""
    path.parent.mkdir(parents=True, exist_ok=True)
    values = np.random.default_rng(seed).integers(30, 250, (*shape, 3)).astype("uint8")
    Image.fromarray(values).save(path)
    return values


def mask(path, values):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(values)).save(path)
    return path


def stock_of(folder, masks=None, reading=RGB, **keys):
    return take_stock(folder / "images", list_images(folder / "images"), masks, reading, **keys)


def test_images_are_listed_with_folders_and_the_rest_is_counted(folder):
    images = folder / "images"
    for name in ("b.JPG", "a.jpeg", "inner/c.Tif", "größe 木.png", "z.tiff"):
        picture(images / name)
    for name in (".hidden.jpg", ".thumbs/t.png", "notes.txt", "inner/a.jpg.xml"):
        (images / name).parent.mkdir(exist_ok=True)
        (images / name).write_text("x")
    assert list_images(images) == ["a.jpeg", "b.JPG", "größe 木.png", "inner/c.Tif", "z.tiff"]
    assert count_other_files(images) == 4


def test_folder_without_an_image_is_refused(folder):
    (folder / "images" / "notes.txt").write_text("x")
    with pytest.raises(InputError, match=r"images: found no image \(it holds 1 other files\); expected .*\.jpg"):
        list_images(folder / "images")
    with pytest.raises(InputError, match=r"nowhere: found no image \(there is no such folder\)"):
        list_images(folder / "nowhere")


def test_same_name_with_two_endings_is_refused(folder):
    for name in ("a/one.jpg", "b/one.png", "a/two.jpg"):
        picture(folder / "images" / name)
    assert len(list_images(folder / "images")) == 3
    picture(folder / "images" / "a" / "one.TIF")
    with pytest.raises(InputError, match=r"images: the images a/one\.TIF and a/one\.jpg have one name"):
        list_images(folder / "images")


def test_name_that_is_not_utf8_is_refused(folder):
    path = os.fsencode(folder / "images") + b"/gr\xf6sse.png"
    picture(folder / "images" / "a.png")
    os.rename(folder / "images" / "a.png", path)
    with pytest.raises(InputError, match="not written in UTF-8"):
        list_images(folder / "images")


def test_masks_inside_the_folder_of_images_are_no_images(folder):
    picture(folder / "images" / "a.jpg")
    mask(folder / "images" / "masks" / "a.png", np.eye(24, 32, dtype="uint8"))
    assert list_images(folder / "images", folder / "images" / "masks") == ["a.jpg"]
    with pytest.raises(InputError, match="of the images and of the masks"):
        list_images(folder / "images", folder / "images")


def test_masks_are_paired_by_path_without_ending(folder):
    for name in ("train/a.png", "test/a_mask.tif", "b.PNG"):
        mask(folder / "masks" / name, np.eye(4, dtype="uint8"))
    images = ["b.jpg", "c.jpg", "test/a.jpg", "train/a.jpg"]
    expected = {"b.jpg": "b.PNG", "test/a.jpg": "test/a_mask.tif", "train/a.jpg": "train/a.png"}
    assert find_masks(images, folder / "masks") == expected


def test_accents_may_be_written_in_two_ways(folder):
    mask(folder / "masks" / (unicodedata.normalize("NFD", "größe") + ".png"), np.eye(4, dtype="uint8"))
    image = unicodedata.normalize("NFC", "größe") + ".jpg"
    assert list(find_masks([image], folder / "masks")) == [image]


def test_mask_without_image_is_refused_naming_up_to_five(folder):
    for number in range(7):
        mask(folder / "masks" / f"lost{number}.png", np.eye(4, dtype="uint8"))
    mask(folder / "masks" / "a.png", np.eye(4, dtype="uint8"))
    with pytest.raises(InputError, match=r"7 of 8 masks have no image: lost0\.png.* lost4\.png and 2 more\. .*a\.png"):
        find_masks(["a.jpg"], folder / "masks")


def test_two_masks_of_an_image_and_no_mask_at_all_are_refused(folder):
    with pytest.raises(InputError, match="found no mask"):
        find_masks(["a.jpg"], folder / "masks")
    for name in ("a.png", "a_mask.png"):
        mask(folder / "masks" / name, np.eye(4, dtype="uint8"))
    with pytest.raises(InputError, match=r"a\.jpg has two masks, a\.png and a_mask\.png"):
        find_masks(["a.jpg"], folder / "masks")


def test_given_is_the_first_folder():
    images = ["Train/a.jpg", "test/x/b.jpg", "train.jpg", "x/train/c.jpg", "TEST/d.jpg", "training/e.jpg"]
    assert find_given(images) == ["train", "test", "", "", "test", ""]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.array([[0, 1]], "uint8"), [[False, True]]),
        (np.array([[0, 255]], "uint8"), [[False, True]]),
        (np.array([[0, 127, 128, 255]], "uint8"), [[False, False, True, True]]),
        (np.array([[0, 1, 60]], "uint8"), [[False, False, False]]),
        (np.array([[0, 0]], "uint8"), [[False, False]]),
        (np.array([[0, 255]], "uint16"), [[False, True]]),
        (np.array([[0, 32767, 32768, 65535]], "uint16"), [[False, False, True, True]]),
        (np.array([[False, True]]), [[False, True]]),
    ],
)
def test_values_of_masks(tmp_path, values, expected):
    assert read_mask(mask(tmp_path / "a.png", values)).tolist() == expected


def test_float_mask_and_mask_of_grey_colours(tmp_path):
    found = read_mask(mask(tmp_path / "a.tif", np.array([[0.0, 0.49, 0.5, 1.0, np.nan]], "float32")))
    assert found.tolist() == [[0, 0, 1, 1, 255]], "what is not finite is unknown"
    grey = np.repeat(np.array([[0, 255]], "uint8")[..., None], 3, axis=2)
    assert read_mask(mask(tmp_path / "b.png", grey)).tolist() == [[False, True]]
    assert read_mask(mask(tmp_path / "c.png", np.dstack([grey, [[255, 0]]]).astype("uint8"))).tolist() == [[0, 255]]


def test_what_a_mask_does_not_know_is_unknown(tmp_path):
    """Nodata of a mask is neither vegetation nor a reason to read its ones as zeros."""
    for number, values in ((255, [[0, 1, 255]]), (128, [[0, 255, 128]])):
        path = tmp_path / f"{number}.tif"
        with rasterio.open(
            path, "w", driver="GTiff", width=3, height=1, count=1, dtype="uint8", nodata=number
        ) as raster:
            raster.write(np.array(values, "uint8"), 1)
        assert read_mask(path).tolist() == [[0, 1, 255]]


def test_palette_masks(tmp_path):
    swapped = Image.fromarray(np.array([[0, 1]], "uint8"), "P")
    swapped.putpalette([255, 255, 255, 0, 0, 0])
    swapped.save(tmp_path / "swapped.png")
    assert read_mask(tmp_path / "swapped.png").tolist() == [[True, False]], "white is vegetation, whatever its number"
    coloured = Image.fromarray(np.array([[0, 1]], "uint8"), "P")
    coloured.putpalette([0, 0, 0, 0, 128, 0])
    coloured.save(tmp_path / "coloured.png")
    assert read_mask(tmp_path / "coloured.png").tolist() == [[False, True]]


def test_jpg_mask_of_nothing_stays_empty(tmp_path):
    path = tmp_path / "a.jpg"
    Image.fromarray(np.tile(np.array([[0, 1]], "uint8"), (16, 8))).save(path, quality=100)
    assert np.asarray(Image.open(path)).max() == 1, "the trap is there"
    assert not read_mask(path).any()


def test_coloured_or_broken_mask_is_refused(tmp_path):
    picture(tmp_path / "a.png")
    with pytest.raises(InputError, match=r"a\.png: has colours; expected a mask of one band"):
        read_mask(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes((tmp_path / "a.png").read_bytes()[:900])
    with pytest.raises(InputError, match=r"b\.png: cannot be read whole"):
        read_mask(tmp_path / "b.png")


def test_stock_tells_what_each_image_is(folder):
    values = picture(folder / "images" / "a.png", (64, 96))
    Image.fromarray(values[:32, :32, 0].astype("uint16") * 257).save(folder / "images" / "b.png")
    mask(folder / "masks" / "b.png", np.eye(32, dtype="uint8"))
    steps = []
    stock = stock_of(folder, folder / "masks", progress=lambda: steps.append(1))
    a, b = stock.table.to_dict("records")
    assert (a["image"], a["mask"], a["width"], a["height"], a["bands"], a["dtype"]) == ("a.png", "", 96, 64, 3, "uint8")
    assert (b["image"], b["mask"], b["width"], b["height"], b["bands"], b["dtype"]) == (
        "b.png", "b.png", 32, 32, 1, "uint16",
    )  # fmt: skip
    assert a["sha256"] == hashlib.sha256((folder / "images" / "a.png").read_bytes()).hexdigest()
    assert np.isnan(a["pixel_area_m2"]) and len(steps) == 2
    assert stock.thumbnails.shape == (2, 32, 32) and stock.thumbnails.dtype == "uint8"
    grey = values.astype(float).mean(axis=2).reshape(32, 2, 32, 3).mean(axis=(1, 3))
    assert np.abs(stock.thumbnails[0] - grey).max() <= 0.51
    np.testing.assert_array_equal(stock.thumbnails[1], values[:32, :32, 0])
    assert stock.problems == [] and stock.soft_masks == []


def test_stock_lists_what_cannot_be_used_and_goes_on(folder):
    images = folder / "images"
    for name in ("bad.jpg", "good.png", "other_mask.png", "soft.png"):
        picture(images / name)
    (images / "bad.jpg").write_bytes((images / "bad.jpg").read_bytes()[:500])
    picture(images / "dot.png", (1, 1))
    picture(images / "flat.png", (100, 15))
    Image.new("RGB", (40, 40)).save(images / "night.jpg")
    Image.fromarray(np.full((24, 32), 99, "uint8")).save(images / "grey.png")
    mask(folder / "masks" / "good.png", np.eye(24, 32, dtype="uint8"))
    mask(folder / "masks" / "other_mask.png", np.eye(32, 24, dtype="uint8"))
    mask(folder / "masks" / "soft.png", np.arange(24 * 32, dtype="uint8").reshape(24, 32))
    stock = stock_of(folder, folder / "masks", Reading(bands=(1, 2)))
    assert stock.table["image"].tolist() == ["good.png", "grey.png", "soft.png"]
    assert len(stock.thumbnails) == 3 and stock.soft_masks == ["soft.png"]
    reasons = dict(stock.problems)
    assert reasons.keys() == {"bad.jpg", "dot.png", "flat.png", "night.jpg", "other_mask.png"}
    assert reasons["bad.jpg"].startswith("cannot be read whole")
    assert reasons["dot.png"].startswith("has 1 × 1 pixels; expected 16 or more a side")
    assert reasons["flat.png"].startswith("has 15 × 100 pixels")
    assert reasons["night.jpg"].startswith("shows nothing")
    assert reasons["other_mask.png"].startswith("has 32 × 24 pixels, its mask ")
    assert "other_mask.png has 24 × 32; expected the same size" in reasons["other_mask.png"]


def test_band_that_a_file_lacks_is_a_problem(folder):
    picture(folder / "images" / "a.png")
    stock = stock_of(folder, None, Reading(bands=(1, 4)))
    assert stock.table.empty and stock.thumbnails.shape == (0, 32, 32)
    assert stock.problems[0][1].startswith("has 3 bands; band 4 is asked for")


def test_masks_without_any_vegetation_are_refused(folder):
    for name in ("a.png", "b.png"):
        picture(folder / "images" / name)
        mask(folder / "masks" / name, np.zeros((24, 32), "uint8"))
    with pytest.raises(InputError, match="none of the 2 masks holds any vegetation; expected 0 and 1"):
        stock_of(folder, folder / "masks")
    mask(folder / "masks" / "b.png", np.eye(24, 32, dtype="uint8"))
    assert len(stock_of(folder, folder / "masks").table) == 2


def test_problems_end_the_run_with_one_message():
    refuse_problems("here", [])
    problems = [(f"{number}.jpg", "is bad") for number in range(12)]
    with pytest.raises(InputError) as caught:
        refuse_problems("here", problems)
    text = str(caught.value)
    assert "here: 12 images cannot be used" in text and "skip_bad" in text
    assert "9.jpg: is bad" in text and "10.jpg" not in text and text.endswith("and 2 more")


def test_dates_of_names():
    images = ["in_1999-12/place_2019-03.jpg", "b_2020-02-29.png"]
    assert find_dates(images, NAMES) == ["2019-03", "2020-02-29"]
    assert find_dates(images, None) == ["", ""]


@pytest.mark.parametrize("name", ["a_2019-13.jpg", "a_2019-02-29.jpg", "a_0000-01.jpg"])
def test_date_outside_the_calendar_is_refused(name):
    with pytest.raises(InputError, match=rf"image {name}: '_[-0-9]+' is not a date \(.*expected one such as 2019-03"):
        find_dates(["b_2019-01.jpg", name], NAMES)


def test_year_of_two_digits_is_refused():
    with pytest.raises(InputError, match="a year has four digits"):
        find_dates(["a_19-03.jpg"], {"pattern": r"_(?P<year>\d+)-(?P<month>\d+)"})


def test_images_without_a_date_are_refused_naming_up_to_five():
    images = ["a_2019-01.jpg", *(f"{letter}.jpg" for letter in "bcdefgh")]
    with pytest.raises(InputError, match=r"7 of 8 images have no date: b\.jpg, .*f\.jpg and 2 more\. .*rename"):
        find_dates(images, NAMES)


@pytest.mark.parametrize("pattern", ["(", r"(?P<year>\d{4})", r"\d{4}"])
def test_pattern_that_cannot_date_is_refused(pattern):
    with pytest.raises(InputError, match=r"dates\.pattern"):
        find_dates(["a_2019-01.jpg"], {"pattern": pattern})


def dates_table(tmp_path, text):
    (tmp_path / "dates.csv").write_text(text, encoding="utf-8")
    return {"pattern": None, "table": str(tmp_path / "dates.csv"), "image": "name", "date": "day"}


def test_dates_of_a_table(tmp_path):
    table = dates_table(tmp_path, "day,name\n2019-03-21,b.jpg\n2020-01,größe.jpg\n2021-05-06T10:30:00Z,x/c.png\n")
    assert find_dates(["größe.jpg", "b.jpg", "x/c.png"], table) == ["2020-01", "2019-03-21", "2021-05-06"]


@pytest.mark.parametrize("text", ["21.03.2019", "2019-02-30", "2019", "soon"])
def test_date_of_a_table_that_cannot_be_is_refused(tmp_path, text):
    table = dates_table(tmp_path, f"name,day\na.jpg,2019-01\nb.jpg,{text}\n")
    with pytest.raises(InputError, match=rf"dates\.csv, row 2, image b\.jpg: '{text}' is not a date"):
        find_dates(["a.jpg", "b.jpg"], table)


def test_images_that_a_table_leaves_out_are_refused(tmp_path):
    table = dates_table(tmp_path, "name,day\na.jpg,2019-01\nb.jpg,\n")
    with pytest.raises(InputError, match=r"2 of 3 images have no date: b\.jpg, c\.jpg\. .*dates\.csv"):
        find_dates(["a.jpg", "b.jpg", "c.jpg"], table)


def test_table_without_the_column_or_that_is_missing_is_refused(tmp_path):
    table = dates_table(tmp_path, "image,day\na.jpg,2019-01\n")
    with pytest.raises(InputError, match=r"dates\.csv: there is no column 'name'; it has image, day"):
        find_dates(["a.jpg"], table)
    with pytest.raises(InputError, match=r"none\.csv: cannot be read"):
        find_dates(["a.jpg"], {"table": tmp_path / "none.csv"})


def test_places_of_names():
    images = ["x/alm_2019.jpg", "bär_2020.jpg"]
    assert find_places(images, "^(?P<place>[^_]+)_") == ["alm", "bär"]
    assert find_places(images, "^([^_]+)_") == ["alm", "bär"]
    assert find_places(images, None) == ["", ""]


def test_place_pattern_that_finds_none_is_refused():
    with pytest.raises(InputError, match=r"1 of 2 images have no place: b\.jpg"):
        find_places(["a_1.jpg", "b.jpg"], "^([a-z]+)_")
    with pytest.raises(InputError, match="has no group"):
        find_places(["a_1.jpg"], "^[a-z]+_")
    with pytest.raises(InputError, match="no regular expression"):
        find_places(["a_1.jpg"], "[")
