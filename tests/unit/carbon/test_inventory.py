"""Folders of images and masks: what is there, what fits together, dates and places, and what cannot be used."""

import hashlib
import logging
import os
import unicodedata

import numpy as np
import pandas as pd
import pytest
from PIL import Image, ImageOps

from climate_indicators.carbon.images.arrays import Reading, read_image
from climate_indicators.carbon.images.dates import find_dates, find_places
from climate_indicators.carbon.images.filenames import list_folder
from climate_indicators.carbon.images.folders import excluded, find_given, find_masks, list_images, log_contents
from climate_indicators.carbon.images.inventory import build_inventory, check_holdout, log_inventory, refuse_problems
from climate_indicators.carbon.images.masks import MaskRule, read_mask
from climate_indicators.core.errors import InputError
from refusals import raises_naming

RGB = Reading()
NAMES = {"pattern": r"_(?P<year>\d{4})-(?P<month>\d{2})(?:-(?P<day>\d{2}))?"}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "images").mkdir()
    (tmp_path / "masks").mkdir()
    return tmp_path


def picture(path, shape=(24, 32), seed=0):
    """Write bright random colors."""
    path.parent.mkdir(parents=True, exist_ok=True)
    values = np.random.default_rng(seed).integers(30, 250, (*shape, 3)).astype("uint8")
    Image.fromarray(values).save(path)
    return values


def mask(path, values):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(values)).save(path)
    return path


def stock_of(folder, masks=None, reading=RGB, **keys):
    return build_inventory(folder / "images", list_images(folder / "images"), masks, reading, **keys)


def test_images_are_listed_with_folders_and_the_rest_is_counted(folder):
    images = folder / "images"
    for name in ("b.JPG", "a.jpeg", "inner/c.Tif", "größe 木.png", "z.tiff"):
        picture(images / name)
    for name in (".hidden.jpg", ".thumbs/t.png", "notes.txt", "inner/a.jpg.xml"):
        (images / name).parent.mkdir(exist_ok=True)
        (images / name).write_text("x")
    assert list_images(images) == ["a.jpeg", "b.JPG", "größe 木.png", "inner/c.Tif", "z.tiff"]
    assert list_folder(images).others == [".hidden.jpg", ".thumbs/t.png", "inner/a.jpg.xml", "notes.txt"]


def test_links_to_folders_are_followed_once_and_broken_ones_are_told(folder, caplog):
    """Linked folders of a data set were passed over and counted as nothing."""
    images = folder / "images"
    picture(images / "own" / "a.png")
    picture(folder / "elsewhere" / "deep" / "b.png")
    (folder / "elsewhere" / "round").symlink_to(folder / "elsewhere")
    (images / "linked").symlink_to(folder / "elsewhere")
    (images / "again").symlink_to(images / "own")
    (images / "up").symlink_to(folder)
    (images / "self").symlink_to("self")
    (images / "c.png").symlink_to(folder / "elsewhere" / "deep" / "b.png")
    (images / "gone.png").symlink_to(folder / "nowhere.png")
    (images / "d.JP2").write_text("x")
    (images / "e.txt").write_text("x")
    with caplog.at_level(logging.WARNING, "climate_indicators"):
        log_contents(images)
    assert "3 files or folders are not seen: d.JP2, gone.png, self" in caplog.text
    found = list_folder(images)
    assert found.images == ["c.png", "linked/deep/b.png", "own/a.png"] == list_images(images)
    assert found.broken == ["gone.png", "self"] and found.others == ["d.JP2", "e.txt"]
    assert found.repeated == ["again", "linked/round", "up"]
    assert found.lost == ["d.JP2", "gone.png", "self"]
    text = excluded(found)
    assert "broken links: 2 (gone.png, self)" in text and "not read: 1 (d.JP2)" in text and "files: 1 (e.txt)" in text


def test_masks_behind_a_link_in_the_folder_of_images_are_no_images(folder):
    picture(folder / "images" / "a.jpg")
    mask(folder / "masks" / "a.png", np.eye(24, 32, dtype="uint8"))
    (folder / "images" / "masks").symlink_to(folder / "masks")
    assert list_images(folder / "images", folder / "masks") == ["a.jpg"]


def test_folder_without_an_image_is_refused(folder):
    (folder / "images" / "notes.txt").write_text("x")
    with raises_naming(InputError, "images", "notes.txt", ".jpg"):
        list_images(folder / "images")
    with raises_naming(InputError, "nowhere", "no such folder"):
        list_images(folder / "nowhere")


def test_same_name_with_two_endings_is_refused(folder):
    for name in ("a/one.jpg", "b/one.png", "a/two.jpg"):
        picture(folder / "images" / name)
    assert len(list_images(folder / "images")) == 3
    picture(folder / "images" / "a" / "one.TIF")
    with raises_naming(InputError, "a/one.TIF", "a/one.jpg"):
        list_images(folder / "images")


