"""What the gallery of test images and the sheet of the augmentation show."""

import h5py
import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text
from PIL import Image

from climate_indicators.carbon.images.arrays import NetworkImage
from climate_indicators.carbon.images.samples import write_samples
from climate_indicators.core.errors import InputError
from climate_indicators.plotting.augmentation import augmentation_figure, changed, changes
from climate_indicators.plotting.carbon.gallery import carbon_gallery_figure, read_mapped, spread_of_skill
from climate_indicators.plotting.style import save_figure
from climate_indicators.segmentation.augmentation import Augmentation
from refusals import raises_naming

SIZE = 64
RGB = ("red", "green", "blue")
PLAIN = Augmentation(flip=False, rotate=False, brightness=0.0, contrast=0.0, noise=0.0)


def texts(figure):
    return " ".join(text.get_text() for text in figure.findobj(Text))


@pytest.fixture
def site(tmp_path):
    """Patch file of six training images and ten test images, wide ones with a black corner, and their masks."""
    rng = np.random.default_rng(0)
    names = [f"place/image_{number:02d}.jpg" for number in range(17)]
    splits = ["train"] * 6 + ["validation"] + ["test"] * 10
    images, rows = {}, []
    (tmp_path / "masks" / "place").mkdir(parents=True)
    for number, (name, split) in enumerate(zip(names, splits, strict=True)):
        truth = np.zeros((96, 128), bool)
        truth[20:70, 10 : 40 + 4 * number] = True
        seen = np.add.outer(np.arange(96), np.arange(128)) > 40
        values = np.where(truth[..., None], (50, 110, 40), (150, 115, 85)) + rng.normal(0, 8, (96, 128, 3))
        images[name] = (NetworkImage(np.where(seen[..., None], values, 0).astype("float32"), seen), truth & seen)
        mapped = np.roll(truth, number, axis=0)
        levels = np.where(seen, np.where(mapped, 255, 0), 128).astype("uint8")
        Image.fromarray(levels).save(tmp_path / "masks" / "place" / f"image_{number:02d}.png", transparency=128)
        if split == "test":
            shares = (truth[seen].mean(), mapped[seen].mean())
            for rule in ("calibrated", "fixed"):
                rows.append([name, split, rule, 1 - 0.05 * (number - 7) - 0.5 * (rule == "fixed"), *shares])
    table = pd.DataFrame({"image": names, "split": splits, "labeled": True, "group": range(17), "dtype": "uint8"})
    path = str(tmp_path / "patches.h5")
    write_samples(path, table, images.get, {"source": "masks"}, SIZE)
    columns = ["image", "split", "threshold_rule", "iou", "true_fraction", "mapped_fraction"]
    return {"patches": path, "masks": tmp_path / "masks", "metrics": pd.DataFrame(rows, columns=columns)}


def test_examples_go_from_the_worst_to_the_best_at_the_calibrated_threshold():
    metrics = pd.DataFrame(
        {
            "image": list("abcdefgh") + ["a", "v"],
            "split": ["test"] * 9 + ["validation"],
            "threshold_rule": ["calibrated"] * 8 + ["fixed", "calibrated"],
            "iou": [0.5, 0.1, np.nan, 0.9, 0.3, 0.7, 0.6, 0.2, 0.0, 0.05],
        }
    )
    assert spread_of_skill(metrics, 4)["image"].tolist() == ["b", "e", "g", "d"]
    assert len(spread_of_skill(metrics)) == 7
    assert spread_of_skill(metrics[metrics["iou"].isna()])["image"].tolist() == ["c"]


def test_masks_are_thinned_and_keep_what_is_not_seen(site):
    mapped = read_mapped(site["masks"], "place/image_00.jpg", (48, 64))
    assert mapped.shape == (48, 64) and set(np.unique(mapped)) == {0, 1, 255}
    assert mapped[0, 0] == 255 and mapped[20, 10] == 1 and mapped[45, 60] == 0
    with raises_naming(InputError, "place/other.jpg", "other.tif", "other.png"):
        read_mapped(site["masks"], "place/other.jpg", (48, 64))


