"""What the glacier figures show."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from affine import Affine
from matplotlib.colors import to_hex
from PIL import Image
from shapely import LineString

from climate_indicators.core.atomic_files import sha256
from climate_indicators.geo.grid import Grid
from climate_indicators.geo.raster import cog_writer, write_cog
from climate_indicators.plotting.animation import write_animation
from climate_indicators.plotting.glacier.area_series import retreat_figure
from climate_indicators.plotting.glacier.gallery import GalleryScene, example_blocks, gallery_figure
from climate_indicators.plotting.glacier.termini import termini_map
from climate_indicators.plotting.glacier.timelapse import EXACT, timelapse_frames
from climate_indicators.plotting.map_comparison import compare
from climate_indicators.plotting.rgb import common_stretch, display, read_classes, read_rgb
from climate_indicators.plotting.style import OUTLINE, save_figure

GRID = Grid("EPSG:32644", Affine(20, 0, 700000, 0, -20, 3400000), 64, 48)
RGB = ["B04", "B03", "B02"]
AREAS = pd.DataFrame(
    {
        "year": [2016, 2017, 2018],
        "date": ["2016-09-16", "2017-09-14", np.nan],
        "area_km2": [5.0, 4.5, 4.2],
        "lower_km2": [4.5, 4.2, 3.0],
        "upper_km2": [5.4, 4.9, 5.9],
        "flag": [np.nan, np.nan, "cloudy"],
    }
)
TREND = pd.DataFrame(
    {
        "first_year": [2016],
        "last_year": [2017],
        "slope_per_year": [-0.5],
        "line_at_first_year": [5.0],
        "significant": [True],
        "sentence": ["Glacier area fell by 0.50 km² a year."],
    }
)


@pytest.fixture
def site(tmp_path):
    """Rasters of two years in which a square glacier shrinks from the right, the second with a gap."""
    rng = np.random.default_rng(0)
    paths = {"labels": str(tmp_path / "labels.tif"), "scenes": []}
    for year, width in ((2016, 40), (2017, 30)):
        ice = np.zeros(GRID.shape, "uint8")
        ice[12:36, 8 : 8 + width] = 1
        numbers = (1500 + 6000 * ice.astype("int16") + rng.integers(0, 300, GRID.shape)).astype("int16")
        gap = np.zeros(GRID.shape, bool)
        if year == 2017:
            gap[:, 50:] = True
        else:
            write_cog(paths["labels"], GRID, ice, "glacier", 255)
        files = [str(tmp_path / f"{kind}_{year}.tif") for kind in ("image", "probability", "extent")]
        with cog_writer(files[0], GRID, "int16", ["B02", "B03", "B04"], -32768, 1e-4) as raster:
            raster.write(np.where(gap, -32768, np.stack([numbers, numbers + 100, numbers + 200])))
        write_cog(files[1], GRID, np.where(gap, 255, 240 * ice + 5).astype("uint8"), "probability", 255)
        write_cog(files[2], GRID, np.where(gap, 255, ice).astype("uint8"), "extent", 255)
        paths["scenes"].append(GalleryScene(year, *files))
    return paths


def texts(figure):
    return [text.get_text() for text in figure.findobj(lambda artist: hasattr(artist, "get_text"))]


def test_retreat_axis_begins_at_zero_and_names_its_unit():
    axes = retreat_figure(AREAS, TREND, "demo", 0.95).axes[0]
    assert axes.get_ylim()[0] == 0 and axes.get_ylim()[1] > 5.9
    assert axes.get_ylabel() == "glacier area (km²)" and axes.get_xlabel() == "year"
    assert "Glacier area fell by 0.50 km² a year." in texts(axes)


def test_retreat_draws_flagged_years_hollow_and_the_line_from_year_to_year():
    axes = retreat_figure(AREAS, TREND, "demo", 0.9).axes[0]
    points = [line for line in axes.lines if line.get_marker() == "o"]
    assert [line.get_xdata().tolist() for line in points] == [[2016, 2017], [2018]]
    assert points[1].get_markerfacecolor() == "white" != points[0].get_markerfacecolor()
    line = next(line for line in axes.lines if line.get_label() == "Theil–Sen slope")
    assert line.get_xydata().tolist() == [[2016, 5.0], [2017, 4.5]] and line.get_linestyle() == "-"
    assert "area with its 90 % interval" in axes.get_legend_handles_labels()[1]


def test_retreat_line_is_dashed_without_significance_and_missing_without_trend():
    dashed = retreat_figure(AREAS, TREND.assign(significant=False), "demo", 0.95).axes[0]
    assert [line.get_linestyle() for line in dashed.lines if line.get_label() == "Theil–Sen slope"] == ["--"]
    reason = "No trend of glacier area is drawn: there is 1 year, and a trend needs 4."
    nothing = TREND.assign(slope_per_year=np.nan, line_at_first_year=np.nan, significant=False, sentence=reason)
    axes = retreat_figure(AREAS.iloc[:1], nothing, "demo", 0.95).axes[0]
    assert "Theil–Sen slope" not in axes.get_legend_handles_labels()[1]
    assert reason in texts(axes)
    low, high = axes.get_xlim()
    assert [tick for tick in axes.get_xticks() if low <= tick <= high] == [2016], "years are whole"


def test_bands_are_read_by_name_and_gaps_are_gray(site):
    image = read_rgb(site["scenes"][1].image, RGB)
    assert np.isnan(image[:, 50:]).all() and image.shape == (48, 64, 3)
    np.testing.assert_allclose(image[0, 0, 0] - image[0, 0, 2], 0.02, atol=1e-6)
    shown = display(image, common_stretch([image]))
    assert shown.min() >= 0 and shown.max() <= 1
    assert to_hex(shown[0, 60]) == "#999999"
    assert read_classes(site["labels"], largest=32).shape == (24, 32)


def frames_of(site, areas=AREAS):
    scenes = site["scenes"]
    images, extents = [scene.image for scene in scenes], [scene.extent for scene in scenes]
    return timelapse_frames(images, extents, site["labels"], areas.iloc[:2], RGB, 2016, 0.95)


def colored(frame, color, tolerance=40):
    goal = np.array([int(color[place : place + 2], 16) for place in (1, 3, 5)])
    return (np.abs(frame.astype(int) - goal).max(axis=2) < tolerance).sum()


def yellow(frame):
    """Pixels of the thin dashed line, mixed with the image under it."""
    red, green, blue = np.moveaxis(frame.astype(int), 2, 0)
    return ((red - blue > 60) & (np.abs(red - green) < 40)).sum()


def test_timelapse_has_a_frame_a_year_with_its_own_outline(site, tmp_path):
    frames = frames_of(site)
    assert len(frames) == 2 and frames[0].shape == frames[1].shape
    assert colored(frames[0], OUTLINE) > 300
    # the mapped outline covers that of the reference year in 2016, and lies inside it a year later
    assert yellow(frames[1]) > yellow(frames[0]) + 50
    write_animation(frames, tmp_path / "a" / "x.gif", 0.8, EXACT)
    with Image.open(tmp_path / "a" / "x.gif") as animation:
        assert (animation.n_frames, animation.info["duration"], animation.info["loop"]) == (2, 800, 0)
        for number, frame in enumerate(frames):
            animation.seek(number)
            shown = np.asarray(animation.convert("RGB"))
            assert np.abs(shown.astype(int) - frame).mean() < 3
            assert colored(shown, OUTLINE) > 300
            assert shown[0, 0].tolist() == [255, 255, 255]


def test_timelapse_has_the_same_bytes_every_time(site, tmp_path):
    for name in ("a.gif", "b.gif"):
        write_animation(frames_of(site), tmp_path / name, 0.5, EXACT)
    assert sha256(tmp_path / "a.gif") == sha256(tmp_path / "b.gif")


def test_timelapse_of_a_year_without_ice_or_without_date(site, tmp_path):
    write_cog(site["scenes"][0].extent, GRID, np.zeros(GRID.shape, "uint8"), "extent", 255)
    frames = frames_of(site, AREAS.assign(date=np.nan))
    assert colored(frames[0], OUTLINE) < colored(frames[1], OUTLINE)


def test_timelapse_does_not_draw_along_the_edge_of_a_cloud(site):
    """A year whose glacier is cut by a gap has a shorter outline than the same glacier unseen nowhere."""
    scene = site["scenes"][1]
    extent = read_classes(scene.extent)
    whole = colored(frames_of(site)[1], OUTLINE)
    write_cog(scene.extent, GRID, np.where(np.arange(64) > 30, 255, extent).astype("uint8"), "extent", 255)
    cut = colored(frames_of(site)[1], OUTLINE)
    # top and bottom lose 7 of 30 columns and the right end is gone: 37 of 108 pixels, with nothing drawn at the cut
    assert cut < 0.75 * whole


def test_comparison_of_map_and_outlines():
    extent, labels = np.array([0, 0, 1, 1, 255, 1], "uint8"), np.array([0, 1, 0, 1, 1, 255], "uint8")
    assert compare(extent, labels).tolist() == [0, 1, 2, 3, 4, 4]


def test_examples_are_mixed_test_blocks():
    blocks = pd.DataFrame({"block": range(5), "split": ["train", "test", "test", "validation", "test"]})
    blocks["label_fraction"] = [0.5, 0.05, 0.4, 0.5, 0.7]
    assert example_blocks(blocks, 2).block.tolist() == [2, 4]
    assert example_blocks(blocks, 9).block.tolist() == [2, 4, 1]


def test_gallery_has_a_row_a_block_and_year(site, tmp_path):
    blocks = pd.DataFrame(
        {"block": [3], "row_start": [8], "row_stop": [40], "col_start": [32], "col_stop": [64], "split": ["test"]}
    )
    figure = gallery_figure(site["scenes"], site["labels"], blocks, RGB)
    panels = [axes for axes in figure.axes if axes.images]
    assert len(panels) == 6
    assert [axes.get_ylabel() for axes in panels[::3]] == ["2016\ntest block 3", "2017\ntest block 3"]
    np.testing.assert_allclose(panels[1].images[0].get_array().max(), 245 / 250)
    first, second = (np.asarray(panels[place].images[0].get_array()) for place in (2, 5))
    assert set(np.unique(first)) == {0, 3}, "map and outlines agree in the year of the outlines"
    assert (second[10, 6:16] == 1).all() and (second[:, 18:] == 4).all(), "retreat, and the gap"
    assert "glacier in both" in texts(figure) and "probability of glacier" in texts(figure)
    save_figure(figure, tmp_path / "gallery.png")
    with Image.open(tmp_path / "gallery.png") as picture:
        assert min(picture.size) > 500


@pytest.mark.parametrize(("y", "corner"), [(0.1, (0, 1)), (0.9, (0, 0))])
def test_scale_bar_of_the_termini_is_in_a_corner_without_a_label(site, y, corner):
    """The scale bar must not cover the name of a glacier."""
    width, height = 20 * GRID.width, 20 * GRID.height
    bottom = 3400000 - height
    lines = [LineString([(700000 + x * width, bottom + y * height)] * 2) for x in (0.2, 0.8)]
    flowlines = gpd.GeoDataFrame({"glacier_id": ["a", "b"]}, geometry=lines, crs=GRID.crs)
    nothing = gpd.GeoDataFrame({"year": []}, geometry=[], crs=GRID.crs)
    axes = termini_map(site["scenes"][0].image, RGB, flowlines, nothing, "").axes[0]
    bar = axes.texts[-1]
    assert bar.get_text().endswith("km")
    place = (bar.get_position()[0] - 700000) / width, (bar.get_position()[1] - bottom) / height
    assert tuple(round(value) for value in place) == corner
