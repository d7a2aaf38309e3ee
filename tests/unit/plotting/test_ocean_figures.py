"""What the figures of the ocean study show."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from climate_indicators.core.atomic_files import sha256
from climate_indicators.ocean.indicators.coverage import coverage_table, flag_gaps, month_names
from climate_indicators.ocean.indicators.coverage_trends import coverage_trends
from climate_indicators.ocean.indicators.frequency import Frequency
from climate_indicators.ocean.indicators.midlatitude_balance import MidlatitudeBalance
from climate_indicators.ocean.indicators.seasons import seasonal_cycle
from climate_indicators.ocean.indicators.water_properties import drivers_summary, drivers_table
from climate_indicators.plotting.animation import write_animation
from climate_indicators.plotting.ocean.animation import chosen_months, exact_colors, ocean_frames
from climate_indicators.plotting.ocean.biome_maps import (
    biome_map_figure,
    core_figure,
    frequency_figure,
    shares,
    slope_maps_figure,
)
from climate_indicators.plotting.ocean.coverage import coverage_figure
from climate_indicators.plotting.ocean.maps import class_map, field_map, hac_limits, map_axes, project
from climate_indicators.plotting.ocean.midlatitude_balance import midlatitude_balance_figure, ratio
from climate_indicators.plotting.ocean.seasons import seasons_figure
from climate_indicators.plotting.ocean.water_properties import drivers_figure, drivers_season_figure
from climate_indicators.plotting.style import save_figure

NAMES = {1: "ICE I", 2: "SUBP+UP II", 3: "SUBTR I", 4: "SUBTR II"}
COLORS = {1: "#56B4E9", 2: "#0072B2", 3: "#E69F00", 4: "#D55E00"}
FAMILIES = {1: "ice", 2: "subpolar", 3: "subtropical", 4: "subtropical"}
LAT, LON = np.arange(-85.0, 90, 10), np.arange(-175.0, 180, 10)
TITLES = {"global": "Global ocean", "north": "North"}
YEARS = 5


@pytest.fixture(scope="module")
def cells():
    """A world of 10° cells with one square continent."""
    coast_lat, coast_lon = np.arange(-88.0, 90, 4), np.arange(-178.0, 180, 4)
    land = (abs(LAT[:, None]) < 30) & (abs(LON) < 40)
    area = np.cos(np.deg2rad(LAT))[:, None] * 1.2e6 * ~land
    coast = (abs(coast_lat[:, None]) < 30) & (abs(coast_lon) < 40)
    return xr.Dataset(
        {
            "area_km2": (("lat", "lon"), area),
            "lat_bnds": (("lat", "bnds"), np.column_stack([LAT - 5, LAT + 5])),
            "lon_bnds": (("lon", "bnds"), np.column_stack([LON - 5, LON + 5])),
            "ocean": (("coast_lat", "coast_lon"), (~coast).astype("int8")),
        },
        {"lat": LAT, "lon": LON, "coast_lat": coast_lat, "coast_lon": coast_lon},
    )


@pytest.fixture(scope="module")
def world(cells):
    """Labels of five years whose subtropics grow, with all that is made of them."""
    months = month_names(np.datetime64("2000-01") + np.arange(12 * YEARS))
    ocean, lat = cells["area_km2"].to_numpy() > 0, LAT[:, None] + 0 * LON
    labels = np.empty((len(months), *ocean.shape), "int8")
    for place in range(len(months)):
        front = 40 + 10 * np.sign(lat) * np.cos(2 * np.pi * (place % 12 - 8) / 12) + 1.5 * place / 12
        front = front + 4 * np.sin(np.deg2rad(LON))
        one = np.select([abs(lat) > 70, abs(lat) > front, abs(lat) > 20], [1, 2, 3], 4)
        labels[place] = np.where(ocean, np.where(LON == 115, 0, one), -1)
    area = cells["area_km2"].to_numpy()
    zones = {"global": ocean, "north": ocean & (lat > 0)}
    tables = [coverage_table(labels, None, months, area, zones, NAMES, scaler) for scaler in ("frozen", "monthly")]
    fields = {
        name: np.where(ocean, 20 + place - abs(lat) / 9, np.nan) for place, name in enumerate(("sst", "dic", "alk"))
    }
    season = np.cos(2 * np.pi * np.arange(len(months)) / 12)[:, None, None]
    means = {name: field + season for name, field in fields.items()}
    slopes = {name: np.where(labels > 0, slope, np.nan) for name, slope in (("sst", 12), ("dic", 1.5), ("alk", -1))}
    midlatitude_balance = MidlatitudeBalance(FAMILIES, area, LAT)
    midlatitude_balance.add(labels, slopes, means, months)
    frequency = Frequency(4, area.shape)
    frequency.add(labels, months)
    return {
        "months": months,
        "labels": labels,
        "coverage": pd.concat(tables, ignore_index=True),
        "midlatitude_balance": midlatitude_balance.table(),
        "drivers": drivers_table(labels, means, months, area, NAMES),
        "frequency": frequency.dataset(LAT, LON, NAMES),
    }


def texts(figure):
    return [text.get_text() for text in figure.findobj(Text)]


def pixels_of(figure, path):
    save_figure(figure, path)
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


def share_of(picture, color):
    goal = [int(color[place : place + 2], 16) for place in (1, 3, 5)]
    return (picture == goal).all(axis=2).mean()


def overlaps(figure):
    """Pairs of texts of a figure that lie on one another."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    shown = [text for text in figure.findobj(Text) if text.get_text().strip() and text.get_visible()]
    boxes = [(text.get_text(), text.get_window_extent(canvas.get_renderer()).shrunk(0.9, 0.7)) for text in shown]
    boxes = list({(text, *box.extents.round(1)): (text, box) for text, box in boxes}.values())
    return [
        (boxes[i][0], boxes[j][0])
        for i in range(len(boxes))
        for j in range(i + 1, len(boxes))
        if boxes[i][1].overlaps(boxes[j][1])
    ]


