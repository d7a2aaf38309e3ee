"""What the figures of the evaluation show, read from their artists and pixels; and the table over sites."""

import numpy as np
import pandas as pd
import pytest
from affine import Affine
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.image import imread
from matplotlib.text import Text

from climate_indicators.core.atomic_files import sha256
from climate_indicators.core.raster_encoding import BYTE_NODATA, REFLECTANCE_NODATA, REFLECTANCE_SCALE
from climate_indicators.geo.grid import Grid
from climate_indicators.geo.raster import cog_writer, write_cog
from climate_indicators.geo.raster_stack import RasterStack
from climate_indicators.glacier.area_summary import area_summary
from climate_indicators.plotting.learning_curve import learning_figure
from climate_indicators.plotting.patches import choose_patches, patches_figure
from climate_indicators.plotting.reliability import LOOKS, reliability_figure
from climate_indicators.plotting.spatial_blocks import COLORS, TINT, blocks_figure, tinted
from climate_indicators.plotting.style import GAP, save_figure
from climate_indicators.segmentation.patches import plan_patches, write_patches
from climate_indicators.segmentation.skill_summary import skill_by_site, skill_summary
from climate_indicators.segmentation.spatial_blocks import SPLIT_VALUES, make_blocks, split_map
from climate_indicators.stats.metrics import evaluate
from climate_indicators.stats.score_histograms import INDEX, LOGIT, PROBABILITY, ScoreCounts
from climate_indicators.stats.trends import trend_row
from refusals import raises_naming

GRID = Grid("EPSG:32644", Affine(20, 0, 400_000, 0, -20, 3_400_000), 160, 120)
RGB = ("red", "green", "blue")


