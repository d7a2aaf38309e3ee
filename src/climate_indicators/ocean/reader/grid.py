"""Grid, mask and areas of a data set, from whichever of its files hold them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from climate_indicators.core.errors import InputError
from climate_indicators.ocean.reader.coordinates import (
    Grid,
    apart,
    find_coordinates,
    is_nominal,
    make_grid,
    matching_order,
)
from climate_indicators.ocean.reader.layout import Layout, find_layout
from climate_indicators.ocean.reader.opening import understood
from climate_indicators.ocean.reader.point_areas import point_areas
from climate_indicators.ocean.reader.sources import Files, Source

_METERS = {"": 1.0, "m": 1.0, "meter": 1.0, "meters": 1.0, "metre": 1.0, "metres": 1.0, "km": 1e3}
_METERS |= dict.fromkeys(("cm", "centimeter", "centimeters"), 0.01)
_SQUARE_METERS = {"": 1.0, "m2": 1.0, "m^2": 1.0, "m**2": 1.0, "km2": 1e6, "km^2": 1e6, "km**2": 1e6}
_SQUARE_METERS |= dict.fromkeys(("cm2", "cm^2", "cm**2", "centimeter^2", "centimeters^2"), 1e-4)
# areas by the file, in areas by the positions of the points, that can be right: a wrong unit is off by 10,000 or more
_AREAS = (0.2, 5.0)
# points closer than this, in degrees, are in the same place
_SAME_PLACE = 0.01


@dataclass(frozen=True)
class Positions:
    """Positions of the points of a data set, and their source.

    Attributes
    ----------
    grid : the points.
    references : grids that the coordinates of a variable may be: that of the points, and the axes of the first file.
    found : names of the coordinates and their file, for the table of inputs.
    warnings : what in that may be wrong, and how to set it right.
    """

    grid: Grid
    references: tuple[Grid, ...]
    found: str
    warnings: tuple[str, ...] = ()


def find_positions(settings: Mapping[str, Any], layout: Layout, files: Files) -> Positions:
    """Positions of the points: those of a field's file, or true ones of another file where the field has only axes.

    On a bent grid, axes of one dimension merely name rows and columns. Two-dimensional positions in the files of
    ``coordinates``, ``mask`` or ``cell_edges`` are preferred to them.

    Raises
    ------
    InputError
        If no file has any.
    """
    configured = settings.get("coordinates") or {}
    dataset = files.dataset(layout.path)
    with understood(layout.where):
        variable = dataset[layout.name]
        own = find_coordinates(dataset, variable, configured)
        axes = make_grid(*own, dataset, layout.path) if own else None
    if own and own[0].ndim == 2:
        return Positions(axes, (axes,), _named(own, layout.path))
    for path in _position_files(settings):
        other = files.dataset(path)
        with understood(path):
            found = find_coordinates(other, None, configured, like=variable)
            if not found or not _fits(found, layout):
                continue
            grid = make_grid(*found, other, path)
        if axes is None:
            return Positions(grid, (grid,), _named(found, path))
        if grid.rectilinear or not (differing := apart(grid, axes) > _SAME_PLACE).any():
            continue
        warning = (
            f"{int(differing.sum())} of {differing.size} points lie up to {apart(grid, axes).max():.1f}° from where "
            f"the axes {own[0].name} and {own[1].name} of {layout.path} have them; the positions in {path} are used."
        )
        return Positions(grid, (grid, axes), _named(found, path), (warning,))
    if own:
        return Positions(axes, (axes,), _named(own, layout.path), _nominal_warning(own, layout))
    raise InputError(_no_positions(configured, layout, dataset))


def _position_files(settings: Mapping[str, Any]) -> list[str]:
    parts = [settings.get(part) or {} for part in ("coordinates", "mask", "cell_edges")]
    return list(dict.fromkeys(str(path) for part in parts for path in part.get("files") or []))


def _named(found: tuple[xr.DataArray, xr.DataArray], path: str) -> str:
    lat, lon = found
    kind = "2-D" if lat.ndim == 2 else "1-D axes"
    return f"{lat.name}, {lon.name} ({kind}) of {path}"


def _nominal_warning(own: tuple[xr.DataArray, xr.DataArray], layout: Layout) -> tuple[str, ...]:
    if not any(is_nominal(axis) for axis in own):
        return ()
    return (
        f"the axes {own[0].name} and {own[1].name} of {layout.path} are nominal: on a bent grid, such as a tripolar "
        "one, points lie elsewhere. Where the grid is bent, name the file with the true positions (such as geolat "
        "and geolon of ocean_static.nc) under coordinates.files of this site.",
    )


def _no_positions(configured: Mapping[str, Any], layout: Layout, dataset: xr.Dataset) -> str:
    held = sorted(str(name) for name in dataset.variables)
    asked = ", ".join(str(configured.get(axis) or "any") for axis in ("lat", "lon"))
    return (
        f"{layout.where}: no latitude and longitude found for its {layout.shape[0]} × {layout.shape[1]} points (looked "
        f"for: {asked}). The file has {', '.join(held)}. Name them under coordinates.lat and coordinates.lon of this "
        "site; they may lie in the files of coordinates, mask or cell_edges."
    )


def _fits(found: tuple[xr.DataArray, xr.DataArray], layout: Layout) -> bool:
    lat, lon = found
    return (lat.shape if lat.ndim == 2 else (lat.size, lon.size)) == layout.shape


def orient(sources: Mapping[str, Source], positions: Positions, settings: Mapping[str, Any], files: Files) -> None:
    """Let each source bring its files to the order of the grid; its first file is checked.

    Raises
    ------
    InputError
        If a variable lies on other points.
    """
    for source in sources.values():
        source.references, source.coordinates = positions.references, settings.get("coordinates") or {}
        source.order(files, 0)
        _check_shape(source.layouts[0].shape, positions.grid, source.layouts[0].where)


def mask_of(settings: Mapping[str, Any], layout: Layout, grid: Grid, files: Files) -> np.ndarray | None:
    """Ocean by the configured mask (not zero, not missing), bool, shape (y, x); None if none is configured."""
    mask = settings.get("mask")
    if not mask or not mask.get("name"):
        return None
    values = _static(mask["name"], mask.get("files") or [layout.path], "mask.name", grid, settings, files)[0]
    return np.isfinite(values) & (values != 0)


def cell_areas(settings: Mapping[str, Any], layout: Layout, grid: Grid, files: Files) -> np.ndarray:
    """Area of every point, float64, shape (y, x), m²: of the configured edges or area, else from the coordinates.

    Raises
    ------
    InputError
        If a configured variable is missing, its unit is none of a length or an area, or the areas are none of points
        where these are.
    """
    edges = settings.get("cell_edges")
    if not edges:
        return point_areas(grid)
    paths = edges.get("files") or [layout.path]
    if edges.get("area"):
        areas = _measured(edges["area"], paths, "cell_edges.area", _SQUARE_METERS, grid, settings, files)
        _check_areas(areas, grid, f"{paths[0]}, variable {edges['area']} (cell_edges.area)")
        return areas
    along = [_measured(edges[axis], paths, f"cell_edges.{axis}", _METERS, grid, settings, files) for axis in ("x", "y")]
    areas = along[0] * along[1]
    _check_areas(areas, grid, f"{paths[0]}, variables {edges['x']} and {edges['y']} (cell_edges)")
    return areas


def _check_areas(areas: np.ndarray, grid: Grid, where: str) -> None:
    """Reject areas that are negative, or far from those of points where these are."""
    known = areas != 0
    ratio = float(np.median(areas[known] / point_areas(grid)[known])) if known.any() else 0.0
    if (areas < 0).any() or not _AREAS[0] < ratio < _AREAS[1]:
        raise InputError(
            f"{where}: the areas of the points are {ratio:.3g} times those that belong to their positions (median; "
            f"smallest area {areas.min():.3g} m²). The unit in the file may be wrong or missing, or it is another "
            "variable. Correct its attribute units, or leave cell_edges out: areas then follow from the positions."
        )


def _measured(
    name: str, paths: list, key: str, units: Mapping[str, float], grid: Grid, settings: Mapping[str, Any], files: Files
) -> np.ndarray:
    """Lengths or areas in meters or square meters."""
    values, layout = _static(name, paths, key, grid, settings, files)
    unit = (layout.unit or "").strip().lower().replace(" ", "")
    if unit not in units:
        raise InputError(
            f"{layout.where} ({key}) has the unit {layout.unit!r}; it must be one of "
            f"{', '.join(known for known in units if known)}, or none for meters."
        )
    return np.nan_to_num(np.asarray(values, "float64") * units[unit])


def _static(
    name: str, paths: list, key: str, grid: Grid, settings: Mapping[str, Any], files: Files
) -> tuple[np.ndarray, Layout]:
    """Field without time, at the surface, on the grid of the data set."""
    for path in paths:
        dataset = files.dataset(path)
        if name not in dataset.variables:
            continue
        coordinates = settings.get("coordinates") or {}
        with understood(f"{path}, variable {name}"):
            layout = find_layout(dataset, str(path), name, coordinates)
            values = layout.read(dataset, 0)
            found = find_coordinates(dataset, dataset[name], coordinates)
            own = make_grid(*found, dataset, str(path)) if found else None
        # a mesh may hold other coordinates on land than the fields do; rows and columns in another order must be turned
        if own is not None and own.rectilinear and grid.rectilinear:
            for axis, order in enumerate(matching_order(own, [grid], layout.where)):
                values = values if order is None else np.take(values, order, axis=axis)
        _check_shape(values.shape, grid, layout.where)
        return values, layout
    held = sorted({str(found) for path in paths for found in files.dataset(path).data_vars})
    raise InputError(f"{paths[0]}: no variable {name!r} ({key} of this site). There are: {', '.join(held)}.")


def _check_shape(shape: tuple[int, ...], grid: Grid, where: str) -> None:
    if shape != grid.lat.shape:
        raise InputError(
            f"{where} has {shape[0]} × {shape[1]} points, the other variables {grid.lat.shape[0]} × "
            f"{grid.lat.shape[1]}. All must lie on one grid: regrid it, for instance with cdo remapcon."
        )