def test_gallery_shows_truth_and_errors(site, tmp_path):
    figure = carbon_gallery_figure(site["patches"], site["metrics"], site["masks"])
    panels = [axes for axes in figure.findobj(lambda artist: hasattr(artist, "images")) if axes.images]
    assert len(panels) == 24
    # the worst one is the last, whose mask is moved down by 16 of 96 rows
    truth, classes = (np.asarray(panels[place].images[0].get_array()) for place in (1, 2))
    assert truth.shape == (48, 64) and truth[0, 0] == 2 and truth[25, 20] == 1 and truth[45, 60] == 0
    assert classes[0, 0] == 4 and classes[25, 20] == 3 and classes[12, 20] == 1 and classes[40, 20] == 2
    words = texts(figure)
    assert "image_16.jpg: IoU 0.55, true 40.6%, mapped 41.1%" in words and "image_07.jpg: IoU 1.00" in words
    assert all(word in words for word in ("missed", "false", "found", "not seen", "original", "prediction"))
    save_figure(figure, tmp_path / "gallery.png")
    save_figure(carbon_gallery_figure(site["patches"], site["metrics"], site["masks"]), tmp_path / "again.png")
    assert (tmp_path / "gallery.png").read_bytes() == (tmp_path / "again.png").read_bytes()


def test_each_change_is_shown_alone_and_all_together():
    settings = Augmentation(flip=True, rotate=False, brightness=0.2, contrast=0.0, noise=0.05)
    shown = dict(changes(settings))
    assert list(shown) == ["mirrored", "brightness ± 0.2 sd", "noise 0.05 sd", "all together"]
    assert shown["mirrored"].flip and not shown["mirrored"].brightness and not shown["mirrored"].noise
    assert not shown["noise 0.05 sd"].flip and shown["noise 0.05 sd"].noise == 0.05
    assert shown["all together"] == settings
    assert not list(changes(PLAIN)) and len(list(changes(Augmentation(**{**vars(PLAIN), "flip": True})))) == 1


def test_a_mirroring_is_drawn_until_it_is_seen():
    rng = np.random.default_rng(5)
    image = rng.uniform(0, 255, (8, 8, 3)).astype("float32")
    label = rng.integers(0, 2, (8, 8)).astype("uint8")
    sample = (image, label, np.ones((8, 8), bool))
    change = Augmentation(**{**vars(PLAIN), "flip": True})
    for seed in range(20):
        found, changed_label = changed(sample, (np.full(3, 100.0), np.full(3, 20.0)), change, [seed])
        np.testing.assert_allclose(found, image[:, ::-1], rtol=1e-5)
        np.testing.assert_array_equal(changed_label, label[:, ::-1])


def test_sheet_has_a_row_a_sample_and_a_column_a_change(site, tmp_path):
    settings = Augmentation(flip=True, rotate=True, brightness=0.3, contrast=0.2, noise=0.1)
    figures = [augmentation_figure(site["patches"], settings, seed, RGB) for seed in (1, 1, 2)]
    assert len(figures[0].axes) == 4 * 7
    arrays = [[np.asarray(axes.images[0].get_array()) for axes in figure.axes] for figure in figures]
    with h5py.File(site["patches"]) as store:
        training = store["image"][:6] / 255
    for row in range(4):
        first = arrays[0][7 * row]
        assert any(np.allclose(first, one) for one in training), "the first picture is a training image as it is"
        others = arrays[0][7 * row + 1 : 7 * row + 7]
        assert all((np.abs(first - other) > 1e-3).any(axis=2).mean() > 0.4 for other in others), "every change is seen"
    assert all(np.array_equal(a, b) for a, b in zip(*arrays[:2], strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(arrays[0], arrays[2], strict=True))
    assert "quarter turns" in texts(figures[0]) and "all together" in texts(figures[0])
    save_figure(figures[0], tmp_path / "sheet.png")
    with Image.open(tmp_path / "sheet.png") as picture:
        assert min(picture.size) > 500