def test_projection_keeps_areas():
    """Cells of one degree at the equator and at 60° have the areas that they have on the sphere."""

    def area(lat):
        lon = np.array([10.0, 11, 11, 10])
        x, y = project(lon, np.array([lat, lat, lat + 1, lat + 1]))
        return 0.5 * abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1)))

    for lat in (0.0, 60.0, -80.0):
        truth = 6.371**2 * np.deg2rad(1) * abs(np.sin(np.deg2rad(lat + 1)) - np.sin(np.deg2rad(lat)))
        assert area(lat) == pytest.approx(truth, rel=2e-3)


def test_map_has_a_graticule_in_degrees_and_no_scale_bar(cells):
    figure = Figure()
    map_axes(figure.add_subplot(), cells)
    assert {"60° N", "30° S", "0°", "120° W", "60° E"} <= set(texts(figure))
    assert not any("km" in text for text in texts(figure))


def test_shares_of_colors_on_the_map_are_those_of_the_areas(cells, world, tmp_path):
    labels, area = world["labels"][0], cells["area_km2"].to_numpy()
    figure = Figure(figsize=(8, 4.2))
    axes = figure.add_axes((0.02, 0.02, 0.96, 0.96))
    class_map(axes, cells, labels, COLORS)
    picture = pixels_of(figure, tmp_path / "map.png")
    found = np.array([share_of(picture, COLORS[label]) for label in COLORS])
    truth = np.array([area[labels == label].sum() for label in COLORS])
    np.testing.assert_allclose(found / found.sum(), truth / truth.sum(), atol=0.015)


def test_biome_map_names_every_biome_with_its_share(cells, world, tmp_path):
    labels, area = world["labels"][0], cells["area_km2"].to_numpy()
    figure = biome_map_figure(cells, labels, NAMES, COLORS, "Biomes, January 2000", "demo")
    share = 100 * area[labels == 3].sum() / area.sum()
    legend = texts(figure.legends[0])
    assert f"SUBTR I, {share:.1f} %" in legend and "land or no data" in legend
    assert [text for text in legend if text.startswith("unclassified, ")]
    numbers = [float(text.split()[0]) for text in shares(labels, area, NAMES).values()]
    assert sum(numbers) == pytest.approx(100, abs=0.3)
    save_figure(figure, tmp_path / "a.png")
    save_figure(biome_map_figure(cells, labels, NAMES, COLORS, "Biomes, January 2000", "demo"), tmp_path / "b.png")
    assert sha256(tmp_path / "a.png") == sha256(tmp_path / "b.png")
    assert not overlaps(figure)