def test_name_that_is_not_utf8_is_refused(folder):
    path = os.fsencode(folder / "images") + b"/gr\xf6sse.png"
    picture(folder / "images" / "a.png")
    os.rename(folder / "images" / "a.png", path)
    with raises_naming(InputError, "UTF-8"):
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
    with raises_naming(InputError, "7 of 8 masks", "lost0.png", "lost4.png", "2 more", "a.png"):
        find_masks(["a.jpg"], folder / "masks")


def test_two_masks_of_an_image_and_no_mask_at_all_are_refused(folder):
    with raises_naming(InputError, folder / "masks"):
        find_masks(["a.jpg"], folder / "masks")
    for name in ("a.png", "a_mask.png"):
        mask(folder / "masks" / name, np.eye(4, dtype="uint8"))
    with raises_naming(InputError, "a.jpg", "a.png", "a_mask.png"):
        find_masks(["a.jpg"], folder / "masks")


def test_given_is_the_first_folder():
    images = ["Train/a.jpg", "test/x/b.jpg", "train.jpg", "x/train/c.jpg", "TEST/d.jpg", "training/e.jpg"]
    assert find_given(images) == ["train", "test", "", "", "test", ""]


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
    gray = values.astype(float).mean(axis=2).reshape(32, 2, 32, 3).mean(axis=(1, 3))
    assert np.abs(stock.thumbnails[0] - gray).max() <= 0.51
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
    Image.fromarray(np.full((24, 32), 99, "uint8")).save(images / "gray.png")
    mask(folder / "masks" / "good.png", 255 * np.eye(24, 32, dtype="uint8"))
    mask(folder / "masks" / "other_mask.png", 255 * np.eye(32, 24, dtype="uint8"))
    mask(folder / "masks" / "soft.png", np.arange(24 * 32, dtype="uint8").reshape(24, 32))
    stock = stock_of(folder, folder / "masks", Reading(bands=(1, 2)))
    assert stock.table["image"].tolist() == ["good.png", "gray.png", "soft.png"]
    assert len(stock.thumbnails) == 3 and stock.soft_masks == ["soft.png"]
    reasons = dict(stock.problems)
    assert reasons.keys() == {"bad.jpg", "dot.png", "flat.png", "night.jpg", "other_mask.png"}
    assert reasons["bad.jpg"].startswith("cannot be read whole")
    assert reasons["dot.png"].startswith("has 1 × 1 pixels; expected 16 or more a side")
    assert reasons["flat.png"].startswith("has 15 × 100 pixels")
    assert reasons["night.jpg"].startswith("shows nothing")
    assert reasons["other_mask.png"].startswith("has 32 × 24 pixels, its mask ")
    assert "other_mask.png has 24 × 32; expected the same size" in reasons["other_mask.png"]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_image_and_mask_are_turned_as_viewers_show_them(folder, orientation, caplog):
    """The mask is drawn on the picture as a viewer shows it, and has no orientation of its own."""
    stored = np.random.default_rng(0).integers(30, 250, (24, 32, 3)).astype("uint8")
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(stored).save(folder / "images" / "a.png", exif=exif)
    Image.fromarray(stored).save(folder / "images" / "b.tif", tiffinfo={274: orientation})
    drawn = (stored[..., 0] > 140).astype("uint8") * 255
    Image.fromarray(drawn).save(folder / "masks" / "a.png", exif=exif)
    shown = ImageOps.exif_transpose(Image.open(folder / "masks" / "a.png"))
    shown.save(folder / "masks" / "b.png", exif=Image.Exif())
    stock = stock_of(folder, folder / "masks")
    assert stock.problems == [] and stock.table["orientation"].tolist() == [orientation] * 2
    assert stock.table["mask_orientation"].tolist() == [orientation, 1]
    rule = MaskRule.of_table(stock.table, {})
    for name, masked in (("a.png", "a.png"), ("b.tif", "b.png")):
        image = read_image(folder / "images" / name, RGB)
        np.testing.assert_array_equal(image.values[..., 0] > 140, read_mask(folder / "masks" / masked, rule).labels)
    assert stock.turned == (["b.tif"] if orientation in (2, 3, 4) else [])
    with caplog.at_level(logging.WARNING, "climate_indicators"):
        log_inventory(stock, "rejected.csv")
    assert ("masks that state another one: 1 (b.tif)" in caplog.text) == bool(stock.turned)


def test_orientation_of_a_mask_of_the_stored_pixels_is_a_problem(folder):
    exif = Image.Exif()
    exif[0x0112] = 6
    values = picture(folder / "images" / "a.jpg")
    Image.fromarray(values).save(folder / "images" / "a.jpg", exif=exif)
    mask(folder / "masks" / "a.png", np.eye(24, 32, dtype="uint8"))
    ((name, reason),) = stock_of(folder, folder / "masks").problems
    assert name == "a.jpg" and "24 × 32 pixels" in reason and "orientation" in reason


