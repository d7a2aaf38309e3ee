"""How a file holds a variable: its dimensions, its months, and where the surface is."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

import numpy as np
import xarray as xr

from climate_indicators.core.errors import InputError
from climate_indicators.ocean.reader.coordinates import find_coordinates
from climate_indicators.ocean.reader.levels import BY_WATER, DEEP, is_level, surface_place
from climate_indicators.ocean.reader.opening import READ_AS, UNREADABLE
from climate_indicators.ocean.reader.time_coordinates import find_time_axis


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
    time_rule, level_rule : how months and surface were found, for the table of inputs.
    warnings : what in that may be wrong, and how to set it right.
    of_series : the same, but only in a series of years, not in a climatology.
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
    time_rule: str = ""
    level_rule: str = ""
    warnings: tuple[str, ...] = ()
    of_series: tuple[str, ...] = ()

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
    coordinates : settings of the site: names by "lat", "lon" and "time", ``time_stamp`` and ``surface``; None if not
        configured.

    Raises
    ------
    InputError
        If its times, its attributes or one of its dimensions are not understood.
    """
    variable = dataset[name]
    where = f"{path}, variable {name}"
    _check_numbers(variable, where)
    time = find_time_axis(dataset, variable, coordinates.get("time"), coordinates.get("time_stamp"), where)
    others = [dim for dim in variable.dims if dim != time.dim]
    found = find_coordinates(dataset, variable, coordinates)
    if found and not found[0].dims == found[1].dims == found[0].dims[:1]:
        horizontal = list(dict.fromkeys([*found[0].dims, *found[1].dims]))
    else:
        horizontal = [dim for dim in others if variable.sizes[dim] > 1 and not is_level(dataset, dim)][-2:]
    if len(horizontal) != 2:
        raise InputError(
            f"{where} has the dimensions {dict(variable.sizes)}; two of them must be rows and columns of a map. Name "
            "its coordinates under coordinates.lat and coordinates.lon of this site; unstructured grids must be "
            "regridded first, for instance with cdo remapcon."
        )
    surface = coordinates.get("surface")
    levels = {dim: surface_place(dataset, variable, dim, surface, where) for dim in others if dim not in horizontal}
    of_levels = [
        f"the levels along {dim} have no values; the surface is taken to be the {rule}. coordinates.surface sets it."
        for dim, (_, rule) in levels.items()
        if BY_WATER in rule
    ]
    of_levels += [
        f"the uppermost level along {dim} lies deep ({rule}); the study needs fields of the surface."
        for dim, (_, rule) in levels.items()
        if DEEP in rule
    ]
    unit, read_as = variable.attrs.get("units"), variable.attrs.get(READ_AS)
    return Layout(
        path=path,
        name=name,
        unit=None if unit is None else str(unit),
        rows=horizontal[0],
        columns=horizontal[1],
        fixed={dim: place for dim, (place, _) in levels.items()},
        time=time.dim,
        months=time.months,
        shape=(variable.sizes[horizontal[0]], variable.sizes[horizontal[1]]),
        time_rule=time.rule,
        level_rule="; ".join(rule for dim, (_, rule) in levels.items() if variable.sizes[dim] > 1),
        warnings=(*time.warnings, *of_levels, *([read_as] if read_as else [])),
        of_series=time.of_series,
    )


def _check_numbers(variable: xr.DataArray, where: str) -> None:
    if problem := variable.attrs.get(UNREADABLE):
        raise InputError(f"{where}: {problem}. Correct the attribute, for instance with ncatted.")
    if variable.dtype.kind not in "fiub":
        raise InputError(
            f"{where} does not hold numbers (type {variable.dtype}). Name another variable, or convert it."
        )
