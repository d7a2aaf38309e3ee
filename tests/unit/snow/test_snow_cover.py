"""Snow cover of scenes: true areas of pixels, what is seen, and which scenes are in the series."""

import numpy as np
import pandas as pd
import pyproj
import pytest
from affine import Affine

from climate_indicators.core.errors import InputError
from climate_indicators.geo.grid import Grid
from climate_indicators.geo.raster import write_cog
from climate_indicators.plotting.snow.cover import snow_cover_figure
from climate_indicators.snow.climate.cloud_gaps import with_filled
from climate_indicators.snow.climate.cover_rates import CORRECTED, map_rates
from climate_indicators.snow.climate.row_areas import row_areas
from climate_indicators.snow.climate.snow_cover import BOUNDS, cover_rows, cover_table, snow_series
from refusals import raises_naming
from snow_cells import cells

GRID = Grid("EPSG:32632", Affine(50, 0, 500000, 0, -50, 5200000), 6, 4)
KHUMBU = Grid("EPSG:4326", Affine(0.07 / 256, 0, 86.78, 0, -0.05 / 256, 28.0), 256, 256)
CHECKS = pd.DataFrame({"scene": ["20200101"], "check": ["no_pair"], "rejected": [True]})
WEATHER = pd.DataFrame({"date": pd.date_range("2019-12-20", "2020-12-31"), "temperature_2m_max": -3.0})
WEATHER.loc[WEATHER.date.dt.month.between(4, 9), "temperature_2m_max"] = 12.0


def test_a_pixel_in_degrees_has_its_area_on_the_ground():
    areas = row_areas(KHUMBU)
    assert areas == pytest.approx(np.full(256, 26.9 * 21.7), rel=0.005)
    assert np.all(np.diff(areas) > 0)  # towards the equator a degree of longitude grows
    lons = np.linspace(86.78, 86.85, 400)
    edge = np.r_[lons, lons[::-1]], np.r_[np.full(400, 28.0), np.full(400, 27.95)]
    whole = abs(pyproj.Geod(ellps="WGS84").polygon_area_perimeter(*edge)[0])
    assert areas.sum() * 256 == pytest.approx(whole, rel=1e-8)


@pytest.mark.parametrize(
    ("crs", "transform", "area"),
    [
        ("EPSG:3857", Affine(100, 0, 0, 0, -100, 8399737.9), 2500),  # a web map at 60° is twice as wide as the ground
        ("EPSG:32632", Affine(50, 0, 495000, 0, -50, 5200000), 2500 / 0.9996**2),
        ("EPSG:2263", Affine(100, 0, 980000, 0, -100, 200000), (100 * 1200 / 3937) ** 2),  # feet
    ],
)
def test_a_projected_pixel_is_corrected_for_its_maps_scale(crs, transform, area):
    assert row_areas(Grid(crs, transform, 20, 3)) == pytest.approx(np.full(3, area), rel=2e-4)


@pytest.fixture
def folders(tmp_path):
    """One optical and one radar map: three of four rows seen, the first one snow."""
    classes = np.zeros(GRID.shape, "uint8")
    classes[0], classes[3] = 1, 255
    for name in ("optical/2020/20200410_mask.tif", "maps/2020/20200411_o48_extent.tif"):
        write_cog(tmp_path / name, GRID, classes, "snow", 255)
    write_cog(tmp_path / "maps/2020/20200411_o48_probability.tif", GRID, classes, "probability", 255)
    return tmp_path


def test_cover_counts_what_is_seen_inside_the_area(folders):
    area = np.ones(GRID.shape, "uint8")
    area[:, 0] = 0
    areas = np.array([1000.0, 2000.0, 3000.0, 4000.0])
    row, *others = cover_rows([folders / "optical/2020"], "optical", area, GRID, areas)
    assert not others
    assert (row["date"], row["scene"], row["orbit"]) == ("2020-04-10", "20200410", "")
    assert (row["snow_pixels"], row["valid_pixels"]) == (5, 15)
    assert row["snow_area_km2"] == pytest.approx(0.005)
    assert row["snow_fraction"] == pytest.approx(1 / 6)  # of areas, not of pixels
    assert row["valid_fraction"] == pytest.approx(0.6)
    # the row that is not seen, 0.4 of the area, may be ground or snow
    assert (row["least_fraction"], row["most_fraction"]) == pytest.approx((0.1, 0.5))
    (radar,) = cover_rows([folders / "maps/2020"], "radar", area, GRID, areas)
    assert (radar["scene"], radar["orbit"]) == ("20200411_o48", "48")
    assert radar["snow_pixels"] == 5  # the probability raster is no map


def test_a_map_of_another_grid_is_refused(folders):
    other = Grid(GRID.crs, Affine(50, 0, 500050, 0, -50, 5200000), 6, 4)
    with raises_naming(InputError, "20200410_mask.tif", "grid"):
        cover_rows([folders / "optical/2020"], "optical", np.ones(GRID.shape), other, np.ones(4))


