"""How a file holds a variable: its dimensions, its months, and where the surface is."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

import numpy as np
import xarray as xr

from climate_indicators.logs import InputError
from climate_indicators.ocean.coordinates import find_coordinates
from climate_indicators.ocean.times import months_of

_TIMES = ("time", "time_counter", "ocean_time", "t", "month", "months", "record")
_LEVELS = (
    "depth",
    "deptht",
    "depthu",
    "depthv",
    "depthw",
    "lev",
    "level",
    "olevel",
    "nav_lev",
    "z",
    "z_t",
    "z_l",
    "s_rho",
)


@dataclass(frozen=True)
class Layout:
    """How one file holds a variable.

    Attributes
    ----------
    path, name : file and variable.
    unit : its attribute ``units``, None if it has none.
    rows, columns : names of the two horizontal dimensions.
    fixed : place taken in every other dimension, such as the surface.
    time : name of the dimension of time, None if it has none.
    months : of each place along it: "YYYY-MM", or "01" to "12" where the file knows no years; () without time.
    shape : number of rows and of columns.
    """

    path: str
    name: str
    unit: str | None
    rows: Hashable
    columns: Hashable
    fixed: Mapping[Hashable, int]
    time: Hashable | None
    months: tuple[str, ...]
    shape: tuple[int, int]

    def read(self, dataset: xr.Dataset, place: int | None) -> np.ndarray:
        """Values at one place in time, shape (rows, columns), in the file's unit; ``dataset`` is the open file."""
        at = dict(self.fixed) if self.time is None or place is None else self.fixed | {self.time: place}
        return dataset[self.name].isel(at).transpose(self.rows, self.columns).values

    @property
    def where(self) -> str:
        """File and variable, for messages."""
        return f"{self.path}, variable {self.name}"


def find_layout(dataset: xr.Dataset, path: str, name: str, coordinates: Mapping[str, str | None]) -> Layout:
    """How a file holds a variable.

    Parameters
    ----------
    dataset, path : the file.
    name : the variable.
    coordinates : configured names by "lat", "lon" and "time"; None where not configured.

    Raises
    ------
    InputError
        If its times or one of its dimensions are not understood.
    """
    variable = dataset[name]
    where = f"{path}, variable {name}"
    time, months = _time_axis(dataset, variable, coordinates.get("time"), where)
    others = [dim for dim in variable.dims if dim != time]
    found = find_coordinates(dataset, variable, coordinates)
    if found and not found[0].dims == found[1].dims == found[0].dims[:1]:
        horizontal = list(dict.fromkeys([*found[0].dims, *found[1].dims]))
    else:
        horizontal = [dim for dim in others if variable.sizes[dim] > 1 and not _is_level(dataset, dim)][-2:]
    if len(horizontal) != 2:
        raise InputError(
            f"{where} has the dimensions {dict(variable.sizes)}; two of them must be rows and columns of a map. Name "
            "its coordinates under coordinates.lat and coordinates.lon of this site; unstructured grids must be "
            "regridded first, for instance with cdo remapcon."
        )
    fixed = {dim: _surface(dataset, variable, dim, where) for dim in others if dim not in horizontal}
    shape = (variable.sizes[horizontal[0]], variable.sizes[horizontal[1]])
    unit = variable.attrs.get("units")
    return Layout(path, name, None if unit is None else str(unit), *horizontal, fixed, time, months, shape)


def _time_axis(
    dataset: xr.Dataset, variable: xr.DataArray, configured: str | None, where: str
) -> tuple[Hashable | None, tuple[str, ...]]:
    """Dimension of time and its months; (None, ()) if the variable has none."""
    if configured and configured in dataset.variables:
        axis = dataset[configured]
        dim = axis.dims[0] if axis.ndim == 1 else configured
        return (dim, _labels(dataset, axis, where)) if dim in variable.dims else (None, ())
    for dim in variable.dims:
        along = [dataset[name] for name, values in dataset.variables.items() if values.dims == (dim,)]
        along.sort(key=lambda axis: axis.name != dim)
        for axis in along:
            units = str(axis.attrs.get("units", ""))
            if " since " in units or " as %Y%m" in units:
                return dim, _labels(dataset, axis, where)
        if str(dim).lower() in _TIMES and dim in dataset.variables:
            return dim, _labels(dataset, dataset[dim], where)
        if str(dim).lower() in _TIMES and variable.sizes[dim] > 1:
            raise InputError(
                f"{where}: the dimension {dim!r} of length {variable.sizes[dim]} has no values; its times are needed, "
                "such as 'days since 1850-01-01', or months 1 to 12. Name them under coordinates.time of this site."
            )
    return None, ()


def _labels(dataset: xr.Dataset, axis: xr.DataArray, where: str) -> tuple[str, ...]:
    """Months along an axis of time, by the middle of its bounds if it has any: a mean may be dated at its end."""
    values, units = np.atleast_1d(np.asarray(axis.values, "float64")), str(axis.attrs.get("units", ""))
    where = f"{where}, {axis.name}"
    if " since " not in units and " as %Y%m" not in units:
        if not np.isin(values, np.arange(1, 13)).all():
            raise InputError(
                f"{where} has no units such as 'days since 1850-01-01', and its values ({values[0]:g} …) are not "
                "months 1 to 12. Give it such units."
            )
        return tuple(f"{int(value):02d}" for value in values)
    name = axis.attrs.get("bounds")
    if name in dataset.variables and dataset[name].shape == (len(values), 2):
        middle = dataset[name].values.astype("float64").mean(axis=1)
        values = np.where(np.isfinite(middle), middle, values)
    return tuple(months_of(values, units, str(axis.attrs.get("calendar", "standard")), where))


def _is_level(dataset: xr.Dataset, dim: Hashable) -> bool:
    if str(dim).lower() in _LEVELS:
        return True
    attrs = dataset[dim].attrs if dim in dataset.variables else {}
    return attrs.get("axis") == "Z" or "positive" in attrs or "depth" in str(attrs.get("standard_name", ""))


def _surface(dataset: xr.Dataset, variable: xr.DataArray, dim: Hashable, where: str) -> int:
    """Place of the surface along a dimension: the level nearest to zero, the first if levels have no values."""
    if variable.sizes[dim] == 1:
        return 0
    if not (_is_level(dataset, dim) or str(dim).lower() in _TIMES):
        raise InputError(
            f"{where}: the dimension {dim!r} of length {variable.sizes[dim]} is neither time nor depth nor a "
            f"coordinate of the map. Take one of its places out into a file of its own, for instance with ncks -d "
            f"{dim},0."
        )
    if dim not in dataset.variables or dataset[dim].dtype.kind not in "fiu":
        return 0
    return int(np.argmin(np.abs(dataset[dim].values)))