def evaluation(index="band_ratio"):
    rng = np.random.default_rng(0)
    splits, scores = ["validation", "validation", "test", "test"], {}
    labels = [(rng.random(2000) < share).astype("uint8") for share in (0.3, 0.5, 0.4, 0.6)]
    for model, kind, spread in (("unet", LOGIT, 1.0), ("random_forest", PROBABILITY, 3.0), (index, INDEX, 5.0)):
        scores[model] = ScoreCounts.empty(kind, range(4), splits, np.linspace(-20, 20, 99) if kind == INDEX else None)
        for block, label in enumerate(labels):
            logits = 4.0 * label - 2 + rng.normal(0, spread, 2000)
            scores[model].add(block, 1 / (1 + np.exp(-logits)) if kind == PROBABILITY else logits, label)
    return evaluate(scores)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Scene, labels, splits, blocks and patches of a small site."""
    folder = tmp_path_factory.mktemp("site")
    rng = np.random.default_rng(1)
    rows, cols = np.indices(GRID.shape)
    labels = (np.hypot(rows - 60, cols - 80) < 45).astype("uint8")
    labels[:, :6] = BYTE_NODATA
    numbers = rng.integers(500, 6000, (3, *GRID.shape)).astype("int16")
    numbers[:, :, :6] = REFLECTANCE_NODATA
    with cog_writer(folder / "scene.tif", GRID, "int16", RGB, REFLECTANCE_NODATA, REFLECTANCE_SCALE) as raster:
        raster.write(numbers)
    valid = labels != BYTE_NODATA
    blocks = make_blocks(labels, valid, 40, {"train": 0.5, "validation": 0.25, "test": 0.25}, seed=0)
    splits = split_map(blocks, labels, valid, 4)
    write_cog(folder / "labels.tif", GRID, labels, "glacier", BYTE_NODATA)
    write_cog(folder / "splits.tif", GRID, splits, "split", 0)
    with RasterStack([folder / "scene.tif"]) as stack:
        write_patches(folder / "patches.h5", stack, labels, splits, plan_patches(splits, blocks, 32, 16), 32)
    return folder, blocks, labels, splits


def texts(figure):
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


def panels(figure):
    return figure.findobj(lambda artist: type(artist) is Axes)


def assert_drawn_whole(figure, path):
    """The picture is no blank one, and no text of it is cut off at its edge."""
    save_figure(figure, path, dpi=80)
    pixels = imread(path)[:, :, :3]
    assert pixels.std() > 0.05
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    assert (border == 1).all(), "something is drawn on the very edge of the picture"


def test_reliability_figure_shows_the_numbers_of_the_tables(tmp_path):
    done = evaluation()
    figure = reliability_figure(done.reliability, done.metrics)
    assert_drawn_whole(figure, tmp_path / "figure.png")
    curve, _, test_iou, validation_iou = panels(figure)
    lines = {line.get_label().split(":")[0]: line for line in curve.get_lines()}
    table = done.reliability[(done.reliability.model == "unet") & (done.reliability.split == "test")]
    filled = table[table.n_pixels > 0]
    assert lines["U-Net"].get_xdata().tolist() == filled.mean_probability.tolist()
    assert lines["U-Net"].get_ydata().tolist() == filled.observed_fraction.tolist()
    assert set(lines) == {"perfectly calibrated", "U-Net", "U-Net before calibration", "random forest"}
    for axes, split in ((test_iou, "test"), (validation_iou, "validation")):
        rows = done.metrics[done.metrics.split == split]
        points = [line.get_xdata() for line in axes.get_lines()]
        assert [point[0] for point in points[1::2]] == rows.iou.tolist()
        assert [list(bar) for bar in points[::2]] == rows[["iou_lower", "iou_upper"]].values.tolist()
        assert split in axes.get_title()


STUDIES = {
    "glacier": {"band_ratio"},
    "glacier without a ratio": {"brightness"},
    "carbon": {"excess_green", "hsv_rule"},
    "snow": {"wet_snow_threshold", "sam_oracle", "sam_radar"},
}


@pytest.mark.parametrize("own", STUDIES.values(), ids=STUDIES)
def test_every_model_has_a_look_and_no_two_of_a_study_share_marker_or_color(own):
    done = evaluation("brightness")
    assert set(done.metrics.model) | set(done.reliability.model) | own <= set(LOOKS)
    together = [look for model, look in LOOKS.items() if model in own or model not in set().union(*STUDIES.values())]
    assert len({color for _, color, _ in together}) == len({marker for _, _, marker in together}) == len(together)


def test_learning_figure_marks_the_epoch_of_the_lowest_validation_loss(tmp_path):
    history = pd.DataFrame(
        {
            "epoch": [1, 2, 3, 4],
            "loss": [0.9, 0.6, 0.4, 0.3],
            "iou": [0.3, 0.5, 0.6, 0.7],
            "val_loss": [0.95, 0.7, 0.5, 0.55],
            "val_iou": [0.2, 0.4, 0.61, 0.66],
            "learning_rate": [1e-3, 8e-4, 4e-4, 0.0],
        }
    )
    figure = learning_figure(history)
    assert_drawn_whole(figure, tmp_path / "figure.png")
    lines = {line.get_label(): line for line in figure.axes[0].get_lines()}
    assert set(lines["kept: epoch 3"].get_xdata()) == {3}
    assert lines["validation"].get_ydata().tolist() == history.val_loss.tolist()
    assert "Epoch 3 of 4: validation loss 0.500, IoU 0.610" in texts(figure)


def test_one_epoch_can_be_drawn(tmp_path):
    history = pd.DataFrame([[1, 0.9, 0.3, 0.8, 0.4, 0.0]])
    history.columns = ["epoch", "loss", "iou", "val_loss", "val_iou", "learning_rate"]
    assert_drawn_whole(learning_figure(history), tmp_path / "figure.png")


def test_tint_is_the_color_of_the_split_and_unused_pixels_have_none():
    image = np.full((2, 2, 3), 0.5)
    shown = tinted(image, np.array([[0, 1], [2, 3]], "uint8"))
    assert shown[0, 0].tolist() == [0.5] * 3
    for (row, col), name in (((0, 1), "train"), ((1, 0), "validation"), ((1, 1), "test")):
        expected = (1 - TINT) * 0.5 + TINT * np.array(to_rgb(COLORS[name]))
        assert shown[row, col] == pytest.approx(expected)
    assert (image == 0.5).all(), "the image given is left alone"


def test_blocks_figure_names_every_block_and_counts_splits(site, tmp_path):
    folder, blocks, _, _ = site
    figure = blocks_figure(
        str(folder / "scene.tif"), str(folder / "labels.tif"), str(folder / "splits.tif"), blocks, RGB
    )
    assert_drawn_whole(figure, tmp_path / "figure.png")
    found = texts(figure)
    for block in blocks.itertuples():
        assert f"{block.block}: {block.label_fraction:.0%}" in found
    for split, count in blocks.split.value_counts().items():
        assert f"{split}, {count} blocks" in found
    assert any(text.endswith(" km") for text in found), "the map has a scale bar"


def test_patches_figure_hides_what_the_network_does_not_see(site, tmp_path):
    folder, _, _, _ = site
    figure = patches_figure(str(folder / "patches.h5"), RGB)
    assert_drawn_whole(figure, tmp_path / "figure.png")
    assert set(SPLIT_VALUES) <= set(texts(figure))
    gray = int(GAP[1:3], 16) / 255
    shown = [axes.get_images()[0].get_array() for axes in panels(figure)]
    assert len(shown) == 24
    assert any(np.isclose(image, gray).all(axis=2).any() for image in shown)
    assert all((~np.isclose(image, gray)).any() for image in shown)


def test_patches_are_chosen_from_lowest_to_highest_share_of_the_wanted_ones():
    labels = np.zeros((40, 10, 10), "uint8")
    for number in range(40):
        labels[number].flat[: 2 * ((number * 7) % 40)] = 1
    own = np.arange(40) % 2 == 0
    chosen = choose_patches(labels, own, 5)
    shares = labels[chosen].mean(axis=(1, 2))
    assert len(set(chosen)) == 5 and own[chosen].all()
    assert (np.diff(shares) > 0).all()
    assert (shares[0], shares[-1]) == (labels[own].mean(axis=(1, 2)).min(), labels[own].mean(axis=(1, 2)).max())
    assert choose_patches(labels, np.arange(40) < 3, 5) == [0, 1, 2]


def test_figures_are_the_same_twice(site, tmp_path):
    folder, blocks, _, _ = site
    paths = [str(folder / name) for name in ("scene.tif", "labels.tif", "splits.tif")]
    for name in ("a", "b"):
        save_figure(blocks_figure(*paths, blocks, RGB), tmp_path / f"{name}.png")
    assert sha256(tmp_path / "a.png") == sha256(tmp_path / "b.png")


def metrics_of(unet, forest):
    rows = [["unet", "test", unet], ["random_forest", "test", forest]]
    table = pd.DataFrame(rows, columns=["model", "split", "iou"])
    for name in ("f1", "precision", "recall", "accuracy"):
        table[name] = 2 * table.iou / (1 + table.iou)
    return table.assign(ece=[0.02, np.nan])


def test_summary_by_hand():
    table = skill_summary({"a": metrics_of(0.8, 0.7), "b": metrics_of(0.9, 0.6), "c": metrics_of(0.7, 0.72)})
    assert table[["model", "split", "n_sites"]].values.tolist() == [["unet", "test", 3], ["random_forest", "test", 3]]
    unet, forest = table.iloc[0], table.iloc[1]
    assert (unet.iou_mean, unet.iou_min, unet.iou_max) == pytest.approx((0.8, 0.7, 0.9))
    assert unet.f1_mean == pytest.approx(np.mean([2 * iou / (1 + iou) for iou in (0.8, 0.9, 0.7)]))
    lead = ["iou_gain_mean", "iou_gain_min", "iou_gain_max"]
    assert forest[lead].tolist() == pytest.approx([0.38 / 3, -0.02, 0.3])
    assert unet[lead].isna().all() and np.isnan(forest.ece_mean) and unet.ece_mean == pytest.approx(0.02)


def test_summary_of_real_tables_has_all_models_and_splits():
    table = skill_summary({"a": evaluation().metrics})
    assert len(table) == 8 and (table.n_sites == 1).all()
    assert (table.iou_min == table.iou_max).all()


def test_skill_by_site_tells_who_was_learnt_from_and_how_far_the_network_is_ahead():
    table = skill_by_site({"a": metrics_of(0.8, 0.7), "b": metrics_of(0.6, 0.72)}, ["a"])
    assert table.columns[:4].tolist() == ["site", "in_pool", "model", "split"]
    assert table.site.tolist() == ["a", "a", "b", "b"] and table.in_pool.tolist() == [True, True, False, False]
    forest = table[table.model == "random_forest"]
    assert forest.iou_gain.tolist() == pytest.approx([0.1, -0.12])
    assert table[table.model == "unet"].iou_gain.isna().all()
    assert forest.iou.tolist() == [0.7, 0.72]


def test_summary_without_the_network_is_refused():
    broken = metrics_of(0.8, 0.7).query("model != 'unet'")
    with raises_naming(ValueError, "b", "'unet'"):
        skill_summary({"a": metrics_of(0.8, 0.7), "b": broken})


def areas_of(years, areas, flags):
    table = pd.DataFrame({"year": years, "area_km2": areas, "flag": flags})
    return table.assign(lower_km2=table.area_km2 - 1, upper_km2=table.area_km2 + 1)


def test_summary_of_areas_by_hand():
    trend = pd.DataFrame([trend_row("glacier area", "km²", range(2016, 2023), range(10, 3, -1), [False] * 7)])
    none = pd.DataFrame([trend_row("glacier area", "km²", [2016], [3.0], [True])])
    usable = areas_of([2018, 2016, 2017], [8.0, 10.0, 99.0], [None, None, "cloudy"])
    flagged = areas_of([2016], [3.0], ["cloudy"])
    table = area_summary([("a", usable, trend), ("b", flagged, none)]).set_index("site")
    assert list(table.loc["a", ["n_years", "first_year", "last_year", "first_km2", "last_km2"]]) == [
        2,
        2016,
        2018,
        10,
        8,
    ]
    assert list(table.loc["a", ["last_lower_km2", "last_upper_km2", "change_percent"]]) == [7, 9, pytest.approx(-20)]
    assert table.slope_km2_per_year["a"] == pytest.approx(-1) and table.significant["a"]
    assert list(table.loc["a", ["total_km2", "total_percent"]]) == [pytest.approx(-6), pytest.approx(-60)]
    assert table.total_lower_km2["a"] <= -6 <= table.total_upper_km2["a"]
    assert table.n_years["b"] == 0 and not table.significant["b"]
    assert table.loc["b", ["first_year", "last_km2", "change_percent", "p_value"]].isna().all()