def test_field_map_tells_which_end_of_the_bar_is_open(cells):
    values = np.where(cells["area_km2"] > 0, np.linspace(0, 100, LON.size), np.nan)
    figure = Figure()
    mesh = field_map(figure.add_subplot(), cells, values, "x (m)", limits=(10, 200))
    assert mesh.get_clim() == (10, 200) and mesh.colorbar.extend == "min"
    assert np.ma.count_masked(mesh.get_array()) == np.isnan(values).sum() > 0
    assert hac_limits(np.array([-1.0, 3.0]), symmetric=True)[0] == -hac_limits(np.array([-1.0, 3.0]), True)[1]
    assert hac_limits(np.full(5, 2.0)) == (1.5, 2.5) and hac_limits(np.array([])) == (0, 1)


def test_slope_maps_have_units_and_signed_colors_only_about_0(cells, world):
    shape = cells["area_km2"].shape
    values = np.linspace(-1, 1, np.prod(shape)).reshape(shape)
    fields = {"slope_sst": values + 12, "slope_dic": values + 3, "slope_alk": values, "r2": 0.99 + values / 200}
    figure = slope_maps_figure(
        cells, xr.Dataset({key: (("lat", "lon"), one) for key, one in fields.items()}), "2000-01"
    )
    bars = [axes for axes in figure.axes if axes.get_xlabel()]
    assert [axes.get_xlabel().count("µatm") for axes in bars] == [1, 1, 1, 0]
    meshes = [axes.collections[0] for axes in figure.axes if axes not in bars]
    maps = [
        next(one for one in axes.collections if hasattr(one, "colorbar") and one.colorbar) for axes in figure.axes[:4]
    ]
    assert len(meshes) == 4 and [one.get_cmap().name for one in maps] == ["viridis", "viridis", "PuOr_r", "viridis"]
    assert maps[2].get_clim()[0] == -maps[2].get_clim()[1]
    assert f"{np.prod(shape)} cells kept" in figure.get_suptitle()


def test_occurrence_has_a_map_a_biome_and_core_says_how_much(cells, world):
    figure = frequency_figure(cells, world["frequency"], NAMES)
    assert {axes.get_title("left") for axes in figure.axes} >= set(NAMES.values())
    assert not overlaps(figure)
    figure = core_figure(cells, world["frequency"], NAMES, COLORS)
    area, core = cells["area_km2"].to_numpy(), world["frequency"]["core"].to_numpy()
    share = 100 * area[core > 0].sum() / area.sum()
    assert 10 < share < 90
    assert f"the same biome in all 60 months: {share:.0f} % of the ocean; elsewhere hatched" in texts(figure)


def test_coverage_shows_both_scalers_and_fills_significant_trends(world):
    trends = coverage_trends(world["coverage"], TITLES)
    # five years that only rise have p near 0.05, too much for many tests
    trends["significant"] = trends["p_value"] < 0.2
    figure = coverage_figure(world["coverage"], trends, TITLES, NAMES, COLORS, "demo", 0.95)
    left, right = figure.axes[:2]
    lines = [line for line in left.lines if line.get_color() == COLORS[3] and line.get_linestyle() in "--"]
    assert {line.get_linestyle() for line in lines} == {"-", "--"}
    row = trends.query("scaler == 'frozen' and zone == 'global' and biome == 'SUBTR I'").iloc[0]
    solid = next(line for line in lines if line.get_linestyle() == "-")
    assert solid.get_xdata().tolist() == [2000, 2004] and solid.get_ydata()[0] == row["line_at_first_year"]
    assert solid.get_ydata()[1] == pytest.approx(row["line_at_first_year"] + 4 * row["slope_per_year"])
    dots = [line for line in right.lines if line.get_marker() == "o" and line.get_color() == COLORS[3]]
    assert row["significant"] and to_hex(dots[0].get_markerfacecolor()).upper() == COLORS[3]
    assert dots[0].get_xdata()[0] == row["slope_per_year"]
    largest = trends.query("scaler == 'frozen' and zone == 'global' and significant and biome != 'unclassified'")
    sentence = largest.loc[largest["slope_per_year"].abs().idxmax(), "sentence"]
    assert sentence in [text.replace("\n", " ") for text in texts(left)]
    assert "frozen scaler" in texts(figure.legends[0]) and not overlaps(figure)


