"""Grid, mask and areas of a data set, from whichever of its files hold them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from climate_indicators.logs import InputError
from climate_indicators.ocean.coordinates import Grid, find_coordinates, make_grid, matching_order
from climate_indicators.ocean.layouts import Layout, find_layout
from climate_indicators.ocean.point_areas import point_areas
from climate_indicators.ocean.sources import Files, Source

_METRES = {"": 1.0, "m": 1.0, "meter": 1.0, "meters": 1.0, "metre": 1.0, "metres": 1.0, "km": 1e3}
_SQUARE_METRES = {"": 1.0, "m2": 1.0, "m^2": 1.0, "m**2": 1.0, "km2": 1e6, "km^2": 1e6, "km**2": 1e6}


def find_grid(settings: Mapping[str, Any], layout: Layout, files: Files) -> tuple[xr.DataArray, xr.DataArray, str]:
    """Latitude and longitude of the data set, and the file they are in: that of a field, of the mask or of the edges.

    Raises
    ------
    InputError
        If no file has any.
    """
    configured = settings.get("coordinates") or {}
    if found := find_coordinates(files.dataset(layout.path), files.dataset(layout.path)[layout.name], configured):
        return *found, layout.path
    others = [path for part in ("mask", "cell_edges") for path in (settings.get(part) or {}).get("files") or []]
    for path in others:
        found = find_coordinates(files.dataset(path), None, configured)
        if found and _fits(found, layout):
            return *found, str(path)
    held = sorted(str(name) for name in files.dataset(layout.path).variables)
    asked = ", ".join(str(configured.get(axis) or "any") for axis in ("lat", "lon"))
    raise InputError(
        f"{layout.where}: no latitude and longitude found for its {layout.shape[0]} × {layout.shape[1]} points (looked "
        f"for: {asked}). The file has {', '.join(held)}. Name them under coordinates.lat and coordinates.lon of this "
        "site; they may lie in the files of mask or cell_edges."
    )


def _fits(found: tuple[xr.DataArray, xr.DataArray], layout: Layout) -> bool:
    lat, lon = found
    return (lat.shape if lat.ndim == 2 else (lat.size, lon.size)) == layout.shape


def orient(sources: Mapping[str, Source], grid: Grid, settings: Mapping[str, Any], files: Files) -> None:
    """Set each source's order of rows and columns to the grid's.

    Raises
    ------
    InputError
        If a variable lies on other points.
    """
    for source in sources.values():
        layout = source.layouts[0]
        dataset = files.dataset(layout.path)
        found = find_coordinates(dataset, dataset[layout.name], settings.get("coordinates") or {})
        if found:
            source.order = matching_order(make_grid(*found, dataset, layout.path), grid, layout.where)
        else:
            _check_shape(layout.shape, grid, layout.where)


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
        If a configured variable is missing or its unit is none of a length or an area.
    """
    edges = settings.get("cell_edges")
    if not edges:
        return point_areas(grid)
    paths = edges.get("files") or [layout.path]
    if edges.get("area"):
        return _measured(edges["area"], paths, "cell_edges.area", _SQUARE_METRES, grid, settings, files)
    along = [_measured(edges[axis], paths, f"cell_edges.{axis}", _METRES, grid, settings, files) for axis in ("x", "y")]
    return along[0] * along[1]


def _measured(
    name: str, paths: list, key: str, units: Mapping[str, float], grid: Grid, settings: Mapping[str, Any], files: Files
) -> np.ndarray:
    """Lengths or areas in metres or square metres."""
    values, layout = _static(name, paths, key, grid, settings, files)
    unit = (layout.unit or "").strip().lower().replace(" ", "")
    if unit not in units:
        raise InputError(
            f"{layout.where} ({key}) has the unit {layout.unit!r}; it must be one of "
            f"{', '.join(known for known in units if known)}, or none for metres."
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
        layout = find_layout(dataset, str(path), name, settings.get("coordinates") or {})
        values = layout.read(dataset, 0)
        found = find_coordinates(dataset, dataset[name], settings.get("coordinates") or {})
        own = make_grid(*found, dataset, str(path)) if found else None
        # a mesh may hold other coordinates on land than the fields do; rows and columns in another order must be turned
        if own is not None and own.rectilinear and grid.rectilinear:
            for axis, order in enumerate(matching_order(own, grid, layout.where)):
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