def row(date, source="optical", orbit="", valid=0.9, fraction=0.5):
    scene = date.replace("-", "") + (f"_o{orbit}" if orbit else "")
    return {
        "date": date, "scene": scene, "source": source, "orbit": orbit, "snow_pixels": 5, "valid_pixels": 10,
        "snow_area_km2": 1.0, "snow_fraction": fraction, "valid_fraction": valid, "least_fraction": fraction * valid,
        "most_fraction": 1 - valid + fraction * valid,
    }  # fmt: skip


UNFILLED = [
    row("2020-01-01"),
    row("2020-01-02", "radar", "48"),
    row("2020-05-01", valid=0.3),
    row("2020-05-02", "radar", "48"),
    row("2020-05-02", "radar", "121", valid=0.95),
    row("2020-05-13"),
]
ROWS = with_filled(UNFILLED, [], None, 2.0)


def reasons(source, checks=CHECKS, weather=WEATHER):
    table = cover_table(ROWS, checks, weather, source, 0.5, 5.0)
    assert (table.used == (table.why == "")).all()
    return dict(zip(table.scene, table.why, strict=True)), table


def test_the_series_has_the_scenes_of_one_sensor_that_show_enough():
    why, table = reasons("optical")
    assert why["20200101"] == ""  # a scene without a partner tells of snow all the same
    assert why["20200501"] == "shows less than 0.5 of the area"
    assert why["20200502_o48"] == "the series is optical"
    assert table.regime.tolist() == ["dry", "dry", "wet", "wet", "wet", "wet"]
    series = snow_series(table)
    assert series.columns.tolist() == ["date", "snow_pixels", "snow_area_km2", "snow_fraction", *BOUNDS]
    assert series.date.tolist() == ["2020-01-01", "2020-05-13"]


def test_radar_is_not_trusted_with_dry_snow_and_gives_one_value_a_date():
    why, _ = reasons("radar")
    assert why["20200102_o48"] == "dry snow, to which radar is hardly sensitive"
    assert why["20200502_o48"] == "another scene of the date shows more" and why["20200502_o121"] == ""
    without, table = reasons("radar", weather=None)
    assert without["20200102_o48"] == "" and set(table.regime) == {"unknown"}


def test_scenes_that_the_checks_refuse_are_left_out():
    checks = pd.DataFrame(
        {
            "scene": ["20200101", "20200513"],
            "check": ["misregistration", "misregistration"],
            "rejected": ["True", "False"],
        }
    )
    why, _ = reasons("optical", checks)
    assert why["20200101"] == "out of place" and why["20200513"] == ""


def test_a_series_without_any_scene_is_refused():
    with raises_naming(InputError, "1 shows less than 0.5", "cover.source", "cover.min_valid"):
        cover_table(ROWS[2:3], CHECKS, None, "optical", 0.5, 5.0)


def test_the_figure_marks_sensors_and_seasons_apart_and_has_an_axis_in_km2():
    figure = snow_cover_figure(reasons("optical")[1], 12.5, "demo")
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert names == ["optical", "radar, wet season", "radar, dry season"]
    assert "2 scenes in the series" in figure.get_suptitle() and "1 with too few pixels" in figure.get_suptitle()
    assert "12.5 km²" in figure.axes[1].child_axes[0].get_ylabel()


def test_what_shows_nothing_is_missing_and_never_in_the_series(tmp_path):
    write_cog(tmp_path / "optical/2020/20200410_mask.tif", GRID, np.full(GRID.shape, 255, "uint8"), "snow", 255)
    (row,) = cover_rows([tmp_path / "optical/2020"], "optical", np.ones(GRID.shape, "uint8"), GRID, np.ones(4))
    assert np.isnan(row["snow_fraction"]) and np.isnan(row["snow_area_km2"])
    assert (row["least_fraction"], row["most_fraction"]) == (0, 1)
    table = cover_table(with_filled([row, *UNFILLED[:1]], [], None, 1.0), CHECKS, None, "optical", 0.0, 5.0)
    assert table.set_index("scene").why["20200410"] == "shows nothing of the area"


def test_a_radar_series_has_its_corrected_cover_and_an_optical_one_has_none():
    rates = map_rates(cells(0.9, 0.9))
    table = cover_table([row | {"snow_fraction": 0.26} for row in ROWS], CHECKS, WEATHER, "radar", 0.5, 5.0, rates)
    corrected = table.set_index("scene").corrected_fraction
    assert corrected[["20200502_o48", "20200502_o121"]].tolist() == pytest.approx([0.2, 0.2])
    assert corrected.drop(["20200502_o48", "20200502_o121"]).isna().all()  # optical, or dry snow
    series = snow_series(table)
    assert series.columns.tolist() == ["date", "snow_pixels", "snow_area_km2", "snow_fraction", *CORRECTED]
    assert series.corrected_lower[0] < 0.2 < series.corrected_upper[0]