def test_coverage_of_few_years_shows_months_and_says_why(world):
    table = world["coverage"].query("month < '2002-01' and scaler == 'frozen'")
    figure = coverage_figure(table, coverage_trends(table, TITLES), TITLES, NAMES, COLORS, "demo", 0.95)
    assert all(len(line.get_xdata()) == 24 for line in figure.axes[0].lines)
    assert "No trend is drawn: 2 whole years are too few." in texts(figure)
    assert len(figure.axes) == 2 and figure.axes[1].get_xlabel() == "month"
    assert "trend significant" not in texts(figure.legends[0])


def test_biomes_that_a_zone_lacks_are_left_out_there(world):
    table = world["coverage"].copy()
    table.loc[(table["zone"] == "north") & (table["label"] == 1), "percent"] = 0.1
    figure = coverage_figure(table, coverage_trends(table, TITLES), TITLES, NAMES, COLORS, "demo", 0.95)
    names = [[tick.get_text() for tick in axes.get_yticklabels()] for axes in figure.axes[1:4:2]]
    assert "ICE I" in names[0] and "ICE I" not in names[1]


def test_seasons_have_a_panel_a_zone_and_a_band(world):
    cycle = seasonal_cycle(world["coverage"]).query("scaler == 'frozen'")
    figure = seasons_figure(cycle, TITLES, NAMES, COLORS, "Seasonal cycle")
    panels = [axes for axes in figure.axes if axes.lines]
    assert [axes.get_title("left") for axes in panels] == ["Global ocean", "North"]
    assert len(panels[0].lines) == len(panels[0].collections) == 5
    band = panels[0].collections[3].get_paths()[0].vertices
    row = cycle.query("zone == 'global' and label == 3 and calendar_month == 1").iloc[0]
    january = band[band[:, 0] == 1, 1]
    assert january.max() == pytest.approx(row["mean_percent"] + row["sd_percent"])
    assert "mean and standard deviation of 5 years" in figure.get_suptitle() and not overlaps(figure)


def test_bands_of_shares_end_at_0_and_100_percent(world):
    cycle = seasonal_cycle(world["coverage"]).query("scaler == 'frozen' and zone == 'global'")
    wide = cycle.assign(sd_percent=90.0)
    (axes,) = seasons_figure(wide, TITLES, NAMES, COLORS, "Seasonal cycle").axes
    heights = np.concatenate([band.get_paths()[0].vertices[:, 1] for band in axes.collections])
    assert (heights.min(), heights.max()) == (0, 100)


def test_competition_shows_shares_and_the_ratio(world):
    table = world["midlatitude_balance"]
    figure = midlatitude_balance_figure(table, {"north": "30° N to 50° N"}, "demo")
    assert len(figure.axes) == 6 and figure.axes[0].get_title("left") == "30° N to 50° N"
    # 12 µatm K⁻¹ on 1 K against 1.5 − 1 µatm on carbon and alkalinity that go together
    assert ratio(table[table["band"] == "north"]) == pytest.approx(24)
    assert "T/B = 24.00" in texts(figure) and not overlaps(figure)


def test_drivers_have_a_panel_a_variable_with_units(world):
    figure = drivers_figure(drivers_summary(world["drivers"]), NAMES, COLORS, "demo")
    assert [axes.get_xlabel() for axes in figure.axes][0] == "surface temperature\n(°C)" and len(figure.axes) == 3
    assert not overlaps(figure)
    figure = drivers_season_figure(world["drivers"], NAMES, COLORS, "demo")
    assert [len(axes.lines) for axes in figure.axes] == [4, 4, 4] and not overlaps(figure)


