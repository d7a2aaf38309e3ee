"""One quantity of a data set: which of its files hold which month."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import xarray as xr

from climate_indicators.core.errors import InputError
from climate_indicators.ocean.reader.coordinates import Grid, find_coordinates, make_grid, matching_order
from climate_indicators.ocean.reader.layout import Layout, find_layout
from climate_indicators.ocean.reader.opening import open_fields, understood
from climate_indicators.ocean.reader.time_axis import calendar_month, listed
from climate_indicators.ocean.reader.units import check_plausible, drop_impossible, to_study_units

_MAX_OPEN = 8
MONTHLY, CALENDAR, ANNUAL = "monthly", "calendar", "annual"


class Files:
    """Open files of a data set, with a limit on the number of open files."""

    def __init__(self) -> None:
        self._open: OrderedDict[str, xr.Dataset] = OrderedDict()
        self._layouts: dict[tuple[str, str], Layout | None] = {}

    def dataset(self, path: str | Path) -> xr.Dataset:
        """The file, opened lazily: gaps are NaN, packed values unpacked, times as they are in the file.

        Raises
        ------
        InputError
            If the file is missing or cannot be read.
        """
        path = str(path)
        if path in self._open:
            self._open.move_to_end(path)
            return self._open[path]
        self._open[path] = open_fields(path)
        if len(self._open) > _MAX_OPEN:
            self._open.popitem(last=False)[1].close()
        return self._open[path]

    def layout(self, path: str | Path, name: str, coordinates: Mapping[str, str | None]) -> Layout | None:
        """Location of a variable in a file, cached; None if the file does not contain it."""
        key = (str(path), name)
        if key not in self._layouts:
            dataset = self.dataset(path)
            has_it = name in dataset.variables
            with understood(f"{path}, variable {name}"):
                self._layouts[key] = find_layout(dataset, str(path), name, coordinates) if has_it else None
        return self._layouts[key]

    def close(self) -> None:
        """Close all."""
        while self._open:
            self._open.popitem()[1].close()


@dataclass
class Source:
    """All files of one quantity.

    Attributes
    ----------
    quantity : "sst", "dic" …
    layouts : one per file.
    places : for each month that there is the file (its place in ``layouts``) and the place along its time. Keys are
        "YYYY-MM" (cadence monthly), "01" to "12" (calendar) or "" (annual).
    cadence : MONTHLY, CALENDAR (the same twelve months every year) or ANNUAL (no time at all).
    unit : unit by the config, None to take each file's own.
    references : grids that the coordinates of a file may be, see `site_grid.Positions`; () leaves rows and columns as
        they are.
    coordinates : settings of the site, see `layouts.find_layout`.
    """

    quantity: str
    layouts: Sequence[Layout]
    places: Mapping[str, tuple[int, int | None]]
    cadence: str
    unit: str | None = None
    references: Sequence[Grid] = ()
    coordinates: Mapping[str, str | None] = field(default_factory=dict)
    _orders: dict[int, tuple[np.ndarray | None, np.ndarray | None]] = field(default_factory=dict)

    def key(self, month: str) -> str:
        """Key of a month "YYYY-MM" in ``places``."""
        return {MONTHLY: month, CALENDAR: f"{calendar_month(month):02d}", ANNUAL: ""}[self.cadence]

    def read(self, files: Files, month: str) -> tuple[np.ndarray, Layout]:
        """Values of a month as the file has them, in the order of the data set's grid, shape (y, x); its layout.

        Raises
        ------
        InputError
            If the file cannot be read, or lies on other points.
        """
        which, place = self.places[self.key(month)]
        layout = self.layouts[which]
        with understood(f"{layout.where}, {month}"):
            values = layout.read(files.dataset(layout.path), place)
        for axis, order in enumerate(self.order(files, which)):
            values = values if order is None else np.take(values, order, axis=axis)
        return values, layout

    def order(self, files: Files, which: int) -> tuple[np.ndarray | None, np.ndarray | None]:
        """Places of rows and columns that bring one of the files to the grid of the data set; None for as they are.

        Each file has its own: of a series, one may run from south to north and the next from north to south.
        """
        if which not in self._orders:
            layout = self.layouts[which]
            dataset = files.dataset(layout.path)
            with understood(layout.where):
                found = find_coordinates(dataset, dataset[layout.name], self.coordinates) if self.references else None
                own = make_grid(*found, dataset, layout.path) if found else None
            self._orders[which] = matching_order(own, self.references, layout.where) if own else (None, None)
        return self._orders[which]


def find_source(
    files: Files,
    quantity: str,
    name: str,
    paths: Sequence[str],
    coordinates: Mapping[str, str | None],
    climatology: bool = False,
    unit: str | None = None,
) -> Source:
    """Look through the files of one quantity.

    Parameters
    ----------
    files : the open files.
    quantity, name : "sst" and what the files call it.
    paths : its files; each month must be in one of them alone. Files without the variable are passed over.
    coordinates : settings of the site, see `layouts.find_layout`.
    climatology : take the months of the year from the times, and leave the year.
    unit : unit by the config.

    Raises
    ------
    InputError
        If no file has the variable, a dimension is not understood, shapes differ or a month is there twice.
    """
    if not paths:
        raise InputError(f"no files for {quantity}: set files of this site, or variables.{quantity}.files.")
    layouts = [layout for path in paths if (layout := files.layout(path, name, coordinates))]
    if not layouts:
        raise InputError(_no_variable(files, quantity, name, paths))
    for layout in layouts[1:]:
        if layout.shape != layouts[0].shape:
            raise InputError(
                f"{layout.where}: {layout.shape[0]} × {layout.shape[1]} points, but {layouts[0].path} has "
                f"{layouts[0].shape[0]} × {layouts[0].shape[1]}. All files of a variable must have one grid."
            )
    places: dict[str, tuple[int, int | None]] = {}
    for which, layout in enumerate(layouts):
        for place, month in enumerate(layout.months or ("",)):
            key = month[-2:] if climatology else month
            if key in places:
                raise InputError(_twice(quantity, key, layouts[places[key][0]], layout, climatology))
            places[key] = which, place if layout.months else None
    lengths = {len(key) for key in places}
    if len(lengths) > 1:
        raise InputError(f"variables.{quantity}: of its files some have years, some only months or no time at all.")
    return Source(quantity, layouts, places, {7: MONTHLY, 2: CALENDAR, 0: ANNUAL}[lengths.pop()], unit)


def read_field(source: Source, files: Files, month: str, density: float, ocean: np.ndarray | None) -> np.ndarray:
    """Field of one month in the unit of the study, float64, shape (y, x), with NaN for impossible values.

    Parameters
    ----------
    source, files : of the quantity.
    month : "YYYY-MM".
    density : of sea water, kg m⁻³.
    ocean : bool, shape (y, x): where its median is checked; None for everywhere.

    Raises
    ------
    InputError
        If the unit is not understood or the median is none of an ocean.
    """
    raw, layout = source.read(files, month)
    unit, where = source.unit or layout.unit, f"{layout.where}, {month}"
    values = to_study_units(raw, source.quantity, unit, where, density)
    values = np.where(np.abs(np.asarray(raw, "float64")) < 1e15, values, np.nan)
    looked_at = slice(None) if ocean is None else ocean
    check_plausible(values[looked_at], source.quantity, where, unit, raw[looked_at] == 0, ocean is not None)
    return drop_impossible(values, source.quantity)


def _no_variable(files: Files, quantity: str, name: str, paths: Sequence[str]) -> str:
    held = sorted({str(found) for path in paths for found in files.dataset(path).data_vars})
    shown = listed([str(path) for path in paths], 3)
    return (
        f"{shown}: no variable {name!r} (variables.{quantity}.name of this site). There are: {', '.join(held)}. Set "
        "the name to one of them, or add the file that has it."
    )


def _twice(quantity: str, key: str, first: Layout, second: Layout, climatology: bool) -> str:
    places = f"{first.path} and {second.path}" if first.path != second.path else first.path
    way_out = (
        "With climatology: true there must be twelve months; set it to false for a series of years."
        if climatology
        else "The study needs monthly means: one field a month. Leave one file out, or average first (cdo monmean)."
    )
    return f"variables.{quantity}: month {key} is there twice, in {places}. {way_out}"
