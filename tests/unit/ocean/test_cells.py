"""Cells, the points in them and in their windows, and the coast."""

import numpy as np
import pytest

from climate_indicators.core.errors import InputError
from climate_indicators.ocean.biomes.cells import degree_cells, make_cells, point_cells
from climate_indicators.ocean.biomes.membership import cells_dataset, cells_of_dataset, membership
from climate_indicators.ocean.indicators.coast import EARTH_RADIUS_M
from refusals import raises_naming


def grid(step, south=-90.0, north=90.0, west=-180.0, east=180.0):
    lat = np.arange(south + step / 2, north, step)
    lon = np.arange(west + step / 2, east, step)
    return np.meshgrid(lat, (lon + 180) % 360 - 180, indexing="ij")


def scattered(n=4000, seed=0):
    rng = np.random.default_rng(seed)
    lat = np.degrees(np.arcsin(rng.uniform(-1, 1, (n // 50, 50))))
    return lat, rng.uniform(-180, 180, lat.shape), rng.random(lat.shape) < 0.7


def windows_by_loop(cells, lat, lon, ocean, own_cell):
    """Direct, slow transcription: every window of a cell with ocean against every point."""
    pairs = []
    for row, (south, north) in enumerate(cells.lat_window):
        for column, (west, east) in enumerate(cells.lon_window):
            if not (own_cell == row * len(cells.lon_window) + column).any():
                continue
            inside = (lat >= south) & (lat < north) & ((lon - west) % 360 < east - west) & ocean
            pairs += [(row * len(cells.lon_window) + column, place) for place in np.flatnonzero(inside)]
    return pairs


def test_published_cells():
    cells = degree_cells(2)
    assert cells.shape == (90, 180) and cells.count == 16_200
    assert cells.lat_edges[[0, 1, -1]].tolist() == [-90, -88, 90]
    assert cells.lon_edges[[0, 1, -1]].tolist() == [-180, -178, 180]
    assert cells.lat[0] == -89 and cells.lon[-1] == 179
    np.testing.assert_array_equal(cells.lat_window[:, 0], cells.lat_edges[:-1])


def test_what_is_left_over_is_a_cell_or_joins_the_last():
    assert degree_cells(7).lat_edges[-3:].tolist() == [78, 85, 90], "5 of 7 degrees: a cell of its own"
    assert degree_cells(7).lon_edges[-2:].tolist() == [170, 180], "3 of 7 degrees: joined"
    assert degree_cells(0.1).shape == (1800, 3600)


def test_half_open():
    cells = degree_cells(2)
    lat = np.array([[0.0, -1e-9, 1.999, 2.0, 90.0, -90.0]])
    lon = np.array([[0.0, 0.0, -1e-9, 2.0, 179.99, -180.0]])
    own = membership(cells, lat, lon, np.ones_like(lat, bool)).own_cell
    rows, columns = np.divmod(own, 180)
    assert rows.tolist() == [45, 44, 45, 46, 89, 0]
    assert columns.tolist() == [90, 90, 89, 91, 179, 0]


def test_without_margin_windows_are_the_cells():
    lat, lon, ocean = scattered()
    cells = degree_cells(10)
    found = membership(cells, lat, lon, ocean)
    assert (found.own_cell[~ocean.ravel()] == -1).all() and (found.own_cell[ocean.ravel()] >= 0).all()
    np.testing.assert_array_equal(found.own_cell[found.point], found.cell)
    assert len(found.point) == ocean.sum() and (np.diff(found.cell) >= 0).all()
    np.testing.assert_array_equal(np.sort(found.point), np.flatnonzero(ocean))


@pytest.mark.parametrize(("size", "margin"), [(30, 0), (30, 7), (20, 25), (45, 60)])
def test_windows_equal_a_loop(size, margin):
    lat, lon, ocean = scattered(2000, seed=size)
    cells = degree_cells(size, margin)
    found = membership(cells, lat, lon, ocean)
    expected = windows_by_loop(cells, lat, lon, ocean, found.own_cell)
    assert list(zip(found.cell.tolist(), found.point.tolist(), strict=True)) == expected


def test_a_cell_with_enough_points_of_its_own_does_without_its_margin():
    lat, lon, ocean = scattered(2000)
    cells = degree_cells(20, 5)
    grown = membership(cells, lat, lon, ocean)
    own_count = np.bincount(grown.own_cell[grown.own_cell >= 0], minlength=cells.count)
    enough = int(np.median(own_count[own_count > 0]))
    found = membership(cells, lat, lon, ocean, enough)
    count = np.bincount(found.cell, minlength=cells.count)
    rich = own_count >= enough
    np.testing.assert_array_equal(count[rich], own_count[rich])
    np.testing.assert_array_equal(count[~rich], np.bincount(grown.cell, minlength=cells.count)[~rich])
    assert rich.any() and (count[~rich] > own_count[~rich]).any()


def test_windows_cross_the_date_line():
    cells = degree_cells(10, 2)
    lat, lon = np.array([[5.0, 5.0]]), np.array([[-179.0, 179.0]])
    found = membership(cells, lat, lon, np.ones((1, 2), bool))
    assert found.own_cell.tolist() == [9 * 36, 9 * 36 + 35]
    assert list(zip(found.cell.tolist(), found.point.tolist(), strict=True)) == [
        (9 * 36, 0),
        (9 * 36, 1),
        (9 * 36 + 35, 0),
        (9 * 36 + 35, 1),
    ]


@pytest.mark.parametrize("start", [-180.0, -178.6, -179.2, 0.0])
@pytest.mark.parametrize("margin", [0, 2])
def test_cells_of_points_hold_as_many_points_as_asked(start, margin):
    lat, lon = np.meshgrid(np.arange(88.5, -90, -3.0), (start + 3.0 * np.arange(120) + 180) % 360 - 180, indexing="ij")
    cells = point_cells(lat, lon, 4, margin)
    assert cells.shape == (15, 30) and cells.lon_edges[[0, -1]].tolist() == [-180, 180]
    found = membership(cells, lat, lon, np.ones(lat.shape, bool))
    assert (np.bincount(found.own_cell) == 16).all(), "each point in one cell"
    rows, columns = np.divmod(found.cell, 30)
    inner = (rows > 0) & (rows < 14)
    sizes = np.bincount(found.cell[inner], minlength=cells.count).reshape(15, 30)[1:-1]
    assert (sizes == (4 + 2 * margin) ** 2).all(), "windows go round the globe"
    assert (np.bincount(columns[rows == 0]) == (4 + margin) * (4 + 2 * margin)).all(), "but end at the pole"


def test_points_left_over():
    lat, lon = grid(10.0)
    assert [len(point_cells(lat, lon, size).lat_edges) - 1 for size in (4, 5, 7)] == [5, 4, 3]
    found = membership(point_cells(lat, lon, 7), lat, lon, np.ones(lat.shape, bool))
    assert np.bincount(found.own_cell).reshape(3, 5).tolist() == [[49, 49, 49, 49, 56]] * 2 + [[28, 28, 28, 28, 32]]


def test_regional_points_end_where_the_data_do():
    lat, lon = grid(1.0, 30, 46, -6, 37)
    cells = point_cells(lat, lon, 4, 1)
    assert cells.lon_edges[0] == -6 and cells.lon_edges[-1] == 37 and cells.lat_edges[[0, -1]].tolist() == [30, 46]
    lat, lon = grid(1.0, -10, 10, 150, 210)
    cells = point_cells(lat, lon, 10)
    assert cells.lon_edges.tolist() == [-180, -170, -160, -150, 150, 160, 170, 180]
    found = membership(cells, lat, lon, np.ones(lat.shape, bool))
    assert np.bincount(found.own_cell, minlength=14).reshape(2, 7).tolist() == [[100, 100, 100, 0, 100, 100, 100]] * 2


def test_refusals():
    lat, lon = grid(10.0)
    assert make_cells(lat, lon, True, 4, "points").shape == (5, 9)
    assert make_cells(lat, lon, False, 10).shape == (18, 36)
    with raises_naming(InputError, "curvilinear", "cells.unit", "degrees"):
        make_cells(lat, lon, False, 4, "points")
    for size, margin in ((0, 0), (-2, 0), (91, 0), (2, -1), (10, 90)):
        with pytest.raises(InputError, match="cells\\.(size|margin)"):
            degree_cells(size, margin)
    for size, margin in ((2.5, 0), (0, 0), (4, 0.5), (4, -1), (30, 9)):
        with pytest.raises(InputError, match="cells\\.size"):
            point_cells(lat, lon, size, margin)


def world(step=2.0):
    """All ocean but for a square continent of 40 degrees, with its areas."""
    lat, lon = grid(step)
    ocean = ~((np.abs(lat) < 20) & (np.abs(lon) < 20))
    area = (EARTH_RADIUS_M * np.radians(step)) ** 2 * np.cos(np.radians(lat))
    return lat, lon, ocean, area


def test_file_of_cells():
    lat, lon, ocean, area = world()
    cells = degree_cells(10, 3)
    dataset = cells_dataset(cells, lat, lon, ocean, area)
    assert dataset.area_km2.sum().item() == pytest.approx(area[ocean].sum() / 1e6)
    assert dataset.n_points.values.sum() == ocean.sum() and dataset.n_points.values.max() == 25
    at_land = dataset.sel(lat=5, lon=5)
    assert at_land.area_km2 == 0 and at_land.n_points == 0
    assert dataset.lat.attrs["bounds"] == "lat_bnds" and dataset.lat_bnds.dims == ("lat", "bounds")
    again = cells_of_dataset(dataset)
    for name in ("lat_edges", "lon_edges", "lat_window", "lon_window"):
        np.testing.assert_array_equal(getattr(again, name), getattr(cells, name))


def test_coast_follows_the_land():
    lat, lon, ocean, area = world()
    coast = cells_dataset(degree_cells(10), lat, lon, ocean, area).ocean
    assert coast.shape == (180, 360) and coast.dtype == np.int8
    expected = ~((np.abs(coast.coast_lat) < 20) & (np.abs(coast.coast_lon) < 20))
    assert ((coast == 1) == expected).values.mean() > 0.995


def test_coast_is_land_where_there_are_no_data_and_ocean_where_points_are_stored_twice():
    lat, lon = grid(1.0, 30, 46, -6, 37)
    area = np.full(lat.shape, 1e10)
    ocean = np.ones(lat.shape, bool)
    twice = [np.concatenate([field, field], axis=1) for field in (lat, lon, area)]
    once = np.concatenate([ocean, ~ocean], axis=1)
    for given in ((lat, lon, ocean, area), (twice[0], twice[1], once, twice[2])):
        coast = cells_dataset(degree_cells(10), *given).ocean
        assert 16 * 43 <= coast.sum() <= 18 * 45
        assert coast.sel(coast_lat=38.5, coast_lon=10.5) == 1 and coast.sel(coast_lat=-38.5, coast_lon=10.5) == 0


def test_file_of_cells_is_the_same_every_time(tmp_path):
    lat, lon, ocean, area = world(6.0)
    for name in ("a.nc", "b.nc"):
        cells_dataset(degree_cells(30), lat, lon, ocean, area).to_netcdf(tmp_path / name)
    assert (tmp_path / "a.nc").read_bytes() == (tmp_path / "b.nc").read_bytes()