def test_animation_shows_each_month_in_the_colors_of_the_biomes(cells, world, tmp_path):
    months, labels = world["months"][:3], world["labels"][:3].copy()
    labels[1][labels[1] > 0] = 1
    frames = ocean_frames(cells, labels, months, NAMES, COLORS, "demo")
    assert len(frames) == 3 and len({frame.shape for frame in frames}) == 1
    assert share_of(frames[0], COLORS[3]) > 0.05 and share_of(frames[1], COLORS[3]) < 0.005
    assert share_of(frames[1], COLORS[1]) > 0.3
    assert (frames[0][:40] != frames[2][:40]).any(), "the title names the month"
    assert (frames[0][-60:] == frames[2][-60:]).all(), "the legend stands still"
    alone = ocean_frames(cells, labels[2:], months[2:], NAMES, COLORS, "demo")[0]
    np.testing.assert_array_equal(alone, frames[2])
    for name in ("a.gif", "b.gif"):
        write_animation(frames, tmp_path / name, 0.4, exact_colors(COLORS))
    assert sha256(tmp_path / "a.gif") == sha256(tmp_path / "b.gif")
    with Image.open(tmp_path / "a.gif") as animation:
        assert animation.n_frames == 3
        animation.seek(1)
        shown = np.asarray(animation.convert("RGB"))
    assert share_of(shown, COLORS[1]) == share_of(frames[1], COLORS[1])


@pytest.mark.filterwarnings("error")
def test_figures_are_drawn_where_data_are_missing(cells, world, tmp_path):
    """A year without data, no June, and a zone that is never seen: nothing is drawn there, and nothing as zero."""
    labels, months = world["labels"].copy(), world["months"]
    ocean, north = labels[0] != -1, LAT[:, None] + 0 * LON > 0
    labels[:, ocean & north] = -2
    labels[12:24, ocean] = -2
    labels[5::12, ocean] = -2
    area = cells["area_km2"].to_numpy()
    zones = {"global": ocean, "north": ocean & north}
    table = flag_gaps(coverage_table(labels, None, months, area, zones, NAMES, "frozen"))
    trends = coverage_trends(table, TITLES)
    figure = coverage_figure(table, trends, TITLES, NAMES, COLORS, "demo", 0.95)
    pixels_of(figure, tmp_path / "coverage.png")
    assert not [
        line for line in figure.axes[1].lines if len(line.get_xdata()) > 2 and np.isfinite(line.get_ydata()).any()
    ]
    drawn = [line.get_ydata() for line in figure.axes[0].lines if len(line.get_xdata()) > 2]
    assert drawn and all(np.isnan(line[5::12]).all() and np.isfinite(line[0]) for line in drawn)
    cycle = seasonal_cycle(table)
    pixels_of(seasons_figure(cycle, TITLES, NAMES, COLORS, "cycle"), tmp_path / "cycle.png")
    slopes = {name: np.where(labels > 0, slope, np.nan) for name, slope in (("sst", 12), ("dic", 1.5), ("alk", -1))}
    season = np.cos(2 * np.pi * np.arange(len(months)) / 12)[:, None, None]
    levels = (("sst", 9.0), ("dic", 2e3), ("alk", 2e3))
    means = {name: np.where(labels >= 0, level + season, np.nan) for name, level in levels}
    midlatitude_balance = MidlatitudeBalance(FAMILIES, area, LAT)
    midlatitude_balance.add(labels, slopes, means, months)
    found = midlatitude_balance.table()
    assert found[found.band == "north"].subtropical_percent.isna().all()
    pixels_of(midlatitude_balance_figure(found, {}, "demo"), tmp_path / "midlatitude_balance.png")
    frequency = Frequency(4, area.shape)
    frequency.add(labels, months)
    maps = frequency.dataset(LAT, LON, NAMES)
    pixels_of(frequency_figure(cells, maps, NAMES), tmp_path / "frequency.png")
    pixels_of(core_figure(cells, maps, NAMES, COLORS), tmp_path / "core.png")
    table = drivers_table(labels, means, months, area, NAMES)
    pixels_of(drivers_figure(drivers_summary(table), NAMES, COLORS, "demo"), tmp_path / "drivers.png")
    frames = ocean_frames(cells, labels[4:6], months[4:6], NAMES, COLORS, "demo")
    assert share_of(frames[0], COLORS[4]) > 0.02 and share_of(frames[1], COLORS[4]) < 0.005


def test_long_series_are_shown_by_whole_years():
    months = month_names(np.datetime64("1958-01") + np.arange(732)).tolist()
    chosen = chosen_months(months)
    assert len(chosen) == 120 and chosen[0] == "1958-01" and chosen[-1] == "2018-12"
    years = [month[:4] for month in chosen[::12]]
    assert all(chosen[12 * place] == f"{year}-01" for place, year in enumerate(years)) and len(set(years)) == 10
    assert chosen_months(months[:120]) == months[:120]
    assert chosen_months(months[3:], 30)[0] == "1959-01"