def test_masks_that_are_unknown_in_part(folder):
    picture(folder / "images" / "a.png")
    values = np.zeros((24, 32), "uint8")
    values[:6], values[6:12] = 1, 255
    mask(folder / "masks" / "a.png", values)
    with raises_naming(InputError, "masks", "0, 1, 255", "unknown_values"):
        stock_of(folder, folder / "masks")
    stock = stock_of(folder, folder / "masks", mask_values={"vegetation_values": None, "unknown_values": [255]})
    row = stock.table.iloc[0]
    assert (row["unknown_fraction"], row["mask_scale"]) == (0.25, "0 to 1")


def test_full_scale_is_judged_by_all_images_of_a_type(folder):
    """Neither one dark image nor one broken pixel says what full brightness is."""
    bright = np.random.default_rng(0).integers(0, 65536, (16, 16)).astype("uint16")
    for name, values in {"bright": bright, "dark": bright // 100}.items():
        Image.fromarray(values).save(folder / "images" / f"{name}.png")
    stock = stock_of(folder, reading=Reading(black_is_missing=False))
    assert stock.problems == [] and stock.table["full_scale"].tolist() == [65535, 65535]
    assert stock.thumbnails[1].max() <= 3
    (folder / "images" / "bright.png").unlink()
    reflectance = bright // 4
    reflectance[0, 0] = 65535
    Image.fromarray(reflectance).save(folder / "images" / "cloudy.png")
    with raises_naming(InputError, "uint16", "cloudy.png", "full_scale"):
        stock_of(folder, reading=Reading(black_is_missing=False))
    stock = stock_of(folder, reading=Reading(full_scale=10000, black_is_missing=False))
    assert stock.table["full_scale"].tolist() == [10000, 10000]


def test_band_that_a_file_lacks_is_a_problem(folder):
    picture(folder / "images" / "a.png")
    stock = stock_of(folder, None, Reading(bands=(1, 4)))
    assert stock.table.empty and stock.thumbnails.shape == (0, 32, 32)
    assert stock.problems[0][1].startswith("has 3 bands; band 4")


def test_masks_without_any_vegetation_are_refused(folder):
    for name in ("a.png", "b.png"):
        picture(folder / "images" / name)
        mask(folder / "masks" / name, np.zeros((24, 32), "uint8"))
    with raises_naming(InputError, "2 masks", "0 and 1"):
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
    with raises_naming(InputError, name, "2019-03"):
        find_dates(["b_2019-01.jpg", name], NAMES)


def test_year_of_two_digits_is_refused():
    with raises_naming(InputError, "a_19-03.jpg", "2019-03"):
        find_dates(["a_19-03.jpg"], {"pattern": r"_(?P<year>\d+)-(?P<month>\d+)"})


def test_images_without_a_date_are_refused_naming_up_to_five():
    images = ["a_2019-01.jpg", *(f"{letter}.jpg" for letter in "bcdefgh")]
    with raises_naming(InputError, "7 of 8 images", "b.jpg", "f.jpg", "2 more"):
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
    with raises_naming(InputError, "dates.csv", "row 2", "b.jpg", f"'{text}'"):
        find_dates(["a.jpg", "b.jpg"], table)


def test_images_that_a_table_leaves_out_are_refused(tmp_path):
    table = dates_table(tmp_path, "name,day\na.jpg,2019-01\nb.jpg,\n")
    with raises_naming(InputError, "2 of 3 images", "b.jpg, c.jpg", "dates.csv"):
        find_dates(["a.jpg", "b.jpg", "c.jpg"], table)


def test_table_without_the_column_or_that_is_missing_is_refused(tmp_path):
    table = dates_table(tmp_path, "image,day\na.jpg,2019-01\n")
    with raises_naming(InputError, "dates.csv", "'name'", "image, day"):
        find_dates(["a.jpg"], table)
    with raises_naming(InputError, "none.csv"):
        find_dates(["a.jpg"], {"table": tmp_path / "none.csv"})


def test_places_of_names():
    images = ["x/alm_2019.jpg", "bär_2020.jpg"]
    assert find_places(images, "^(?P<place>[^_]+)_") == ["alm", "bär"]
    assert find_places(images, "^([^_]+)_") == ["alm", "bär"]
    assert find_places(images, None) == ["", ""]


def test_place_pattern_that_finds_none_is_refused():
    with raises_naming(InputError, "1 of 2 images", "b.jpg"):
        find_places(["a_1.jpg", "b.jpg"], "^([a-z]+)_")
    with raises_naming(InputError, "place_pattern", "^[a-z]+_"):
        find_places(["a_1.jpg"], "^[a-z]+_")
    with raises_naming(InputError, "place_pattern", "'['"):
        find_places(["a_1.jpg"], "[")


def held_out_table(validation, test):
    """Three images of each of so many groups of validation and test."""
    splits = ["validation"] * 3 * validation + ["test"] * 3 * test
    return pd.DataFrame({"split": splits, "group": np.arange(len(splits)) // 3})


def test_few_groups_of_held_out_images_are_a_warning(lines):
    check_holdout(held_out_table(3, 3))
    assert not lines()
    check_holdout(held_out_table(1, 3))
    assert lines()[0].startswith("only 1 validation group and 3 test groups of images are held out")
